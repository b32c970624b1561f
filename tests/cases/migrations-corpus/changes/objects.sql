-- case: create table
CREATE TABLE coupons (code text PRIMARY KEY, percent int NOT NULL CHECK (percent > 0));
CREATE INDEX coupons_percent ON coupons (percent);
-- case: create table if not exists that is there
CREATE TABLE IF NOT EXISTS reviews (id serial PRIMARY KEY);
-- case: drop table that is read
DROP TABLE memos;
-- case: drop table nobody reads
DROP TABLE staging_rows;
-- case: drop table born now
CREATE TABLE scratch (a int);
INSERT INTO scratch VALUES (1);
DROP TABLE scratch;
-- case: temporary table
CREATE TEMPORARY TABLE batch (id int);
INSERT INTO batch SELECT id FROM reviews;
DROP TABLE batch;
-- case: rename table
ALTER TABLE memos RENAME TO notes;
-- case: rename table and leave a view without a grant
ALTER TABLE memos RENAME TO notes;
CREATE VIEW memos AS SELECT * FROM notes;
-- case: rename table and leave a view with a grant
ALTER TABLE memos RENAME TO notes;
CREATE VIEW memos AS SELECT * FROM notes;
GRANT SELECT, INSERT, UPDATE, DELETE ON memos TO shop_app;
-- case: rename table with an upsert and leave a view with a grant
ALTER TABLE customers RENAME TO clients;
CREATE VIEW customers AS SELECT * FROM clients;
GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO shop_app;
-- case: rename table and leave a view under default privileges
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app;
ALTER TABLE memos RENAME TO notes;
CREATE VIEW memos AS SELECT * FROM notes;
-- case: move table to another schema
ALTER TABLE memos SET SCHEMA billing;
-- case: replace a table by a new one of the same shape without a grant
ALTER TABLE memos RENAME TO memos_old;
CREATE TABLE memos (LIKE memos_old INCLUDING ALL);
INSERT INTO memos SELECT * FROM memos_old;
-- case: replace a table by a new one of the same shape with a grant
ALTER TABLE memos RENAME TO memos_old;
CREATE TABLE memos (LIKE memos_old INCLUDING ALL);
INSERT INTO memos SELECT * FROM memos_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON memos TO shop_app;
-- case: rename schema
ALTER SCHEMA audit RENAME TO history;
-- case: rename schema born now
CREATE SCHEMA fresh;
ALTER SCHEMA fresh RENAME TO ripe;
-- case: drop schema
DROP SCHEMA billing CASCADE;
-- case: drop view
DROP VIEW customer_totals;
-- case: drop and make the same view again without a grant
DROP VIEW customer_totals;
CREATE VIEW customer_totals AS
    SELECT c.name AS customer_name, count(o.id) AS orders
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.name;
-- case: drop and make the same view again with a grant
DROP VIEW customer_totals;
CREATE VIEW customer_totals AS
    SELECT c.name AS customer_name, count(o.id) AS orders
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.name;
GRANT SELECT ON customer_totals TO shop_app;
-- case: drop and make a view again that lacks a column
DROP VIEW customer_totals;
CREATE VIEW customer_totals AS SELECT name AS customer_name FROM customers;
GRANT SELECT ON customer_totals TO shop_app;
-- case: drop and make a view again that has one more column
DROP VIEW customer_totals;
CREATE VIEW customer_totals AS
    SELECT c.name AS customer_name, c.tier, count(o.id) AS orders
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.name, c.tier;
GRANT SELECT ON customer_totals TO shop_app;
-- case: replace a view with a column at its end
CREATE OR REPLACE VIEW open_orders AS
    SELECT o.id, o.number, o.customer_id, o.note, o.placed_at FROM orders o WHERE o.state = 'new';
-- case: replace a view nobody stars with a column at its end
CREATE OR REPLACE VIEW customer_totals AS
    SELECT c.name AS customer_name, count(o.id) AS orders, max(o.placed_at) AS latest
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.name;
-- case: replace a view with another filter
CREATE OR REPLACE VIEW open_orders AS
    SELECT o.id, o.number, o.customer_id, o.note FROM orders o WHERE o.state = 'paid';
