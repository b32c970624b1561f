"""Whether one constraint, or one condition of a CHECK, lets in all that another one does.

Compared are fingerprints: PostgreSQL's trees as JSON (`postgres/prints.py`), and conditions of the
other engines as they are written. What is not understood implies nothing but itself.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

import msgspec

from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Column, Constraint, Default
from cdkit.migrations.schema import Schema, Table

Tree = Any
"""A node of PostgreSQL's trees as JSON."""

_DEEPEST: Final = 40
_WIDEST: Final = 2_000
"""Joined conditions, or casts, of an expression that is still compared."""
_MOST: Final = 20_000
"""Pairs of parts that are looked at: nobody writes a CHECK that needs more."""
_TEXTS: Final = frozenset({"text", "varchar"})
_LIST = pattern(r"\(*\s*[`\"]?(\w+)[`\"]?\s+in\s*\((.*?)\)[\s)]*", re.IGNORECASE | re.DOTALL)
_ITEM = pattern(r"\s*('(?:[^'\\]|'')*'|-?\d+)\s*")


def implies(old: Constraint, new: Constraint, released: Schema) -> bool:
    """Whether what the old constraint lets in passes the new one; NOT ENFORCED lets in all."""
    if not old.enforced or old.kind != new.kind or old.kind == "exclusion":
        return False
    if old.kind == "foreign key":  # what it does in another way, `changed-constraint` tells
        return same_key(old, new, released)
    return lets_in(old.expression, new.expression) or _is_looser(_bound(old), _bound(new))


def same_key(one: Constraint, other: Constraint, schema: Schema) -> bool:
    """Whether two foreign keys lead from the same columns to the same ones of a table."""
    to = [each.references and schema.full(each.references) for each in (one, other)]
    if (one.columns, to[0]) != (other.columns, to[1]) or one.refers == other.refers:
        return (one.columns, to[0]) == (other.columns, to[1])
    table = schema.tables.get(to[0]) if to[0] else None
    keys = table.constraints.values() if table else ()
    own = next((each.columns for each in keys if each.kind == "primary key"), None)
    return own is None or (one.refers or own) == (other.refers or own)


def lets_in(old: str, new: str) -> bool:
    """Whether whatever passes the old condition passes the new one, as far as can be told."""
    if old == new:
        return True
    if old.startswith("{") and new.startswith("{"):
        return _compared(old, new, lambda one, other: _Comparison().implies(one, other, 0))
    was, is_now = _written_list(old), _written_list(new)
    return bool(was and is_now and was[0] == is_now[0] and was[1] <= is_now[1])


def together(checks: Iterable[Constraint]) -> str:
    """Return as one condition what all CHECKs of a table ask, as far as they can be compared."""
    asked = [
        each.expression
        for each in checks
        if each.kind == "check" and each.enforced and each.expression.startswith("{")
    ]
    return f'{{"BoolExpr":{{"boolop":"AND_EXPR","args":[{",".join(asked)}]}}}}' if asked else ""


def where_null(condition: str, columns: Collection[str]) -> str:
    """Return what is left of a condition where these columns are null; empty for nothing."""
    tree = _tree(condition) if condition.startswith("{") else {}
    try:
        left = _where_null(tree, columns) if tree else condition
    except RecursionError:
        return condition
    return left if isinstance(left, str) else msgspec.json.encode(left).decode() if left else ""


def _where_null(tree: Tree, columns: Collection[str]) -> Tree:
    """Return a tree without what asks for a null there; None where nothing is left to ask."""
    test = tree.get("NullTest", {})
    fields = test.get("arg", {}).get("ColumnRef", {}).get("fields", [{}])
    if fields[-1].get("String", {}).get("sval") in columns:
        return None if test.get("nulltesttype") == "IS_NULL" else tree
    joined = tree.get("BoolExpr", {})
    if joined.get("boolop") not in {"AND_EXPR", "OR_EXPR"}:
        return tree
    parts = [_where_null(each, columns) for each in joined["args"]]
    left = [each for each in parts if each is not None]
    if not left or (joined["boolop"] == "OR_EXPR" and len(left) < len(parts)):
        return None
    return left[0] if len(left) == 1 else {"BoolExpr": {**joined, "args": left}}


