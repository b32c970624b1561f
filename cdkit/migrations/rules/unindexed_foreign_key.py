"""A foreign key whose column has no index makes every delete of a parent read the whole child.

PostgreSQL makes no index for the referring side. A DELETE or a change of the key in the table that
is referred to looks for rows that refer to it, one full scan for each.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import AddColumn, AddConstraint
from cdkit.migrations.postgres.constraint_ways import index
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: AddConstraint | AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each foreign key of an old table without an index at the end of the transaction."""
    schema, table = context.schema, operation.table
    known = schema.table(table)
    if known is None or not known.known or schema.is_new_table(table):
        return
    if isinstance(operation, AddColumn):
        refers = any(each.references for each in operation.column.constraints)
        columns: tuple[str, ...] = (operation.column.name,) if refers else ()
    else:
        columns = operation.constraint.columns if operation.constraint.references else ()
    if not columns or _is_indexed(schema.full(table), columns, context):
        return
    first = "right behind it" if isinstance(operation, AddColumn) else "first"
    yield Hit(
        message=f"the foreign key on {table} ({', '.join(columns)}) has no index: each delete of "
        "what it refers to reads the whole table",
        about=str(table),
        fix=Fix(
            summary=f"build one {first}, outside a transaction",
            replacement=index(table, columns, schema),
        ),
    )


def _is_indexed(table: Name, columns: tuple[str, ...], context: Context) -> bool:
    """Whether an index begins with these columns, in any order."""
    wanted = set(columns)
    return any(
        index.table == table and set(index.columns[: len(columns)]) == wanted
        for index in context.ahead.end.indexes.values()
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(AddConstraint, AddColumn),
    check=check,
    instead="CREATE INDEX CONCURRENTLY on the referring columns.",
    bad=(
        Example(
            text="CREATE TABLE o (c int);\n-- released\n"
            "ALTER TABLE o ADD FOREIGN KEY (c) REFERENCES p (id) NOT VALID;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (c int);\nCREATE INDEX i ON o (c);\n-- released\n"
            "ALTER TABLE o ADD FOREIGN KEY (c) REFERENCES p (id) NOT VALID;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-constraints.html",),
)
