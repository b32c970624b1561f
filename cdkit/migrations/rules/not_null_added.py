"""A column must not be null any more, and the running version may write null.

Its inserts without the column, and its updates to null, are refused. A CHECK that is validated
first makes this safe to run, not compatible: the old version writes null all the same.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.implied import asks_for
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import Column, Name
from cdkit.migrations.operation import AddConstraint, SetNotNull
from cdkit.migrations.postgres.ways import not_null
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.triggered import is_filled
from cdkit.migrations.ways import RELEASE, later


def check(operation: SetNotNull | AddConstraint, context: Context) -> Iterator[Hit]:
    """Flag each column of a table that was there before the change."""
    table = operation.table
    if context.schema.is_new_table(table):
        return
    for column in _columns(operation, context):
        found = context.schema.column(table, column)
        if found and (found.not_null or _always_filled(operation, column, context)):
            continue
        if _is_asked_already(operation, column, context):
            continue
        hit = Hit(
            message=f"makes {table}.{column} NOT NULL: a running version that writes no value "
            "there is refused",
            about=f"{table}.{column}",
            fix=Fix(
                summary="release a version that always writes the column, let it run everywhere, "
                "and set NOT NULL in a later release; a default helps inserts that leave it out",
                replacement=context.sql_of(
                    "postgres", _instead(table, column), other=_later(operation, context)
                ),
            ),
        )
        yield from eased(hit, context, undone=_is_filled_in_the_end(table, column, context))


def _instead(table: Name, column: str) -> str:
    return (
        f"{RELEASE} 1: a version that always writes the column; the rows that are there are "
        f"filled\n{RELEASE} 2: each statement by itself, outside a transaction\n"
        f"{not_null(table, column)}"
    )


def _later(operation: SetNotNull | AddConstraint, context: Context) -> str:
    """MySQL says it in a MODIFY, which is one statement; SQLite makes the table anew."""
    if context.server.engine == "sqlite":
        return ""
    first = "a version that always writes the column; the rows that are there are filled"
    return later(operation, first)


def _columns(operation: SetNotNull | AddConstraint, context: Context) -> tuple[str, ...]:
    """Return the columns: CHECK (… IS NOT NULL) says it as well, where the table remembers it."""
    if isinstance(operation, SetNotNull):
        return (operation.column,)
    constraint = operation.constraint
    if constraint.kind == "not null":
        return constraint.columns
    known = context.schema.table(operation.table) and constraint.enforced
    return (constraint.proves,) if known and constraint.proves else ()


def _is_asked_already(operation: SetNotNull | AddConstraint, column: str, context: Context) -> bool:
    """Whether a CHECK refuses null by now, validated or not: it has its own finding, if new."""
    table = context.schema.table(operation.table)
    held = table.constraints.values() if table else ()
    return any(each.enforced and asks_for(each, column) for each in held)


def _always_filled(operation: SetNotNull | AddConstraint, column: str, context: Context) -> bool:
    """Whether a trigger fills it, or it is new and its default does."""
    found = context.schema.column(operation.table, column)
    new = context.schema.is_new_column(operation.table, column)
    if found and is_filled(operation.table, column, context):
        return True
    if found is None or not new:
        return False
    return _has_value(found)


def _is_filled_in_the_end(table: Name, column: str, context: Context) -> bool:
    """Whether a new column, which the running version cannot name, has a default by the end."""
    if not context.schema.is_new_column(table, column):
        return False
    found = context.ahead.end.column(table, column)
    return found is not None and _has_value(found)


def _has_value(column: Column) -> bool:
    """Whether a write that leaves the column out gives it a value."""
    given = column.default and not column.default.null
    return bool(given or column.identity or column.generated)


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    refuses=True,
    on=(SetNotNull, AddConstraint),
    check=check,
    instead="Write the column in every release that runs first; set NOT NULL in a later one.",
    bad=(
        Example(text="ALTER TABLE orders\n  ALTER COLUMN note SET NOT NULL;", line=2),
        Example(
            text="ALTER TABLE o ADD CONSTRAINT c CHECK (note IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE o VALIDATE CONSTRAINT c;\nALTER TABLE o ALTER note SET NOT NULL;",
            line=3,
        ),
        Example(text="ALTER TABLE o ADD CONSTRAINT c NOT NULL note NOT VALID;", line=1),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a text);\n-- released\nALTER TABLE o ADD k text;\n"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS\n"
            "'BEGIN NEW.k := lower(NEW.a); RETURN NEW; END';\n"
            "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
            "ALTER TABLE o ALTER k SET NOT NULL;",
            line=7,
        ),
        Example(
            text="CREATE TABLE o (at timestamptz);\n-- released\nBEGIN;\n"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS\n"
            "'BEGIN NEW.at = now(); RETURN NEW; END';\nCREATE TRIGGER t "
            "BEFORE INSERT OR UPDATE ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
            "ALTER TABLE o ALTER at SET NOT NULL;\nDROP TRIGGER t ON o;\nCOMMIT;",
            line=7,
        ),
        Example(
            text="CREATE TABLE o (at timestamptz);\n-- released\n"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS\n"
            "'BEGIN NEW.at = now(); RETURN NEW; END';\n"
            "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
            "ALTER TABLE o ALTER at SET NOT NULL;",
            line=6,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a text NOT NULL);\n-- released\nALTER TABLE o ADD k text;\n"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS\n"
            "'BEGIN NEW.k := lower(NEW.a); RETURN NEW; END';\n"
            "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
            "UPDATE o SET k = lower(a) WHERE k IS NULL;\nALTER TABLE o ALTER k SET NOT NULL;"
        ),
        Example(
            text="CREATE TABLE o (at timestamptz);\n-- released\n"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS\n"
            "'BEGIN IF NEW.at IS NULL THEN NEW.at = now(); END IF; RETURN NEW; END';\n"
            "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
            "ALTER TABLE o ALTER at SET NOT NULL;"
        ),
        Example(
            text="CREATE TABLE o (a int CONSTRAINT c CHECK (a IS NOT NULL));\n-- released\n"
            "ALTER TABLE o ALTER a SET NOT NULL;"
        ),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ALTER a SET NOT NULL;"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\nALTER TABLE o ADD k int;\n"
            "UPDATE o SET k = 0;\nALTER TABLE o ALTER k SET NOT NULL, ALTER k SET DEFAULT 0;\n"
            "COMMIT;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT 0;\nALTER TABLE o ALTER b SET NOT NULL;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
