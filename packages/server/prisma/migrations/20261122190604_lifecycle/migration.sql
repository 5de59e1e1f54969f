-- CreateTable
CREATE TABLE "LifecyclePolicy" (
    "tenantId" TEXT NOT NULL,
    "leakAction" TEXT NOT NULL DEFAULT 'DISABLE',
    "idleAfterDays" INTEGER,
    "idleAction" TEXT NOT NULL DEFAULT 'REMIND',
    "neverExpiringAction" TEXT NOT NULL DEFAULT 'IGNORE',
    "graceDays" INTEGER NOT NULL DEFAULT 7,
    "nextSweepAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "LifecyclePolicy_pkey" PRIMARY KEY ("tenantId")
);

-- CreateTable
CREATE TABLE "KeyFinding" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "uniqueKey" TEXT,
    "start" TEXT,
    "place" TEXT,
    "source" TEXT,
    "action" TEXT NOT NULL DEFAULT 'NONE',
    "reports" INTEGER NOT NULL DEFAULT 1,
    "firstAt" TIMESTAMPTZ(3) NOT NULL,
    "lastAt" TIMESTAMPTZ(3) NOT NULL,
    "resolvedAt" TIMESTAMPTZ(3),
    "resolvedBy" TEXT,
    "resolution" TEXT,

    CONSTRAINT "KeyFinding_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "LifecyclePolicy_nextSweepAt_idx" ON "LifecyclePolicy"("nextSweepAt");

-- CreateIndex
CREATE UNIQUE INDEX "KeyFinding_uniqueKey_key" ON "KeyFinding"("uniqueKey");

-- CreateIndex
CREATE INDEX "KeyFinding_tenantId_lastAt_id_idx" ON "KeyFinding"("tenantId", "lastAt", "id");

-- CreateIndex
CREATE INDEX "KeyFinding_keyId_kind_idx" ON "KeyFinding"("keyId", "kind");

-- CreateIndex
CREATE INDEX "KeyFinding_lastAt_id_idx" ON "KeyFinding"("lastAt", "id");

-- AddForeignKey
ALTER TABLE "KeyFinding" ADD CONSTRAINT "KeyFinding_keyId_fkey" FOREIGN KEY ("keyId") REFERENCES "Key"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
