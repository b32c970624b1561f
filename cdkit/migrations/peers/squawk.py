"""squawk 2.70: all names that its command line accepts, and the warning of its own comments."""

from cdkit.migrations.peer import Peer, row

_SCHEMA = """
CREATE TABLE orders (id bigint PRIMARY KEY,
    a int NOT NULL DEFAULT 0,
    b int,
    note text,
    g int GENERATED ALWAYS AS (1) STORED,
    i bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT c CHECK (a >= 0));
CREATE TABLE parts (id bigint);
CREATE INDEX oi ON orders (a);
CREATE UNIQUE INDEX ou ON orders (b);
CREATE VIEW v AS SELECT 1 AS a;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE state AS ENUM ('open');
CREATE TYPE pair AS (a int);
CREATE DOMAIN d AS int;
CREATE SEQUENCE s;
CREATE SCHEMA app;
CREATE EXTENSION e;
CREATE TABLE guarded (id bigint);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (true);
CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();
"""

PEER = Peer(
    title="squawk",
    version="2.70.0",
    page="https://squawkhq.com/docs/rules",
    schema=_SCHEMA,
    rows=(
        row(
            "require-concurrent-index-creation",
            "blocking-index",
            sql="CREATE INDEX i ON orders (a);",
        ),
        row("require-concurrent-index-deletion", "blocking-index-drop", sql="DROP INDEX oi;"),
        row(
            "constraint-missing-not-valid",
            "blocking-constraint",
            sql="ALTER TABLE orders ADD CONSTRAINT k CHECK (b > 0);",
        ),
        row(
            "adding-field-with-default",
            "volatile-default",
            sql="ALTER TABLE orders ADD COLUMN u uuid DEFAULT gen_random_uuid();",
        ),
        row(
            "adding-foreign-key-constraint",
            "blocking-constraint",
            "constraint-on-existing-table",
            sql="ALTER TABLE orders ADD FOREIGN KEY (b) REFERENCES parts (id);",
        ),
        row(
            "changing-column-type",
            "rewriting-type-change",
            "changed-column-type",
            note="A type that the table keeps without a rewrite (a longer varchar) is not flagged.",
            sql="ALTER TABLE orders ALTER a TYPE bigint;",
        ),
        row(
            "adding-not-nullable-field",
            "blocking-not-null",
            "not-null-added",
            sql="ALTER TABLE orders ALTER note SET NOT NULL;",
        ),
        row(
            "adding-serial-primary-key-field",
            "volatile-default",
            "blocking-constraint",
            sql="ALTER TABLE parts ADD COLUMN n serial PRIMARY KEY;",
        ),
        row("renaming-column", "renamed-column", sql="ALTER TABLE orders RENAME COLUMN a TO z;"),
        row("renaming-table", "renamed-table", sql="ALTER TABLE orders RENAME TO z;"),
        row(
            "disallowed-unique-constraint",
            "blocking-constraint",
            "constraint-on-existing-table",
            sql="ALTER TABLE orders ADD CONSTRAINT u UNIQUE (a);",
        ),
        row("ban-drop-database", "dropped-database", sql="DROP DATABASE shop;"),
        row("prefer-bigint-over-int", "narrow-integer", sql="CREATE TABLE n (id int);"),
        row("prefer-bigint-over-smallint", "narrow-integer", sql="CREATE TABLE n (id smallint);"),
        row("prefer-identity", "serial-column", sql="CREATE TABLE n (id bigserial);"),
        row("prefer-repack", "rewritten-table", sql="VACUUM FULL orders;"),
        row(
            "prefer-robust-stmts",
            "unrepeatable-statement",
            note="Where the file runs outside a transaction: within one nothing is half done.",
            sql="-- migrate:up transaction:false\nCREATE TABLE n (id bigint);\nSELECT 1;",
        ),
        row("prefer-text-field", "limited-text", sql="CREATE TABLE n (id varchar(9));"),
        row("prefer-timestamp-tz", "timestamp-without-zone", sql="CREATE TABLE n (id timestamp);"),
        row(
            "prefer-timestamptz",
            "timestamp-without-zone",
            note="The newer name of prefer-timestamp-tz.",
            sql="CREATE TABLE n (id timestamp);",
        ),
        row("ban-char-field", "padded-text", sql="CREATE TABLE n (id char(9));"),
        row("ban-drop-column", "dropped-column", sql="ALTER TABLE orders DROP COLUMN note;"),
        row("ban-drop-table", "dropped-table", sql="DROP TABLE parts;"),
        row(
            "ban-drop-not-null", "dropped-not-null", sql="ALTER TABLE orders ALTER a DROP NOT NULL;"
        ),
        row("transaction-nesting", "nested-transaction", sql="BEGIN;\nBEGIN;\nSELECT 1;\nCOMMIT;"),
        row(
            "adding-required-field",
            "required-column",
            sql="ALTER TABLE orders ADD COLUMN z int NOT NULL;",
        ),
        row(
            "ban-concurrent-index-creation-in-transaction",
            "concurrently-in-transaction",
            sql="BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (a);\nCOMMIT;",
        ),
        row(
            "ban-create-domain-with-constraint",
            note=(
                "A domain that nothing uses yet breaks nobody; what is added to it later is "
                "`restricted-domain`."
            ),
            sql="CREATE DOMAIN e2 AS int CHECK (value > 0);",
        ),
        row(
            "ban-alter-domain-with-add-constraint",
            "restricted-domain",
            sql="ALTER DOMAIN d ADD CHECK (value > 0);",
        ),
        row("ban-truncate-cascade", "truncated-table", sql="TRUNCATE orders CASCADE;"),
        row(
            "require-timeout-settings",
            "missing-lock-timeout",
            "missing-statement-timeout",
            sql="ALTER TABLE orders ADD COLUMN z int;",
        ),
        row("ban-uncommitted-transaction", "unfinished-transaction", sql="BEGIN;\nSELECT 1;"),
        row(
            "require-enum-value-ordering",
            "unordered-enum-value",
            sql="ALTER TYPE state ADD VALUE 'x';",
        ),
        row("require-table-schema", "unqualified-name", sql="CREATE TABLE n (id bigint);"),
        row("identifier-too-long", "overlong-name", sql=f"CREATE TABLE {'n' * 70} (id bigint);"),
        row(
            "require-concurrent-partition-detach",
            "moved-partition",
            note="Rows vanish from the table either way; the finding says so.",
            sql="ALTER TABLE orders DETACH PARTITION parts;",
        ),
        row("require-concurrent-reindex", "blocking-reindex", sql="REINDEX TABLE orders;"),
        row(
            "require-lock-timeout",
            "missing-lock-timeout",
            sql="ALTER TABLE orders ADD COLUMN z int;",
        ),
        row(
            "require-statement-timeout",
            "missing-statement-timeout",
            sql="ALTER TABLE orders ADD COLUMN z int;",
        ),
        row("ban-drop-view", "dropped-object", sql="DROP VIEW v;"),
        row("ban-drop-function", "dropped-object", sql="DROP FUNCTION f();"),
        row("ban-drop-type", "dropped-object", sql="DROP TYPE state;"),
        row("ban-drop-schema", "dropped-object", sql="DROP SCHEMA app;"),
        row("ban-drop-sequence", "dropped-object", sql="DROP SEQUENCE s;"),
        row("ban-drop-domain", "dropped-object", sql="DROP DOMAIN d;"),
        row(
            "ban-drop-constraint",
            "dropped-uniqueness",
            "dropped-cascade",
            note=(
                "Where what is dropped kept rows apart, or took them along; a CHECK or a foreign "
                "key less that only refused breaks nobody."
            ),
            sql="ALTER TABLE orders DROP CONSTRAINT orders_pkey;",
        ),
        row(
            "ban-drop-generated-expression",
            "changed-identity",
            sql="ALTER TABLE orders ALTER g DROP EXPRESSION;",
        ),
        row("renaming-object", "renamed-object", sql="ALTER VIEW v RENAME TO w;"),
        row(
            "ban-set-schema",
            "renamed-table",
            "renamed-object",
            sql="ALTER TABLE orders SET SCHEMA app;",
        ),
        row(
            "ban-alter-identity",
            "changed-identity",
            sql="ALTER TABLE orders ALTER i SET GENERATED ALWAYS;",
        ),
        row("ban-drop-extension", "dropped-object", sql="DROP EXTENSION e;"),
        row(
            "ban-alter-generated-expression",
            "changed-identity",
            sql="ALTER TABLE orders ALTER g SET EXPRESSION AS (2);",
        ),
        row(
            "ban-drop-index",
            "dropped-uniqueness",
            note="Where the index is unique; another one's drop changes no answer.",
            sql="DROP INDEX CONCURRENTLY ou;",
        ),
        row(
            "ban-set-default",
            "changed-default",
            note="A new default reaches only inserts that leave the column out: no query fails.",
            sql="ALTER TABLE orders ALTER a SET DEFAULT 1;",
        ),
        row("ban-drop-default", "dropped-default", sql="ALTER TABLE orders ALTER a DROP DEFAULT;"),
        row("ban-disable-trigger", "changed-trigger", sql="ALTER TABLE orders DISABLE TRIGGER t;"),
        row("ban-drop-trigger", "changed-trigger", sql="DROP TRIGGER t ON orders;"),
        row(
            "ban-replica-identity",
            note=(
                "It changes what logical replication sends, not what a query gets; the lock is in"
                " `missing-lock-timeout`."
            ),
            sql="ALTER TABLE orders REPLICA IDENTITY FULL;",
        ),
        row("ban-drop-policy", "changed-row-security", sql="DROP POLICY p ON guarded;"),
        row("ban-revoke", "revoked-privilege", sql="REVOKE SELECT ON orders FROM app;"),
        row(
            "ban-replace-view-function",
            "replaced-object",
            sql="CREATE OR REPLACE VIEW v AS SELECT 2 AS a;",
        ),
        row(
            "ban-alter-policy-condition",
            "changed-row-security",
            sql="ALTER POLICY p ON guarded USING (false);",
        ),
        row(
            "ban-alter-policy-roles",
            "changed-row-security",
            sql="ALTER POLICY p ON guarded TO app;",
        ),
        row(
            "ban-create-policy",
            "changed-row-security",
            sql="CREATE POLICY p2 ON guarded USING (true);",
        ),
        row("ban-alter-function-options", "replaced-object", sql="ALTER FUNCTION f() STRICT;"),
        row(
            "ban-alter-view-options",
            "invoker-view",
            note="Other options of a view than `security_invoker` change no column and no row.",
            sql="ALTER VIEW v SET (security_invoker = true);",
        ),
        row("ban-alter-role-options", "changed-role", sql="ALTER ROLE app NOLOGIN;"),
        row(
            "ban-alter-database-options",
            "changed-role",
            sql="ALTER DATABASE shop SET search_path = app;",
        ),
        row(
            "ban-alter-row-level-security",
            "changed-row-security",
            sql="ALTER TABLE orders ENABLE ROW LEVEL SECURITY;",
        ),
        row(
            "ban-new-write-restriction",
            "constraint-on-existing-table",
            "not-null-added",
            sql="ALTER TABLE orders ADD CONSTRAINT k CHECK (b > 0) NOT VALID;",
        ),
        row("ban-add-enum-value", "new-enum-value", sql="ALTER TYPE state ADD VALUE 'x';"),
        row(
            "ban-add-composite-attribute",
            "changed-composite-type",
            sql="ALTER TYPE pair ADD ATTRIBUTE b int;",
        ),
        row(
            "ban-add-column",
            "changed-result-type",
            note=(
                "A column more breaks no query that names its columns. The lock is in "
                "`missing-lock-timeout`, a required one is `required-column`."
            ),
            sql="ALTER TABLE orders ADD COLUMN z int;",
        ),
        row(
            "ban-detach-inheritance", "moved-partition", sql="ALTER TABLE parts NO INHERIT orders;"
        ),
        row("ban-alter-sequence-values", "changed-sequence", sql="ALTER SEQUENCE s RESTART;"),
        row("ban-alter-system-options", "changed-role", sql="ALTER SYSTEM SET work_mem = '1MB';"),
        row(
            "ban-alter-extension",
            "unread-code",
            note="Cannot tell: what a new version of an extension does is not in the migration.",
            sql="ALTER EXTENSION e UPDATE;",
        ),
        row(
            "ban-duplicate-column-assignments",
            note="The server refuses such a statement as it is parsed.",
            sql="CREATE TABLE made (a int); UPDATE made SET a = 1, a = 2 WHERE a = 3;",
        ),
        row("unused-ignore", note="An allowance of no use is a note in each report."),
    ),
)
