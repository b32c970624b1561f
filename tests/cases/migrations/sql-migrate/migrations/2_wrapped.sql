-- +migrate Up
CREATE INDEX CONCURRENTLY i ON orders (id);
-- +migrate Down
