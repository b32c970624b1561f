"""A domain takes fewer values, for every column that uses it.

What the running version writes into any of these columns may be refused; `NOT VALID` spares only
the rows that are there. Without it every table that uses the domain is read under a lock.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import RestrictDomain
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: RestrictDomain, context: Context) -> Iterator[Hit]:
    """Flag each domain that was there before the change."""
    if not context.schema.is_new_thing(operation.domain):
        yield Hit(
            message=f"{operation.action} on the domain {operation.domain}: what a running version "
            "writes into its columns may be refused",
            about=str(operation.domain),
            fix=Fix(
                summary="make a new domain, and move column by column, release by release",
                replacement=later(operation, "a version that keeps to it"),
            ),
        )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RestrictDomain,),
    check=check,
    instead="Let a version that keeps to it run everywhere first.",
    bad=(
        Example(text="ALTER DOMAIN money ADD CONSTRAINT c CHECK (value > 0) NOT VALID;", line=1),
        Example(text="ALTER DOMAIN money SET NOT NULL;", line=1),
    ),
    good=(
        Example(text="CREATE DOMAIN m AS int;\nALTER DOMAIN m SET NOT NULL;"),
        Example(text="ALTER DOMAIN money DROP NOT NULL;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-alterdomain.html",),
)
