"""A new function can be meant by calls of an old one of the same name, or of a built-in one.

A call with the arguments of the old one fails with "function is not unique" where the new one takes
the same ones first and has defaults for the rest. Replace the old one instead: drop it and make the
new one in one transaction, which takes the old calls too. One with as many arguments of other types
takes over the calls that fit it better: where arguments were converted so far (a `lower(varchar)`
goes before the server's `lower(text)`), and where a call says no types, as with literals and the
parameters that many drivers send. One of just the types of a built-in one is never found.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Function, Name, Type
from cdkit.migrations.operation import CreateObject
from cdkit.migrations.permit import search_paths
from cdkit.migrations.postgres import overloads
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import later, whole


def check(operation: CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each function that calls of another one mean, or may mean, when the transaction ends."""
    if made := operation.function:
        yield from [*_not_unique(operation, made, context)] or _taken_over(operation, made, context)


def _not_unique(operation: CreateObject, made: Function, context: Context) -> Iterator[Hit]:
    released = context.released.thing(operation.name)
    end = context.ahead.end.thing(operation.name) if released else None
    for takes in released.routines if released else ():
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


def _taken_over(operation: CreateObject, made: Function, context: Context) -> Iterator[Hit]:
    """Flag the first call that means another function from now on, or none any more."""
    name, most = context.schema.full(operation.name), len(made.arguments)
    released = context.released.thing(name)
    if released and made.takes in released.routines:
        return
    for path in _paths(name.schema, operation.kind, context):
        for count in range(max(_least(made), 1), most + 1 + _is_variadic(made)):
            takes, before = _taken(made, count), _candidates(context.released, path, name, count)
            if not takes or not before:
                continue
            after = _candidates(context.ahead.end, path, name, count)
            if said := _changed(before, after, takes, operation):
                yield said
                return


def _changed(
    before: list[overloads.Candidate],
    after: list[overloads.Candidate],
    takes: overloads.Takes,
    operation: CreateObject,
) -> Hit | None:
    left = {each.takes for each in after}
    for call in overloads.calls(takes):
        old, new = overloads.meant(call, before), overloads.meant(call, after)
        if old is None or old.takes not in left or (new and new.takes == old.takes):
            continue  # nothing was meant, it is the old one that goes, or it is still meant
        name = operation.name
        untyped = overloads.UNTYPED in call
        what = "literals or untyped parameters" if untyped else f"({', '.join(call)})"
        then = f"means {name}({', '.join(new.takes)}) from now on" if new else "fails as not unique"
        whose = "the server's own one" if not old.place else "the first one"
        return Hit(
            message=f"makes a second {name.name}(): a call with {what}, which meant {whose} so "
            f"far, {then}",
            about=str(name),
            severity=Severity.HIGH if call == takes else Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            fix=Fix(
                summary="give the new one a name of its own, or let the running version cast what "
                "it calls with first",
                replacement=later(operation, "a version that casts the arguments of its calls"),
            ),
        )
    return None


def _paths(schema: str, kind: str, context: Context) -> Iterator[tuple[str, ...]]:
    """Yield the schemas that calls look through: those of bare names, and the one that is named.

    The server's own functions are in the first of all, and no procedures.
    """
    own = "" if kind == "procedure" else "pg_catalog"
    home = context.released.home
    for path in ([home], *(path for _, path in search_paths(context.released))):
        if schema in path:
            yield (own, *path)
    yield ("", schema)


def _candidates(
    schema: Schema, path: tuple[str, ...], name: Name, count: int
) -> list[overloads.Candidate]:
    found = overloads.built_in(name.name, count) if path[0] else []
    for place, each in enumerate(path):
        thing = schema.thing(Name(each, name.name)) if each else None
        for routine in thing.routines.values() if thing else ():
            takes = _taken(routine.function, count)
            if takes and all(one.takes != takes for one in found):
                found.append(overloads.Candidate(takes, place))
    return found


def _taken(function: Function, count: int) -> overloads.Takes:
    """Return what a function takes in a call with so many arguments; nothing where it has no such.

    The last argument of a VARIADIC one stands for as many as there are.
    """
    takes = overloads.takes_of(function.takes)
    if _is_variadic(function):
        more = count - len(takes) + 1
        return (*takes[:-1], *(takes[-1].removesuffix("[]"),) * more) if more > 0 else ()
    return takes[:count] if _least(function) <= count <= len(takes) else ()


def _is_variadic(function: Function) -> bool:
    return "variadic" in function.options


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
            text="CREATE TABLE o (a text);\n-- released\n"
            "CREATE FUNCTION concat(VARIADIC a text[]) RETURNS text LANGUAGE sql AS 'SELECT 1';",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a varchar);\n-- released\n"
            "CREATE FUNCTION lower(a varchar) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';",
            line=3,
        ),
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
            text="CREATE TABLE o (a varchar);\n-- released\n"
            "CREATE FUNCTION lower(a text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';"
        ),
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
