-- CreateIndex
CREATE INDEX "KeySecret_start_idx" ON "KeySecret"("start");
