-- migrate:up
SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders
  MODIFY status enum('new','held','paid') NOT NULL,
  ADD COLUMN total decimal(10,2) NOT NULL DEFAULT 0,
  ALGORITHM=INSTANT;
-- cdkit: allow unread-code (looked at by hand)
CALL tidy_up();

-- migrate:down
ALTER TABLE orders DROP COLUMN total;
