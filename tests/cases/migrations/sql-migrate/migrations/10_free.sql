-- +migrate Up notransaction
CREATE INDEX CONCURRENTLY j ON orders (id);
-- +migrate Down