def asks_for(check: Constraint, column: str) -> bool:
    """Whether a CHECK lets no null into a column, whatever else it asks."""
    if check.proves == column:
        return True
    if check.kind != "check" or column not in check.columns:
        return False
    field = {"String": {"sval": column}}
    is_set = {"arg": {"ColumnRef": {"fields": [field]}}, "nulltesttype": "IS_NOT_NULL"}
    return lets_in(check.expression, msgspec.json.encode({"NullTest": is_set}).decode())


def asks_of_old(check: Constraint, added: Column, table: Table) -> bool:
    """Whether the CHECK of a new column can refuse for what the table's old columns hold.

    One condition that names the new column passes where that is null (PostgreSQL manual, 5.5.1
    "Check Constraints"); where several are joined by AND, another one may not.
    """
    asked, name = check.expression, re.escape(added.name)
    old = (each in table.columns for each in check.columns if each != added.name)
    if check.kind != "check" or not any(old):
        return False
    joined = "AND" in asked.upper() and "BETWEEN" not in asked.upper()
    filled = bool(added.generated or (added.default and not added.default.null))
    return filled or joined or not re.search(rf"\b{name}\b", asked, re.IGNORECASE)


def is_same_value(old: str, new: str) -> bool:
    """Whether two defaults are the same, however they are written: now() and CURRENT_TIMESTAMP."""
    if old == new or _bare(old) == _bare(new):
        return True
    if not (old.startswith("{") and new.startswith("{")):
        return False
    return _compared(old, new, _are_same)


def _bare(written: str) -> str:
    """Return an expression without the parentheses around it, in which there are no others."""
    alone = written.startswith("(") and written.endswith(")") and written.count("(") == 1
    return written[1:-1].strip() if alone else written


def _are_same(one: Tree, other: Tree) -> bool:
    one, other = _uncast(one), _uncast(other)
    texts = ["sval" in each.get("A_Const", {}) for each in (one, other)]
    if (all(texts) and bool(one == other)) or (_is_now(one) and _is_now(other)):
        return True
    return _is_random(one) and _is_random(other)


def _compared(old: str, new: str, same: Callable[[Tree, Tree], bool]) -> bool:
    """Compare two fingerprints; what is nested too deeply is like nothing."""
    was, is_now = _tree(old), _tree(new)
    try:
        return bool(was and is_now) and same(was, is_now)
    except RecursionError:
        return False


def _is_now(tree: Tree) -> bool:
    """Whether it is the time at which the transaction began (PostgreSQL manual, 9.9.5)."""
    if tree.get("SQLValueFunction", {}).get("op") == "SVFOP_CURRENT_TIMESTAMP":
        return True
    return _called(tree) in {"now", "transaction_timestamp"}


def _is_random(tree: Tree) -> bool:
    """Whether it is a random UUID (manual, 9.14; the extensions uuid-ossp and pgcrypto)."""
    return _called(tree) in {"gen_random_uuid", "uuid_generate_v4", "uuidv4"}


def _called(tree: Tree) -> str:
    """Return the function of which a tree is one call without arguments; empty for others."""
    call = tree.get("FuncCall", {})
    name = call.get("funcname", [{}])[-1].get("String", {}).get("sval", "")
    return "" if call.get("args") else str(name)


def refuses(condition: str, value: str) -> bool:
    """Whether a condition of PostgreSQL lets no row in whose column has this value, for sure."""
    if not condition.startswith("{"):
        return False
    tree = _tree(condition)
    if (listed := _listed(tree)) and "ColumnRef" in listed[0]:
        return value not in listed[1]
    limit = _limit(tree)
    if limit is None or "ColumnRef" not in limit[0]:
        return False
    try:
        return not _COMPARED[limit[1]](float(value), limit[2])
    except ValueError:
        return False


