"""A constraint is validated in the transaction that added it.

The strong lock of the first step is held while the second one reads all rows: NOT VALID has gained
nothing.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import ValidateConstraint
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: ValidateConstraint, context: Context) -> Iterator[Hit]:
    """Flag what was added NOT VALID without a COMMIT in between."""
    session = context.session
    table, name = operation.table, operation.constraint
    if (table.name, name) not in session.unvalidated or session.in_transaction is False:
        return
    if context.schema.is_new_table(table):
        return
    sure = session.in_transaction is True
    yield Hit(
        message=f"validates {name} of {table} "
        + ("in the transaction" if sure else "in the file, so perhaps in the transaction,")
        + " that added it, under the lock of that",
        about=f"{table}.{name}",
        severity=None if sure else Severity.LOW,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        fix=Fix(
            summary="validate it in a migration of its own",
            replacement=f"ALTER TABLE {table.sql} VALIDATE CONSTRAINT {quoted(name)};",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(ValidateConstraint,),
    check=check,
    instead="Validate it in a migration of its own.",
    bad=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n"
            "ALTER TABLE o VALIDATE CONSTRAINT c;\nCOMMIT;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nCOMMIT;\n"
            "ALTER TABLE o VALIDATE CONSTRAINT c;"
        ),
        Example(text="ALTER TABLE o VALIDATE CONSTRAINT c;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
