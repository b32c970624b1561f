"""Names, types, defaults and constraints: from trees to our nouns."""

import functools
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, structs

from cdkit.migrations.lexer import SKIPPED, first
from cdkit.migrations.nouns import NULLS_ALIKE, TEMPORARY, Column, Constraint, Default, Name, Type
from cdkit.migrations.postgres import tree
from cdkit.migrations.postgres.prints import bounds, fragile, nodes, null_by, placeless
from cdkit.migrations.postgres.tree import Json, Node, RangeVar, Word, calls, literal, words
from cdkit.migrations.statement import Statement

_CONSTRAINTS = {
    "CONSTR_CHECK": "check",
    "CONSTR_FOREIGN": "foreign key",
    "CONSTR_UNIQUE": "unique",
    "CONSTR_PRIMARY": "primary key",
    "CONSTR_EXCLUSION": "exclusion",
    "CONSTR_NOTNULL": "not null",
}
_KEPT = frozenset(_CONSTRAINTS) - {"CONSTR_NOTNULL"}
_FOLLOWING = {
    "CONSTR_ATTR_DEFERRABLE": {"deferrable": True},
    "CONSTR_ATTR_DEFERRED": {"deferrable": True, "deferred": True},
    "CONSTR_ATTR_NOT_ENFORCED": {"enforced": False},
}
_NOT_NULL = frozenset({"CONSTR_NOTNULL", "CONSTR_PRIMARY", "CONSTR_IDENTITY"})
_SERIAL = {
    "smallserial": "int2", "serial2": "int2", "serial": "int4", "serial4": "int4",
    "bigserial": "int8", "serial8": "int8",
}  # fmt: skip


def of_relation(relation: RangeVar) -> Name:
    """Return the name of a relation; a temporary one lives in a schema of its own."""
    if relation.relpersistence == "t" and not relation.schemaname:
        return Name(TEMPORARY, relation.relname)
    return Name(relation.schemaname, relation.relname)


def after_name(statement: Statement, relation: RangeVar) -> int:
    """Return the byte of the file where the clause behind a relation's name starts."""
    if statement.base < 0:
        return statement.start
    data, end = statement.text.data, statement.end
    position = statement.at(relation.location)
    name, dot, plain = _patterns()
    whole = plain.match(data, position, end)
    if whole and whole.end() < end and data[whole.end()] not in _MORE:
        return whole.end()
    for part in (name, dot, name) if relation.schemaname else (name,):
        found = part.match(data, position, end)
        position = first(data, found.end() if found else position, end)
    if data.startswith(b"*", position):
        position = first(data, position + 1, end)
    return position if position < end else statement.start


_MORE = b"./*"
"""What shows that a name goes on, behind a block comment perhaps."""


@functools.cache
def _patterns() -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return what a name looks like, the dot between two, and most names with what is behind."""
    name = rb'(?:(?:[uU]&)?"[^"]*+(?:""[^"]*+)*+"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*+)'
    plain = name + SKIPPED + rb"(?:\." + SKIPPED + name + SKIPPED + rb")?"
    return re.compile(name), re.compile(rb"\."), re.compile(plain)


def of_words(parts: Sequence[str]) -> Name:
    """Return a qualified name; a database before the schema is left out."""
    if not parts:
        return Name("", "")
    return Name(parts[-2] if len(parts) > 1 else "", parts[-1])


def of_object(node: Node) -> tuple[str, ...]:
    """Return the parts of the name of whatever a DROP, a COMMENT or a RENAME is about."""
    if node.items:
        return words(node.items.items)
    if node.function:
        return words(node.function.objname)
    if node.type:
        return type_words(node.type.names)
    if node.relation:
        name = of_relation(node.relation)
        return (name.schema, name.name) if name.schema else (name.name,)
    return (node.string.sval,) if node.string else ()


def type_words(names: Raw | bytes) -> tuple[str, ...]:
    """Return the parts of a type's name, which is JSON still: `pg_catalog`, `int4`."""
    return words(msgspec.json.decode(names, type=tuple[Word, ...])) if names else ()


def of_type(named: tree.TypeName | None) -> Type:
    """Return a type; `pg_catalog` goes without saying, serial is its integer."""
    return _typed(named)[0]


def _typed(named: tree.TypeName | None) -> tuple[Type, bool]:
    """Return a type, and whether it is a serial."""
    if named is None or not named.names:
        return Type(""), False
    modifiers = tuple([_whole(each) for each in named.typmods]) if named.typmods else ()
    return _type(bytes(named.names), modifiers, bool(named.arrayBounds))


@functools.lru_cache(maxsize=1024)
def _type(names: bytes, modifiers: tuple[int | None, ...], array: bool) -> tuple[Type, bool]:  # noqa: FBT001 - cached by place
    """Return a type by the JSON of its name, in which there is no place: most are of few."""
    parts = type_words(names)
    name = ".".join(part for part in parts if part != "pg_catalog")
    serial = not _SERIAL.keys().isdisjoint(parts[-1:])
    return Type(_SERIAL.get(name, name), modifiers, array), serial


def _whole(modifier: Json) -> int | None:
    if plain := modifier.get("A_Const", {}).get("ival"):
        return int(plain.get("ival", 0))
    text = literal(modifier)
    negative = text[1:] if text and text.startswith("-") else text
    return int(text) if text and negative and negative.isdigit() else None


def of_default(expression: Raw) -> Default:
    """Return a default; nextval and its like are among its calls."""
    return _default(placeless(bytes(expression)))


@functools.lru_cache(maxsize=512)
def _default(written: bytes) -> Default:
    """Return a default by the JSON of its expression without places: most are one of few."""
    expression = msgspec.json.decode(written)
    text = literal(expression)
    called = calls(expression) if text is None else ()
    return Default(
        calls=called,
        constant=text is not None,
        null=text == "null",
        sequence=_sequence(expression) if "nextval" in called else "",
        text=written.decode(),
        value=text or "",
    )


