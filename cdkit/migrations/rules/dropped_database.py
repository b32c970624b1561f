"""A whole database is dropped, or its name taken away, with all that runs on it."""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Standalone
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: Standalone, context: Context) -> Iterator[Hit]:
    """Flag DROP DATABASE."""
    del context
    if operation.action == "DROP DATABASE":
        yield Hit(
            message="drops a database: whatever runs on it fails, and its rows are gone",
            fix=Fix(
                summary="do it by hand, after a backup, when nothing connects to it any more",
                replacement=later(
                    operation, "nothing connects to it any more, and a backup is made"
                ),
            ),
        )


RULE = LintRule(
    severity=Severity.CRITICAL,
    question=COMPATIBLE,
    on=(Standalone,),
    check=check,
    instead="Do it by hand, after a backup, when nothing connects to it any more.",
    bad=(Example(text="DROP DATABASE shop;", line=1),),
    good=(Example(text="CREATE DATABASE shop;"),),
    sources=("https://www.postgresql.org/docs/current/sql-dropdatabase.html",),
)