def refuses_default(check: Constraint, default: Default) -> bool:
    """Whether a CHECK of one column lets no row in that has its default, for sure.

    Texts are compared without case: by most collations of MySQL they are the same.
    """
    if refuses(check.expression, default.value):
        return True
    if (limit := _bound(check)) is not None:
        try:
            return not _COMPARED[limit[1]](float(default.sql.strip("'")), limit[2])
        except (KeyError, ValueError):
            return False
    listed = _written_list(check.expression) if default.constant and default.sql else None
    return listed is not None and default.sql.lower() not in {each.lower() for each in listed[1]}


_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _written_list(condition: str) -> tuple[str, frozenset[str]] | None:
    """Read `a IN ('x', 'y')`."""
    found = _LIST().fullmatch(condition)
    if found is None:
        return None
    items, at = set(), 0
    while item := _ITEM().match(found[2], at):
        items.add(item[1])
        at = item.end() + 1
        if item.end() == len(found[2]):
            return found[1].lower(), frozenset(items)
        if found[2][item.end()] != ",":
            return None
    return None


def _tree(condition: str) -> Tree:
    """Return a tree; an empty one where it is nested too deeply to be compared."""
    if max(condition.count("BoolExpr"), condition.count("TypeCast")) > _WIDEST:
        return {}
    try:
        return msgspec.json.decode(condition)
    except RecursionError:
        return {}


class _Comparison:
    """One comparison of two conditions: how many pairs of their parts were looked at so far."""

    def __init__(self) -> None:
        self.pairs = 0

    def implies(self, old: Tree, new: Tree, depth: int) -> bool:
        """Compare two trees. A condition that is null lets a row in as one that is true does."""
        self.pairs += 1
        if depth > _DEEPEST or self.pairs > _MOST:
            return False
        if old == new:
            return True
        was, is_now = _parts(old), _parts(new)
        if is_now[0] == "AND":
            return all(self.implies(old, each, depth + 1) for each in is_now[1])
        if was[0] == "OR":
            return all(self.implies(each, new, depth + 1) for each in was[1])
        return (
            any(self.implies(old, each, depth + 1) for each in is_now[1])
            or any(self.implies(each, new, depth + 1) for each in was[1])
            or _is_within(_listed(old), _listed(new))
            or _is_looser(_limit(old), _limit(new))
            or _is_left_out(_listed(old), _excluded(new))
        )


def _parts(tree: Tree) -> tuple[str, list[Tree]]:
    """Return AND or OR and what it joins; BETWEEN is two comparisons."""
    joined = tree.get("BoolExpr", {})
    word = str(joined.get("boolop", "")).removesuffix("_EXPR")
    if word in {"AND", "OR"}:
        return word, joined["args"]
    compared = tree.get("A_Expr", {})
    if compared.get("kind") == "AEXPR_BETWEEN":
        ends = compared["rexpr"]["List"]["items"]
        pairs = zip((">=", "<="), ends, strict=True)
        return "AND", [_comparison(compared["lexpr"], sign, end) for sign, end in pairs]
    return "", []


def _comparison(left: Tree, sign: str, right: Tree) -> Tree:
    named = [{"String": {"sval": sign}}]
    return {"A_Expr": {"kind": "AEXPR_OP", "name": named, "lexpr": left, "rexpr": right}}


def _sign(compared: Tree) -> str:
    return str(compared.get("name", [{}])[-1].get("String", {}).get("sval", ""))


def _uncast(tree: Tree) -> Tree:
    """Leave out casts to text, which change no value that is compared for being the same."""
    while cast := tree.get("TypeCast"):
        names = cast.get("typeName", {}).get("names", [{}])
        if names[-1].get("String", {}).get("sval") not in _TEXTS:
            return tree
        tree = cast["arg"]
    return tree


