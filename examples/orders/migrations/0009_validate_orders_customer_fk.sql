-- release: 1.2
-- Migrate: check the old rows too. Reads and writes of orders go on meanwhile.
SET lock_timeout = '2s';

ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_fkey;
