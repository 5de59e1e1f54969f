-- AlterTable
ALTER TABLE "IntegrityRun" ADD COLUMN     "phase" TEXT,
ADD COLUMN     "total" INTEGER;