def _listed(tree: Tree) -> tuple[Tree, frozenset[str]] | None:
    """Return what is compared, and the constants one of which it must be: IN, = ANY, =."""
    compared = tree.get("A_Expr", {})
    if _sign(compared) != "=" or "lexpr" not in compared:
        return None
    kind, right = compared.get("kind"), compared.get("rexpr", {})
    if kind == "AEXPR_IN":
        items = right.get("List", {}).get("items", [])
    elif kind == "AEXPR_OP_ANY":
        items = _uncast(right).get("A_ArrayExpr", {}).get("elements", [])
    elif kind == "AEXPR_OP":
        items = [right]
    else:
        return None
    values = [_constant(_uncast(item)) for item in items]
    said = frozenset(value for value in values if value is not None)
    return (_uncast(compared["lexpr"]), said) if said and None not in values else None


def _excluded(tree: Tree) -> tuple[Tree, str] | None:
    """Return what is compared, and the constant that it must not be: `a <> 8`."""
    compared = tree.get("A_Expr", {})
    if _sign(compared) != "<>" or compared.get("kind") != "AEXPR_OP" or "lexpr" not in compared:
        return None
    value = _constant(_uncast(compared.get("rexpr", {})))
    return (_uncast(compared["lexpr"]), value) if value is not None else None


def _is_left_out(
    listed: tuple[Tree, frozenset[str]] | None, excluded: tuple[Tree, str] | None
) -> bool:
    """Whether a list has no such constant; only where no other spelling is the same value."""
    if not listed or not excluded or listed[0] != excluded[0]:
        return False
    values = {*listed[1], excluded[1]}
    if not (all(map(_WHOLE().fullmatch, values)) or all(map(_is_word, values))):
        return False
    return excluded[1].lower() not in {each.lower() for each in listed[1]}


_WHOLE = pattern(r"0|-?[1-9]\d*")
_WORD = pattern(r"[A-Za-z_]{3,}")


def _is_word(value: str) -> bool:
    """Whether a text is no date, number or boolean, of which some have several spellings."""
    return bool(_WORD().fullmatch(value)) and value.lower() not in _SPELLED


_SPELLED: Final = frozenset(
    {"tru", "true", "fal", "fals", "false", "yes", "off", "nan", "inf", "infinity", "epoch"}
    | {"now", "today", "tomorrow", "yesterday", "allballs"}
)


def _constant(tree: Tree) -> str | None:
    """Return a constant as text; null is none: with it a list says nothing."""
    constant = tree.get("A_Const", {})
    for kind, name in (("sval", "sval"), ("ival", "ival"), ("fval", "fval")):
        if kind in constant:
            return str(constant[kind].get(name, "" if kind == "sval" else "0"))
    return None


def _is_within(
    old: tuple[Tree, frozenset[str]] | None, new: tuple[Tree, frozenset[str]] | None
) -> bool:
    return bool(old and new and old[0] == new[0] and old[1] <= new[1])


def _limit(tree: Tree) -> tuple[Tree, str, float] | None:
    """Return what is compared with a number, how, and the number."""
    compared = tree.get("A_Expr", {})
    sign = _sign(compared)
    constant = _constant(compared.get("rexpr", {})) if sign in _COMPARED else None
    if constant is None or compared.get("kind") != "AEXPR_OP" or "lexpr" not in compared:
        return None
    try:
        return compared["lexpr"], sign, float(constant)
    except ValueError:
        return None


def _bound(constraint: Constraint) -> tuple[Tree, str, float] | None:
    """Return the limit that a constraint's own reader told of it."""
    column, sign, number = constraint.bounds
    try:
        return (column, sign, float(number)) if column else None
    except ValueError:
        return None


def _is_looser(old: tuple[Tree, str, float] | None, new: tuple[Tree, str, float] | None) -> bool:
    """Whether `a >= 0` lets in all that `a > 0` does."""
    if old is None or new is None or old[0] != new[0] or old[1][0] != new[1][0]:
        return False
    if old[2] == new[2]:
        return old[1] == new[1] or new[1].endswith("=")
    return new[2] < old[2] if old[1][0] == ">" else new[2] > old[2]
