"""An ALTER TABLE does not say how it wants to be done.

The server takes the best way that it has, which on another version, or a table with other indexes,
is a copy under a lock, without a word. With `ALGORITHM=…, LOCK=…` it gives up instead.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable
from cdkit.migrations.mysql.cost import way as way_of
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import ended


def check(operation: AlterTable, context: Context) -> Iterator[Hit]:
    """Flag each that says neither, where the server has a better way than a copy."""
    way = way_of(operation, context.schema, context.server)
    if way is None or operation.algorithm or operation.lock or not operation.parts:
        return
    if way.algorithm == "COPY" or context.schema.is_new_table(operation.table):
        return
    source = operation.statement.source.rstrip()
    comma = "," if source.upper().startswith("ALTER") else ""
    lock = "" if way.algorithm == "INSTANT" else f"{comma} LOCK={way.lock}"
    can_say = len(source) <= 1000 and source.upper().startswith(("ALTER", "CREATE", "DROP"))
    yield Hit(
        message=f"says no ALGORITHM: {operation.table} is changed with {way.algorithm} here, and "
        "copied where the server cannot",
        about=str(operation.table),
        fix=Fix(
            summary="say how it is to be done, so that it fails rather than copies",
            replacement=ended(source, f"{comma} ALGORITHM={way.algorithm}{lock};")
            if can_say
            else "",
        ),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb"),
    on=(AlterTable,),
    check=check,
    instead="Say ALGORITHM and LOCK, so that it fails rather than copies.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN a int;", line=2),
        Example(text="-- server mariadb:10.11\nCREATE INDEX i ON o (a);", line=2),
    ),
    good=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN a int, ALGORITHM=INSTANT;"),
        Example(text="-- server mysql:8.0\nCREATE TABLE o (a int);\nCREATE INDEX i ON o (a);"),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/alter-table.html",),
)
