-- release: 1.1
-- Expand, 2 of 4: a nullable column, so that 1.0, which does not know it, still writes orders.
SET lock_timeout = '2s';

ALTER TABLE orders ADD COLUMN customer_id bigint;
