"""A new operator is meant by old expressions, which meant another one so far.

The server takes the operator that fits the types of both sides best. Where they fitted none so far,
and were converted (`number || text`, `int = float8`, `varchar ~ varchar`), a new one of just these
types is what they mean from then on. One of exactly the types of a built-in one is never found.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import CreateOperator
from cdkit.migrations.nouns import Name, Type
from cdkit.migrations.permit import search_paths
from cdkit.migrations.postgres.families import NUMBERS, TEXTS, family, is_made, is_new
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_COMPARING = frozenset({"=", "<>", "<", ">", "<=", ">="})
_BUILT_IN_WORDS = """
    + - * / % ^ # & | ~ ~~ !~~ ~* !~ !~* ~~* !~~* || @> <@ && -> ->> #> #>> ? ?| ?& @@ << >> &< &>
    -|- <-> ~= ^@ @@@
"""
_BUILT_IN = frozenset(_BUILT_IN_WORDS.split()) | _COMPARING
"""Operators with two sides that every server has (PostgreSQL manual, chapter 9)."""

# Tried on PostgreSQL 18 for each pair of built-in types: between which one side is converted.
_CONVERTED = (
    ("* /", frozenset({"interval"}), NUMBERS),
    ("+ -", frozenset({"inet"}), NUMBERS),
    ("- -> ->> ?", frozenset({"jsonb"}), frozenset({"varchar"})),
)
_CROSSED = (frozenset({"int2", "int4", "int8"}), frozenset({"float4", "float8"}))
"""Numbers of one set have operators between them that are built in."""


def check(operation: CreateOperator, context: Context) -> Iterator[Hit]:
    """Flag each between types of which there are values already."""
    name, (left, right) = operation.name, operation.takes
    if is_new(left, context) or is_new(right, context) or not _is_found(name, context):
        return
    if not (context.released.thing(name) or _takes_over(name.name, left, right, context)):
        return
    yield Hit(
        message=f"makes an operator {left} {name.name} {right}: old expressions of these types "
        "mean it from now on, and not what they were converted to so far",
        about=f"{left} {name.name} {right}",
        fix=Fix(
            summary="give it a name that no operator has, or let the running version cast the two "
            "sides first",
            replacement=later(operation, "a version that casts both sides where it compares them"),
        ),
    )


def _is_found(name: Name, context: Context) -> bool:
    """Whether a bare operator can mean one of its schema: it stands on a search path."""
    schema = context.schema.full(name).schema
    paths = (path for _, path in search_paths(context.released))
    return schema == context.schema.home or any(schema in path for path in paths)


def _takes_over(name: str, left: Type, right: Type, context: Context) -> bool:
    """Whether old expressions of these types mean a built-in operator that converts one side."""
    if name not in _BUILT_IN:
        return False
    if left.array or right.array or (left == right and is_made(left, context)):
        return True  # what is built in takes any array, any enum
    if name == "||" and {left.name, right.name} & TEXTS:
        return _is_other(left, right)
    if any(name in signs.split() and _pairs(left, right, *sides) for signs, *sides in _CONVERTED):
        return True
    return family(left) == family(right) and _converts_within(name, left, right)


def _is_other(left: Type, right: Type) -> bool:
    """Whether two texts are not both `text`, as the built-in operators want them."""
    return (left.name, right.name) != ("text", "text")


def _pairs(left: Type, right: Type, some: frozenset[str], others: frozenset[str]) -> bool:
    pairs = ((left.name, right.name), (right.name, left.name))
    return any(one in some and other in others for one, other in pairs)


def _converts_within(name: str, left: Type, right: Type) -> bool:
    """Whether a built-in operator converts one of two types of a kind to the other, or to more."""
    both = {left.name, right.name}
    match family(left):
        case "N":
            return left != right and not any(both <= each for each in _CROSSED)
        case "D":
            return left != right and name not in _COMPARING
        case "S":
            return _is_other(left, right)
        case _:
            return False


_RETURNS = "RETURNS {} LANGUAGE sql AS 'SELECT NULL::{}';\n-- released\n"
_JOINED = f"CREATE FUNCTION f(int, text) {_RETURNS.format('text', 'text')}"
_JOINED += "CREATE OPERATOR {} (LEFTARG = int, RIGHTARG = text, FUNCTION = f);"
_ALIKE = f"CREATE FUNCTION f(int, float8) {_RETURNS.format('bool', 'bool')}"
_ALIKE += "CREATE OPERATOR = (LEFTARG = int, RIGHTARG = float8, FUNCTION = f);"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(CreateOperator,),
    check=check,
    instead="Give it a name that no operator has.",
    bad=(Example(text=_JOINED.format("||"), line=3), Example(text=_ALIKE, line=3)),
    good=(
        Example(text=_JOINED.format("===")),
        Example(
            text="CREATE TYPE n AS (a int);\nCREATE FUNCTION f(n, n) RETURNS bool LANGUAGE sql "
            "AS 'SELECT true';\nCREATE OPERATOR = (LEFTARG = n, RIGHTARG = n, FUNCTION = f);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/typeconv-oper.html",),
)