-- case: replace a view with the same text
CREATE OR REPLACE VIEW open_orders AS
    SELECT o.id, o.number, o.customer_id, o.note FROM orders o WHERE o.state = 'new';
-- case: replace a view with one more condition
CREATE OR REPLACE VIEW open_orders AS
    SELECT o.id, o.number, o.customer_id, o.note FROM orders o WHERE o.state = 'new' AND o.note IS NULL;
-- case: view that asks as its caller
ALTER VIEW customer_totals SET (security_invoker = true);
-- case: view that asks as its caller who may not
CREATE OR REPLACE VIEW settings_public WITH (security_invoker = true) AS
    SELECT key, value FROM settings WHERE key NOT LIKE 'secret%';
REVOKE SELECT ON settings FROM shop_report;
-- case: view that asks as its caller who may not read
ALTER VIEW payroll SET (security_invoker = true);
-- case: view replaced by one that asks as its caller who may not read
CREATE OR REPLACE VIEW payroll WITH (security_invoker = true) AS SELECT id, salary FROM employees;
-- case: view with a check option
ALTER VIEW settings_public SET (check_option = 'local');
-- case: new view
CREATE VIEW cheap AS SELECT id, title FROM products WHERE price < 5;
-- case: rename view
ALTER VIEW customer_totals RENAME TO totals;
-- case: drop materialized view
DROP MATERIALIZED VIEW product_stats;
-- case: make a materialized view again without a grant
DROP MATERIALIZED VIEW product_stats;
CREATE MATERIALIZED VIEW product_stats AS
    SELECT product_id, count(*) AS sold FROM order_lines GROUP BY product_id;
-- case: make a materialized view again with a grant
DROP MATERIALIZED VIEW product_stats;
CREATE MATERIALIZED VIEW product_stats AS
    SELECT product_id, count(*) AS sold FROM order_lines GROUP BY product_id;
GRANT SELECT ON product_stats TO shop_app;
-- case: make a materialized view again that lacks a column
DROP MATERIALIZED VIEW product_stats;
CREATE MATERIALIZED VIEW product_stats AS SELECT product_id FROM order_lines GROUP BY product_id;
GRANT SELECT ON product_stats TO shop_app;
-- case: make a materialized view again without data
DROP MATERIALIZED VIEW product_stats;
CREATE MATERIALIZED VIEW product_stats AS
    SELECT product_id, count(*) AS sold FROM order_lines GROUP BY product_id WITH NO DATA;
GRANT SELECT ON product_stats TO shop_app;
-- case: refresh materialized view with no data
REFRESH MATERIALIZED VIEW product_stats WITH NO DATA;
-- case: refresh materialized view
REFRESH MATERIALIZED VIEW product_stats;
-- case: refresh materialized view concurrently
REFRESH MATERIALIZED VIEW CONCURRENTLY product_stats;
-- case: drop function that is called
DROP FUNCTION orders_of(bigint);
-- case: drop function born now
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
DROP FUNCTION twice(int);
-- case: drop one of two overloads
DROP FUNCTION price_of(text);
-- case: overload with one more defaulted argument
CREATE FUNCTION order_total(p_order bigint, p_tax numeric DEFAULT 1) RETURNS numeric LANGUAGE sql AS
    'SELECT p_tax * p_order';
-- case: overload with one more required argument
CREATE FUNCTION order_total(p_order bigint, p_tax numeric) RETURNS numeric LANGUAGE sql AS
    'SELECT order_total(p_order) * p_tax';
