-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE ${SCHEMA:-app}.lines (id int);
DROP TABLE ${SCHEMA}.orders;
-- +goose ENVSUB OFF
-- +goose Down
