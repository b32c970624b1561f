"""Kinds of types: which of PostgreSQL's own belong together, and which somebody has made."""

from cdkit.migrations.nouns import Name, Type
from cdkit.migrations.rule import Context

_WORDS = {
    "S": "text varchar bpchar name char",
    "N": "int2 int4 int8 numeric float4 float8 oid money",
    "D": "date time timetz timestamp timestamptz",
}
_FAMILIES = {word: key for key, words in _WORDS.items() for word in words.split()}
"""PostgreSQL manual, catalog pg_type, typcategory."""
TEXTS = frozenset(_WORDS["S"].split())
NUMBERS = frozenset(_WORDS["N"].split())


def family(kind: Type) -> str:
    """Return the category of a built-in type as a letter; else what the type is called."""
    return str(kind) if kind.array else _FAMILIES.get(kind.name, kind.name)


def is_made(kind: Type, context: Context) -> bool:
    """Whether a type is one that a migration made."""
    name = _name(kind)
    return context.schema.thing(name) is not None or context.schema.table(name) is not None


def is_new(kind: Type, context: Context) -> bool:
    """Whether a type is made by the release under judgement, so that nobody has values of it."""
    return context.schema.is_new_relation(_name(kind))


def _name(kind: Type) -> Name:
    schema, _, name = kind.name.rpartition(".")
    return Name(schema, name)
