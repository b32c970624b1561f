BEGIN;
PRAGMA foreign_keys = OFF;
CREATE TABLE new_orders (id integer PRIMARY KEY, note text NOT NULL, qty integer NOT NULL);
INSERT INTO new_orders (id, note, qty) SELECT id, coalesce(note, ''), qty FROM orders;
DROP TABLE orders;
ALTER TABLE new_orders RENAME TO orders;
COMMIT;
