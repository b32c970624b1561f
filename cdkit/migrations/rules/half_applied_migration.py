"""The migration runs in a transaction that its database cannot keep.

MySQL and MariaDB commit before and after each DDL statement. Where a later one fails, the earlier
ones stay, ROLLBACK or not, and the next try fails at what is there already.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable
from cdkit.migrations.operation import (
    ChangeTrigger,
    CreateObject,
    CreateTable,
    DropObject,
    Operation,
    RenameTable,
    Truncate,
)
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import whole


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag the first DDL in a transaction, once a file, unless it stands alone."""
    session = context.session
    if not session.in_transaction or session.single or session.committed:
        return
    session.committed = True
    tools = session.wrapped is True
    whose = "the transaction that your tool makes" if tools else "this transaction"
    yield Hit(
        message=f"ends {whose} here: what came before stays when a later statement fails",
        severity=Severity.LOW if tools else None,
        about=str(getattr(operation, "table", "") or getattr(operation, "name", "")),
        fix=Fix(
            summary="one DDL statement a file, or such as can be run twice (IF NOT EXISTS)",
            replacement=f"-- in a migration of its own, without a transaction:\n{whole(operation)}",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb"),
    on=(
        AlterTable,
        ChangeTrigger,
        CreateObject,
        CreateTable,
        DropObject,
        RenameTable,
        Truncate,
    ),
    check=check,
    remembers=True,
    instead="One DDL statement a file, or such as can be run twice.",
    bad=(
        Example(
            text="-- server mysql:8.0\nSTART TRANSACTION;\nUPDATE o SET a = 1 WHERE b = 2;\n"
            "CREATE TABLE n (id int PRIMARY KEY);\nCOMMIT;",
            line=4,
        ),
    ),
    good=(
        Example(text="-- server mysql:8.0\nBEGIN;\nUPDATE o SET a = 1 WHERE b = 2;\nCOMMIT;"),
        Example(text="-- server mysql:8.0\nCREATE TABLE n (id int PRIMARY KEY);"),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html",),
)
