"""MODIFY or CHANGE says a column anew, and leaves out what it had.

What is not said again is gone: AUTO_INCREMENT (inserts without an id fail), ON UPDATE
CURRENT_TIMESTAMP (the time stands still), a comment. A default or a NOT NULL that goes this way is
told by *dropped-default* and *dropped-not-null*.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeColumn
from cdkit.migrations.lexer import clauses, tokens
from cdkit.migrations.mend import Splice, rewritten
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: ChangeColumn, context: Context) -> Iterator[Hit]:
    """Flag what the column had, as far as the migrations tell, and has no more."""
    old, new, table = operation.old, operation.new, operation.table
    if old is None or context.schema.is_new_column(table, new.name):
        return
    if old.serial and not new.serial:
        effect = "an insert without it fails"
        yield _hit(operation, "AUTO_INCREMENT", effect, Severity.HIGH)
    if old.on_update and not new.on_update:
        effect = "it stands still on an update"
        yield _hit(operation, f"ON UPDATE {old.on_update[:40]}", effect, Severity.MEDIUM)
    if old.comment and not new.comment:
        yield _hit(operation, f"COMMENT '{old.comment[:40]}'", "nobody breaks", Severity.INFO)


def _hit(operation: ChangeColumn, what: str, effect: str, severity: Severity) -> Hit:
    about = f"{operation.table}.{operation.new.name}"
    return Hit(
        message=f"says {about} anew without its {what}: {effect}",
        about=about,
        severity=severity,
        fix=Fix(
            summary=f"say {what} again, or change only the default with ALTER COLUMN",
            replacement=_said_again(operation, what),
        ),
    )


def _said_again(operation: ChangeColumn, what: str) -> str:
    """The statement with the attribute at the end of the column's clause, before its place."""
    statement = operation.statement
    start, end = clauses(statement.text.data, operation.at, statement.end)[0]
    depth = 0
    for token in tokens(statement.text.data, max(start, operation.at), end):
        if not depth and token.text.upper() in {b"FIRST", b"AFTER"}:
            end = token.start
            break
        depth += (token.text == b"(") - (token.text == b")")
    text = f" {what}" if end and statement.text.data[end - 1 : end].strip() else f"{what} "
    return rewritten([Splice(at=end, end=end, text=text)], operation)


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeColumn,),
    check=check,
    instead="Say everything that the column has again.",
    bad=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int AUTO_INCREMENT PRIMARY KEY);\n"
            "-- released\nALTER TABLE o MODIFY id bigint NOT NULL;",
            line=4,
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE o (t timestamp NOT NULL DEFAULT "
            "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);\n-- released\n"
            "ALTER TABLE o MODIFY t timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int AUTO_INCREMENT PRIMARY KEY);\n"
            "-- released\nALTER TABLE o MODIFY id bigint NOT NULL AUTO_INCREMENT;"
        ),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/alter-table.html",),
)
