-- CreateEnum
CREATE TYPE "ApiVisibility" AS ENUM ('PUBLIC', 'PRIVATE');

-- CreateEnum
CREATE TYPE "ApiAccess" AS ENUM ('OPEN', 'GRANTED');

-- CreateEnum
CREATE TYPE "ApiGrantStatus" AS ENUM ('PENDING', 'GRANTED', 'REFUSED', 'REVOKED');

-- CreateTable
CREATE TABLE "Api" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "activeSlug" TEXT,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "visibility" "ApiVisibility" NOT NULL DEFAULT 'PRIVATE',
    "access" "ApiAccess" NOT NULL DEFAULT 'GRANTED',
    "versions" JSONB NOT NULL DEFAULT '[]',
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,
    "deletedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Api_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiGrant" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "apiId" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "status" "ApiGrantStatus" NOT NULL,
    "requestedBy" TEXT,
    "requestReason" TEXT,
    "decidedBy" TEXT,
    "decisionReason" TEXT,
    "decidedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ApiGrant_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Api_tenantId_createdAt_id_idx" ON "Api"("tenantId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Api_createdAt_id_idx" ON "Api"("createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Api_tenantId_activeSlug_key" ON "Api"("tenantId", "activeSlug");

-- CreateIndex
CREATE INDEX "ApiGrant_apiId_idx" ON "ApiGrant"("apiId");

-- CreateIndex
CREATE INDEX "ApiGrant_tenantId_createdAt_id_idx" ON "ApiGrant"("tenantId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "ApiGrant_createdAt_id_idx" ON "ApiGrant"("createdAt", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ApiGrant_keyId_apiId_key" ON "ApiGrant"("keyId", "apiId");

-- AddForeignKey
ALTER TABLE "Api" ADD CONSTRAINT "Api_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiGrant" ADD CONSTRAINT "ApiGrant_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiGrant" ADD CONSTRAINT "ApiGrant_apiId_fkey" FOREIGN KEY ("apiId") REFERENCES "Api"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiGrant" ADD CONSTRAINT "ApiGrant_keyId_fkey" FOREIGN KEY ("keyId") REFERENCES "Key"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
