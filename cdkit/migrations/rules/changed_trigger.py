"""A trigger begins or stops to act on what the running version writes.

One that fires BEFORE (or INSTEAD OF) can refuse or rewrite rows; one that fires AFTER can refuse
them. One that goes away no longer does what somebody relied on.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeTrigger
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: ChangeTrigger, context: Context) -> Iterator[Hit]:
    """Flag each change of a trigger on a table that was there before the change."""
    table, action = operation.table, operation.action
    if context.schema.is_new_table(table) or action == "CREATE RULE":
        return
    acts_before = action in {"CREATE BEFORE TRIGGER", "CREATE INSTEAD OF TRIGGER"}
    yield Hit(
        message=f"{action} {operation.name} on {table}: "
        + (
            "it can refuse or rewrite what a running version writes"
            if acts_before
            else "what happens on a write of a running version changes"
        ),
        about=f"{table}.{operation.name}",
        severity=Severity.MEDIUM if _may_refuse(operation, context) else None,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="see that it takes every row that the running version writes, and say so with "
            "`-- cdkit: allow changed-trigger (reason)`"
        ),
    )


_REFUSES = ("signal", "raise(", "raise (")
_REWRITES = ("set new", "call ", "delete ", "update ")


def _may_refuse(operation: ChangeTrigger, context: Context) -> bool:
    """Whether it can refuse a row, or write another than was meant."""
    body = operation.body.lower()
    if any(word in body for word in _REFUSES):
        return True
    if operation.action not in {"CREATE BEFORE TRIGGER", "CREATE INSTEAD OF TRIGGER"}:
        return False
    if body:
        return any(word in body for word in _REWRITES)
    return not _is_tame(operation, context)


def _is_tame(operation: ChangeTrigger, context: Context) -> bool:
    """Whether its function is known, refuses nothing, and skips nothing."""
    found = context.schema.thing(operation.function) if operation.function else None
    body = found.body.lower() if found else ""
    return bool(body) and not any(x in body for x in ("raise", "return null", "assert", "execute"))


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeTrigger,),
    check=check,
    instead="See that the trigger takes every row that the running version writes.",
    bad=(
        Example(
            text="CREATE TRIGGER t BEFORE INSERT ON orders\n"
            "  FOR EACH ROW EXECUTE FUNCTION refuse();",
            line=1,
        ),
        Example(text="DROP TRIGGER t ON orders;", line=1),
        Example(text="ALTER TABLE orders DISABLE TRIGGER t;", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\n"
            "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createtrigger.html",),
)
