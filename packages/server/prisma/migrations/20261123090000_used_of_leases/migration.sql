-- AlterTable
ALTER TABLE "QuotaLease" ADD COLUMN "used" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "Key_quotaId_idx" ON "Key"("quotaId") WHERE "quotaId" IS NOT NULL;
CREATE INDEX "User_quotaId_idx" ON "User"("quotaId") WHERE "quotaId" IS NOT NULL;
CREATE INDEX "Tenant_quotaId_idx" ON "Tenant"("quotaId") WHERE "quotaId" IS NOT NULL;
