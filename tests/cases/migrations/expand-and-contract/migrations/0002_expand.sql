SET lock_timeout = '2s';
ALTER TABLE orders
    ADD COLUMN customer_id bigint,
    ALTER COLUMN note TYPE varchar(40);
