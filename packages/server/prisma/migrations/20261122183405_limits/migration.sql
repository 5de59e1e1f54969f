-- CreateEnum
CREATE TYPE "QuotaRefill" AS ENUM ('NEVER', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY');

-- CreateEnum
CREATE TYPE "QuotaEntryType" AS ENUM ('SET', 'TOPPED_UP', 'RESET', 'PERIOD_ENDED', 'REMOVED');

-- AlterTable
ALTER TABLE "Key" ADD COLUMN     "quotaId" TEXT,
ADD COLUMN     "rateLimits" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "Tenant" ADD COLUMN     "quotaId" TEXT,
ADD COLUMN     "rateLimits" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "User" ADD COLUMN     "quotaId" TEXT,
ADD COLUMN     "rateLimits" JSONB NOT NULL DEFAULT '[]';

-- CreateTable
CREATE TABLE "Quota" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "targetId" TEXT NOT NULL,
    "limit" INTEGER NOT NULL,
    "refill" "QuotaRefill" NOT NULL,
    "anchor" TIMESTAMPTZ(3) NOT NULL,
    "timeZone" TEXT NOT NULL,
    "period" INTEGER NOT NULL DEFAULT 1,
    "periodStart" TIMESTAMPTZ(3) NOT NULL,
    "periodEnd" TIMESTAMPTZ(3),
    "toppedUp" INTEGER NOT NULL DEFAULT 0,
    "used" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Quota_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "QuotaLease" (
    "id" TEXT NOT NULL,
    "quotaId" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "period" INTEGER NOT NULL,
    "amount" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "QuotaLease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "QuotaEntry" (
    "id" TEXT NOT NULL,
    "quotaId" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "targetId" TEXT NOT NULL,
    "type" "QuotaEntryType" NOT NULL,
    "limit" INTEGER NOT NULL,
    "toppedUp" INTEGER NOT NULL,
    "used" INTEGER NOT NULL,
    "amount" INTEGER,
    "period" INTEGER NOT NULL,
    "periodStart" TIMESTAMPTZ(3) NOT NULL,
    "periodEnd" TIMESTAMPTZ(3),
    "reason" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "QuotaEntry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Quota_targetId_key" ON "Quota"("targetId");

-- CreateIndex
CREATE INDEX "Quota_tenantId_idx" ON "Quota"("tenantId");

-- CreateIndex
CREATE INDEX "QuotaLease_quotaId_idx" ON "QuotaLease"("quotaId");

-- CreateIndex
CREATE INDEX "QuotaLease_holder_idx" ON "QuotaLease"("holder");

-- CreateIndex
CREATE INDEX "QuotaEntry_targetId_createdAt_id_idx" ON "QuotaEntry"("targetId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "QuotaEntry_quotaId_period_idx" ON "QuotaEntry"("quotaId", "period");

-- AddForeignKey
ALTER TABLE "Quota" ADD CONSTRAINT "Quota_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "QuotaLease" ADD CONSTRAINT "QuotaLease_quotaId_fkey" FOREIGN KEY ("quotaId") REFERENCES "Quota"("id") ON DELETE CASCADE ON UPDATE CASCADE;
