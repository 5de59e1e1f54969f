-- The change of a user became a public event: what was kept under the internal name is told under the public one.
UPDATE "Event" SET "type" = 'OWNER_UPDATED' WHERE "type" = 'USER_UPDATED';
