-- release: 1.5
-- Tidy up orders: one name for its state, a note on every order, the address from customers.
UPDATE orders SET note = '' WHERE note IS NULL;

ALTER TABLE orders ALTER COLUMN note SET NOT NULL;

ALTER TABLE orders RENAME COLUMN status TO state;

ALTER TABLE orders DROP COLUMN customer_email;

CREATE INDEX order_lines_sku_idx ON order_lines (sku);
