BEGIN;
CREATE TABLE :schema.orders (id int, note text);
COMMIT;
