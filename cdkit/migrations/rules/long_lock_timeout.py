"""The migration waits so long for a lock that everybody behind it gives up first.

All queries on the table wait behind one that waits for a lock, even those that only read. A second
or two is what most can bear; what does not get its lock is tried again.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import SetVariable
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

LONGEST = 10_000
"""Milliseconds."""
_UNITS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Units of time of a setting (PostgreSQL manual, 20.1.1); without one it is milliseconds."""
_VALUE = re.compile(r"\s*(\d+)\s*(ms|s|min|h|d|)\s*")


def check(operation: SetVariable, context: Context) -> Iterator[Hit]:
    """Flag each lock_timeout of more than ten seconds."""
    del context
    if operation.name != "lock_timeout":
        return
    found = _VALUE.fullmatch(operation.value)
    if found and int(found[1]) * _UNITS[found[2]] > LONGEST:
        yield Hit(
            message=f"waits for a lock for {operation.value}, and everybody waits behind it",
            about="lock_timeout",
            fix=Fix(
                summary="wait a second or two, and try again",
                replacement="SET lock_timeout = '2s';",
            ),
        )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(SetVariable,),
    check=check,
    instead="Wait a second or two, and try again.",
    bad=(
        Example(text="SET lock_timeout = '5min';", line=1),
        Example(text="SET lock_timeout = 60000;", line=1),
    ),
    good=(Example(text="SET lock_timeout = '2s';"), Example(text="SET lock_timeout = 0;")),
    sources=("https://www.postgresql.org/docs/current/runtime-config-client.html",),
)
