-- CreateEnum
CREATE TYPE "OAuthGrantType" AS ENUM ('CLIENT_CREDENTIALS', 'AUTHORIZATION_CODE', 'REFRESH_TOKEN');

-- CreateEnum
CREATE TYPE "IssuerMatch" AS ENUM ('EXTERNAL_ID', 'EMAIL');

-- AlterTable
ALTER TABLE "Event" ADD COLUMN     "subjectId" TEXT;

-- CreateTable
CREATE TABLE "OAuthClient" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT,
    "name" TEXT NOT NULL,
    "role" "Role" NOT NULL,
    "permissions" TEXT[],
    "grantableScopes" TEXT[],
    "restrictScopes" BOOLEAN NOT NULL DEFAULT false,
    "grantTypes" "OAuthGrantType"[],
    "redirectUris" TEXT[],
    "resources" TEXT[],
    "resourceScopes" TEXT[],
    "secretHash" TEXT,
    "secretStart" TEXT,
    "previousSecretHash" TEXT,
    "previousSecretExpiresAt" TIMESTAMPTZ(3),
    "secretRotatedAt" TIMESTAMPTZ(3),
    "createdBy" TEXT NOT NULL,
    "disabledAt" TIMESTAMPTZ(3),
    "disabledReason" TEXT,
    "deletedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "OAuthClient_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OAuthArtifact" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "payload" BYTEA NOT NULL,
    "groupId" TEXT,
    "clientId" TEXT,
    "userId" TEXT,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "consumedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "OAuthArtifact_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TrustedIssuer" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "audience" TEXT NOT NULL,
    "activeKey" TEXT,
    "roleClaim" TEXT[],
    "roleMapping" JSONB NOT NULL DEFAULT '[]',
    "defaultRole" "Role",
    "matchBy" "IssuerMatch" NOT NULL,
    "createUsers" BOOLEAN NOT NULL DEFAULT false,
    "createdBy" TEXT NOT NULL,
    "deletedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "TrustedIssuer_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "OAuthClient_tenantId_createdAt_id_idx" ON "OAuthClient"("tenantId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "OAuthClient_createdAt_id_idx" ON "OAuthClient"("createdAt", "id");

-- CreateIndex
CREATE INDEX "OAuthArtifact_groupId_idx" ON "OAuthArtifact"("groupId");

-- CreateIndex
CREATE INDEX "OAuthArtifact_kind_clientId_userId_idx" ON "OAuthArtifact"("kind", "clientId", "userId");

-- CreateIndex
CREATE INDEX "OAuthArtifact_expiresAt_idx" ON "OAuthArtifact"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "TrustedIssuer_activeKey_key" ON "TrustedIssuer"("activeKey");

-- CreateIndex
CREATE INDEX "TrustedIssuer_tenantId_createdAt_id_idx" ON "TrustedIssuer"("tenantId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "TrustedIssuer_createdAt_id_idx" ON "TrustedIssuer"("createdAt", "id");

-- AddForeignKey
ALTER TABLE "OAuthClient" ADD CONSTRAINT "OAuthClient_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TrustedIssuer" ADD CONSTRAINT "TrustedIssuer_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
