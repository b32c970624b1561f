"""An enum gets a value that the running version does not know.

It does no harm until somebody writes it: then the running version reads a value that it may not
handle. Write it from a later release on.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import AddEnumValue
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: AddEnumValue, context: Context) -> Iterator[Hit]:
    """Say so for each enum that was there before the change."""
    if not context.schema.is_new_thing(operation.type):
        yield Hit(
            message=f"adds {operation.value!r} to {operation.type}: a running version that reads "
            "it may not know it",
            about=f"{operation.type}.{operation.value}",
            fix=Fix(
                summary="write the value only after every running version can read it",
                replacement=later(operation, "a version that can read the value, and writes none"),
            ),
        )


RULE = LintRule(
    severity=Severity.INFO,
    question=COMPATIBLE,
    on=(AddEnumValue,),
    check=check,
    instead="Write the new value only after every running version can read it.",
    bad=(Example(text="ALTER TYPE state ADD VALUE 'paid';", line=1),),
    good=(Example(text="CREATE TYPE state AS ENUM ('open');\nALTER TYPE state ADD VALUE 'paid';"),),
    sources=("https://www.postgresql.org/docs/current/sql-altertype.html",),
)
