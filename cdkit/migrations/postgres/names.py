"""Names, types, defaults and constraints: from trees to our nouns."""

import functools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, structs

from cdkit.migrations.lexer import SKIPPED, first
from cdkit.migrations.nouns import NULLS_ALIKE, TEMPORARY, Column, Constraint, Default, Name, Type
from cdkit.migrations.postgres import tree
from cdkit.migrations.postgres.prints import bounds, fragile, nodes, null_by, placeless
from cdkit.migrations.postgres.tree import Json, Node, RangeVar, calls, literal, words
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
        return words(node.type.names)
    if node.relation:
        name = of_relation(node.relation)
        return (name.schema, name.name) if name.schema else (name.name,)
    return (node.string.sval,) if node.string else ()


def of_type(named: tree.TypeName | None) -> Type:
    """Return a type; `pg_catalog` goes without saying, serial is its integer."""
    if named is None:
        return Type("")
    modifiers = tuple([_whole(each) for each in named.typmods]) if named.typmods else ()
    return _type(words(named.names), modifiers, bool(named.arrayBounds))


@functools.lru_cache(maxsize=1024)
def _type(names: tuple[str, ...], modifiers: tuple[int | None, ...], array: bool) -> Type:  # noqa: FBT001 - cached by place
    name = ".".join(part for part in names if part != "pg_catalog")
    return Type(_SERIAL.get(name, name), modifiers, array)


def _whole(modifier: Json) -> int | None:
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
    name, kind = definition.colname, of_type(definition.typeName)
    serial = _is_serial(definition.typeName)
    given = [node.constraint for node in definition.constraints if node.constraint]
    collation = of_collation(definition.collClause) if definition.collClause else ""
    if not given:
        return Column(name=name, type=kind, serial=serial, not_null=serial, collation=collation)
    by_kind = {each.contype: each for each in reversed(given)}
    default, generated = by_kind.get("CONSTR_DEFAULT"), by_kind.get("CONSTR_GENERATED")
    identity = by_kind.get("CONSTR_IDENTITY")
    return Column(
        name=name,
        type=kind,
        not_null=serial or not by_kind.keys().isdisjoint(_NOT_NULL),
        default=of_default(default.raw_expr) if default else None,
        identity=identity is not None,
        always=identity is not None and identity.generated_when == "a",
        serial=serial,
        constraints=_written(given, statement),
        collation=collation,
        **(_generated(generated) if generated else {}),
    )


def of_collation(clause: Json | None) -> str:
    """Return the collation that COLLATE names, without its schema; empty for none."""
    names = (clause or {}).get("collname", [])
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def _written(given: list[tree.Constraint], statement: Statement) -> tuple[Constraint, ...]:
    """Return the constraints behind a column, each with the words that follow it."""
    kept: list[Constraint] = []
    for each in given:
        if each.contype in _KEPT:
            kept.append(of_constraint(each, statement))
        elif kept and (said := _FOLLOWING.get(each.contype)):
            kept[-1] = structs.replace(kept[-1], **said)
    return tuple(kept)


def _is_serial(named: tree.TypeName | None) -> bool:
    last = named.names[-1].string if named and named.names else None
    return last is not None and last.sval in _SERIAL


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


def of_constraint(
    constraint: tree.Constraint, statement: Statement, end: int | None = None
) -> Constraint:
    """Return a constraint; `end` is the byte of the file where its text ends, if known."""
    at = statement.at(constraint.location)
    source = statement.text.data[at:end] if end else b""
    checked = constraint.contype in {"CONSTR_CHECK", "CONSTR_FOREIGN"}
    asked = _asked(placeless(bytes(constraint.raw_expr))) if constraint.raw_expr else _Asked()
    return Constraint(
        kind=_CONSTRAINTS[constraint.contype],
        name=constraint.conname,
        columns=words(constraint.fk_attrs) or words(constraint.keys) or asked.columns,
        references=of_relation(constraint.pktable) if constraint.pktable else None,
        refers=words(constraint.pk_attrs),
        valid=not constraint.skip_validation,
        enforced=constraint.is_enforced or not checked,
        index=constraint.indexname,
        proves=asked.proves,
        wants_value='"IS_NOT_NULL"' in asked.text,
        sql=source.decode("utf-8", "replace"),
        expression=NULLS_ALIKE if constraint.nulls_not_distinct else asked.text,
        keeps=constraint.fk_del_action in {"a", "r"},
        deletes="a" if constraint.fk_del_action == "r" else constraint.fk_del_action,
        pins=constraint.fk_upd_action in {"a", "r"},
        always=asked.always,
        bounds=asked.bounds,
        deferrable=constraint.deferrable,
        deferred=constraint.initdeferred,
        at=at,
    )


def is_kept(constraint: tree.Constraint) -> bool:
    """Whether this is a constraint that stays with the table (not a default, not an identity)."""
    return constraint.contype in _CONSTRAINTS


class _Asked(NamedTuple):
    """What a CHECK asks: the columns of it, and what a Constraint says of its expression."""

    text: str = ""
    columns: tuple[str, ...] = ()
    proves: str = ""
    always: bool = False
    bounds: tuple[str, str, str] = ("", "", "")


@functools.lru_cache(maxsize=512)
def _asked(written: bytes) -> _Asked:
    """Return what a CHECK asks by the JSON of its expression without places."""
    expression = msgspec.json.decode(written)
    return _Asked(
        text=written.decode(),
        columns=_mentioned(expression),
        proves=_proves_not_null(expression),
        always=literal(expression) == "true",
        bounds=bounds(expression),
    )


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
