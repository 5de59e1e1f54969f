-- CreateTable
CREATE TABLE "QuotaHolder" (
    "id" TEXT NOT NULL,
    "heardAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "QuotaHolder_pkey" PRIMARY KEY ("id")
);

-- Those of before were never heard of: whoever does not say so from now on is lost.
INSERT INTO "QuotaHolder" ("id", "heardAt") SELECT DISTINCT "holder", now() FROM "QuotaLease";
