CREATE INDEX CONCURRENTLY i ON {{.schema}}.orders (id);
---- create above / drop below ----
