"""REINDEX without CONCURRENTLY stops all writes, and the reads that would use the index.

It takes as long as building the index anew.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend, behind
from cdkit.migrations.operation import Reindex
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_KINDS = ("INDEX", "TABLE")
"""What CONCURRENTLY does whole; of a schema or a database it leaves system tables out."""


def check(operation: Reindex, context: Context) -> Iterator[Hit]:
    """Flag each REINDEX that blocks."""
    if operation.concurrently or context.schema.is_new_table(operation.name):
        return
    kind, name = operation.kind.upper(), operation.name
    yield Hit(
        message=f"rebuilds the {operation.kind} {name} under a lock that stops writes",
        about=str(name),
        fix=Fix(
            summary="rebuild it CONCURRENTLY, outside a transaction",
            replacement=f"REINDEX {kind} CONCURRENTLY {name.sql};",
        ),
        mend=Mend(splices=behind(operation, *_KINDS, text="CONCURRENTLY"), alone=True),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(Reindex,),
    check=check,
    instead="REINDEX … CONCURRENTLY, outside a transaction.",
    bad=(Example(text="REINDEX TABLE orders;", line=1),),
    good=(Example(text="REINDEX TABLE CONCURRENTLY orders;"),),
    sources=("https://www.postgresql.org/docs/current/sql-reindex.html",),
)
