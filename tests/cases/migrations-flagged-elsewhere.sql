-- What other linters flag, by the names of their rules: our own SQL for what they describe.
-- schema
CREATE TABLE authors (id bigint PRIMARY KEY, name text, email varchar(20), org int, "group" int);
CREATE TABLE books (id bigint PRIMARY KEY, author_id bigint, title text, meta jsonb, price numeric(6,2), doc int NOT NULL DEFAULT 3, kind text DEFAULT 'x');
CREATE INDEX idx_books_author ON books (author_id);
CREATE UNIQUE INDEX books_title_u ON books (title);
CREATE UNIQUE INDEX authors_name_u ON authors (name);
CREATE TYPE mood AS ENUM ('a','b');
CREATE SCHEMA sc;
CREATE TABLE parts (d date, x int) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE par (id int);
CREATE TABLE chi (id int);
CREATE TABLE ch2 () INHERITS (par);
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION tf();
CREATE DOMAIN dm AS int;
CREATE TABLE ud (v dm);
CREATE MATERIALIZED VIEW mv AS SELECT id FROM books;
CREATE UNIQUE INDEX mvi ON mv (id);
ALTER TABLE authors ENABLE ROW LEVEL SECURITY;
ALTER TABLE books ADD CONSTRAINT bfk FOREIGN KEY (author_id) REFERENCES authors (id);
CREATE TABLE many (id bigint PRIMARY KEY, a bigint REFERENCES authors, b bigint REFERENCES books);
CREATE TABLE loose (a int);
CREATE UNIQUE INDEX loose_a ON loose (a);
CREATE TABLE px (d date, x int);
-- flagged eugene:E1
ALTER TABLE authors ADD CONSTRAINT nn CHECK (name IS NOT NULL);
-- flagged eugene:E2
ALTER TABLE authors ALTER COLUMN name SET NOT NULL;
-- flagged eugene:E3
ALTER TABLE authors ADD COLUMN meta json;
-- flagged eugene:E4
BEGIN;
SET LOCAL lock_timeout='2s';
ALTER TABLE authors ADD COLUMN m text;
SELECT count(*) FROM books;
UPDATE books SET title='x';
COMMIT;
-- flagged eugene:E5
ALTER TABLE books ALTER COLUMN price TYPE text;
-- flagged eugene:E6
CREATE INDEX ix ON authors (name);
-- flagged eugene:E7
ALTER TABLE authors ADD CONSTRAINT u UNIQUE (email);
-- flagged eugene:E8
ALTER TABLE authors ADD CONSTRAINT ex EXCLUDE (email WITH =);
-- flagged eugene:E9
ALTER TABLE authors ADD COLUMN m text;
-- flagged eugene:E10
ALTER TABLE authors SET UNLOGGED;
-- flagged eugene:E11
ALTER TABLE authors ADD COLUMN s serial;
-- flagged eugene:W12
ALTER TABLE authors ALTER COLUMN name SET NOT NULL;
ALTER TABLE authors ALTER COLUMN email SET NOT NULL;
-- flagged eugene:W14
ALTER TABLE loose ADD CONSTRAINT pk PRIMARY KEY USING INDEX loose_a;
-- flagged eugene:E15
ALTER TABLE books ADD COLUMN ed bigint;
ALTER TABLE books ADD CONSTRAINT f FOREIGN KEY (ed) REFERENCES authors (id) NOT VALID;
-- flagged strong-migrations:add_check_constraint
ALTER TABLE books ADD CONSTRAINT price_check CHECK (price > 0);
-- flagged strong-migrations:add_column_auto_incrementing
ALTER TABLE books ADD COLUMN n bigserial;
-- flagged strong-migrations:add_column_default
ALTER TABLE books ADD COLUMN u uuid DEFAULT gen_random_uuid() NOT NULL;
-- flagged strong-migrations:add_column_default_callable
ALTER TABLE books ADD COLUMN u uuid DEFAULT uuid_generate_v4();
-- flagged strong-migrations:add_column_generated_stored
ALTER TABLE books ADD COLUMN g text GENERATED ALWAYS AS (title || 'x') STORED;
-- flagged strong-migrations:add_column_json
ALTER TABLE books ADD COLUMN p json;
-- flagged strong-migrations:add_exclusion_constraint
ALTER TABLE books ADD CONSTRAINT e EXCLUDE USING gist (doc WITH =);
-- flagged strong-migrations:add_foreign_key
ALTER TABLE books ADD CONSTRAINT f FOREIGN KEY (author_id) REFERENCES authors (id);
-- flagged strong-migrations:add_index
CREATE INDEX i ON books (doc);
-- flagged strong-migrations:add_reference
ALTER TABLE books ADD COLUMN city_id bigint;
CREATE INDEX i ON books (city_id);
-- flagged strong-migrations:add_unique_constraint
ALTER TABLE books ADD CONSTRAINT u UNIQUE (author_id);
-- flagged strong-migrations:change_column
ALTER TABLE books ALTER COLUMN price TYPE text;
-- flagged strong-migrations:change_column_constraint
ALTER TABLE books ALTER COLUMN price TYPE numeric(4,2);
-- flagged strong-migrations:change_column_default
ALTER TABLE books ALTER COLUMN kind SET DEFAULT 'new';
-- flagged strong-migrations:change_column_null
UPDATE books SET title = 'x' WHERE title IS NULL;
ALTER TABLE books ALTER COLUMN title SET NOT NULL;
-- flagged strong-migrations:change_column_null_postgresql
ALTER TABLE books ALTER COLUMN title SET NOT NULL;
-- flagged strong-migrations:change_column_with_not_null
ALTER TABLE books ALTER COLUMN title TYPE varchar(9), ALTER COLUMN title SET NOT NULL;
-- flagged strong-migrations:create_table
DROP TABLE IF EXISTS books;
CREATE TABLE books (id bigserial primary key);
-- flagged strong-migrations:remove_column
ALTER TABLE books DROP COLUMN meta;
-- flagged strong-migrations:remove_index
DROP INDEX idx_books_author;
-- flagged strong-migrations:rename_column
ALTER TABLE books RENAME COLUMN meta TO m;
-- flagged strong-migrations:rename_enum_value
ALTER TYPE mood RENAME VALUE 'a' TO 'c';
-- flagged strong-migrations:rename_schema
ALTER SCHEMA sc RENAME TO s2;
-- flagged strong-migrations:rename_table
ALTER TABLE books RENAME TO bks;
-- flagged strong-migrations:validate_check_constraint
BEGIN;
ALTER TABLE books ADD CONSTRAINT c CHECK (price>0) NOT VALID;
ALTER TABLE books VALIDATE CONSTRAINT c;
COMMIT;
-- flagged strong-migrations:validate_foreign_key
BEGIN;
ALTER TABLE books ADD CONSTRAINT c FOREIGN KEY (author_id) REFERENCES authors NOT VALID;
ALTER TABLE books VALIDATE CONSTRAINT c;
COMMIT;
-- flagged strong-migrations:validate_constraint
BEGIN;
ALTER TABLE books ADD CONSTRAINT c CHECK (price>0) NOT VALID;
ALTER TABLE books VALIDATE CONSTRAINT c;
COMMIT;
-- flagged strong-migrations:add_check_constraint_mysql
-- server mysql:8.0
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int);
-- released
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);
-- flagged strong-migrations:add_foreign_key_mysql
-- server mysql:8.0
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int);
-- released
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id);
-- flagged strong-migrations:change_column_null_mysql
-- server mysql:8.0
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int);
-- released
ALTER TABLE t MODIFY a int NOT NULL;
-- flagged strong-migrations:copy_algorithm
-- server mysql:8.0
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int);
-- released
ALTER TABLE t ADD INDEX (a), ALGORITHM=COPY;
-- flagged strong-migrations:lock_option
-- server mysql:8.0
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int);
-- released
ALTER TABLE t ADD INDEX (a), LOCK=SHARED;
-- flagged online-migrations:add_column_with_default
ALTER TABLE books ADD COLUMN x float DEFAULT random();
-- flagged online-migrations:add_not_null_constraint
ALTER TABLE books ALTER COLUMN title SET NOT NULL;
-- flagged online-migrations:add_text_limit_constraint
ALTER TABLE books ADD CONSTRAINT c CHECK (char_length(title) <= 10);
-- flagged online-migrations:add_reference
ALTER TABLE books ADD COLUMN p bigint;
CREATE INDEX z ON books (p);
ALTER TABLE books ADD CONSTRAINT pf FOREIGN KEY (p) REFERENCES authors;
-- flagged online-migrations:change_column_default
ALTER TABLE books ALTER COLUMN kind SET DEFAULT 'y';
-- flagged online-migrations:drop_table_multiple_foreign_keys
DROP TABLE many;
-- flagged online-migrations:multiple_foreign_keys
CREATE TABLE k (id bigint, a bigint REFERENCES authors, b bigint REFERENCES books);
-- flagged online-migrations:remove_index
DROP INDEX idx_books_author;
-- flagged online-migrations:short_primary_key_type
CREATE TABLE k (id serial PRIMARY KEY);
-- flagged online-migrations:rename_schema
ALTER SCHEMA sc RENAME TO s2;
-- flagged pgfence:add-column-non-constant-default
ALTER TABLE books ADD COLUMN t timestamptz DEFAULT clock_timestamp();
-- flagged pgfence:add-column-not-null-no-default
ALTER TABLE books ADD COLUMN t int NOT NULL;
-- flagged pgfence:add-constraint-unique-using-index
CREATE UNIQUE INDEX CONCURRENTLY ui ON books (doc);
ALTER TABLE books ADD CONSTRAINT ui UNIQUE USING INDEX ui;
-- flagged pgfence:add-pk-using-index
ALTER TABLE loose ADD CONSTRAINT pk PRIMARY KEY USING INDEX loose_a;
-- flagged pgfence:add-pk-without-using-index
ALTER TABLE chi ADD PRIMARY KEY (id);
-- flagged pgfence:attach-partition
ALTER TABLE parts ATTACH PARTITION px FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
-- flagged pgfence:detach-partition
ALTER TABLE parts DETACH PARTITION p1;
-- flagged pgfence:cluster
CLUSTER books USING idx_books_author;
-- flagged pgfence:concurrent-in-transaction
BEGIN;
CREATE INDEX CONCURRENTLY i ON books (doc);
COMMIT;
-- flagged pgfence:create-policy
CREATE POLICY p ON authors USING (org = 1);
-- flagged pgfence:create-trigger
CREATE TRIGGER t2 BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION tf();
-- flagged pgfence:delete-without-where
DELETE FROM books;
-- flagged pgfence:disable-rls
ALTER TABLE authors DISABLE ROW LEVEL SECURITY;
-- flagged pgfence:enable-rls
ALTER TABLE books ENABLE ROW LEVEL SECURITY;
-- flagged pgfence:drop-constraint
ALTER TABLE books DROP CONSTRAINT bfk, DROP CONSTRAINT books_pkey;
-- flagged pgfence:drop-not-null
ALTER TABLE books ALTER COLUMN doc DROP NOT NULL;
-- flagged pgfence:drop-trigger
DROP TRIGGER tr ON books;
-- flagged pgfence:enable-disable-trigger
ALTER TABLE books DISABLE TRIGGER ALL;
-- flagged pgfence:fk-missing-index
ALTER TABLE books ADD CONSTRAINT f FOREIGN KEY (doc) REFERENCES authors (id) NOT VALID;
-- flagged pgfence:lock-timeout-after-dangerous-statement
ALTER TABLE books ADD COLUMN z int;
SET lock_timeout='2s';
-- flagged pgfence:inherit
ALTER TABLE chi INHERIT par;
-- flagged pgfence:no-inherit
ALTER TABLE ch2 NO INHERIT par;
-- flagged pgfence:lock-timeout-too-long
SET lock_timeout='5min';
ALTER TABLE books ADD COLUMN z int;
-- flagged pgfence:lock-timeout-zero
SET lock_timeout=0;
ALTER TABLE books ADD COLUMN z int;
-- flagged pgfence:missing-statement-timeout
SET lock_timeout='1s';
ALTER TABLE books ADD COLUMN z int;
-- flagged pgfence:not-valid-validate-same-tx
BEGIN;
ALTER TABLE books ADD CONSTRAINT c CHECK (price>0) NOT VALID;
ALTER TABLE books VALIDATE CONSTRAINT c;
COMMIT;
-- flagged pgfence:prefer-robust-create-table
-- migrate:up transaction:false
CREATE TABLE zz (id bigint);
SELECT 1;
-- flagged pgfence:prefer-robust-drop-index
-- migrate:up transaction:false
DROP INDEX CONCURRENTLY idx_books_author;
SELECT 1;
-- flagged pgfence:refresh-matview-blocking
REFRESH MATERIALIZED VIEW mv;
-- flagged pgfence:reindex-non-concurrent
REINDEX TABLE books;
-- flagged pgfence:set-logged-unlogged
ALTER TABLE books SET UNLOGGED;
-- flagged pgfence:statement-after-access-exclusive
BEGIN;
ALTER TABLE books ADD COLUMN z int;
CREATE INDEX i ON authors (org);
COMMIT;
-- flagged pgfence:truncate
TRUNCATE books;
-- flagged pgfence:truncate-cascade
TRUNCATE authors CASCADE;
-- flagged pgfence:unclosed-transaction
BEGIN;
ALTER TABLE books ADD COLUMN z int;
-- flagged pgfence:update-in-migration
UPDATE books SET title='a';
-- flagged pgfence:vacuum-full
VACUUM FULL books;
-- flagged pgfence:wide-lock-window
BEGIN;
ALTER TABLE books ADD COLUMN z int;
ALTER TABLE authors ADD COLUMN z int;
COMMIT;
-- flagged pgfence:rename-schema
ALTER SCHEMA sc RENAME TO s2;
-- flagged pgfence:ban-char-field
CREATE TABLE zz (c char(3));
-- flagged pgfence:ban-alter-domain-add-constraint
ALTER DOMAIN dm ADD CONSTRAINT c CHECK (value>1);
-- flagged pgfence:alter-enum-add-value
ALTER TYPE mood ADD VALUE 'z';
-- flagged pgfence:alter-enum-no-ordering
ALTER TYPE mood ADD VALUE 'z';
-- flagged pgfence:add-column-json
ALTER TABLE books ADD COLUMN j json;
-- flagged django-migration-linter:ADD_UNIQUE
ALTER TABLE "books" ADD CONSTRAINT "x" UNIQUE ("doc");
-- flagged django-migration-linter:CREATE_INDEX_EXCLUSIVE
ALTER TABLE books ADD COLUMN q int;
CREATE INDEX i ON books (doc);
-- flagged django-migration-linter:DROP_INDEX
DROP INDEX idx_books_author;
-- flagged django-migration-linter:NOT_NULL
ALTER TABLE books ADD COLUMN q int NOT NULL;
-- flagged django-migration-linter:REINDEX
REINDEX INDEX idx_books_author;
