-- atlas:txmode none

CREATE INDEX CONCURRENTLY i ON orders (id);
