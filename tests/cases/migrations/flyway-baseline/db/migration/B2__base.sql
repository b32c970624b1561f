CREATE TABLE orders (id bigint PRIMARY KEY, note text, a int);
CREATE INDEX i ON orders (a);
