"""What a change type is: its attributes, its SQL, and Liquibase's own way back from it."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from cdkit.migrations.liquibase.names import Words
from cdkit.migrations.liquibase.node import Node

TABLE = "catalogName schemaName tableName"
"""The attributes that name a table."""

Render = Callable[[Node, Words], Iterator[str]]


class Type(Struct, frozen=True, kw_only=True):
    """A change type: its attributes beside those of its table, its SQL, its own way back."""

    attributes: frozenset[str]
    render: Render
    back: Render | None = None


def type_of(attributes: str, render: Render, back: Render | None = None) -> Type:
    """Return a change type; its attributes with spaces between them."""
    return Type(attributes=frozenset(attributes.split()), render=render, back=back)


def alter(node: Node, words: Words, what: str) -> str:
    """Return a statement that alters the table of a change."""
    return f"ALTER TABLE {words.table(node)} {what};"


def column_name(node: Node, words: Words, key: str = "columnName") -> str:
    """Return the name of the column that a change is about."""
    return words.name(node.get(key))


def named(node: Node, words: Words) -> str:
    """Return how a constraint is given its name; nothing where it has none."""
    name = node.get("constraintName")
    return f"CONSTRAINT {words.name(name)} " if name else ""
