"""Fingerprints of expressions: two that are equal mean the same to the server.

And what of an expression can be told without knowing values: whether it always holds, whether it
can fail, what a simple comparison asks for.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cdkit.migrations.lazy import pattern
from cdkit.migrations.postgres.tree import Json, calls, literal
from cdkit.migrations.postgres.volatility import volatile_calls

_PLACE = rb'"(?:location|list_start|list_end|rexpr_list_start|rexpr_list_end)":-?\d+'
_PLACES = pattern(rb"(?<=\{)" + _PLACE + rb",?|," + _PLACE)
"""A field that says where something stands: within a text, JSON has its quotes escaped."""
_LOCATION = b',"location":'
_FIRST, _LIST = b'{"location":', b"list_"
"""What few trees have: a place that comes first, or of another kind."""
_NUMBER = b"-0123456789"
_ESCAPE = b"\\"
_ANGLES = {b"u003c": b"<", b"u003e": b">"}
_WITHIN = (dict, list)
_DIVIDES = frozenset({"/", "%"})


def fingerprint(tree: object) -> str:
    """Return a text that is the same for the same tree, wherever it stands; empty for none."""
    return placeless(msgspec.json.encode(tree)).decode() if tree else ""


def placeless(written: bytes) -> bytes:
    """Return a tree, as JSON, without the fields that say where something stands.

    What is equal then means the same, whether libpg_query wrote it or we did.
    """
    if _ESCAPE in written:
        written = _alike(written)
    if _FIRST in written or _LIST in written:
        return _PLACES().sub(b"", written)
    # What is found as a plain text is found fast.
    head, *rest = written.split(_LOCATION)
    return b"".join([head, *[each.lstrip(_NUMBER) for each in rest]])


def _alike(written: bytes) -> bytes:
    """Return JSON as msgspec writes it: libpg_query escapes more than must be."""
    head, *escaped = written.split(_ESCAPE)
    kept = [head]
    for each in escaped:
        mark = _ANGLES.get(each[:5])
        if mark is None:
            return msgspec.json.encode(msgspec.json.decode(written))
        kept += (mark, each[5:])
    return b"".join(kept)


def unwrapped(tree: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a tree in which `(SELECT f())` is `f()`: asked once, and not for every row.

    Its value is the same; where a function is volatile, the tree stays as it is.
    """
    if isinstance(tree, list):
        return [unwrapped(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    link = tree.get("SubLink", {})
    if link.get("subLinkType") == "EXPR_SUBLINK":
        select = link.get("subselect", {}).get("SelectStmt", {})
        targets = select.get("targetList", [])
        plain = len(targets) == 1 and not select.keys() - _BARE_SELECT
        if plain and not volatile_calls(calls(targets)):
            return unwrapped(targets[0].get("ResTarget", {}).get("val"))
    return {key: unwrapped(each) for key, each in tree.items()}


_BARE_SELECT = frozenset({"targetList", "limitOption", "op"})


def of_bound(bound: Json | None) -> str:
    """Return which rows a partition takes: DEFAULT, or a fingerprint of its FOR VALUES."""
    return "DEFAULT" if (bound or {}).get("is_default") else fingerprint(bound)


def nodes(tree: Any, kind: str) -> Iterator[Json]:  # noqa: ANN401 - JSON
    """Yield every node of a kind in a tree."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if kind in node:
                yield node[kind]
            stack += [each for each in reversed(node.values()) if isinstance(each, _WITHIN)]
        elif isinstance(node, list):
            stack += reversed(node)


def names_column(print_: str, column: str) -> bool:
    """Whether a fingerprint of an expression names a column, of whichever table."""
    last = '{"String":{"sval":' + msgspec.json.encode(column).decode() + "}}]"
    if last not in print_:
        return False
    return bool(re.search(_BEFORE + re.escape(last), print_))


_BEFORE = r'"fields":\[(?:\{"String":\{"sval":"(?:[^"\\]|\\.)*"\}\},)*'
"""What stands before the last part of a column's name."""


def called_in(print_: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of the functions that a fingerprint of an expression calls, part by part."""
    for found in _CALLED().finditer(print_):
        yield tuple(each["String"]["sval"] for each in msgspec.json.decode(f"[{found[1]}]"))


_PART = r'\{"String":\{"sval":"(?:[^"\\]|\\.)*"\}\}'
_CALLED = pattern(rf'"funcname":\[({_PART}(?:,{_PART})*)\]')


def column_of(tree: Any) -> str:  # noqa: ANN401 - JSON
    """Return the column that an expression is, by its last name; empty for anything else."""
    fields = tree.get("ColumnRef", {}).get("fields", []) if isinstance(tree, dict) else []
    return str(fields[-1].get("String", {}).get("sval", "")) if fields else ""


def fragile(tree: Any) -> str:  # noqa: ANN401 - JSON
    """Return what in an expression over columns can fail for some of their values; empty for none.

    A division by what is no constant, a cast of what is none (PostgreSQL manual, 9.3 and 4.2.9).
    """
    for each in nodes(tree, "A_Expr"):
        operator = each.get("name", [{}])[-1].get("String", {}).get("sval", "")
        if operator in _DIVIDES and _may_be_zero(each.get("rexpr")):
            return "a division by what may be zero"
    for each in nodes(tree, "TypeCast"):
        names = each.get("typeName", {}).get("names", [{}])
        target = names[-1].get("String", {}).get("sval", "")
        if literal(each.get("arg")) is None and target not in {"text", "varchar", "bpchar"}:
            return f"a cast to {target}"
    return ""


def _may_be_zero(divisor: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether it is neither a constant nor NULLIF(…, 0), by which nothing fails."""
    compared = divisor.get("A_Expr", {}) if isinstance(divisor, dict) else {}
    if compared.get("kind") == "AEXPR_NULLIF":
        return literal(compared.get("rexpr")) not in {"0", "0.0"}
    return literal(divisor) is None


def required(tree: Any) -> str:  # noqa: ANN401 - JSON
    """Return the column that a condition asks to be true, or not to be null, and no more."""
    if column := column_of(tree):
        return column
    test = tree.get("NullTest", {}) if isinstance(tree, dict) else {}
    return column_of(test.get("arg")) if test.get("nulltesttype") == "IS_NOT_NULL" else ""


def bounds(tree: Any) -> tuple[str, str, str]:  # noqa: ANN401 - JSON
    """Return column, operator and number of a comparison such as `a >= 0`; empty for others."""
    compared = tree.get("A_Expr", {}) if isinstance(tree, dict) else {}
    operator = compared.get("name", [{}])[-1].get("String", {}).get("sval", "")
    column, number = column_of(compared.get("lexpr")), literal(compared.get("rexpr"))
    if compared.get("kind") != "AEXPR_OP" or not column or number is None:
        return "", "", ""
    return (column, operator, number) if operator in {"<", "<=", ">", ">="} else ("", "", "")


_TAKES_OUT = frozenset({"->", "->>", "#>", "#>>"})
"""Operators that find nothing where a document has no such key (PostgreSQL manual, 9.16)."""


def null_by(tree: Json | None) -> tuple[str, ...]:
    """Return the columns by which an expression can be null; `*` where it can be so anyway.

    COALESCE that ends in a constant has always a value, and so has IS NULL.
    """
    found: dict[str, None] = {}
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict) and not _has_value(node):
            names = node.get("ColumnRef", {}).get("fields", [])
            found |= dict.fromkeys(x["String"].get("sval", "") for x in names[-1:] if "String" in x)
            signs = node.get("A_Expr", {}).get("name", [])
            if any(x.get("String", {}).get("sval") in _TAKES_OUT for x in signs):
                found["*"] = None
            stack += node.values()
    return tuple(found)


def _has_value(node: Json) -> bool:
    if "NullTest" in node or "BooleanTest" in node:
        return True
    last = node.get("CoalesceExpr", {}).get("args", [None])[-1]
    return last is not None and literal(last) not in {None, "null"}
