"""A statement that takes a strong lock may run for as long as it likes.

A `lock_timeout` bounds the wait for the lock, a `statement_timeout` how long it is held. A matter
of taste: a long index build needs a long one, and many set it for the role. Said once for each
file.
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
    told = session.statement_timeout or session.told_statement_timeout
    if told or isinstance(done, LockTable):
        return
    blocking = [each for each in context.taken(done) if each[0] in BLOCKING]
    if not blocking:
        return
    lock, held = blocking[0]
    session.told_statement_timeout = True
    local = "LOCAL " if session.wrapped else ""
    yield Hit(
        message=f"holds a lock ({lock}) on {held}, and no statement_timeout is set",
        about=str(held),
        fix=Fix(
            summary="set a statement_timeout first",
            replacement="SET statement_timeout = '30s';",
        ),
        mend=Mend(splices=(before(done, f"SET {local}statement_timeout = '30s';"),), late=True),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    opinion=True,
    engines=("postgres",),
    on=LOCKING,
    check=check,
    remembers=True,
    instead="SET statement_timeout before the first lock.",
    bad=(Example(text="SET lock_timeout = '2s';\nALTER TABLE o ADD COLUMN a int;", line=2),),
    good=(Example(text="SET statement_timeout = '9s';\nALTER TABLE o ADD COLUMN a int;"),),
    sources=("https://www.postgresql.org/docs/current/runtime-config-client.html",),
)
