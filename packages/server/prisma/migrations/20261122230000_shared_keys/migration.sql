-- AlterTable
ALTER TABLE "KeyFinding" ADD COLUMN     "evidence" JSONB,
ADD COLUMN     "samples" JSONB;

-- AlterTable
ALTER TABLE "LifecyclePolicy" ADD COLUMN     "sharedAction" TEXT NOT NULL DEFAULT 'REMIND',
ADD COLUMN     "sharedMaxAddresses" INTEGER,
ADD COLUMN     "sharedMaxNetworks" INTEGER DEFAULT 30,
ADD COLUMN     "sharedMaxUserAgents" INTEGER DEFAULT 15,
ADD COLUMN     "sharedRule" TEXT NOT NULL DEFAULT 'ALL',
ADD COLUMN     "sharedWindowHours" INTEGER NOT NULL DEFAULT 24;
