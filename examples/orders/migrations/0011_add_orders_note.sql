-- release: 1.4
-- A note to the courier. Nullable and without a default: 1.3, which does not know the column,
-- still writes orders, and no row is rewritten.
SET lock_timeout = '2s';

ALTER TABLE orders ADD COLUMN note text;