-- case: overload whose argument fits an untyped literal better
CREATE FUNCTION price_of(p_id bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
-- case: new function
CREATE FUNCTION shipping_of(p_order bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 4.9';
-- case: replace function with the same text
CREATE OR REPLACE FUNCTION price_of(p_id int) RETURNS numeric LANGUAGE sql STABLE AS
    'SELECT price FROM products WHERE id = p_id';
-- case: replace function with another result
CREATE OR REPLACE FUNCTION price_of(p_id int) RETURNS numeric LANGUAGE sql STABLE AS
    'SELECT price * 2 FROM products WHERE id = p_id';
-- case: function again with other argument names
DROP FUNCTION add_customer(text, text, text);
CREATE FUNCTION add_customer(email text, name text, tier text DEFAULT 'basic')
RETURNS text LANGUAGE sql AS 'SELECT name || ''/'' || tier';
-- case: function again without its default
DROP FUNCTION add_customer(text, text, text);
CREATE FUNCTION add_customer(p_email text, p_name text, p_tier text)
RETURNS text LANGUAGE sql AS 'SELECT p_name || ''/'' || p_tier';
-- case: function again with one more defaulted argument
DROP FUNCTION add_customer(text, text, text);
CREATE FUNCTION add_customer(p_email text, p_name text, p_tier text DEFAULT 'basic', p_phone text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers (email, name, tier, phone) VALUES (p_email, p_name, p_tier, p_phone);
    RETURN p_name || '/' || p_tier;
END $$;
-- case: function again with another result type
DROP FUNCTION order_total(bigint);
CREATE FUNCTION order_total(p_order bigint) RETURNS text LANGUAGE sql STABLE AS
    'SELECT sum(l.amount * p.price)::text FROM order_lines l JOIN products p ON p.id = l.product_id
     WHERE l.order_id = p_order';
-- case: function again with one more result column
DROP FUNCTION orders_of(bigint);
CREATE FUNCTION orders_of(p_customer bigint) RETURNS TABLE (number text, state order_state, note text)
LANGUAGE sql STABLE AS 'SELECT number, state, note FROM orders WHERE customer_id = p_customer';
-- case: function again as it was
DROP FUNCTION orders_of(bigint);
CREATE FUNCTION orders_of(p_customer bigint) RETURNS TABLE (number text, state order_state)
LANGUAGE sql STABLE AS 'SELECT number, state FROM orders WHERE customer_id = p_customer';
-- case: function marked immutable
ALTER FUNCTION price_of(int) IMMUTABLE;
-- case: function that runs as its owner
ALTER FUNCTION price_of(int) SECURITY DEFINER;
-- case: function with a search path
ALTER FUNCTION orders_of(bigint) SET search_path = audit;
-- case: function with a cost
ALTER FUNCTION price_of(int) COST 500;
-- case: trigger function that runs as its caller
ALTER FUNCTION log_order() SECURITY INVOKER;
-- case: rename function
ALTER FUNCTION loyal(bigint) RENAME TO is_loyal;
-- case: move function
ALTER FUNCTION loyal(bigint) SET SCHEMA billing;
-- case: enum value
ALTER TYPE order_state ADD VALUE 'returned';
-- case: enum value in front
ALTER TYPE order_state ADD VALUE 'draft' BEFORE 'new';
-- case: rename enum value
ALTER TYPE order_state RENAME VALUE 'paid' TO 'settled';
-- case: enum without a value
ALTER TABLE orders ALTER COLUMN state DROP DEFAULT;
DROP VIEW open_orders;
DROP INDEX orders_one_new;
DROP FUNCTION orders_of(bigint);
ALTER TYPE order_state RENAME TO order_state_old;
CREATE TYPE order_state AS ENUM ('new', 'paid');
UPDATE orders SET state = 'paid' WHERE state = 'shipped';
ALTER TABLE orders ALTER COLUMN state TYPE order_state USING state::text::order_state;
-- case: new enum
CREATE TYPE weather AS ENUM ('sun', 'rain');
-- case: rename type
ALTER TYPE order_state RENAME TO state_of_order;
-- case: rename type born now
CREATE TYPE weather AS ENUM ('sun');
ALTER TYPE weather RENAME TO sky;
-- case: drop type nobody uses
DROP TYPE spare_pair;
-- case: drop type with its columns
DROP TYPE order_state CASCADE;
-- case: composite type with one more attribute
ALTER TYPE money_pair ADD ATTRIBUTE rate numeric;
-- case: composite type without an attribute
ALTER TYPE money_pair DROP ATTRIBUTE currency;
-- case: domain check
ALTER DOMAIN positive_amount ADD CONSTRAINT small CHECK (VALUE < 1000);
-- case: domain check not valid
ALTER DOMAIN short_code ADD CONSTRAINT upper_code CHECK (length(VALUE) < 12) NOT VALID;
-- case: domain not null
UPDATE customers SET credit = 0 WHERE credit IS NULL;
ALTER DOMAIN positive_amount SET NOT NULL;
-- case: domain without its check
ALTER DOMAIN positive_amount DROP CONSTRAINT positive_amount_check;
-- case: domain default
ALTER DOMAIN loose_text SET DEFAULT 'none';
-- case: domain born now with a check
CREATE DOMAIN percent AS int;
ALTER DOMAIN percent ADD CHECK (VALUE < 100);
-- case: rename domain
ALTER DOMAIN short_code RENAME TO sku_code;
-- case: drop extension
DROP EXTENSION pg_trgm CASCADE;
-- case: move extension to another schema
-- superuser
ALTER EXTENSION hstore SET SCHEMA billing;
-- case: move extension away from the path
-- superuser
ALTER EXTENSION pg_trgm SET SCHEMA audit;
-- case: new extension
CREATE EXTENSION IF NOT EXISTS btree_gist;
-- case: drop sequence
DROP SEQUENCE order_number CASCADE;
-- case: rename sequence
ALTER SEQUENCE order_number RENAME TO order_numbers;
-- case: sequence to its beginning
ALTER SEQUENCE reviews_id_seq RESTART WITH 1;
-- case: sequence further on
ALTER SEQUENCE order_number RESTART WITH 5000;
-- case: sequence that ends
ALTER SEQUENCE order_number MAXVALUE 1000 NO CYCLE;
-- case: sequence that turns around
ALTER SEQUENCE order_number MAXVALUE 99999 CYCLE;
-- case: sequence of a wider type
ALTER SEQUENCE reviews_id_seq AS bigint;
-- case: sequence of a narrower type
ALTER SEQUENCE order_number AS smallint;
-- case: sequence cache
ALTER SEQUENCE order_number CACHE 10;
-- case: setval to where rows are
SELECT setval('reviews_id_seq', 1, false);
-- case: setval to the greatest key
SELECT setval('reviews_id_seq', (SELECT max(id) FROM reviews) + 1000);
-- case: comment
COMMENT ON TABLE orders IS 'what customers ordered';
COMMENT ON COLUMN orders.note IS 'for the courier';
-- case: statistics object
CREATE STATISTICS orders_stats ON customer_id, state FROM orders;
ANALYZE orders;
-- case: publication
CREATE PUBLICATION all_orders FOR TABLE reviews;
-- case: identity that begins anew
ALTER TABLE orders ALTER COLUMN id RESTART;
-- case: identity further on
ALTER TABLE orders ALTER COLUMN id RESTART WITH 9000;
-- case: identity that ends
ALTER TABLE orders ALTER COLUMN id SET MAXVALUE 1000;
-- case: rename the check of a domain
ALTER DOMAIN positive_amount RENAME CONSTRAINT positive_amount_check TO positive;
-- case: replace a table by a copy without its keys
ALTER TABLE settings RENAME TO settings_old;
CREATE TABLE settings (LIKE settings_old);
INSERT INTO settings SELECT * FROM settings_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON settings TO shop_app;
-- case: replace a table by a copy with its keys
ALTER TABLE settings RENAME TO settings_old;
CREATE TABLE settings (LIKE settings_old INCLUDING INDEXES);
INSERT INTO settings SELECT * FROM settings_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON settings TO shop_app;
-- case: replace a table by a copy without its defaults
ALTER TABLE reviews RENAME TO reviews_old;
CREATE TABLE reviews (LIKE reviews_old INCLUDING INDEXES);
INSERT INTO reviews SELECT * FROM reviews_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON reviews TO shop_app;
-- case: replace a table by a partitioned one that holds the old one
ALTER TABLE memos RENAME TO memos_old;
CREATE TABLE memos (LIKE memos_old INCLUDING ALL) PARTITION BY RANGE (id);
ALTER TABLE memos ATTACH PARTITION memos_old DEFAULT;
GRANT SELECT, INSERT, UPDATE, DELETE ON memos TO shop_app;
-- case: a function made again with CASCADE and without its trigger
DROP FUNCTION touch() CASCADE;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := '2020-01-01';
    RETURN NEW;
END $$;
-- case: a view named by another alias and sorted
CREATE OR REPLACE VIEW open_orders AS
    SELECT x.id, x.number, x.customer_id, x.note FROM orders AS x WHERE x.state = 'new' ORDER BY x.id;
