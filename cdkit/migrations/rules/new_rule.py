"""A rewrite rule changes what the statements of the running version mean.

An INSTEAD rule makes a write do something else, or nothing, without any error.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeTrigger
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: ChangeTrigger, context: Context) -> Iterator[Hit]:
    """Flag each rule on a table that was there before the change."""
    if operation.action != "CREATE RULE" or context.schema.is_new_relation(operation.table):
        return
    yield Hit(
        message=f"puts the rule {operation.name} on {operation.table}: statements of a running "
        "version silently mean something else",
        about=f"{operation.table}.{operation.name}",
        severity=None if operation.instead else Severity.LOW,
        fix=Fix(
            summary="do it in a view with another name, or in the application",
            replacement=later(operation, "code that does not rely on what the rule changes"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(ChangeTrigger,),
    check=check,
    instead="Use a view with another name, or change the application.",
    bad=(Example(text="CREATE RULE r AS ON DELETE TO orders DO INSTEAD NOTHING;", line=1),),
    good=(
        Example(
            text="CREATE TABLE o (a int);\nCREATE RULE r AS ON DELETE TO o DO INSTEAD NOTHING;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createrule.html",),
)
