-- AlterTable
ALTER TABLE "Api" ADD COLUMN     "rateLimits" JSONB NOT NULL DEFAULT '[]';
