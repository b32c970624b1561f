"""BEGIN or COMMIT in a file that runs in a transaction already.

A second BEGIN does nothing but warn; the COMMIT that belongs to it ends the tool's own transaction,
so what follows is done for good even where the migration fails, and the tool's note that it has
run may be lost.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Transaction
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Transaction, context: Context) -> Iterator[Hit]:
    """Flag each BEGIN within a transaction, and each COMMIT that ends the tool's own."""
    session = context.session
    if operation.opens and session.in_transaction:
        what = "opens a transaction inside one: the server warns, and its COMMIT ends the outer one"
    elif not operation.opens and session.wrapped and session.in_transaction:
        what = "ends the transaction that the tool has opened around the file"
    else:
        return
    yield Hit(message=what, fix=Fix(summary="leave BEGIN and COMMIT to the tool"))


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    on=(Transaction,),
    check=check,
    instead="Leave BEGIN and COMMIT to the tool, or tell it to open no transaction.",
    by_hand="there is only a statement to take out.",
    bad=(
        Example(text="BEGIN;\nBEGIN;\nSELECT 1;\nCOMMIT;", line=2),
        Example(text="-- migrate:up\nSELECT 1;\nCOMMIT;", line=3),
    ),
    good=(Example(text="BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;"),),
    sources=("https://www.postgresql.org/docs/current/sql-begin.html",),
)
