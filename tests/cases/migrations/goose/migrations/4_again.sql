-- +goose up
SELECT 1;
