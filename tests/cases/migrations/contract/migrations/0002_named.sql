-- cdkit: phase contract since v1.4: orders.note, orders.old_name (nobody reads them any more)
SET lock_timeout = '2s';
ALTER TABLE orders
    DROP COLUMN note,
    DROP COLUMN old_name,
    DROP COLUMN status;
