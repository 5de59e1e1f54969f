-- CreateIndex
CREATE INDEX "AuditRecord_tenantId_targetType_createdAt_id_idx" ON "AuditRecord"("tenantId", "targetType", "createdAt", "id");
