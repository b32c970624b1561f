"""DROP INDEX without CONCURRENTLY stops all reads and writes of the table.

It needs an ACCESS EXCLUSIVE lock. The drop is quick; the wait for one long query is not, and
everybody who comes later waits behind it.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend, behind, words_of
from cdkit.migrations.operation import DropObject
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_PARTED = "the index of a partitioned table cannot be dropped CONCURRENTLY"


def check(operation: DropObject, context: Context) -> Iterator[Hit]:
    """Flag each index that was there before the change."""
    if operation.kind != "index" or operation.concurrently:
        return
    index = context.schema.index(operation.name)
    if index and (context.schema.is_new(index.epoch) or context.schema.is_new_table(index.table)):
        return
    exists = "IF EXISTS " if operation.if_exists else ""
    table = context.schema.table(index.table) if index else None
    yield Hit(
        message=f"drops the index {operation.name} under a lock that stops reads and writes",
        about=str(operation.name),
        fix=Fix(summary=f"{_PARTED}; set a lock_timeout, and try again when it strikes")
        if table and table.partitioned
        else Fix(
            summary="drop it CONCURRENTLY, outside a transaction",
            replacement=f"DROP INDEX CONCURRENTLY {exists}{operation.name.sql};",
        ),
        mend=_mend(operation, context),
    )


def _mend(operation: DropObject, context: Context) -> Mend:
    """Outside a transaction with others it must bear to be tried again."""
    index = context.schema.index(operation.name)
    table = context.schema.table(index.table) if index else None
    if table and table.partitioned:
        return Mend(by_hand=_PARTED)
    if operation.cascade or any(token.text == b"," for token in words_of(operation)):
        return Mend(by_hand="CONCURRENTLY drops one index at a time, and never with CASCADE")
    guarded = operation.if_exists or context.session.single
    text = "CONCURRENTLY" if guarded else "CONCURRENTLY IF EXISTS"
    return Mend(splices=behind(operation, "INDEX", text=text), alone=True)


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(DropObject,),
    check=check,
    instead="DROP INDEX CONCURRENTLY, outside a transaction.",
    bad=(Example(text="DROP INDEX orders_state_idx;", line=1),),
    good=(
        Example(text="DROP INDEX CONCURRENTLY orders_state_idx;"),
        Example(text="CREATE TABLE o (a int);\nCREATE INDEX i ON o (a);\nDROP INDEX i;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-dropindex.html",),
)
