r"""A psql command brings in SQL that is not in the file.

`\i`, `\gexec`, `\if`, `\connect`, `\!`: what then runs, and where, cannot be read here.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the file finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.UNKNOWN,
    question="",
    on=(),
    check=check,
    instead="Write the SQL itself into the migration.",
    by_hand="what the command brings in is not here.",
    bad=(
        Example(text="SELECT 1;\n\\i other.sql", line=2),
        Example(text="SELECT 'DROP TABLE a' \\gexec", line=1),
    ),
    good=(Example(text="\\set ON_ERROR_STOP on\nSELECT 1;"),),
)
