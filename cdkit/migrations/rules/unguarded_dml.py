"""UPDATE or DELETE without a WHERE touches every row of the table in one transaction.

Every row stays locked against other writers until the end, the table doubles, and replicas fall
behind.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import words_of
from cdkit.migrations.operation import WriteRows
from cdkit.migrations.postgres.ways import by_key, in_batches
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import ended


def check(operation: WriteRows, context: Context) -> Iterator[Hit]:
    """Flag each such statement on a table that was there before the change."""
    table = operation.table
    if operation.guarded or context.schema.is_new_table(table):
        return
    yield Hit(
        message=f"{operation.verb} of every row of {table} in one transaction",
        about=str(table),
        fix=Fix(
            summary="do it in batches by key, each in a transaction of its own, with a WHERE",
            replacement=_instead(operation, context),
        ),
    )


def _instead(operation: WriteRows, context: Context) -> str:  # noqa: PLR0911 - one form a line
    """The statement with a range of keys; nothing where it has more parts than it can take."""
    words = [token.text.upper() for token in words_of(operation)]
    more = {b"USING", b"RETURNING", b"WHERE", b"WITH"} | (
        {b"FROM"} if words[0] == b"UPDATE" else set()
    )
    if words[0] not in {b"UPDATE", b"DELETE"}:
        return ""
    if more & set(words):
        return ""
    source = operation.statement.source.strip()
    if context.server.engine == "postgres":
        batches = in_batches(source, operation.table, context.schema)
        return batches or f"{_NOTE}\n{by_key(source, operation.table, 'id')}"
    if context.server.engine == "sqlite":
        return f"{_NOTE}\n{ended(source, _SOME)}\n-- and so on, up to max(id)"
    if {b"ORDER", b"LIMIT"} & set(words):
        return ""
    if words[0] == b"DELETE":
        return f"-- again and again, until it deletes no row:\n{ended(source, ' LIMIT 10000;')}"
    return f"{_NOTE}\n{ended(source, _SOME)}\n-- and so on, up to max(id)"


_SOME = " WHERE id >= 0 AND id < 10000;"
_NOTE = "-- id stands for a key of whole numbers"


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    grows=True,
    on=(WriteRows,),
    check=check,
    instead="Do it in batches by key, each in a transaction of its own, with a WHERE.",
    by_hand="only its author can cut a statement of several parts.",
    bad=(
        Example(text="UPDATE orders SET note = '';", line=1),
        Example(text="WITH gone AS (DELETE FROM orders RETURNING *)\nSELECT 1 FROM gone;", line=1),
    ),
    good=(
        Example(text="UPDATE orders SET note = '' WHERE note IS NULL;"),
        Example(text="INSERT INTO orders (id) VALUES (1);"),
        Example(text="CREATE TABLE o (a int);\nUPDATE o SET a = 1;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-update.html",),
)
