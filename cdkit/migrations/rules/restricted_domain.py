"""A domain takes fewer values, for every column that uses it.

What the running version writes into any of these columns may be refused; `NOT VALID` spares only
the rows that are there. Without it every table that uses the domain is read under a lock. A CHECK
in the place of one that was at least as strict refuses nothing that the running version writes.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.domains import RestrictDomain
from cdkit.migrations.implied import implies
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: RestrictDomain, context: Context) -> Iterator[Hit]:
    """Flag each domain that was there before the change and takes less than it did."""
    if context.schema.is_new_thing(operation.domain) or _is_held(operation, context):
        return
    yield Hit(
        message=f"{operation.action} on the domain {operation.domain}: what a running version "
        "writes into its columns may be refused",
        about=str(operation.domain),
        fix=Fix(
            summary="make a new domain, and move column by column, release by release",
            replacement=later(operation, "a version that keeps to it"),
        ),
    )


def _is_held(operation: RestrictDomain, context: Context) -> bool:
    """Whether the domain that the running version was written for asks as much already."""
    released, asked = context.released, operation.constraint
    old = released.thing(operation.domain)
    held = old.constraints.values() if old else ()
    return asked.always or any(implies(each, asked, released) for each in held)


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RestrictDomain,),
    check=check,
    instead="Let a version that keeps to it run everywhere first.",
    bad=(
        Example(text="ALTER DOMAIN money ADD CONSTRAINT c CHECK (value > 0) NOT VALID;", line=1),
        Example(text="ALTER DOMAIN money SET NOT NULL;", line=1),
        Example(
            text="CREATE DOMAIN m AS int CONSTRAINT c CHECK (value > 0);\n-- released\n"
            "ALTER DOMAIN m DROP CONSTRAINT c;\n"
            "ALTER DOMAIN m ADD CONSTRAINT c CHECK (value > 9);",
            line=4,
        ),
    ),
    good=(
        Example(text="CREATE DOMAIN m AS int;\nALTER DOMAIN m SET NOT NULL;"),
        Example(text="ALTER DOMAIN money DROP NOT NULL;"),
        Example(
            text="CREATE DOMAIN m AS int CONSTRAINT c CHECK (value > 9);\n-- released\n"
            "ALTER DOMAIN m ADD CONSTRAINT c1 CHECK (value > 0) NOT VALID;\n"
            "ALTER DOMAIN m DROP CONSTRAINT c;\nALTER DOMAIN m VALIDATE CONSTRAINT c1;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-alterdomain.html",),
)
