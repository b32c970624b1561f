"""A table is rebuilt without a transaction around it.

Between DROP and RENAME there is no such table: every query of the running version fails, and where
the migration ends there, it stays so. SQLite keeps DDL in a transaction: use one.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: RebuildTable, context: Context) -> Iterator[Hit]:
    """Flag each where neither the tool nor the file makes a transaction, or nobody can tell."""
    if context.session.in_transaction or context.schema.is_new_table(operation.table):
        return
    sure = context.session.in_transaction is False
    yield Hit(
        message=f"rebuilds {operation.table} {'without' if sure else 'with no sign of'} a "
        "transaction: in between there is no such table",
        about=str(operation.table),
        severity=None if sure else Severity.LOW,
        fix=Fix(
            summary="BEGIN before it, COMMIT after it",
            replacement="PRAGMA foreign_keys = OFF;\nBEGIN;\n-- the statements of the rebuild\n"
            "COMMIT;\nPRAGMA foreign_keys = ON;",
        ),
    )


_REBUILD = (
    "CREATE TABLE n (a int);\nINSERT INTO n SELECT a FROM o;\nDROP TABLE o;\n"
    "ALTER TABLE n RENAME TO o;"
)

RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("sqlite",),
    on=(RebuildTable,),
    check=check,
    instead="BEGIN before it, COMMIT after it.",
    bad=(
        Example(text=f"-- server sqlite\nCREATE TABLE o (a int);\n-- released\n{_REBUILD}", line=4),
    ),
    good=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int);\n-- released\n"
            f"BEGIN;\n{_REBUILD}\nCOMMIT;"
        ),
    ),
    sources=("https://www.sqlite.org/lang_altertable.html",),
)
