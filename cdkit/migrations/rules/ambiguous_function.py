"""A new function can be meant by calls of an old one of the same name.

A call with the arguments of the old one fails with "function is not unique" where the new one takes
the same ones first and has defaults for the rest. Replace the old one instead: drop it and make the
new one in one transaction, which takes the old calls too. One with as many arguments of other types
is another matter where a call says no types: a literal, and the parameters that many drivers send,
may then mean the new one, or neither.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Function, Type
from cdkit.migrations.operation import CreateObject
from cdkit.migrations.postgres.families import family
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Thing
from cdkit.migrations.ways import later, whole


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

    if said := _untyped(operation, made, released, end):
        yield Hit(
            message=f"makes a second {operation.name}(): {said}",
            about=str(operation.name),
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            fix=Fix(
                summary="give the new one a name of its own, or let the running version cast what "
                "it calls with first",
                replacement=later(operation, "a version that casts the arguments of its calls"),
            ),
        )


def _untyped(made: CreateObject, function: Function, old: Thing, end: Thing | None) -> str:
    """Say what becomes of a call whose arguments have no type; empty where nothing does."""
    count = len(function.arguments)
    before = _meant([takes for takes in old.routines if len(takes) == count])
    after = _meant([takes for takes in end.routines if len(takes) == count]) if end else None
    if before is None or before == after or function.takes in old.routines or not count:
        return ""
    if end and before not in end.routines:
        return ""  # it is the old one that goes
    if after is None:
        return "a call with literals or untyped parameters fails as not unique"
    types = ", ".join(map(str, after))
    return f"a call with literals or untyped parameters means {made.name}({types}) from now on"


def _meant(candidates: list[tuple[Type, ...]]) -> tuple[Type, ...] | None:
    """Return what a call without types means (PostgreSQL manual, 10.3, step 4e); None: nothing."""
    left = candidates
    for place in range(len(candidates[0]) if candidates else 0):
        kinds = {family(each[place]) for each in candidates}
        kind = "S" if "S" in kinds else kinds.pop() if len(kinds) == 1 else None
        left = [each for each in left if family(each[place]) == kind]
        preferred = [each for each in left if str(each[place]) in _PREFERRED]
        left = preferred or left
    return left[0] if len(left) == 1 else None


_PREFERRED = frozenset({"text", "float8", "oid", "timestamptz"})
"""What is preferred of each kind of types (PostgreSQL manual, catalog pg_type)."""


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
        Example(
            text="CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 2';",
            line=3,
        ),
        Example(
            text="CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE FUNCTION f(a date) RETURNS int LANGUAGE sql AS 'SELECT 2';",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2';"
        ),
        Example(
            text="CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE FUNCTION f(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/typeconv-func.html",),
)
