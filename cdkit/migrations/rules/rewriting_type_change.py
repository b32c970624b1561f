"""A change of type makes the server write every row anew while nobody may use the table.

Its indexes are built again as well. Some changes only touch the catalogue, and are not flagged: a
longer `varchar` or none, more digits for a `numeric`, `varchar` to `text`, `cidr` to `inet`,
`timestamp` to `timestamptz` where the session's time zone is UTC. Even then an index with an
expression or a WHERE in which the column takes part is built again, and so is one whose operators
become others (`text` to `citext`).
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.fares import TypeChange
from cdkit.migrations.indexes import Index
from cdkit.migrations.nouns import NULLS_ALIKE, Type
from cdkit.migrations.operation import ChangeType
from cdkit.migrations.postgres.prints import names_column
from cdkit.migrations.postgres.types import change
from cdkit.migrations.postgres.ways import retyped
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: ChangeType, context: Context) -> Iterator[Hit]:
    """Flag each change that rewrites a table which was there before the change."""
    table, column = operation.table, operation.column
    if context.schema.is_new_table(table) or context.schema.is_new_thing(table):
        return
    if _is_of_a_type(operation):
        return
    old = context.schema.column(table, column)
    fares = change(old.type, operation.type) if old and not operation.using else None
    if old and fares and _is_same_time(old.type, operation.type, context):
        fares = TypeChange(rewrites=False, fares=fares.fares)
    if fares and not fares.rewrites:
        cause, confidence = _costs(operation, fares, context), Confidence.MEDIUM
        if not cause:
            return
    elif old:
        cause, confidence = "every row is written anew", Confidence.HIGH
    else:
        cause = "every row is written anew, unless the old type (which no migration here tells) "
        cause, confidence = cause + "is a shorter one of the same kind", Confidence.LOW
    yield Hit(
        message=f"changes {table}.{column} to {operation.type}: {cause}, under a lock that stops "
        "reads and writes",
        about=f"{table}.{column}",
        severity=Severity.MEDIUM if confidence is not Confidence.HIGH else None,
        confidence=confidence,
        fix=Fix(
            summary="add a column with the new type, write both, fill it in batches, move over",
            replacement=context.sql_of("postgres", retyped(operation, context.schema)),
        ),
    )


def _is_same_time(old: Type, new: Type, context: Context) -> bool:
    """Whether the session reads a time without a zone as UTC, so that its bytes stay (since 12)."""
    zone = context.schema.settings.get("timezone", "").lower()
    kinds = {old.name, new.name} == {"timestamp", "timestamptz"}
    same = kinds and (old.modifiers, old.array) == (new.modifiers, new.array)
    return same and zone in _UTC and not context.server.before(12)


_UTC = frozenset({"utc", "etc/utc", "gmt", "zulu", "universal"})


def _is_of_a_type(operation: ChangeType) -> bool:
    """Whether it is a composite type's attribute: the server refuses that where a column is of it.

    With CASCADE it goes on to the tables that are made OF the type (manual, ALTER TYPE).
    """
    said = operation.statement.source.upper()
    return said.startswith("ALTER TYPE") and "CASCADE" not in said


def _costs(operation: ChangeType, fares: TypeChange, context: Context) -> str:
    """Return what a change that writes no row anew costs: an index or a CHECK is made again."""
    if operation.collation:
        return "its indexes are built again"
    schema = context.schema
    for each in schema.indexes.of(schema.full(operation.table)):
        if _is_rebuilt(schema.indexes[each], operation.column, fares):
            return f"its index {each.name} is built again"
    found = context.schema.table(operation.table)
    held = found.constraints.values() if found else ()
    checks = (x for x in held if x.kind == "check" and x.valid and x.enforced)
    name = next((x.name for x in checks if operation.column in x.columns), "")
    return f"every row is read again for its CHECK {name}" if name else ""


def _is_rebuilt(index: Index, column: str, fares: TypeChange) -> bool:
    """Whether the server cannot keep an index of a column whose type changes without a rewrite.

    It looks into no expression and no condition (`CheckIndexCompatible`, indexcmds.c), and keeps no
    index whose operators are those of another type.
    """
    where = index.where.removeprefix(NULLS_ALIKE)
    held = column in index.columns
    if not where and not any(index.expressions):
        return held and fares.fares == "other"
    return held or any(names_column(each, column) for each in (*index.expressions, where))


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(ChangeType,),
    check=check,
    instead="Add a column with the new type, write both, fill it in batches, move over.",
    bad=(
        Example(
            text="CREATE TABLE o (a timestamp);\nCREATE INDEX i ON o (a);\n-- released\n"
            "SET timezone = 'UTC';\nALTER TABLE o ALTER a TYPE timestamptz;",
            line=5,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o\n  ALTER a TYPE bigint;",
            line=4,
        ),
        Example(text="ALTER TABLE o ALTER a TYPE text;", line=1),
        Example(text="ALTER TYPE p ALTER ATTRIBUTE a TYPE bigint CASCADE;", line=1),
        Example(
            text="CREATE TABLE o (a varchar(9) CHECK (a <> ''));\n-- released\n"
            "ALTER TABLE o ALTER a TYPE varchar(20);",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a varchar(9));\nCREATE INDEX i ON o (lower(a));\n-- released\n"
            "ALTER TABLE o ALTER a TYPE varchar(20);",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a varchar(9), b int);\nCREATE INDEX i ON o (b) WHERE a <> '';\n"
            "-- released\nALTER TABLE o ALTER a TYPE text;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a timestamp);\n-- released\nSET timezone = 'UTC';\n"
            "ALTER TABLE o ALTER a TYPE timestamptz;"
        ),
        Example(
            text="CREATE TABLE o (a varchar(20), b numeric(8,2), c cidr);\n-- released\n"
            "ALTER TABLE o ALTER a TYPE text, ALTER b TYPE numeric(10,2), ALTER c TYPE inet;"
        ),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ALTER a TYPE bigint;"),
        Example(
            text="CREATE TYPE p AS (a int, b text);\n-- released\n"
            "ALTER TYPE p ALTER ATTRIBUTE a TYPE bigint;"
        ),
        Example(
            text="CREATE TABLE o (a varchar(9) UNIQUE, b text);\nCREATE INDEX i ON o (lower(b));\n"
            "-- released\nALTER TABLE o ALTER a TYPE text;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
