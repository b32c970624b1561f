-- case: trigger that refuses
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.rating > 5 THEN
        RAISE EXCEPTION 'no';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_refuse BEFORE INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION refuse();
-- case: trigger that skips rows
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER reviews_skip BEFORE INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION skip();
-- case: trigger that rewrites an old column
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.nickname := upper(NEW.nickname);
    NEW.tier := 'gold';
    RETURN NEW;
END $$;
CREATE TRIGGER customers_shout BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION shout();
-- case: trigger that fills a new column
ALTER TABLE reviews ADD COLUMN body_length int;
CREATE FUNCTION measure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.body_length := length(NEW.body);
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_measure BEFORE INSERT OR UPDATE ON reviews FOR EACH ROW EXECUTE FUNCTION measure();
-- case: trigger that keeps two columns alike
ALTER TABLE customers ADD COLUMN full_name varchar(40);
UPDATE customers SET full_name = name;
CREATE FUNCTION alike() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.full_name IS NULL THEN
        NEW.full_name := NEW.name;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_alike BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION alike();
-- case: trigger that logs into a table born now without a grant
CREATE TABLE review_log (at timestamptz, body text);
CREATE FUNCTION log_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review_log VALUES (now(), NEW.body);
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_log AFTER INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION log_review();
-- case: trigger that logs into a table born now with a grant
CREATE TABLE review_log (at timestamptz, body text);
GRANT INSERT ON review_log TO shop_app;
CREATE FUNCTION log_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review_log VALUES (now(), NEW.body);
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_log AFTER INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION log_review();
-- case: trigger that logs as its owner
CREATE TABLE review_log (at timestamptz, body text);
CREATE FUNCTION log_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO review_log VALUES (now(), NEW.body);
    RETURN NULL;
END $$;
CREATE TRIGGER reviews_log AFTER INSERT ON reviews FOR EACH ROW EXECUTE FUNCTION log_review();
-- case: trigger after a write that refuses
CREATE FUNCTION check_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    ASSERT NEW.stock > 1000, 'too few';
    RETURN NULL;
