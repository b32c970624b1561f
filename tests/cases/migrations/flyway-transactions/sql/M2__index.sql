CREATE INDEX CONCURRENTLY i ON ${schema}.orders (id);
