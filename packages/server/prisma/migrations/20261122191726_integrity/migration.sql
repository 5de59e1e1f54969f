-- AlterTable
ALTER TABLE "Key" ADD COLUMN     "checksum" TEXT,
ADD COLUMN     "quarantinedAt" TIMESTAMPTZ(3),
ADD COLUMN     "quarantinedReason" TEXT;

-- CreateTable
CREATE TABLE "IntegrityRun" (
    "id" TEXT NOT NULL,
    "slot" TEXT,
    "status" TEXT NOT NULL,
    "repair" BOOLEAN NOT NULL,
    "resign" BOOLEAN NOT NULL,
    "examined" INTEGER NOT NULL DEFAULT 0,
    "found" INTEGER NOT NULL DEFAULT 0,
    "repaired" INTEGER NOT NULL DEFAULT 0,
    "quarantined" INTEGER NOT NULL DEFAULT 0,
    "sealId" TEXT,
    "startedBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "heardAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "IntegrityRun_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "IntegrityFinding" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "tenantId" TEXT,
    "keyId" TEXT,
    "userId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "IntegrityFinding_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "IntegrityRun_slot_key" ON "IntegrityRun"("slot");

-- CreateIndex
CREATE INDEX "IntegrityRun_createdAt_id_idx" ON "IntegrityRun"("createdAt", "id");

-- CreateIndex
CREATE INDEX "IntegrityFinding_runId_idx" ON "IntegrityFinding"("runId");

-- CreateIndex
CREATE INDEX "IntegrityFinding_createdAt_id_idx" ON "IntegrityFinding"("createdAt", "id");
