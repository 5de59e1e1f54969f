-- AlterTable
ALTER TABLE "Key" ADD COLUMN     "rotationOverdue" TEXT,
ADD COLUMN     "rotationOverlapMs" BIGINT;
