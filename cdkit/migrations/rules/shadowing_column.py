"""A new column has the name of a function that takes a row of its table.

`SELECT t.short` calls such a function where the table has no column of that name: so computed
fields are read, and APIs made of a schema (PostgREST, Hasura) offer them so. With the column, the
same words read that, which is null in the rows that are there, without any error.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name, Type
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each column that is found in the place of a function of the running version."""
    column, table = operation.column.name, context.schema.full(operation.table)
    old = context.released.thing(Name("", column)) or context.released.thing(
        Name(table.schema, column)
    )
    if old is None or operation.attribute or not any(_takes(x, table) for x in old.routines):
        return
    yield Hit(
        message=f"adds {column} to {operation.table}, of whose rows there is a function "
        f"{column}(): a running version that says {table.name}.{column} reads the column instead",
        about=f"{operation.table}.{column}",
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="give the column a name of its own",
            replacement=later(operation, f"code that says {column}({table.name}) for the function"),
        ),
    )


def _takes(takes: tuple[Type, ...], table: Name) -> bool:
    return len(takes) == 1 and str(takes[0]) in {table.name, f"{table.schema}.{table.name}"}


_MADE = "CREATE TABLE o (a text);\nCREATE FUNCTION short({}) RETURNS text LANGUAGE sql AS "
_MADE += "'SELECT ''x''';\n-- released\nALTER TABLE o ADD COLUMN {} text;"

RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn,),
    check=check,
    instead="Give the column a name of its own.",
    bad=(
        Example(text=_MADE.format("o", "short"), line=4),
        Example(text=_MADE.format("public.o", "short"), line=4),
    ),
    good=(
        Example(text=_MADE.format("o", "long")),
        Example(text=_MADE.format("text", "short")),
    ),
    sources=("https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-USAGE",),
)
