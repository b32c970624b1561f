-- release: 1.0
-- Support lists the open orders, oldest first.
CREATE INDEX CONCURRENTLY orders_status_id_idx ON orders (status, id);