END $$;
CREATE TRIGGER products_stock AFTER UPDATE ON products FOR EACH ROW EXECUTE FUNCTION check_stock();
-- case: drop trigger that fills
DROP TRIGGER orders_touch ON orders;
-- case: drop trigger that logs
DROP TRIGGER orders_log ON orders;
-- case: disable trigger that fills
ALTER TABLE orders DISABLE TRIGGER orders_touch;
-- case: the same trigger again
DROP TRIGGER orders_touch ON orders;
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
-- case: trigger function replaced by one that refuses
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'frozen';
END $$;
-- case: rule instead nothing
CREATE RULE no_deletes AS ON DELETE TO orders DO INSTEAD NOTHING;
-- case: rule that also logs
CREATE RULE log_deletes AS ON DELETE TO customers DO ALSO NOTIFY customers;
-- case: rule that also does something where writes conflict
CREATE RULE log_customers AS ON INSERT TO customers DO ALSO NOTIFY customers;
-- case: drop rule
DROP RULE settings_public_insert ON settings_public;
-- case: rule on a view born now
CREATE VIEW fresh AS SELECT key FROM settings;
CREATE RULE fresh_insert AS ON INSERT TO fresh DO INSTEAD NOTHING;
-- case: row security without a policy
ALTER TABLE memos ENABLE ROW LEVEL SECURITY;
-- case: row security with a policy for all
ALTER TABLE memos ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON memos USING (true) WITH CHECK (true);
-- case: row security with a policy for some rows
ALTER TABLE memos ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON memos USING (id > 100);
-- case: policy where row security is off
CREATE POLICY later ON memos USING (id > 100);
-- case: row security on a table born now
CREATE TABLE fresh (id int);
ALTER TABLE fresh ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON fresh USING (id > 100);
-- case: disable row security
ALTER TABLE tenant_notes DISABLE ROW LEVEL SECURITY;
-- case: force row security
ALTER TABLE tenant_notes FORCE ROW LEVEL SECURITY;
-- case: one more permissive policy
CREATE POLICY others ON tenant_notes FOR SELECT USING (tenant = 'other');
-- case: restrictive policy
CREATE POLICY fewer ON tenant_notes AS RESTRICTIVE USING (id < 5);
-- case: policy for another role
CREATE POLICY reports ON tenant_notes FOR SELECT TO shop_report USING (true);
-- case: alter policy
ALTER POLICY acme_only ON tenant_notes USING (tenant = 'acme' AND id > 1);
-- case: drop policy
DROP POLICY acme_only ON tenant_notes;
-- case: rename policy
ALTER POLICY acme_only ON tenant_notes RENAME TO only_acme;
-- case: the same policy again
DROP POLICY acme_only ON tenant_notes;
CREATE POLICY acme_only ON tenant_notes USING (tenant = 'acme');
-- case: new partition
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- case: attach a table born now
CREATE TABLE events_2026 (at date NOT NULL, kind text, payload jsonb);
ALTER TABLE events_2026 ADD CHECK (at >= '2026-01-01' AND at < '2027-01-01');
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- case: attach a table that holds rows
CREATE TABLE events_2026 (at date NOT NULL, kind text, payload jsonb);
INSERT INTO events_2026 VALUES ('2026-05-01', 'moved', NULL);
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- case: detach partition
ALTER TABLE events DETACH PARTITION events_2024;
-- case: detach partition concurrently
-- alone
ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY;
-- case: drop partition
DROP TABLE events_2024;
-- case: detach and attach again
ALTER TABLE events DETACH PARTITION events_2024;
ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- case: inherit
ALTER TABLE memos INHERIT documents;
-- case: no inherit
ALTER TABLE contracts NO INHERIT documents;
-- case: child born now
CREATE TABLE letters () INHERITS (documents);
-- case: child born now that gets rows
CREATE TABLE letters () INHERITS (documents);
INSERT INTO letters VALUES (9, 'letter');
-- case: truncate
TRUNCATE memos;
-- case: truncate a table born now
CREATE TABLE fresh AS SELECT * FROM memos;
TRUNCATE fresh;
-- case: delete every row
DELETE FROM memos;
-- case: delete some rows
DELETE FROM memos WHERE title = 'memo';
-- case: update every row
UPDATE products SET stock = 0;
-- case: update some rows
UPDATE customers SET nickname = '-' WHERE nickname IS NULL;
-- case: fill a new column
ALTER TABLE reviews ADD COLUMN lang text;
UPDATE reviews SET lang = 'en' WHERE lang IS NULL;
-- case: fill a new column of every row
ALTER TABLE reviews ADD COLUMN lang text;
UPDATE reviews SET lang = 'en';
-- case: fill a column nobody names
UPDATE customers SET legacy_note = 'x' WHERE legacy_note IS NULL;
-- case: insert reference rows
INSERT INTO settings_archive VALUES ('font', 'serif') ON CONFLICT DO NOTHING;
-- case: insert into a table born now
CREATE TABLE fresh (id int);
INSERT INTO fresh VALUES (1);
-- case: copy rows into a table born now
CREATE TABLE fresh AS SELECT id, email FROM customers;
-- case: replica identity
ALTER TABLE reviews REPLICA IDENTITY FULL;
-- case: unlogged
ALTER TABLE reviews SET UNLOGGED;
-- case: fillfactor
ALTER TABLE reviews SET (fillfactor = 80);
-- case: cluster
CLUSTER orders USING orders_placed_idx;
-- case: vacuum full
-- alone
VACUUM FULL reviews;
-- case: lock table
LOCK TABLE reviews IN ACCESS EXCLUSIVE MODE;
-- case: disable all triggers of the user
ALTER TABLE orders DISABLE TRIGGER USER;
-- case: trigger enabled for replicas only
ALTER TABLE orders ENABLE REPLICA TRIGGER orders_touch;
-- case: trigger enabled always
ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_touch;
-- case: trigger that refuses to truncate
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER memos_stay BEFORE TRUNCATE ON memos EXECUTE FUNCTION refuse();
-- case: row security with a policy for the application
ALTER TABLE memos ENABLE ROW LEVEL SECURITY;
CREATE POLICY memos_app ON memos TO shop_app USING (true) WITH CHECK (true);
-- case: row security with a policy for another role alone
ALTER TABLE memos ENABLE ROW LEVEL SECURITY;
CREATE POLICY memos_report ON memos TO shop_report USING (true) WITH CHECK (true);
