-- release: 1.1
-- Expand, 3 of 4: a customer's orders, found without reading them all.
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
