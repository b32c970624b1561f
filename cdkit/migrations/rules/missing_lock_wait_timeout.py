"""The migration waits for a metadata lock as long as it takes, and everybody waits behind it.

The server's own limit is a year (MariaDB: a day). Each DDL statement needs the table for itself
for a moment, INSTANT ones too. While it waits for one long transaction, every query that comes
later waits behind it. With a short `lock_wait_timeout` it gives up instead, and can be tried again.
Said once for each file.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable
from cdkit.migrations.operation import ChangeTrigger, DropObject, Operation, RenameTable, Truncate
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag the first statement that needs a table for itself which was there before."""
    session = context.session
    limit = context.schema.settings.get("lock_wait_timeout", "")
    if session.warned or limit.upper() not in {"0", "", "DEFAULT"}:
        return
    if isinstance(operation, AlterTable) and operation.waits:
        return
    _, tables = context.lock_of(operation)
    held = [table for table in tables if not context.schema.is_new_table(table)]
    if not held:
        return
    session.warned = True
    yield Hit(
        message=f"needs {held[0]} for itself for a moment, and no lock_wait_timeout is set",
        about=str(held[0]),
        fix=Fix(
            summary="set a lock_wait_timeout (in seconds) first, and try again when it strikes",
            replacement="SET SESSION lock_wait_timeout = 5;",
        ),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb"),
    on=(AlterTable, ChangeTrigger, DropObject, RenameTable, Truncate),
    check=check,
    remembers=True,
    instead="SET SESSION lock_wait_timeout = 5; at the beginning, and try again when it strikes.",
    bad=(
        Example(text="-- server mysql:8.0\nSELECT 1;\nALTER TABLE o ADD COLUMN a int;", line=3),
        Example(text="-- server mariadb:10.11\nDROP TABLE o;", line=2),
        Example(
            text="-- server mariadb:10.11\nSET STATEMENT lock_wait_timeout = 5 FOR\n"
            "ALTER TABLE o ADD a int;\nALTER TABLE o ADD b int;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nSET SESSION lock_wait_timeout = 5;\n"
            "ALTER TABLE o ADD COLUMN a int;"
        ),
        Example(text="-- server mariadb:10.11\nALTER TABLE o WAIT 5 ADD COLUMN a int;"),
        Example(text="-- server mysql:8.0\nCREATE TABLE o (a int);\nALTER TABLE o ADD b int;"),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/metadata-locking.html",),
)
