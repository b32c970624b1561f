-- migrate:up
CREATE TABLE orders (id int);
