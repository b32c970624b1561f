"""A column gets a type that the running version may not be able to read or write.

Where the new type holds less (`varchar(20)` from `varchar(50)`), old writes are refused; where it
is another type, parameters, comparisons and drivers of the old version no longer fit. So it is, by
less, where values fit but are read otherwise: `10.50` as `10.5000`, `EUR` with a space behind it.
Wider types of the same kind (`int` to `bigint`, a longer `varchar`, `varchar` to `text`) are not
flagged here, nor is an enum that one transaction makes anew under its name, with all its values.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.enums import is_the_same_enum
from cdkit.migrations.net import eased
from cdkit.migrations.operation import ChangeType
from cdkit.migrations.postgres.ways import retyped
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: ChangeType, context: Context) -> Iterator[Hit]:
    """Flag each change of type that is no widening."""
    table, column = operation.table, operation.column
    for hit in _found(operation, context):
        was, is_ = context.released.column(table, column), context.ahead.end.column(table, column)
        end = context.ahead.end
        same = was and is_ and is_the_same_enum(was.type, is_.type, context.released, end)
        kept = operation.by_text or not operation.using
        yield from eased(hit, context, undone=bool(same) and kept)


def _found(operation: ChangeType, context: Context) -> Iterator[Hit]:
    table, column = operation.table, operation.column
    if context.schema.is_new_column(table, column):
        return
    old = context.schema.column(table, column)
    if old is None:
        yield _hit(operation, context, "from a type that no migration here tells", Confidence.LOW)
        return
    if operation.collation:
        sorts = f"{old.type} and sorts it as {operation.collation}"
        yield _hit(operation, context, f"from {sorts}", Confidence.LOW)
        return
    changed = context.dialect.change(old.type, operation.type)
    if operation.using:
        how = f"from {old.type} by an expression of its own"
        yield _hit(operation, context, how, Confidence.MEDIUM)
    elif changed.breaks:
        holds = ", which holds less" if changed.fares == "narrower" else ""
        yield _hit(operation, context, f"from {old.type}{holds}", Confidence.HIGH)
    elif changed.shows:
        yield _hit(operation, context, f"from {old.type}", Confidence.LOW, changed.shows)


def _hit(
    operation: ChangeType, context: Context, how: str, confidence: Confidence, shows: str = ""
) -> Hit:
    table, column = operation.table, operation.column
    fails = f"reads what is there {shows}" if shows else "may not be able to read or write it"
    return Hit(
        message=f"changes {table}.{column} to {operation.type} {how}: a running version {fails}",
        about=f"{table}.{column}",
        severity=Severity.MEDIUM if confidence is Confidence.LOW else None,
        confidence=confidence,
        fix=Fix(
            summary="add a column with the new type, write both, fill it in batches, move the "
            "reads, and drop the old one in a later release",
            replacement=context.sql_of(
                "postgres",
                retyped(operation, context.schema) or _added(operation, context),
                other=_moved(operation, context) or _added(operation, context),
            ),
        ),
    )


def _moved(operation: ChangeType, context: Context) -> str:
    old = context.schema.column(operation.table, operation.column)
    if old is None or context.server.engine not in {"mysql", "mariadb"}:
        return ""
    from cdkit.migrations.mysql.moving import moved_over

    new = structs.replace(old, name=f"{operation.column}_new", type=operation.type)
    return moved_over(operation.table, old, new, context.schema, context.dialect, context.server)


def _added(operation: ChangeType, context: Context) -> str:
    if None in operation.type.modifiers:
        return ""
    name = context.sql(operation.column + "_new")
    return f"ALTER TABLE {context.sql(operation.table)} ADD COLUMN {name} {operation.type};"


_STATE = "CREATE TYPE s AS ENUM ('a', 'b');\nCREATE TABLE o (a s);\n-- released\nBEGIN;\n"
_SWAPPED = (
    "ALTER TABLE o ALTER a TYPE n USING a::text::n;\nALTER TYPE s RENAME TO old;\n"
    "ALTER TYPE n RENAME TO s;\nDROP TYPE old;\nCOMMIT;"
)

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(ChangeType,),
    check=check,
    instead="Add a column with the new type, write both, move over, drop the old one later.",
    bad=(
        Example(text=f"{_STATE}CREATE TYPE n AS ENUM ('a');\n{_SWAPPED}", line=6),
        Example(text=f"{_STATE}CREATE TYPE n AS ENUM ('b', 'a');\n{_SWAPPED}", line=6),
        Example(
            text=f"{_STATE}CREATE TYPE n AS ENUM ('a', 'b');\n"
            + _SWAPPED.replace("a::text::n", "(CASE a::text WHEN 'a' THEN 'b' END)::n"),
            line=6,
        ),
        Example(
            text=f"{_STATE}CREATE TYPE n AS ENUM ('a', 'b');\n"
            + _SWAPPED.replace("a::text::n", "b::text::n"),
            line=6,
        ),
        Example(
            text="CREATE TABLE o (a varchar(50));\n-- released\n"
            "ALTER TABLE o ALTER COLUMN a TYPE varchar(20);",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a text);\n-- released\n"
            "ALTER TABLE o ALTER a TYPE int USING length(a);",
            line=3,
        ),
        Example(text="ALTER TABLE o ALTER a TYPE jsonb;", line=1),
        Example(
            text="CREATE TABLE o (a numeric(10,2));\n-- released\n"
            "ALTER TABLE o ALTER a TYPE numeric(8,2);",
            line=3,
        ),
        *(
            Example(
                text=f"CREATE TABLE o (a {old});\n-- released\nALTER TABLE o ALTER a TYPE {new};",
                line=3,
            )
            for old, new in (("numeric(8,2)", "numeric(12,4)"), ("char(3)", "char(4)"))
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a decimal(8,2), b float);\n-- released\n"
            "ALTER TABLE o MODIFY a decimal(8,2),\n  MODIFY b double;",
            line=5,
        ),
    ),
    good=(
        Example(text=f"{_STATE}CREATE TYPE n AS ENUM ('a', 'c', 'b');\n{_SWAPPED}"),
        Example(
            text="CREATE TABLE o (a varchar(20), b varchar(9), c numeric(8,2), d int);\n"
            "-- released\nALTER TABLE o ALTER a TYPE varchar(40), ALTER b TYPE text,\n"
            "  ALTER c TYPE numeric(10,2), ALTER d TYPE bigint;"
        ),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ALTER a TYPE text;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
