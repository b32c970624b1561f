"""A view refuses from now on to take a row that it would not show.

WITH CHECK OPTION lets an INSERT or UPDATE through the view fail where the row does not meet what
the view filters by. The running version, which could write such rows, gets an error.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import ChangeTable, CreateObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_OPTION = "check_option"


def check(operation: ChangeTable | CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each view that was there before and did not check what is written through it."""
    view = operation.table if isinstance(operation, ChangeTable) else operation.name
    if _OPTION not in operation.options or context.schema.is_new_thing(view):
        return
    old = context.released.thing(view)
    if old is None and (isinstance(operation, CreateObject) or context.schema.thing(view)):
        return
    if old and (old.ruled or old.triggers):
        return  # what is written goes where they say, and is not checked
    if old and old.query and (old.query.checks or not old.query.filters):
        return
    if not _is_written(view, context):
        return
    yield Hit(
        message=f"{view} checks what is written through it: a row that it does not show is refused",
        about=str(view),
        confidence=Confidence.HIGH if old else Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that writes no such rows, let it run everywhere, and let "
            "the view check in a later release",
            replacement=later(operation, "a version that writes only rows that the view shows"),
        ),
    )


def _is_written(view: Name, context: Context) -> bool:
    """Whether a role may write through it; where nothing is granted, nobody can tell."""
    grants, full = context.released.grants, context.released.full(view)
    held = grants.of("view", full)
    words = {word for role in held or () for word in grants.may(role, "view", full)}
    return not held or any(word.startswith(("INSERT", "UPDATE")) for word in words)


_OLD = "CREATE VIEW v AS SELECT a FROM o WHERE a > 0"

RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(ChangeTable, CreateObject),
    check=check,
    instead="Let a version that writes only what the view shows run everywhere first.",
    bad=(
        Example(text="ALTER VIEW v SET (check_option = 'local');", line=1),
        Example(
            text=f"{_OLD};\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o WHERE a > 0 WITH CHECK OPTION;",
            line=3,
        ),
    ),
    good=(
        Example(text=f"{_OLD} WITH CHECK OPTION;\n-- released\nALTER VIEW v RESET (check_option);"),
        Example(
            text=f"{_OLD} WITH CHECK OPTION;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o WHERE a > 0 WITH LOCAL CHECK OPTION;"
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "ALTER VIEW v SET (check_option = 'cascaded');"
        ),
        Example(text=f"{_OLD} WITH CHECK OPTION;"),
        Example(
            text=f"{_OLD};\nGRANT SELECT ON v TO app;\n-- released\n"
            "ALTER VIEW v SET (check_option = 'local');"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createview.html",),
)
