"""A new cast changes what old expressions mean, or makes them fail as not unique.

One that is AS IMPLICIT gives the server one more way to read an expression. With one to `text`, old
`number || text` fails ("operator is not unique"); with one from an enum, even `state = 'new'` does.
One that is made by a function is also used where a value was turned into text, or made of one,
without any cast. Where nothing that is built in becomes unclear, a function of one's own that is
there for several types still may: that is said below the usual threshold.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import CreateCast
from cdkit.migrations.nouns import Type
from cdkit.migrations.postgres.families import TEXTS, is_made, is_new
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later, whole

# Tried on PostgreSQL 18: for each pair of these types, which expressions that had a meaning, of
# built-in operators and functions, are not unique any more once such a cast is there.
_BREAKING = {
    "text": {"jsonb", "bytea"},
    "int4": {"inet"},
    "numeric": {"date", "jsonb", "inet"},
    "date": {"interval"},
    "timestamp": {"int4", "interval"},
    "inet": {"int4", "int8", "date", "jsonb"},
}
_HARMLESS = frozenset({"varchar", "bpchar", "json"})
"""What a cast from an enum may lead to: no built-in operator compares these, they turn to text."""


def check(operation: CreateCast, context: Context) -> Iterator[Hit]:
    """Flag each between two types that are there already: nobody has values of a new one."""
    source, target = operation.source, operation.target
    if is_new(source, context) or is_new(target, context):
        return
    said, severity = _meets(operation, context)
    if not said:
        return
    implicit = operation.context == "implicit"
    yield Hit(
        message=f"a cast from {source} to {target}: {said}",
        about=f"{source} AS {target}",
        severity=severity,
        confidence=Confidence.HIGH if severity is None else Confidence.MEDIUM,
        fix=Fix(
            summary="let CAST ask for it (leave out AS IMPLICIT), or release a version first that "
            "says CAST wherever it relies on one"
            if implicit
            else "give the function a call of its own, and let a later version call it",
            replacement=_asked_for(operation)
            if implicit
            else later(operation, "a version that calls the function where it wants its text"),
        ),
    )


def _meets(operation: CreateCast, context: Context) -> tuple[str, Severity | None]:
    """Say what old expressions meet, and how bad that is."""
    source, target = operation.source, operation.target
    if operation.context == "implicit":
        if _breaks(source, target, context):
            return "old expressions with a value of the first fail as not unique", None
        if not operation.by_text and {source.name, target.name} & TEXTS:
            return _OTHERWISE, Severity.MEDIUM
        named = _called_with_several(target, context)
        said = f"calls of {named}(), which is there for several types, may mean another one"
        return said if named else "", Severity.LOW
    if not operation.by_text and {source.name, target.name} & TEXTS:
        return _OTHERWISE, Severity.MEDIUM
    return "", None


_OTHERWISE = "a value turned from the first to the second so far went by its text, and now does not"


def _breaks(source: Type, target: Type, context: Context) -> bool:
    if target.name == "text" and not target.array:
        return source.name not in TEXTS or source.array
    if is_made(source, context):
        return target.name not in _HARMLESS or target.array
    return target.name in _BREAKING.get(source.name, ())


def _called_with_several(target: Type, context: Context) -> str:
    """Return a function of the running version that takes this type, or another one."""
    for name, thing in context.released.things.items():
        if len(thing.routines) > 1 and any(target in takes for takes in thing.routines):
            return str(name)
    return ""


def _asked_for(operation: CreateCast) -> str:
    words = whole(operation).removesuffix(";").split()
    return f"{' '.join(words[:-2])};" if words[-1].upper() == "IMPLICIT" else ""


_MOOD = "CREATE TYPE mood AS ENUM ('a', 'b');\n"
_MADE = "CREATE FUNCTION f({}) RETURNS {} LANGUAGE sql AS 'SELECT NULL::{}';\n-- released\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(CreateCast,),
    check=check,
    instead="Let CAST ask for it: leave out AS IMPLICIT.",
    bad=(
        Example(text="CREATE CAST (int AS text) WITH INOUT AS IMPLICIT;", line=1),
        Example(
            text=f"{_MOOD}-- released\nCREATE CAST (mood AS int) WITH INOUT AS IMPLICIT;", line=3
        ),
        Example(
            text=f"{_MOOD}{_MADE.format('mood', 'text', 'text')}"
            "CREATE CAST (mood AS text) WITH FUNCTION f(mood);",
            line=4,
        ),
    ),
    good=(
        Example(
            text=f"{_MOOD}-- released\nCREATE CAST (varchar AS mood) WITH INOUT AS IMPLICIT;",
        ),
        Example(text="CREATE CAST (int AS text) WITH INOUT AS ASSIGNMENT;"),
        Example(text=f"{_MOOD}CREATE CAST (mood AS int) WITH INOUT AS IMPLICIT;"),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-createcast.html",
        "https://www.postgresql.org/docs/current/typeconv-oper.html",
    ),
)
