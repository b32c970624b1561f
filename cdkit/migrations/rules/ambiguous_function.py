"""A new function can be meant by calls of an old one of the same name.

A call with the arguments of the old one fails with "function is not unique" where the new one takes
the same ones first and has defaults for the rest. Replace the old one instead: drop it and make the
new one in one transaction, which takes the old calls too.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Function, Type
from cdkit.migrations.operation import CreateObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import whole


def check(operation: CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each function that makes calls of another one ambiguous when the transaction ends."""
    made, released = operation.function, context.released.thing(operation.name)
    if made is None or released is None:
        return
    end = context.ahead.end.thing(operation.name)
    for takes in released.routines:
        old = end.routines.get(takes) if end else None
        if old is None or takes == made.takes or not _can_mean_both(old.function, made):
            continue
        yield Hit(
            message=f"makes a second {operation.name}(), which calls of the first one with "
            f"{_least(old.function)} arguments may mean too: they fail as not unique",
            about=str(operation.name),
            fix=Fix(
                summary="drop the old one in the same transaction, or give the new one a name of "
                "its own or an argument without a default",
                replacement=_in_place_of(operation, takes),
            ),
        )


def _in_place_of(operation: CreateObject, takes: tuple[Type, ...]) -> str:
    old = f"{operation.name.sql}({', '.join(map(str, takes))})"
    return f"BEGIN;\nDROP FUNCTION {old};\n{whole(operation)}\nCOMMIT;"


def _least(function: Function) -> int:
    return sum(not each.optional for each in function.arguments)


def _can_mean_both(old: Function, new: Function) -> bool:
    """Whether some number of arguments fits both, with the same types."""
    most = min(len(old.arguments), len(new.arguments))
    for count in range(max(_least(old), _least(new)), most + 1):
        if old.takes[:count] == new.takes[:count]:
            return True
    return False


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(CreateObject,),
    check=check,
    instead="Drop the old one in the same transaction, or name the new one otherwise.",
    bad=(
        Example(
            text="CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE FUNCTION f(a int, b int DEFAULT 0) RETURNS int LANGUAGE sql AS 'SELECT 1';",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE FUNCTION f(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/typeconv-func.html",),
)
