"""A domain is checked against all rows of every table that uses it, under a lock.

ALTER DOMAIN ADD CONSTRAINT and SET NOT NULL hold SHARE on each of these tables while they read them
whole: nobody writes meanwhile. With NOT VALID nothing is read, and ALTER DOMAIN VALIDATE CONSTRAINT
comes later.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import RestrictDomain
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: RestrictDomain, context: Context) -> Iterator[Hit]:
    """Flag each domain that a table which was there before may use."""
    domain, schema = operation.domain, context.schema
    if not operation.valid or schema.is_new_thing(domain):
        return
    _, tables = context.lock_of(operation)
    read = ", ".join(str(each) for each in tables if not schema.is_new_table(each))
    if not read and schema.thing(domain):
        return
    name = f"{domain.name}_checked"
    yield Hit(
        message=f"reads all rows of {read or 'every table'} with a column of the domain {domain}, "
        "while nobody may write",
        about=str(domain),
        confidence=Confidence.HIGH if read else Confidence.MEDIUM,
        fix=Fix(
            summary="add the constraint NOT VALID, and validate it in a later transaction",
            replacement=f"ALTER DOMAIN {domain.sql} ADD CONSTRAINT {quoted(name)} "
            f"CHECK (…) NOT VALID;\n-- in a migration after it, or outside a transaction\n"
            f"ALTER DOMAIN {domain.sql} VALIDATE CONSTRAINT {quoted(name)};",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(RestrictDomain,),
    check=check,
    instead="ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a later transaction.",
    bad=(
        Example(text="ALTER DOMAIN money ADD CONSTRAINT c CHECK (value > 0);", line=1),
        Example(
            text="CREATE DOMAIN m AS int;\nCREATE TABLE o (a m);\n-- released\n"
            "ALTER DOMAIN m SET NOT NULL;",
            line=4,
        ),
    ),
    good=(
        Example(text="ALTER DOMAIN money ADD CONSTRAINT c CHECK (value > 0) NOT VALID;"),
        Example(text="CREATE DOMAIN m AS int;\n-- released\nALTER DOMAIN m SET NOT NULL;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-alterdomain.html",),
)
