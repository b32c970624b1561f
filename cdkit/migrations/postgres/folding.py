"""Working out SQL that a block puts together, where all its parts are constants.

`EXECUTE format('DROP TABLE %I', 'orders')` and `'DROP TABLE ' || name`, with a variable that is set
where it is declared and never again, or goes through an array of constants, are texts that can be
read. Anything else is not.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from cdkit.core.doors.pg_query import GrammarFault
from cdkit.migrations.nouns import quoted
from cdkit.migrations.postgres.parser import statements_of
from cdkit.migrations.postgres.prints import nodes
from cdkit.migrations.postgres.tree import Json, literal

_SELECT = b"SELECT "
_PLACE = re.compile(r"%([%ILs])")
_SESSION = frozenset({"current_database", "current_schema", "current_user", "session_user"})
"""Functions whose value is the session's: a name stands for it, which is enough to judge by."""


def constants(tree: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    """Return the variables of a PL/pgSQL tree that are constants, and their texts."""
    found: dict[str, str] = {}
    for each in tree if isinstance(tree, list) else []:
        function = each.get("PLpgSQL_function", {})
        assigned = set(_assigned(function.get("action")))
        for number, datum in enumerate(function.get("datums", [])):
            variable = datum.get("PLpgSQL_var", {})
            default = variable.get("default_val", {}).get("PLpgSQL_expr", {}).get("query", "")
            text = fold(default, {}) if default and number not in assigned else None
            if text is not None:
                found[variable.get("refname", "")] = text
    return found


def loops(tree: Any) -> Iterator[tuple[str, tuple[str, ...]]]:  # noqa: ANN401 - JSON
    """Yield the variable of each FOREACH over an array of constants, and what it goes through."""
    for function in (each.get("PLpgSQL_function", {}) for each in tree):
        datums = function.get("datums", [])
        for loop in nodes(function.get("action"), "PLpgSQL_stmt_foreach_a"):
            number = loop.get("varno", 0)
            named = datums[number].get("PLpgSQL_var", {}) if number < len(datums) else {}
            query = loop.get("expr", {}).get("PLpgSQL_expr", {}).get("query", "")
            values = _listed(query)
            if values and named.get("refname"):
                yield named["refname"], values


def _listed(expression: str) -> tuple[str, ...]:
    """Return the constants in `ARRAY['a', 'b']`; nothing where it is anything else."""
    array = parsed(expression).get("A_ArrayExpr", {})
    values = [literal(each) for each in array.get("elements", [])]
    return tuple(each for each in values if each is not None) if None not in values else ()


def _assigned(node: Any) -> Iterator[int]:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        for each in node:
            yield from _assigned(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in {"varno", "target"} and isinstance(value, int):
                yield value
            yield from _assigned(value)


def fold(expression: str, known: Mapping[str, str]) -> str | None:
    """Return the text that an expression is for sure, or None."""
    return _fold(parsed(expression), known)


ANY = "any name"
"""What stands for what only the database knows, where it can be nothing but a name, or a text."""


def shape(expression: str, known: Mapping[str, str]) -> str | None:
    """Return a `format('… %I … %L …', …)` with any name or text in its places for one, or None.

    What its other places hold must be known: they could be anything.
    """
    call = parsed(expression).get("FuncCall", {})
    if str(call.get("funcname", [{}])[-1].get("String", {}).get("sval", "")) != "format":
        return None
    template, *given = [_fold(each, known) for each in call.get("args", [])] or [None]
    places = [each for each in _PLACE.findall(template or "") if each != "%"]
    if template is None or len(places) != len(given):
        return None
    pairs = zip(places, given, strict=True)
    values = [ANY if one is None and place in {"I", "L"} else one for place, one in pairs]
    sure = [each for each in values if each is not None]
    return _formatted([template, *sure]) if len(sure) == len(values) else None


def parsed(expression: str) -> Json:
    """Return the tree of an expression; an empty one where it is none, or not alone."""
    try:
        (kind, node), *_ = statements_of(_SELECT + expression.encode())
        tree = msgspec.json.decode(node)
    except (GrammarFault, RecursionError, ValueError):
        return {}
    targets = tree.get("targetList", [])
    if kind != "SelectStmt" or len(targets) != 1 or "fromClause" in tree:
        return {}
    value: Json = targets[0].get("ResTarget", {}).get("val", {})
    return value


def _fold(node: Json, known: Mapping[str, str]) -> str | None:
    if (text := literal(node)) is not None:
        return text
    if fields := node.get("ColumnRef", {}).get("fields"):
        return known.get(fields[0].get("String", {}).get("sval", "")) if len(fields) == 1 else None
    if joined := node.get("A_Expr"):
        parts = [_fold(joined.get(side, {}), known) for side in ("lexpr", "rexpr")]
        operator = joined.get("name", [{}])[-1].get("String", {}).get("sval")
        return "".join(filter(None, parts)) if operator == "||" and None not in parts else None
    if call := node.get("FuncCall"):
        return _called(call, known)
    named = node.get("SQLValueFunction", {}).get("op", "").removeprefix("SVFOP_").lower()
    return named if named in _SESSION else None


def _called(call: Json, known: Mapping[str, str]) -> str | None:
    name = str(call.get("funcname", [{}])[-1].get("String", {}).get("sval", ""))
    if name in _SESSION:
        return name
    given = [_fold(each, known) for each in call.get("args", [])]
    values = [each for each in given if each is not None]
    make = _MAKERS.get(name)
    return make(values) if make and values and len(values) == len(given) else None


def _in_quotes(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _formatted(given: list[str]) -> str | None:
    """Return what format() makes of a template; None for places by number or with a width."""
    template, *values = given
    places = _PLACE.findall(template)
    if template.count("%") != len(places) + places.count("%"):
        return None
    left = iter(values)
    if len(places) - places.count("%") > len(values):
        return None

    def put(found: re.Match[str]) -> str:
        return "%" if found[1] == "%" else _WRITTEN[found[1]](next(left))

    return _PLACE.sub(put, template)


_WRITTEN: dict[str, Callable[[str], str]] = {"I": quoted, "L": _in_quotes, "s": str}
_MAKERS: dict[str, Callable[[list[str]], str | None]] = {
    "format": _formatted,
    "quote_ident": lambda values: quoted(values[0]),
    "quote_literal": lambda values: _in_quotes(values[0]),
    "concat": "".join,
}
