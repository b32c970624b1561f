---- tern: disable-tx ----
CREATE INDEX CONCURRENTLY j ON {{.schema}}.orders (id);
