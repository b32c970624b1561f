-- +migrate Up notransaction
DROP INDEX CONCURRENTLY j;
-- +migrate Down
