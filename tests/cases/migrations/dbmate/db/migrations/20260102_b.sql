-- migrate:up
CREATE INDEX CONCURRENTLY i ON a (b);

-- migrate:down
DROP INDEX i;
