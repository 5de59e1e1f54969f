-- AlterTable
ALTER TABLE "Key" ADD COLUMN     "rotateEveryMs" BIGINT;

-- AlterTable
ALTER TABLE "Tenant" ADD COLUMN     "rotateEveryMs" BIGINT,
ADD COLUMN     "rotationOverdue" TEXT NOT NULL DEFAULT 'WARN',
ADD COLUMN     "rotationOverlapMs" BIGINT;

-- CreateTable
CREATE TABLE "KeyRotation" (
    "keyId" TEXT NOT NULL,
    "plannedAt" TIMESTAMPTZ(3) NOT NULL,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "KeyRotation_pkey" PRIMARY KEY ("keyId")
);

-- CreateIndex
CREATE INDEX "KeyRotation_dueAt_keyId_idx" ON "KeyRotation"("dueAt", "keyId");
