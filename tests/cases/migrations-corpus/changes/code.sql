-- case: block that drops a column
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE relname = 'customers') THEN
        ALTER TABLE customers DROP COLUMN nickname;
    END IF;
END $$;
-- case: block that runs a constant text
DO $$ BEGIN
    EXECUTE 'ALTER TABLE customers DROP COLUMN nickname';
END $$;
-- case: block that puts its text together
DO $$
DECLARE
    victim text := 'memos';
BEGIN
    EXECUTE format('DROP TABLE %I', victim);
END $$;
-- case: block that puts a harmless text together
DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['memos', 'reviews'] LOOP
        EXECUTE format('COMMENT ON TABLE %I IS %L', each, 'seen');
    END LOOP;
END $$;
-- case: block that adds a column
DO $$ BEGIN
    ALTER TABLE reviews ADD COLUMN lang text;
EXCEPTION WHEN duplicate_column THEN NULL;
END $$;
-- case: block that makes a type
DO $$ BEGIN
    CREATE TYPE weather AS ENUM ('sun', 'rain');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
-- case: block that fills in batches
-- alone
ALTER TABLE reviews ADD COLUMN lang text;
DO $$
DECLARE
    done int;
BEGIN
    LOOP
        UPDATE reviews SET lang = 'en' WHERE id IN (SELECT id FROM reviews WHERE lang IS NULL LIMIT 1000);
        GET DIAGNOSTICS done = ROW_COUNT;
        EXIT WHEN done = 0;
    END LOOP;
END $$;
-- case: function that drops and is called
CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE memos; END $$;
SELECT tidy();
-- case: function that drops and is not called
CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE memos; END $$;
-- case: procedure that drops and is called
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$ BEGIN DROP TABLE memos; END $$;
CALL tidy();
-- case: function that reads and is called
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM memos';
SELECT counted();
DROP FUNCTION counted();
-- case: several statements of which one breaks
ALTER TABLE reviews ADD COLUMN lang text;
CREATE TABLE coupons (code text PRIMARY KEY);
ALTER TABLE memos RENAME COLUMN title TO heading;
COMMENT ON TABLE coupons IS 'new';
-- case: several statements that break nobody
ALTER TABLE reviews ADD COLUMN lang text;
CREATE TABLE coupons (code text PRIMARY KEY, review_id int REFERENCES reviews (id) ON DELETE CASCADE);
CREATE INDEX coupons_review ON coupons (review_id);
GRANT SELECT ON coupons TO shop_app;
-- case: drop and make a view again in two transactions
-- alone
DROP VIEW customer_totals;
CREATE VIEW customer_totals AS
    SELECT c.name AS customer_name, count(o.id) AS orders
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.name;
GRANT SELECT ON customer_totals TO shop_app;
-- case: drop and make a unique constraint again in two transactions
-- alone
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email);
-- case: rename there and back
ALTER TABLE memos RENAME COLUMN title TO heading;
ALTER TABLE memos RENAME COLUMN heading TO title;
-- case: swap two tables
ALTER TABLE memos RENAME TO memos_old;
ALTER TABLE documents RENAME TO memos;
ALTER TABLE memos_old RENAME TO documents;
-- case: swap in a column of a wider type
ALTER TABLE reviews ADD COLUMN rating_new bigint;
UPDATE reviews SET rating_new = rating;
ALTER TABLE reviews DROP COLUMN rating;
ALTER TABLE reviews RENAME COLUMN rating_new TO rating;
-- case: set constraints and settings
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER TABLE reviews ADD COLUMN lang text;
-- case: set search path and make a table
SET LOCAL search_path = billing;
CREATE TABLE refunds (id int);
-- case: set search path and drop a column
SET LOCAL search_path = billing;
ALTER TABLE invoices DROP COLUMN total;
-- case: savepoint that is kept
SAVEPOINT one;
ALTER TABLE reviews ADD COLUMN lang text;
RELEASE SAVEPOINT one;
