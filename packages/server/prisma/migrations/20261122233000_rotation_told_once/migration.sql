-- AlterTable
ALTER TABLE "KeyRotation" ADD COLUMN     "overdueToldFor" TIMESTAMPTZ(3),
ALTER COLUMN "dueAt" DROP NOT NULL;
