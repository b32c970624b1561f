"""A value of an enum gets another name.

The running version still writes the old name, which is refused, and meets a new one that it does
not know.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import RenameEnumValue
from cdkit.migrations.postgres.ways import text
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: RenameEnumValue, context: Context) -> Iterator[Hit]:
    """Flag each value of an enum that was there before the change."""
    if context.schema.is_new_thing(operation.type):
        return
    yield Hit(
        message=f"renames {operation.value!r} of {operation.type} to {operation.to!r}: a running "
        "version still writes the old value",
        about=f"{operation.type}.{operation.value}",
        fix=Fix(
            summary="add the new value, write it from the next release on, and leave the old one",
            replacement=context.sql_of(
                "postgres", f"ALTER TYPE {operation.type.sql} ADD VALUE {text(operation.to)};"
            ),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RenameEnumValue,),
    check=check,
    instead="Add the new value, move over, and leave the old one in place.",
    bad=(Example(text="ALTER TYPE state RENAME VALUE 'open' TO 'new';", line=1),),
    good=(
        Example(
            text="CREATE TYPE state AS ENUM ('open');\n"
            "ALTER TYPE state RENAME VALUE 'open' TO 'new';"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertype.html",),
)
