"""What every later session begins with changes: its search path, its settings, its right to log in.

A changed `search_path` makes the running version find other tables under the same names, or none. A
role that is gone cannot log in.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeRole
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_HARSH = frozenset(
    {"SET search_path", "DROP ROLE", "SET role", "SET default_transaction_read_only"}
    | {"DROP USER", "RENAME USER"}
)


def check(operation: ChangeRole, context: Context) -> Iterator[Hit]:
    """Flag each change; only some break anybody for sure."""
    del context
    yield Hit(
        message=f"{operation.action} for {operation.role or 'all'}: later sessions of a running "
        "version begin otherwise",
        about=operation.role,
        severity=Severity.HIGH if _is_harsh(operation.action) else None,
        fix=Fix(summary="set it in the application's own connection, release by release"),
    )


def _is_harsh(action: str) -> bool:
    mode = action.startswith(("SET GLOBAL", "SET PERSIST")) and (
        "sql_mode" in action or "read_only" in action
    )
    return mode or action in _HARSH


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeRole,),
    check=check,
    instead="Set it in the application's own connection, release by release.",
    bad=(
        Example(text="ALTER ROLE app SET search_path = shop;", line=1),
        Example(text="DROP ROLE app;", line=1),
    ),
    good=(Example(text="CREATE ROLE reports;"),),
    sources=("https://www.postgresql.org/docs/current/sql-alterrole.html",),
)
