-- case: foreign key
DELETE FROM reviews WHERE product_id NOT IN (SELECT id FROM products);
ALTER TABLE reviews ADD CONSTRAINT reviews_product_fk FOREIGN KEY (product_id) REFERENCES products (id);
-- case: foreign key not valid
ALTER TABLE reviews ADD CONSTRAINT reviews_product_fk FOREIGN KEY (product_id) REFERENCES products (id) NOT VALID;
-- case: foreign key that is enforced from now on
-- only: 18
ALTER TABLE reviews ADD CONSTRAINT r FOREIGN KEY (product_id) REFERENCES products NOT ENFORCED;
ALTER TABLE reviews ALTER CONSTRAINT r ENFORCED;
-- case: foreign key not enforced
-- only: 18
ALTER TABLE reviews ADD CONSTRAINT reviews_product_fk FOREIGN KEY (product_id) REFERENCES products (id) NOT ENFORCED;
-- case: foreign key of a new column
ALTER TABLE reviews ADD COLUMN order_id bigint;
ALTER TABLE reviews ADD CONSTRAINT reviews_order_fk FOREIGN KEY (order_id) REFERENCES orders (id) NOT VALID;
-- case: foreign key that is there already
ALTER TABLE orders ADD CONSTRAINT orders_customer_again FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
-- case: foreign key from a table born now
CREATE TABLE returns (id int PRIMARY KEY, order_id bigint REFERENCES orders (id) ON DELETE CASCADE);
-- case: foreign key from a table born now that keeps old rows from going
CREATE TABLE returns (id int PRIMARY KEY, customer_id bigint REFERENCES customers (id));
INSERT INTO returns SELECT id, id FROM customers;
-- case: check
ALTER TABLE customers ADD CONSTRAINT customers_nickname_long CHECK (length(nickname) < 15);
-- case: check not valid
ALTER TABLE reviews ADD CONSTRAINT reviews_rating_range CHECK (rating BETWEEN 1 AND 5) NOT VALID;
-- case: check on a new column
ALTER TABLE reviews ADD COLUMN lang text;
ALTER TABLE reviews ADD CONSTRAINT reviews_lang CHECK (lang IN ('en', 'de')) NOT VALID;
-- case: check that a new column is there
ALTER TABLE reviews ADD COLUMN lang text;
ALTER TABLE reviews ADD CONSTRAINT reviews_lang CHECK (lang IS NOT NULL) NOT VALID;
-- case: check that is there already
ALTER TABLE products ADD CONSTRAINT products_price_again CHECK (price >= 0) NOT VALID;
-- case: check that always holds
ALTER TABLE reviews ADD CONSTRAINT reviews_fine CHECK (true);
-- case: looser check in place of a check
ALTER TABLE order_lines DROP CONSTRAINT lines_amount_check;
ALTER TABLE order_lines ADD CONSTRAINT lines_amount_check CHECK (amount >= 0) NOT VALID;
-- case: the same check again
ALTER TABLE order_lines DROP CONSTRAINT lines_amount_check;
ALTER TABLE order_lines ADD CONSTRAINT lines_amount_check CHECK (amount > 0) NOT VALID;
-- case: validate constraint
-- alone
ALTER TABLE products ADD CONSTRAINT products_stock CHECK (price >= 0) NOT VALID;
ALTER TABLE products VALIDATE CONSTRAINT products_stock;
-- case: drop check
ALTER TABLE products DROP CONSTRAINT products_price_check;
-- case: drop foreign key
ALTER TABLE orders DROP CONSTRAINT orders_customer_fk;
-- case: unique
ALTER TABLE reviews ADD CONSTRAINT reviews_once UNIQUE (product_id, customer_id);
-- case: unique on a new nullable column
ALTER TABLE reviews ADD COLUMN code text;
ALTER TABLE reviews ADD CONSTRAINT reviews_code UNIQUE (code);
-- case: unique using an old unique index
ALTER TABLE orders ADD CONSTRAINT orders_number_key UNIQUE USING INDEX orders_number_idx;
-- case: unique wider than one that holds
ALTER TABLE customers ADD CONSTRAINT customers_email_name UNIQUE (email, name);
-- case: unique index concurrently
-- alone
CREATE UNIQUE INDEX CONCURRENTLY reviews_once ON reviews (product_id, customer_id);
-- case: unique index on a table born now
CREATE TABLE fresh (id int, code text);
CREATE UNIQUE INDEX fresh_code ON fresh (code);
-- case: unique index then constraint from it
-- alone
CREATE UNIQUE INDEX CONCURRENTLY reviews_once ON reviews (product_id, customer_id);
ALTER TABLE reviews ADD CONSTRAINT reviews_once UNIQUE USING INDEX reviews_once;
-- case: partial unique index
CREATE UNIQUE INDEX reviews_good ON reviews (product_id, customer_id) WHERE rating < 0 OR rating = 5;
-- case: partial unique index that old rows never meet
ALTER TABLE reviews ADD COLUMN pinned boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX reviews_pinned ON reviews (product_id) WHERE pinned;
-- case: exclusion constraint
ALTER TABLE reviews ADD CONSTRAINT reviews_apart EXCLUDE (customer_id WITH =) WHERE (rating <> 0);
-- case: primary key on a table without
ALTER TABLE settings_archive ADD PRIMARY KEY (key);
-- case: primary key where writes repeat
CREATE TABLE fresh AS SELECT key, value FROM settings;
ALTER TABLE fresh ADD PRIMARY KEY (key);
-- case: drop primary key
ALTER TABLE settings DROP CONSTRAINT settings_pkey;
-- case: change primary key
ALTER TABLE settings DROP CONSTRAINT settings_pkey, ADD PRIMARY KEY (key, value);
-- case: drop unique constraint
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
-- case: drop unique constraint nobody conflicts on
ALTER TABLE products DROP CONSTRAINT products_sku_key;
-- case: drop and make the same unique constraint again
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email);
-- case: drop unique constraint and keep an index
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
CREATE UNIQUE INDEX customers_email_idx ON customers (email);
-- case: drop unique index
DROP INDEX orders_number_idx;
-- case: drop unique index that has a twin
CREATE UNIQUE INDEX orders_number_two ON orders (number);
DROP INDEX orders_number_idx;
-- case: drop partial unique index
DROP INDEX orders_one_new;
-- case: drop expression unique index
DROP INDEX products_title_lower;
-- case: partial unique index of another condition
DROP INDEX orders_one_new;
CREATE UNIQUE INDEX orders_one_new ON orders (customer_id) WHERE state = 'paid';
-- case: drop plain index
DROP INDEX orders_placed_idx;
-- case: drop partial plain index
DROP INDEX products_active_idx;
-- case: drop plain index concurrently
-- alone
DROP INDEX CONCURRENTLY orders_placed_idx;
-- case: rename constraint that queries name
ALTER TABLE customers RENAME CONSTRAINT customers_email_key TO customers_email_unique;
-- case: rename constraint nobody names
ALTER TABLE products RENAME CONSTRAINT products_price_check TO products_price_positive;
-- case: rename index
ALTER INDEX orders_placed_idx RENAME TO orders_placed_at_idx;
-- case: rename index of a constraint
ALTER INDEX customers_email_key RENAME TO customers_email_unique;
-- case: plain index
CREATE INDEX reviews_product ON reviews (product_id);
-- case: plain index concurrently
-- alone
CREATE INDEX CONCURRENTLY reviews_product ON reviews (product_id);
-- case: expression index that fails on old writes
CREATE INDEX reviews_inverse ON reviews ((100 / (rating + 3)));
-- case: reindex concurrently
-- alone
REINDEX INDEX CONCURRENTLY orders_placed_idx;
-- case: deferrable constraint
ALTER TABLE orders ALTER CONSTRAINT orders_customer_fk DEFERRABLE INITIALLY DEFERRED;
-- case: foreign key that deletes along no more
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey,
    ADD CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id);
