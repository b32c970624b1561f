-- Up Migration
CREATE TABLE orders (id int);

-- Down Migration
DROP TABLE orders;
