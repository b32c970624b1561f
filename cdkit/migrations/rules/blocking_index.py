"""CREATE INDEX without CONCURRENTLY stops all writes until the index is built.

It holds a SHARE lock on the table: reads go on, every insert, update and delete waits, for as
long as reading the whole table takes.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend, behind, rewritten
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateIndex
from cdkit.migrations.postgres.constraint_ways import index_by_partition
from cdkit.migrations.postgres.only import says_only
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_EACH = (
    "make it ON ONLY the partitioned table, build it CONCURRENTLY on each partition, outside a "
    "transaction, and attach each"
)


def check(operation: CreateIndex, context: Context) -> Iterator[Hit]:
    """Flag each index on a table that was there before the change."""
    table = operation.table
    if operation.concurrently or context.schema.is_new_relation(table):
        return
    held = context.schema.table(table)
    alone = (held is None or held.partitioned) and says_only(operation)
    if held and alone:
        return
    index = Name(table.schema, operation.name)
    again = f"DROP INDEX CONCURRENTLY IF EXISTS {index.sql};\n" if operation.name else ""
    concurrently = rewritten(behind(operation, "INDEX", text="CONCURRENTLY"), operation)
    yield Hit(
        message=f"builds an index on {table} under a lock that stops its writes"
        + (", unless that is a partitioned table" if alone else ""),
        about=f"{table}.{operation.name}" if operation.name else str(table),
        severity=Severity.LOW if alone else None,
        fix=Fix(summary=_EACH, replacement=index_by_partition(operation, context.schema))
        if held and held.partitioned
        else Fix(
            summary="build it CONCURRENTLY, outside a transaction; drop what a failed try left",
            replacement=f"{again}{concurrently}" if concurrently else "",
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
            text="CREATE TABLE o (a int) PARTITION BY LIST (a);\n"
            "CREATE TABLE p PARTITION OF o FOR VALUES IN (1);\n-- released\n"
            "CREATE INDEX i ON o (a);",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE UNIQUE INDEX i ON o (a);", line=3
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int) PARTITION BY LIST (a);\n"
            "CREATE TABLE p PARTITION OF o FOR VALUES IN (1);\n-- released\n"
            "CREATE INDEX i ON ONLY o (a);"
        ),
        Example(text="CREATE INDEX CONCURRENTLY orders_state_idx ON orders (state);"),
        Example(text="CREATE TABLE o (a int);\nCREATE INDEX i ON o (a);"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM o;\nCREATE INDEX i ON v (a);"
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE INDEX i ON o (a);\n-- released\n"
            "CREATE INDEX IF NOT EXISTS i ON o (a);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createindex.html",),
)
