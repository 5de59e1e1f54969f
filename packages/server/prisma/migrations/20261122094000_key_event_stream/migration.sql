-- AlterTable
ALTER TABLE "Event" ADD COLUMN     "formerUserId" TEXT,
ALTER COLUMN "transactionId" SET DEFAULT GREATEST(((pg_current_xact_id())::text)::bigint, (((pg_snapshot_xmax(pg_current_snapshot()))::text)::bigint - 1));

-- CreateTable
CREATE TABLE "EventLog" (
    "id" TEXT NOT NULL,
    "storeId" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "floorTransactionId" BIGINT NOT NULL,
    "floorSequence" BIGINT NOT NULL,
    "floorEventId" TEXT NOT NULL,

    CONSTRAINT "EventLog_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "KeyExpiry" (
    "keyId" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "plannedAt" TIMESTAMPTZ(3) NOT NULL,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "KeyExpiry_pkey" PRIMARY KEY ("keyId")
);

-- CreateIndex
CREATE INDEX "KeyExpiry_dueAt_keyId_idx" ON "KeyExpiry"("dueAt", "keyId");

-- Keys that will expire: planned from now on, so that reminders whose time has passed are not sent late.
INSERT INTO "KeyExpiry" ("keyId", "expiresAt", "plannedAt", "dueAt")
SELECT "id", "expiresAt", now(), now() FROM "Key"
WHERE "expiresAt" > now() AND "revokedAt" IS NULL AND "deletedAt" IS NULL;
