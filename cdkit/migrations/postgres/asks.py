"""What a block of PL/pgSQL asks the catalogue before it acts, and which errors it bears.

Sources: PostgreSQL manual, chapter 53 "System Catalogs", chapter 37 "The Information Schema",
appendix A "Error Codes".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.branch import Guard
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.folding import parsed
from cdkit.migrations.postgres.names import of_words
from cdkit.migrations.postgres.prints import column_of
from cdkit.migrations.postgres.tree import Json, calls, literal

_CATALOGUES = {
    "columns": ("column", "column_name", "table_name", "table_schema"),
    "pg_attribute": ("column", "attname", "attrelid", ""),
    "tables": ("relation", "table_name", "", "table_schema"),
    "pg_tables": ("relation", "tablename", "", "schemaname"),
    "pg_class": ("relation", "relname", "", ""),
    "table_constraints": ("constraint", "constraint_name", "table_name", "table_schema"),
    "pg_constraint": ("constraint", "conname", "conrelid", ""),
    "pg_indexes": ("index", "indexname", "tablename", "schemaname"),
    "pg_type": ("type", "typname", "", ""),
}
"""By catalogue: what a row is, and the columns of its name, its table and its schema."""
_KINDS = frozenset({"relkind", "contype", "constraint_type", "table_type"})
"""Columns that narrow down what a name can be the name of."""
_HERE = frozenset({"current_schema", "CURRENT_SCHEMA"})
_ERROR = 21
"""PostgreSQL's ERROR (elog.h): RAISE EXCEPTION."""
_DUPLICATE = frozenset({"duplicate_column", "duplicate_object", "duplicate_table", "others"})
_UNDEFINED = frozenset({"undefined_column", "undefined_object", "undefined_table", "others"})
_RAISED = frozenset({"raise_exception", "others"})


def told_by(statement: Json) -> dict[str, str]:
    """Return by name the values that a statement gives variables, as SQL; FOUND is one of them."""
    if asked := statement.get("PLpgSQL_stmt_perform"):
        query = asked.get("expr", {}).get("PLpgSQL_expr", {}).get("query", "")
        return {"found": f"EXISTS ({query})"}
    if given := statement.get("PLpgSQL_stmt_assign"):
        query = given.get("expr", {}).get("PLpgSQL_expr", {}).get("query", "")
        name, sign, value = query.partition(":=")
        return {name.strip().lower(): value} if sign else {}
    into = statement.get("PLpgSQL_stmt_execsql", {})
    fields = into.get("target", {}).get("PLpgSQL_row", {}).get("fields", [])
    query = into.get("sqlstmt", {}).get("PLpgSQL_expr", {}).get("query", "")
    value = {str(fields[0].get("name", "")): f"({query})"} if len(fields) == 1 else {}
    return value | {"found": f"EXISTS ({query})"} if into.get("into") else {}


def guards_of(condition: str, told: Mapping[str, str]) -> tuple[Guard, ...]:
    """Return what an IF asks for, where each part of it is one thing by its name; else nothing.

    `told` are the values of variables that what stands right before it has given them.
    """
    tree = parsed(condition)
    both = tree.get("BoolExpr", {})
    parts = both.get("args", []) if both.get("boolop") == "AND_EXPR" else [tree]
    guards = [_guard(each, told) for each in parts]
    return tuple(each for each in guards if each) if None not in guards else ()


def _guard(written: Json, told: Mapping[str, str]) -> Guard | None:
    if (variable := column_of(written).lower()) in told:
        return _guard(parsed(told[variable]), {})  # which may be about itself, as it was
    tree = _value_of(written, {})
    negated = tree.get("BoolExpr", {})
    if negated.get("boolop") == "NOT_EXPR":
        guard = _guard(negated.get("args", [{}])[0], told)
        return structs.replace(guard, there=not guard.there) if guard else None
    link = tree.get("SubLink", {})
    if link.get("subLinkType") == "EXISTS_SUBLINK":
        select = link.get("subselect", {}).get("SelectStmt", {})
        return None if calls(select.get("targetList", [])) else _row(select)
    if compared := tree.get("A_Expr"):
        return _counted({**compared, "lexpr": _value_of(compared.get("lexpr", {}), told)})
    test = tree.get("NullTest", {})
    call = test.get("arg", {}).get("FuncCall", {})
    names = [each.get("String", {}).get("sval") for each in call.get("funcname", [])]
    text = literal(next(iter(call.get("args", [])), None))
    if names[-1:] != ["to_regclass"] or text is None:
        return None
    name = of_words(text.replace('"', "").split("."))
    return Guard(
        kind="relation",
        name=name.name,
        table=Name(name.schema, name.name),
        there=test.get("nulltesttype") == "IS_NOT_NULL",
    )


_NONE = frozenset({("=", "0"), ("<", "1")})
_SOME = frozenset({(">", "0"), (">=", "1"), ("<>", "0"), ("=", "1")})


def _counted(compared: Json) -> Guard | None:
    """Return what `(SELECT count(*) FROM …) = 0` asks for."""
    link = compared.get("lexpr", {}).get("SubLink", {})
    select = link.get("subselect", {}).get("SelectStmt", {})
    targets = select.get("targetList", [])
    counts = len(targets) == 1 and calls(targets) == ("count",)
    sign = str(compared.get("name", [{}])[-1].get("String", {}).get("sval", ""))
    asked = sign, literal(compared.get("rexpr"))
    if link.get("subLinkType") != "EXPR_SUBLINK" or not counts or asked not in _NONE | _SOME:
        return None
    guard = _row(select)
    return structs.replace(guard, there=asked in _SOME) if guard else None


