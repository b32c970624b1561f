SET lock_timeout = '2s';
CREATE INDEX CONCURRENTLY i ON ${schema}.orders (id);
