-- AlterTable
ALTER TABLE "Quota" ADD COLUMN "dueAt" TIMESTAMPTZ(3);

UPDATE "Quota" SET "dueAt" = "periodEnd" WHERE "used" > 0;

-- CreateIndex
CREATE INDEX "Quota_dueAt_idx" ON "Quota"("dueAt");
