-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY i ON orders (id);
-- +goose Down
