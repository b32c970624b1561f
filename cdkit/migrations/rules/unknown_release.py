"""A contract names a release that nobody here can find.

It is looked up in git, as a tag, a branch or a commit, and a digest (`sha256:…`) among the
identities that `tag-image` left. A shallow clone often lacks the tags. As long as the release is
unknown the contract excuses nothing.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: what looks up the release finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Fetch the history and the tags (`git fetch --unshallow --tags`), or correct the name.",
    by_hand="what lacks is the revision, and git has that.",
    bad=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "-- cdkit: phase contract since v9.9 (unused)\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
            line=3,
        ),
    ),
    good=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "-- cdkit: phase contract since v1.4 (unused)\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
        ),
    ),
)
