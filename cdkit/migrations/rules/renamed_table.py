"""A table gets another name, or another schema, which the running version does not know.

Every query with the old name fails. A view under the old name helps only as far as its privileges
and `ON CONFLICT` clauses go: the application's role needs a grant on the view too.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import eased, lacks
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import RenameObject, RenameTable
from cdkit.migrations.postgres.ways import behind_view
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: RenameTable | RenameObject, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before the change."""
    if isinstance(operation, RenameObject):
        if operation.kind not in {"table", "foreign table"} or not operation.moved:
            return
        name, target = operation.name, Name(operation.to, operation.name.name)
    else:
        name, target = operation.table, Name(operation.table.schema, operation.to)
    if context.schema.is_new_relation(name) or not _was_there(name, context):
        return
    lacking = lacks(name, context)
    fails = (
        f"what takes its place is not the same: {lacking}"
        if lacking
        else "a running version that uses it fails"
    )
    hit = Hit(
        message=f"renames the table {name} to {target}: {fails}",
        about=str(name),
        fix=Fix(
            summary="keep the name; where it must change, make a view with the new name first, "
            "move over, and rename in a later release",
            replacement=context.sql_of(
                "postgres",
                behind_view(name, target, context.server),
                other=_by_view(name, target, context),
            ),
        ),
    )
    yield from eased(hit, context, undone=lacking == "")


def _by_view(name: Name, target: Name, context: Context) -> str:
    """Both names at once, as MySQL has it; a view of SQLite cannot be written."""
    if context.server.engine == "sqlite":
        return ""
    old, new = context.sql(name), context.sql(target)
    return (
        f"-- release 1: with both names\nCREATE VIEW {new} AS SELECT * FROM {old};\n"
        "-- release 2, when no running version uses the old name:\n"
        f"DROP VIEW {new};\nALTER TABLE {old} RENAME TO {new};"
    )


def _was_there(name: Name, context: Context) -> bool:
    """Whether the running version can know the table under this name."""
    schema = context.released
    return not context.schema.table(name) or schema.table(name) is not None


_KEYED = "CREATE TABLE o (a int PRIMARY KEY);\nCREATE TABLE l (a int CONSTRAINT k REFERENCES o);\n"
_FIRING = "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
_FIRED = "CREATE TABLE o (a int PRIMARY KEY);\nCREATE FUNCTION f() RETURNS trigger "
_FIRED += f"LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n{_FIRING}"
_SWAP = "ALTER TABLE o RENAME TO p;\nCREATE TABLE o (a int PRIMARY KEY);\n"
_SWAP += "INSERT INTO o SELECT a FROM p;\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RenameTable, RenameObject),
    check=check,
    instead="Make a view with the new name, move over, rename when nobody uses the old one.",
    bad=(
        Example(
            text="CREATE TABLE o (a int);\nGRANT SELECT ON o TO app;\n-- released\nBEGIN;\n"
            "ALTER TABLE o RENAME TO p;\nCREATE VIEW o AS SELECT * FROM p;\nCOMMIT;",
            line=5,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\nCREATE TABLE n (a int);\n"
            "INSERT INTO n SELECT a FROM o;\nALTER TABLE o RENAME TO p;\n"
            "ALTER TABLE n RENAME TO o;\nCOMMIT;",
            line=6,
        ),
        Example(text=f"{_KEYED}-- released\nBEGIN;\n{_SWAP}COMMIT;", line=5),
        Example(text=f"{_FIRED}-- released\nBEGIN;\n{_SWAP}COMMIT;", line=6),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int);\n-- released\n"
            "CREATE TABLE n (a int);\nLOCK TABLES o READ, n WRITE;\n"
            "INSERT INTO n SELECT a FROM o;\nUNLOCK TABLES;\nRENAME TABLE o TO p, n TO o;",
            line=8,
        ),
        Example(text="ALTER TABLE orders RENAME TO purchases;", line=1),
        Example(text="ALTER TABLE orders SET SCHEMA shop;", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\n"
            "ALTER TABLE o RENAME TO p;\nALTER TABLE p RENAME TO o;\nCOMMIT;"
        ),
        Example(
            text="CREATE TABLE o (a int);\nGRANT SELECT ON o TO app;\n-- released\nBEGIN;\n"
            "ALTER TABLE o RENAME TO p;\nCREATE VIEW o AS SELECT * FROM p;\n"
            "GRANT SELECT ON o TO app;\nCOMMIT;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\nLOCK TABLE o IN SHARE MODE;\n"
            "CREATE TABLE n (a int);\nINSERT INTO n SELECT a FROM o;\n"
            "ALTER TABLE o RENAME TO p;\nALTER TABLE n RENAME TO o;\nCOMMIT;"
        ),
        Example(
            text=f"{_KEYED}-- released\nBEGIN;\n{_SWAP}ALTER TABLE l DROP CONSTRAINT k;\n"
            "ALTER TABLE l ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES o NOT VALID;\nCOMMIT;"
        ),
        Example(text=f"{_FIRED}-- released\nBEGIN;\n{_SWAP}{_FIRING}COMMIT;"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE TABLE n (a int);\nCREATE FUNCTION "
            "f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO n VALUES (NEW.a); "
            "RETURN NEW; END';\n"
            "CREATE TRIGGER t AFTER INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\nBEGIN;\n"
            "INSERT INTO n SELECT a FROM o;\nALTER TABLE o RENAME TO p;\n"
            "ALTER TABLE n RENAME TO o;\nCOMMIT;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int);\n-- released\n"
            "CREATE TABLE n (a int);\nLOCK TABLES o WRITE, n WRITE;\n"
            "INSERT INTO n SELECT a FROM o;\nRENAME TABLE o TO p, n TO o;\nUNLOCK TABLES;"
        ),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o RENAME TO p;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
