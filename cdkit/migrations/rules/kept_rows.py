"""Rows of a new table keep the running version from deleting rows of an old one.

A foreign key without ON DELETE CASCADE or SET NULL refuses to let a row go that another refers to.
The running version knows nothing of the new table, so it cannot delete there first. It is said at
the usual threshold where the migration itself writes such rows, below it where only the new version
will.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import TEMPORARY, Constraint, quoted
from cdkit.migrations.operation import CreateTable
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: CreateTable, context: Context) -> Iterator[Hit]:
    """Flag each foreign key of a new table to one that was there before the change."""
    if operation.partition or context.schema.table(operation.table):
        return
    for constraint in _written(operation):
        to = constraint.references
        if (
            not to
            or not constraint.keeps
            or context.schema.is_new_table(to)
            or context.schema.full(to) == context.schema.full(operation.table)
            or to.schema == TEMPORARY
        ):
            continue
        yield Hit(
            message=f"rows of {operation.table} will keep a running version from deleting those of "
            f"{to} that they refer to",
            about=str(operation.table),
            severity=None if _is_filled(operation, context) else Severity.LOW,
            fix=Fix(
                summary="say ON DELETE CASCADE or SET NULL until every running version knows the "
                "new table",
                replacement=_letting_go(operation, constraint),
            ),
        )


def _letting_go(made: CreateTable, constraint: Constraint) -> str:
    """The foreign key with an action, as a statement; one that leads to a primary key."""
    to, columns = constraint.references, constraint.columns
    if not to or not columns:
        return ""
    here = ", ".join(map(quoted, columns))
    key = f"FOREIGN KEY ({here}) REFERENCES {to.sql} ON DELETE CASCADE"
    return f"-- in place of the one in CREATE TABLE:\nALTER TABLE {made.table.sql} ADD {key};"


def _is_filled(made: CreateTable, context: Context) -> bool:
    table = context.ahead.end.table(made.table)
    return (table is not None and table.filled) or context.ahead.writes_into(made.table)


def _written(made: CreateTable) -> Iterator[Constraint]:
    for column in made.columns:
        for each in column.constraints:
            if each.references:
                yield structs.replace(each, columns=each.columns or (column.name,))
    yield from made.constraints


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(CreateTable,),
    check=check,
    instead="Say ON DELETE CASCADE or SET NULL until every running version knows the table.",
    bad=(
        Example(
            text="CREATE TABLE c (id int PRIMARY KEY);\n-- released\n"
            "CREATE TABLE r (c int REFERENCES c (id));\nINSERT INTO r SELECT id FROM c;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE c (id int PRIMARY KEY);\n-- released\n"
            "CREATE TABLE r (c int REFERENCES c (id) ON DELETE CASCADE);\n"
            "INSERT INTO r SELECT id FROM c;"
        ),
        Example(
            text="CREATE TABLE c (id int PRIMARY KEY);\nCREATE TABLE r (c int REFERENCES c (id));"
        ),
        Example(text="CREATE TABLE c (id int PRIMARY KEY, parent int REFERENCES c);"),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-constraints.html",),
)
