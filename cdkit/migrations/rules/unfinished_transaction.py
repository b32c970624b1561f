"""A file opens a transaction and never ends it.

Where the tool does not, the connection closes and all of it is undone, often without an error;
where it goes on, locks are held until somebody ends it.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import End
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: End, context: Context) -> Iterator[Hit]:
    """Flag a file that ends inside a transaction of its own."""
    del operation
    session = context.session
    if session.in_transaction and not session.wrapped:
        yield Hit(
            message="the file ends, and the transaction that it opened does not",
            fix=Fix(summary="write COMMIT at its end", replacement="COMMIT;"),
        )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    on=(End,),
    check=check,
    instead="Write COMMIT at the end.",
    bad=(Example(text="BEGIN;\nSELECT 1;", line=2),),
    good=(
        Example(text="BEGIN;\nSELECT 1;\nCOMMIT;"),
        Example(text="BEGIN;\nSELECT 1;\nROLLBACK;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-begin.html",),
)
