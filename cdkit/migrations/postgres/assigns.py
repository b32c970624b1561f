"""Whether the body of a trigger gives a column a value for sure, whatever row comes in.

Only what must be so counts: a body that is nothing but assignments, conditions and statements
without INTO, in which the column gets what cannot be null before anything can return.
Sources: PostgreSQL manual, 41.10.1 (NEW, RETURN), 9.18 (COALESCE), 9.9.5 (now and its like).
"""

from collections.abc import Container
from typing import Any

import msgspec

from cdkit.core.doors import pg_query
from cdkit.core.doors.pg_query import GrammarFault
from cdkit.migrations.lazy import pattern
from cdkit.migrations.postgres.folding import parsed
from cdkit.migrations.postgres.prints import column_of, nodes
from cdkit.migrations.postgres.tree import Json

_ASSIGNED = pattern(r'(?is)\s*(?:new|"new")\s*\.\s*(?:"([^"]+)"|(\w+))\s*:?=(.*)')
_RETURNS = pattern(r"(?i)\breturn\b(?!\s+new\s*;)")
_ACTION = b'"action":{"PLpgSQL_stmt_block"'
_COMMENTS = pattern(r"(?s)--[^\n]*|/\*.*?\*/")
_READ = frozenset({"PLpgSQL_stmt_assign", "PLpgSQL_stmt_if", "PLpgSQL_stmt_return",
                   "PLpgSQL_stmt_perform", "PLpgSQL_stmt_execsql"})  # fmt: skip
_ALWAYS = frozenset(
    {"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "gen_random_uuid"}
    | {"nextval", "random", "concat", "uuidv4", "uuidv7"}
)
"""Functions that have a value whatever they are given."""
_STRICT = frozenset({"lower", "upper", "btrim", "ltrim", "rtrim", "length", "md5", "abs"})
"""Functions that have a value wherever all that they are given has one."""
_OPERATORS = frozenset({"+", "-", "*", "||"})
_SAID = ("SVFOP_CURRENT_TIME", "SVFOP_CURRENT_DATE", "SVFOP_LOCALTIME", "SVFOP_CURRENT_USER")


def gives_value(body: str, column: str, filled: Container[str]) -> bool:
    """Whether a trigger's PL/pgSQL gives NEW.column a value for sure; False where it is not clear.

    `filled` are the columns that cannot be null in any row that comes in.
    """
    if "$cdkit$" in body or _RETURNS().search(_COMMENTS().sub(" ", body)):
        return False
    made = f"CREATE FUNCTION cdkit() RETURNS trigger LANGUAGE plpgsql AS $cdkit${body}$cdkit$"
    try:
        tree = msgspec.json.decode(_mended(pg_query.parse_plpgsql(made.encode())))
        return _gives(tree[0]["PLpgSQL_function"]["action"], column, filled)
    except (GrammarFault, msgspec.DecodeError, RecursionError, LookupError):
        return False


def _mended(written: bytes) -> bytes:
    """Return the tree as JSON: libpg_query closes each variable of a trigger's own twice.

    They stand before the action, whose key no text can hold: its quotes would be escaped.
    """
    variables, action, rest = written.partition(_ACTION)
    return variables.replace(b",{}}", b",{}") + action + rest


def _gives(action: Json, column: str, filled: Container[str]) -> bool:
    block = action["PLpgSQL_stmt_block"]
    if "exceptions" in block or not _is_clear(block["body"]):
        return False
    assigned = [_assigned(each) for each in nodes(block["body"], "PLpgSQL_stmt_assign")]
    if any(name == column and not is_sure(value, filled) for name, value in assigned):
        return False
    return "new" not in {name for name, _ in assigned} and _first(block["body"], column)


def _is_clear(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether each statement is of a kind that can be followed, and none puts a row anywhere."""
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict):
            kinds = {each for each in node if each.startswith("PLpgSQL_stmt_")}
            if kinds - _READ or node.get("into"):
                return False
            stack += node.values()
    return True


def _assigned(assign: Json) -> tuple[str, str]:
    """Return the field of NEW that is set, and to what; NEW itself is `new`, others are empty."""
    query = str(assign.get("expr", {}).get("PLpgSQL_expr", {}).get("query", ""))
    if found := _ASSIGNED().fullmatch(query):
        return found[1] or found[2].lower(), found[3]
    bare = query.lstrip().lower().replace('"', "").startswith("new")
    return ("new" if bare else ""), query


def _first(body: list[Json], column: str) -> bool:
    """Whether the column is set before anything can return."""
    for each in body:
        if "PLpgSQL_stmt_assign" in each and _assigned(each["PLpgSQL_stmt_assign"])[0] == column:
            return True
        if "PLpgSQL_stmt_if" in each:
            asked = each["PLpgSQL_stmt_if"]
            where = asked.get("cond", {}).get("PLpgSQL_expr", {}).get("query", "")
            if asks_null(parsed(where)) == column and _first(asked.get("then_body", []), column):
                return True
        if any(True for _ in nodes(each, "PLpgSQL_stmt_return")):
            return False
    return False


def asks_null(tree: Any) -> str:  # noqa: ANN401 - JSON
    """Return the column of NEW that a condition asks to be null and no more; empty for others."""
    test = tree.get("NullTest", {}) if isinstance(tree, dict) else {}
    return _of_new(test.get("arg")) if test.get("nulltesttype") == "IS_NULL" else ""


def _of_new(tree: Any) -> str:  # noqa: ANN401 - JSON
    fields = tree.get("ColumnRef", {}).get("fields", []) if isinstance(tree, dict) else []
    names = [each.get("String", {}).get("sval", "") for each in fields]
    return column_of(tree) if names[:-1] == ["new"] else ""


def is_sure(expression: str, filled: Container[str]) -> bool:
    """Whether an expression in a trigger has a value for sure."""
    return _has_value(parsed(expression), filled)


def _has_value(tree: Any, filled: Container[str]) -> bool:  # noqa: ANN401, PLR0911 - JSON, a list
    kind, node = _unfolded(tree)
    match kind:
        case "A_Const":
            return bool(node) and not node.get("isnull")
        case "SQLValueFunction":
            return str(node.get("op", "")).startswith(_SAID)
        case "CoalesceExpr":
            return any(_has_value(each, filled) for each in node.get("args", []))
        case "TypeCast":
            return _has_value(node.get("arg"), filled)
        case "ColumnRef":
            return _of_new(tree) in filled
        case "A_Expr":
            sides = (node.get("lexpr"), node.get("rexpr"))
            known = node.get("kind") == "AEXPR_OP" and _last(node.get("name")) in _OPERATORS
            return known and all(_has_value(each, filled) for each in sides)
        case "FuncCall":
            return _call_has_value(node, filled)
        case _:
            return False


def _unfolded(tree: Any) -> tuple[str, Json]:  # noqa: ANN401 - JSON
    """Return the kind of a node and what is below it."""
    return next(iter(tree.items()), ("", {})) if isinstance(tree, dict) else ("", {})


def _call_has_value(call: Json, filled: Container[str]) -> bool:
    if len(call.get("funcname", [])) > 1 and _last(call["funcname"][:1]) != "pg_catalog":
        return False
    name, given = _last(call.get("funcname")), call.get("args", [])
    return name in _ALWAYS or (
        name in _STRICT and bool(given) and all(_has_value(each, filled) for each in given)
    )


def _last(names: Any) -> str:  # noqa: ANN401 - JSON
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""
