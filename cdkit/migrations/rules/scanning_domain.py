"""A domain is checked against all rows of every table that uses it, under a lock.

ALTER DOMAIN ADD CONSTRAINT and SET NOT NULL hold SHARE on each of these tables while they read them
whole: nobody writes meanwhile. With NOT VALID nothing is read, and what is written from then on is
checked; ALTER DOMAIN VALIDATE CONSTRAINT reads under the same lock (seen on PostgreSQL 15 and 18),
unlike that of a table.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.domains import NOT_NULL, RestrictDomain, ValidateDomain
from cdkit.migrations.nouns import quoted
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import ended


def check(operation: RestrictDomain | ValidateDomain, context: Context) -> Iterator[Hit]:
    """Flag each domain that a table which was there before may use."""
    domain, schema = operation.domain, context.schema
    lock, tables = context.lock_of(operation)
    if not lock or schema.is_new_thing(domain):
        return
    read = ", ".join(str(each) for each in tables if not schema.is_new_table(each))
    if not read and schema.thing(domain):
        return
    yield Hit(
        message=f"reads all rows of {read or 'every table'} with a column of the domain {domain}, "
        "while nobody may write",
        about=str(domain),
        confidence=Confidence.HIGH if read else Confidence.MEDIUM,
        fix=_not_valid(operation) if isinstance(operation, RestrictDomain) else _quiet(),
    )


def _not_valid(operation: RestrictDomain) -> Fix:
    """Return the constraint without a look at the rows, which SET NOT NULL cannot do."""
    domain = operation.domain
    asked = operation.statement.source
    if operation.constraint.kind == NOT_NULL:
        name = quoted(f"{domain.name}_checked")
        asked = f"ALTER DOMAIN {domain.sql} ADD CONSTRAINT {name} CHECK (VALUE IS NOT NULL)"
    return Fix(
        summary="add the constraint NOT VALID: it counts for all that is written from then on",
        replacement=ended(asked, " NOT VALID;"),
    )


def _quiet() -> Fix:
    return Fix(
        summary="leave it NOT VALID, which counts for new values as well; or validate it when "
        "nobody has to write"
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(RestrictDomain, ValidateDomain),
    check=check,
    instead="ADD CONSTRAINT … NOT VALID; validate it when nobody has to write.",
    by_hand="a VALIDATE CONSTRAINT is only left out.",
    bad=(
        Example(text="ALTER DOMAIN money ADD CONSTRAINT c CHECK (value > 0);", line=1),
        Example(
            text="CREATE DOMAIN m AS int;\nCREATE TABLE o (a m);\n-- released\n"
            "ALTER DOMAIN m SET NOT NULL;",
            line=4,
        ),
        Example(text="ALTER DOMAIN money VALIDATE CONSTRAINT c;", line=1),
    ),
    good=(
        Example(text="ALTER DOMAIN money ADD CONSTRAINT c CHECK (value > 0) NOT VALID;"),
        Example(text="CREATE DOMAIN m AS int;\n-- released\nALTER DOMAIN m SET NOT NULL;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-alterdomain.html",),
)
