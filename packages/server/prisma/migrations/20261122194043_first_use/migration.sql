-- AlterTable
ALTER TABLE "KeySecret" ADD COLUMN     "isPending" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "overlapMs" BIGINT;
