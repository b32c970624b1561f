"""The migration switches the strict mode off for itself.

What does not fit is then cut off or turned into a zero without an error, in rows that are there;
triggers and routines that it makes keep the mode for good.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import SetVariable
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_STRICT = ("strict_", "traditional", "@", "concat", "replace")


def check(operation: SetVariable, context: Context) -> Iterator[Hit]:
    """Flag a mode that names nothing strict; one that is computed from the old is left alone."""
    del context
    if operation.name != "sql_mode" or any(x in operation.value.lower() for x in _STRICT):
        return
    if operation.value.lower() == "default":
        return
    yield Hit(
        message=f"sets sql_mode to {operation.value!r}, which is not strict: values that do not "
        "fit are cut off without an error",
        about="sql_mode",
        fix=Fix(
            summary="keep the strict mode",
            replacement="SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES');",
        ),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb"),
    on=(SetVariable,),
    check=check,
    instead="Keep the strict mode.",
    bad=(Example(text="-- server mysql:8.0\nSET sql_mode = '';", line=2),),
    good=(
        Example(text="-- server mysql:8.0\nSET sql_mode = 'STRICT_ALL_TABLES';"),
        Example(text="-- server mysql:8.0\nSET SESSION sql_mode = @old;"),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html",),
)
