"""The migration wants what the server's version does not have.

The file is read by the grammar of the newest PostgreSQL; an older server refuses it, and the
migration fails. Only known where `server` names a version.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import AddColumn, AddConstraint, MovePartition, Operation
from cdkit.migrations.postgres.since import SINCE, feature_of
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag what is newer than the version that runs."""
    feature = feature_of(operation)
    if not feature:
        return
    since, page = SINCE[feature]
    if context.server.before(since):
        yield Hit(
            message=f"{feature} needs PostgreSQL {since}, and {context.server.version[0]} runs",
            about=feature,
            fix=Fix(summary=f"write it without, or after the upgrade to {since} ({page})"),
        )


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(AddColumn, AddConstraint, MovePartition),
    check=check,
    instead="Write it in the words of the version that runs.",
    bad=(
        Example(text="-- server pg:12\nALTER TABLE e DETACH PARTITION p CONCURRENTLY;", line=2),
        Example(
            text="-- server pg:17\nALTER TABLE e ADD CONSTRAINT c NOT NULL a NOT VALID;",
            line=2,
        ),
        Example(
            text="-- server pg:17\nALTER TABLE e ADD b int GENERATED ALWAYS AS (a + 1);",
            line=2,
        ),
    ),
    good=(
        Example(text="-- server pg:14\nALTER TABLE e DETACH PARTITION p CONCURRENTLY;"),
        Example(text="ALTER TABLE e DETACH PARTITION p CONCURRENTLY;"),
    ),
    sources=("https://www.postgresql.org/docs/release/",),
)
