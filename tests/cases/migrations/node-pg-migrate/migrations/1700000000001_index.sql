--- up migration
CREATE INDEX CONCURRENTLY i ON orders (id);
--- down migration
DROP INDEX i;
