-- case: enum with one more value takes the name of the old
CREATE TYPE mood_new AS ENUM ('good', 'bad', 'fair');
ALTER TYPE mood RENAME TO mood_old;
ALTER TYPE mood_new RENAME TO mood;
DROP TYPE mood_old;
-- case: enum of a column takes the name of the old with one value less
CREATE TYPE order_state_new AS ENUM ('new', 'paid');
DROP VIEW open_orders;
DROP INDEX orders_one_new;
DROP FUNCTION orders_of(bigint);
ALTER TABLE orders ALTER COLUMN state DROP DEFAULT;
ALTER TABLE orders ALTER COLUMN state TYPE order_state_new
    USING (CASE state::text WHEN 'shipped' THEN 'paid' ELSE state::text END)::order_state_new;
ALTER TYPE order_state RENAME TO order_state_old;
ALTER TYPE order_state_new RENAME TO order_state;
DROP TYPE order_state_old;
-- case: numeric with finer steps
ALTER TABLE billing.invoices ALTER COLUMN total TYPE numeric(14,4);
-- case: required column gets its default in the same statement
ALTER TABLE reviews ADD COLUMN shown boolean;
UPDATE reviews SET shown = true;
ALTER TABLE reviews ALTER COLUMN shown SET NOT NULL, ALTER COLUMN shown SET DEFAULT true;
-- case: expression index is built again under another name
CREATE UNIQUE INDEX products_title_lower_2 ON products (lower(title));
DROP INDEX products_title_lower;
ALTER INDEX products_title_lower_2 RENAME TO products_title_lower;
-- case: unique key gets a covering index
CREATE UNIQUE INDEX products_sku_covering ON products (sku) INCLUDE (price);
ALTER TABLE products DROP CONSTRAINT products_sku_key;
ALTER TABLE products ADD CONSTRAINT products_sku_key UNIQUE USING INDEX products_sku_covering;
-- case: policy asks once and not for each row
ALTER POLICY acme_only ON tenant_notes USING (tenant = (SELECT 'acme'));
-- case: function that writes is called stable
ALTER FUNCTION add_customer(text, text, text) STABLE;
-- case: function gets a search path with the schema of old
ALTER FUNCTION price_of(int) SET search_path = public, pg_temp;
-- case: function gets an empty search path
ALTER FUNCTION price_of(int) SET search_path = '';
-- case: table is made again in the same shape
ALTER TABLE settings_archive RENAME TO settings_archive_old;
CREATE TABLE settings_archive (LIKE settings_archive_old INCLUDING ALL);
INSERT INTO settings_archive SELECT * FROM settings_archive_old;
DROP TABLE settings_archive_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON settings_archive TO shop_app;
-- case: table is made again with its columns in another order
ALTER TABLE settings_archive RENAME TO settings_archive_old;
CREATE TABLE settings_archive (value text, key text);
INSERT INTO settings_archive (key, value) SELECT key, value FROM settings_archive_old;
DROP TABLE settings_archive_old;
GRANT SELECT, INSERT, UPDATE, DELETE ON settings_archive TO shop_app;
-- case: index on a division that has no zero
CREATE INDEX reviews_share ON reviews ((100 / NULLIF(rating, 0)));