-- case: foreign key that sets null in place of deleting along
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey,
    ADD CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE SET NULL;
-- case: the same foreign key again
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey,
    ADD CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;
-- case: foreign key that deletes along now
ALTER TABLE orders DROP CONSTRAINT orders_customer_fk,
    ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE;
-- case: the same unique constraint to which nulls are alike
ALTER TABLE products DROP CONSTRAINT products_sku_key,
    ADD CONSTRAINT products_sku_key UNIQUE NULLS NOT DISTINCT (sku);
-- case: unique index to which nulls are alike
CREATE UNIQUE INDEX reviews_once ON reviews (product_id, customer_id) NULLS NOT DISTINCT;
-- case: check that is put on and taken away
ALTER TABLE reviews ADD CONSTRAINT passing CHECK (rating > 0) NOT VALID;
ALTER TABLE reviews DROP CONSTRAINT passing;
-- case: a check that lets in more
ALTER TABLE order_lines DROP CONSTRAINT lines_amount_check;
ALTER TABLE order_lines ADD CONSTRAINT lines_amount_check CHECK (amount > 0 OR line > 5) NOT VALID;
-- case: a check that lets in less
ALTER TABLE order_lines DROP CONSTRAINT lines_amount_check;
ALTER TABLE order_lines ADD CONSTRAINT lines_amount_check CHECK (amount > 1000) NOT VALID;
-- case: swap in a table that takes fewer values
LOCK TABLE memos;
CREATE TABLE memos_new (id int, title varchar(2));
INSERT INTO memos_new SELECT id, left(title, 2) FROM memos;
DROP TABLE memos;
ALTER TABLE memos_new RENAME TO memos;
GRANT SELECT, INSERT, UPDATE, DELETE ON memos TO shop_app;
