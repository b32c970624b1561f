SET lock_timeout = '2s';
CREATE INDEX CONCURRENTLY j ON orders (id);
