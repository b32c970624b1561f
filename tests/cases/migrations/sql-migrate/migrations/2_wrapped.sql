-- +migrate Up
DROP INDEX CONCURRENTLY i;
-- +migrate Down
