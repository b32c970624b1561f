"""The migration waits for a lock as long as it takes, and everybody waits behind it.

A lock that must wait for one long query stops all who come later, even those who only read. With a
`lock_timeout` the migration gives up instead, and can be tried again. Said once for each file.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend, before
from cdkit.migrations.operation import LockTable, Operation
from cdkit.migrations.postgres.locks import BLOCKING, LOCKING
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(done: Operation, context: Context) -> Iterator[Hit]:
    """Flag the first lock that blocks others on what was there before the change."""
    session = context.session
    if session.lock_timeout or session.warned:
        return
    blocking = [each for each in context.taken(done) if each[0] in BLOCKING]
    if not blocking or isinstance(done, LockTable):
        return
    session.warned = True
    lock, held = blocking[0]
    yield Hit(
        message=f"needs a lock ({lock}) on {held}, and no lock_timeout is set",
        about=str(held),
        fix=Fix(
            summary="set a lock_timeout first, and try again when it strikes",
            replacement="SET lock_timeout = '2s';",
        ),
        mend=Mend(splices=(before(done, _set(context)),), late=True),
    )


def _set(context: Context) -> str:
    """Where the tool opens the transaction, the setting ends with it: the tool goes on."""
    local = "LOCAL " if context.session.wrapped else ""
    return f"SET {local}lock_timeout = '2s';"


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=LOCKING,
    check=check,
    remembers=True,
    instead="SET lock_timeout = '2s'; at the beginning, and try again when it strikes.",
    bad=(
        Example(text="SELECT 1;\nALTER TABLE orders ADD COLUMN note text;", line=2),
        Example(text="SET lock_timeout = '2s';\nRESET lock_timeout;\nDROP TABLE orders;", line=3),
        Example(text="REFRESH MATERIALIZED VIEW totals;", line=1),
        Example(text="REINDEX TABLE orders;", line=1),
        Example(
            text="CREATE VIEW v AS SELECT 1 AS a;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT 1 AS a, 2 AS b;",
            line=3,
        ),
        Example(text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o OWNER TO ann;", line=3),
    ),
    good=(
        Example(text="SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN note text;"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN b int;"),
        Example(text="CREATE INDEX CONCURRENTLY i ON orders (a);"),
        Example(text="CREATE MATERIALIZED VIEW v AS SELECT 1 AS a;\nREFRESH MATERIALIZED VIEW v;"),
    ),
    sources=("https://www.postgresql.org/docs/current/runtime-config-client.html",),
)