def _value_of(tree: Json, told: Mapping[str, str]) -> Json:
    """Return what a variable was given, or what a query without a table is, else the tree."""
    if (name := column_of(tree).lower()) in told:
        tree = parsed(told[name])
    link = tree.get("SubLink", {})
    select = link.get("subselect", {}).get("SelectStmt", {})
    bare = link.get("subLinkType") == "EXPR_SUBLINK" and "fromClause" not in select
    targets = select.get("targetList", []) if bare else []
    value: Json = targets[0].get("ResTarget", {}).get("val", {}) if len(targets) == 1 else tree
    return value


def _row(select: Json) -> Guard | None:
    """Return the one thing that a query of a catalogue looks for by its name."""
    sources = select.get("fromClause", [])
    source = sources[0].get("RangeVar", {}) if len(sources) == 1 else {}
    if source.get("schemaname", "") not in {"", "information_schema", "pg_catalog"}:
        return None
    known = _CATALOGUES.get(source.get("relname", ""))
    asked = _asked(select.get("whereClause", {})) if known else None
    if known is None or asked is None or select.keys() & {"groupClause", "havingClause"}:
        return None
    kind, column, of, schema = known
    name, table = asked.pop(column, ""), asked.pop(of, "")
    home = asked.pop(schema, None) if schema else ""
    asked = {key: value for key, value in asked.items() if key not in _KINDS}
    if asked or not name or (of and kind == "column" and not table):
        return None
    # What is a regclass is looked up as any name is, quoted and qualified.
    named = Name(home or "", table) if schema else of_words(table.replace('"', "").split("."))
    held = named if table else Name(home or "", name) if kind == "relation" else None
    return Guard(kind=kind, name=name, table=held, there=True, anywhere=home is None)


def _asked(condition: Json) -> dict[str, str] | None:
    """Return the values by column that a condition asks for; None where it asks otherwise."""
    both = condition.get("BoolExpr", {})
    parts = both.get("args", []) if both.get("boolop") == "AND_EXPR" else [condition]
    found: dict[str, str] = {}
    for each in parts:
        compared = each.get("A_Expr", {})
        signs = [x.get("String", {}).get("sval") for x in compared.get("name", [])]
        fields = compared.get("lexpr", {}).get("ColumnRef", {}).get("fields", [])
        value = _value(compared.get("rexpr", {}))
        if compared.get("kind") != "AEXPR_OP" or signs != ["="] or not fields or value is None:
            return None
        found[str(fields[-1].get("String", {}).get("sval", ""))] = value
    return found


def _value(tree: Json) -> str | None:
    """Return a constant; the schema of the session is an empty text, as where none is named."""
    names = tree.get("FuncCall", {}).get("funcname", [])
    own = names and names[-1].get("String", {}).get("sval") in _HERE
    own = own or tree.get("SQLValueFunction", {}).get("op") == "SVFOP_CURRENT_SCHEMA"
    return "" if own else literal(tree)


def caught(block: Json) -> frozenset[str]:
    """Return the errors that a block bears: nothing where what it does then raises one again."""
    handlers = block.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", [])
    found: set[str] = set()
    for each in handlers:
        handler: Json = each.get("PLpgSQL_exception", {})
        if any(_raises(one) for one in handler.get("action", [])):
            return frozenset()
        named = (x.get("PLpgSQL_condition", {}) for x in handler.get("conditions", []))
        found |= {str(one.get("condname", "")) for one in named}
    return frozenset(found)


def _raises(statement: Json) -> bool:
    raised: Json = statement.get("PLpgSQL_stmt_raise", {})
    return raised.get("elog_level") == _ERROR


def is_undone(block: Json, errors: frozenset[str]) -> bool:
    """Whether a block ends in an exception of its own for sure, and bears that."""
    return bool(errors & _RAISED) and any(
        _raises(each)
        and each["PLpgSQL_stmt_raise"].keys() <= {"lineno", "elog_level", "message", "params"}
        and "message" in each["PLpgSQL_stmt_raise"]
        for each in block.get("body", [])
    )


def borne(first: Operation, bears: Iterable[str]) -> tuple[Guard, ...]:
    """Return what must be there, or not, lest the first thing done fails with an error borne.

    What comes after it finds what it has left, which is not the schema as it is now.
    """
    errors = frozenset(bears)
    if errors & _DUPLICATE and (guard := _made(first)):
        return (guard,)
    if errors & _UNDEFINED and (guard := _taken(first)):
        return (structs.replace(guard, there=True),)
    return ()


def _made(operation: Operation) -> Guard | None:
    match operation:
        case op.AddColumn(table=table, column=column, if_not_exists=False):
            return Guard(kind="column", name=column.name, table=table)
        case op.AddConstraint(table=table, constraint=constraint) if constraint.name:
            return Guard(kind="constraint", name=constraint.name, table=table)
        case op.CreateTable(table=table, if_not_exists=False):
            return Guard(kind="relation", name=table.name, table=table)
        case op.CreateIndex(table=table, name=name, if_not_exists=False) if name:
            return Guard(kind="index", name=name, table=table)
        case op.CreateObject(kind="type", name=name):
            return Guard(kind="type", name=name.name, table=name)
        case _:
            return None


def _taken(operation: Operation) -> Guard | None:
    match operation:
        case op.DropColumn(table=table, column=name, if_exists=False):
            return Guard(kind="column", name=name, table=table)
        case op.DropConstraint(table=table, constraint=name, if_exists=False):
            return Guard(kind="constraint", name=name, table=table)
        case _:
            return None


def straight(block: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a block does one thing after the other, without a condition or a loop."""
    return all(
        key in {"PLpgSQL_stmt_execsql", "PLpgSQL_stmt_perform", "PLpgSQL_stmt_raise"}
        for each in block.get("body", [])
        for key in each
    )