def _sequence(expression: Json | None) -> str:
    """Return the sequence that a default draws from, as it is written; empty where it is made."""
    for call in nodes(expression, "FuncCall"):
        named = call.get("funcname", [{}])[-1].get("String", {}).get("sval")
        if named == "nextval":
            return literal(call.get("args", [None])[0]) or ""
    return ""


def of_column(definition: tree.ColumnDef, statement: Statement) -> Column:
    """Return a column with all that is written behind it."""
    kind, serial = _typed(definition.typeName)
    not_null = serial
    kept: list[Constraint] = []
    said: dict[str, Any] = {}
    for node in definition.constraints:
        given = node.constraint
        not_null = not_null or given.contype in _NOT_NULL
        if given.contype in _KEPT:
            kept.append(of_constraint(given, statement))
        elif given.contype in _SAYS:
            said = _SAYS[given.contype](given) | said  # it is the first of a kind that counts
        elif kept and (more := _FOLLOWING.get(given.contype)):
            kept[-1] = structs.replace(kept[-1], **more)
    return Column(
        name=definition.colname,
        type=kind,
        serial=serial,
        not_null=not_null,
        constraints=tuple(kept),
        collation=of_collation(definition.collClause) if definition.collClause else "",
        **said,
    )


def of_collation(clause: Json | None) -> str:
    """Return the collation that COLLATE names, without its schema; empty for none."""
    names = (clause or {}).get("collname", [])
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def _defaulted(constraint: tree.Constraint) -> dict[str, Any]:
    return {"default": of_default(constraint.raw_expr)}


def _numbered(constraint: tree.Constraint) -> dict[str, Any]:
    return {"identity": True, "always": constraint.generated_when == "a"}


def _generated(constraint: tree.Constraint) -> dict[str, Any]:
    """Return how a column is generated; since 18 virtual is what nothing said means."""
    written = placeless(bytes(constraint.raw_expr))
    expression = msgspec.json.decode(written)
    return {
        "generated": "stored" if constraint.generated_kind == "s" else "virtual",
        "fragile": fragile(expression),
        "null_by": null_by(expression),
        "expression": written.decode(),
    }


_SAYS = {
    "CONSTR_DEFAULT": _defaulted,
    "CONSTR_IDENTITY": _numbered,
    "CONSTR_GENERATED": _generated,
}
"""What a constraint says of its column by itself."""


def of_constraint(
    constraint: tree.Constraint, statement: Statement, end: int | None = None
) -> Constraint:
    """Return a constraint; `end` is the byte of the file where its text ends, if known."""
    at = statement.at(constraint.location)
    source = statement.text.data[at:end] if end else b""
    checked = constraint.contype in {"CONSTR_CHECK", "CONSTR_FOREIGN"}
    said: dict[str, Any] = {"columns": words(constraint.keys)}
    if constraint.raw_expr:
        said = _asked(placeless(bytes(constraint.raw_expr)))
    elif constraint.pktable:
        said = _referring(constraint, constraint.pktable)
    elif constraint.nulls_not_distinct:
        said["expression"] = NULLS_ALIKE
    return Constraint(
        kind=_CONSTRAINTS[constraint.contype],
        name=constraint.conname,
        valid=not constraint.skip_validation,
        enforced=constraint.is_enforced or not checked,
        index=constraint.indexname,
        sql=source.decode("utf-8", "replace"),
        deferrable=constraint.deferrable,
        deferred=constraint.initdeferred,
        at=at,
        **said,
    )


def _referring(constraint: tree.Constraint, table: RangeVar) -> dict[str, Any]:
    """Return what a foreign key says besides."""
    deletes = constraint.fk_del_action
    return {
        "columns": words(constraint.fk_attrs),
        "references": of_relation(table),
        "refers": words(constraint.pk_attrs),
        "keeps": deletes in {"a", "r"},
        "deletes": "a" if deletes == "r" else deletes,
        "pins": constraint.fk_upd_action in {"a", "r"},
    }


def is_kept(constraint: tree.Constraint) -> bool:
    """Whether this is a constraint that stays with the table (not a default, not an identity)."""
    return constraint.contype in _CONSTRAINTS


@functools.lru_cache(maxsize=512)
def _asked(written: bytes) -> dict[str, Any]:
    """Return what a CHECK says besides, by the JSON of its expression without places."""
    expression = msgspec.json.decode(written)
    return {
        "columns": _mentioned(expression),
        "proves": _proves_not_null(expression),
        "wants_value": b'"IS_NOT_NULL"' in written,
        "expression": written.decode(),
        "always": literal(expression) == "true",
        "bounds": bounds(expression),
    }


def _mentioned(expression: Json) -> tuple[str, ...]:
    """Return the columns that an expression mentions, in order, each once."""
    found: dict[str, None] = {}
    stack: list[object] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += reversed(node)
        elif isinstance(node, dict):
            fields = node.get("ColumnRef", {}).get("fields", [])
            names = [part["String"].get("sval", "") for part in fields if "String" in part]
            found |= dict.fromkeys(names[-1:])
            stack += reversed(node.values())
    return tuple(found)


def _proves_not_null(expression: Json) -> str:
    """Return the column that a CHECK proves not to be null, where that is all it says."""
    test = expression.get("NullTest", {})
    if test.get("nulltesttype") != "IS_NOT_NULL":
        return ""
    fields = test.get("arg", {}).get("ColumnRef", {}).get("fields", [])
    return str(fields[-1].get("String", {}).get("sval", "")) if fields else ""
