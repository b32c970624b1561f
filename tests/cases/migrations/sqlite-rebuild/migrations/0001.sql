CREATE TABLE orders (id integer PRIMARY KEY, note text, qty integer NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX orders_note ON orders (note);
CREATE TABLE lines (o integer REFERENCES orders (id) ON DELETE CASCADE);
