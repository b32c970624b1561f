-- migrate:up
ALTER TABLE orders ALTER note TYPE varchar(20);
-- migrate:down
ALTER TABLE orders ALTER note TYPE varchar(10);
