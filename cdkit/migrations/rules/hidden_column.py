"""A column that was seen is made INVISIBLE.

`SELECT *` of the running version does not give it any more, and `INSERT` without a list of columns
has one value too many.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeColumn, ChangeOption
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: ChangeColumn | ChangeOption, context: Context) -> Iterator[Hit]:
    """Flag each column that was there before."""
    if isinstance(operation, ChangeOption):
        hides, column = operation.option == "COLUMN INVISIBLE", operation.value
    else:
        old, column = operation.old, operation.new.name
        hides = operation.new.invisible and not (old and old.invisible)
    if not hides or context.schema.is_new_column(operation.table, column):
        return
    yield Hit(
        message=f"hides {operation.table}.{column}: `SELECT *` of a running version misses it",
        about=f"{operation.table}.{column}",
        fix=Fix(
            summary="hide it when every running version names its columns",
            replacement=later(operation, "code that names its columns"),
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeColumn, ChangeOption),
    check=check,
    instead="Hide it when every running version names its columns.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ALTER COLUMN a SET INVISIBLE;", line=2),
        Example(text="-- server mariadb:10.11\nALTER TABLE o MODIFY a int INVISIBLE;", line=2),
    ),
    good=(Example(text="-- server mysql:8.0\nALTER TABLE o ADD a int INVISIBLE;"),),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/invisible-columns.html",),
)
