"""CREATE INDEX without CONCURRENTLY stops all writes until the index is built.

It holds a SHARE lock on the table: reads go on, every insert, update and delete waits, for as
long as reading the whole table takes.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend, behind
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateIndex
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: CreateIndex, context: Context) -> Iterator[Hit]:
    """Flag each index on a table that was there before the change."""
    table = operation.table
    if operation.concurrently or context.schema.is_new_table(table):
        return
    source = operation.statement.source
    start = source.lower().find("index")
    rest = source[start + 5 :] if start >= 0 else ""
    index = Name(table.schema, operation.name)
    again = f"DROP INDEX CONCURRENTLY IF EXISTS {index.sql};\n" if operation.name else ""
    yield Hit(
        message=f"builds an index on {table} under a lock that stops its writes",
        about=f"{table}.{operation.name}" if operation.name else str(table),
        fix=Fix(
            summary="build it CONCURRENTLY, outside a transaction; drop what a failed try left",
            replacement=f"{again}{source[: start + 5]} CONCURRENTLY{rest};" if rest else "",
        ),
        mend=_mend(operation, context),
    )


def _mend(operation: CreateIndex, context: Context) -> Mend:
    table = context.schema.table(operation.table)
    if table and table.partitioned:
        return Mend(by_hand="a partitioned table takes no index CONCURRENTLY: see its partitions")
    return Mend(splices=behind(operation, "INDEX", text="CONCURRENTLY"), alone=True)


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(CreateIndex,),
    check=check,
    instead="CREATE INDEX CONCURRENTLY, in a file of its own that runs outside a transaction.",
    bad=(
        Example(text="CREATE INDEX orders_state_idx ON orders (state);", line=1),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE UNIQUE INDEX i ON o (a);", line=3
        ),
    ),
    good=(
        Example(text="CREATE INDEX CONCURRENTLY orders_state_idx ON orders (state);"),
        Example(text="CREATE TABLE o (a int);\nCREATE INDEX i ON o (a);"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createindex.html",),
)
