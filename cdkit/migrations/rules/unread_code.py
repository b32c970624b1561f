"""The migration runs code whose effect cannot be read from the file.

An EXECUTE that puts its SQL together from what only the database knows, a procedure or function
that no migration made, a block in another language, a statement unknown to cdkit: each may drop or
lock anything. Nobody can tell, so the answer is "cannot tell". A DO block in PL/pgSQL is read, and
judged by what stands in it; so is a function that a migration made and this one calls, and an
EXECUTE of a text whose parts are all constants. So is one of `format('GRANT … %I …')`, which only
gives rights, whatever the name. On MySQL and MariaDB procedures that the migrations make are read
where they are called, and each text of the file that a PREPARE may be of.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Call, Operation, Unread
from cdkit.migrations.rolled_back import Savepoint
from cdkit.migrations.rule import Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag what is unread, and calls of functions that nobody knows."""
    if isinstance(operation, Unread):
        yield Hit(message=operation.what, fix=Fix(summary=operation.remedy))
    undoes = isinstance(operation, Savepoint) and operation.action == "ROLLBACK TO"
    if undoes and not context.ahead.undone:
        yield Hit(
            message="what this ROLLBACK TO takes back cannot be told from here",
            fix=Fix(summary="leave out what is taken back anyway"),
        )
    if isinstance(operation, Call):
        for function in operation.functions:
            if operation.procedure or not context.dialect.harmless(function):
                yield Hit(
                    message=f"calls {function}(), and what that does cannot be read here",
                    about=function,
                    fix=Fix(
                        summary="write the statements out, or have somebody look at it and say so "
                        "with `-- cdkit: allow unread-code (reason)`"
                    ),
                )


RULE = LintRule(
    severity=Severity.UNKNOWN,
    question="",
    on=(Unread, Call, Savepoint),
    check=check,
    instead="Write the statements out, or say `-- cdkit: allow unread-code (reason)`.",
    by_hand="what cannot be read cannot be rewritten.",
    bad=(
        Example(text="EXPLAIN ANALYZE DELETE FROM o;", line=1),
        Example(text="UPDATE pg_attribute SET atttypmod = 24 WHERE attname = 'a';", line=1),
        Example(
            text="DO $$ DECLARE t text; BEGIN\n  FOR t IN SELECT tablename FROM pg_tables LOOP\n"
            "    EXECUTE format('GRANT SELECT ON %I TO %s', t, t);\n  END LOOP;\nEND $$;",
            line=1,
        ),
        Example(
            text="DO $$ DECLARE t text; BEGIN\n  FOR t IN SELECT tablename FROM pg_tables LOOP\n"
            "    EXECUTE format('REVOKE SELECT ON %I FROM app', t);\n  END LOOP;\nEND $$;",
            line=1,
        ),
        Example(
            text="DO $$ BEGIN\n  EXECUTE (SELECT string_agg(code, ';') FROM jobs);\nEND $$;", line=1
        ),
        Example(text="DO LANGUAGE plpython3u 'pass';", line=1),
        Example(text="CALL tidy_up();", line=1),
        Example(text="SELECT tidy_up();", line=1),
        Example(text="EXECUTE prepared;", line=1),
    ),
    good=(
        Example(text="EXPLAIN (COSTS OFF) DELETE FROM o;"),
        Example(text="IMPORT FOREIGN SCHEMA public FROM SERVER s INTO public;"),
        Example(
            text="DO $$ DECLARE t text; BEGIN\n  FOR t IN SELECT tablename FROM pg_tables LOOP\n"
            "    EXECUTE format('GRANT SELECT ON %I TO reports', t);\n  END LOOP;\nEND $$;"
        ),
        Example(
            text="DO $$ BEGIN\n  CREATE TYPE a AS ENUM ('x');\nEXCEPTION "
            "WHEN duplicate_object THEN NULL;\nEND $$;"
        ),
        Example(text="SELECT setval('order_number', max(no)) FROM orders;"),
        Example(text="SELECT pg_catalog.set_config('search_path', '', false);"),
        Example(text="CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"),
        Example(text="DO $$ BEGIN\n  EXECUTE format('COMMENT ON TABLE %I IS NULL', 'a');\nEND $$;"),
        Example(
            text="CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM a';\n"
            "SELECT f();"
        ),
        Example(
            text="-- server mysql:8.0\nDELIMITER //\nCREATE PROCEDURE p() BEGIN\n"
            "  IF NOT EXISTS (SELECT * FROM information_schema.columns WHERE column_name = 'c')\n"
            "  THEN ALTER TABLE o ADD COLUMN c int, ALGORITHM=INSTANT; END IF;\nEND //\n"
            "DELIMITER ;\nCALL p();\nDROP PROCEDURE p;"
        ),
        Example(
            text="-- server mysql:8.0\nSET @s = IF((SELECT COUNT(*) FROM information_schema.tables "
            "WHERE table_name = 'o') = 1,\n  'ALTER TABLE o ADD COLUMN c int', 'SELECT 1');\n"
            "PREPARE s FROM @s;\nEXECUTE s;\nDEALLOCATE PREPARE s;"
        ),
    ),
)
