-- no-transaction
CREATE INDEX CONCURRENTLY j ON orders (id);
