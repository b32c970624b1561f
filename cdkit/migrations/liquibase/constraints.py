"""Constraints: NOT NULL, foreign keys, unique and primary keys, added and dropped."""

from collections.abc import Iterator

from cdkit.migrations.liquibase.change_type import TABLE, alter, column_name, named, type_of
from cdkit.migrations.liquibase.columns import deferral, not_null
from cdkit.migrations.liquibase.names import Words, text, truth
from cdkit.migrations.liquibase.node import Node

_BASE = "baseTableCatalogName baseTableSchemaName baseTableName"
_KEY = "columnNames constraintName tablespace clustered forIndexCatalogName forIndexSchemaName"
_COLUMNS = ("baseColumnNames", "referencedColumnNames")


def _add_not_null(node: Node, words: Words) -> Iterator[str]:
    table, name = words.table(node), column_name(node, words)
    if default := node.get("defaultNullValue"):
        yield f"UPDATE {table} SET {name} = {text(default)} WHERE {name} IS NULL;"
    yield from not_null(table, name, node.get("columnDataType"), words)


def _drop_not_null(node: Node, words: Words) -> Iterator[str]:
    name = column_name(node, words)
    kind = words.type(node.get("columnDataType"))
    mysql = f"MODIFY {name} {kind} NULL"
    yield alter(node, words, mysql if words.is_mysql else f"ALTER COLUMN {name} DROP NOT NULL")


def _add_foreign_key(node: Node, words: Words) -> Iterator[str]:
    schema = node.get("referencedTableSchemaName")
    target = words.name(node.get("referencedTableName"))
    target = f"{words.name(schema)}.{target}" if schema else target
    ours, theirs = (words.names(node.get(each)) for each in _COLUMNS)
    key = f"FOREIGN KEY ({ours}) REFERENCES {target} ({theirs})"
    for attribute, verb in (("onUpdate", "UPDATE"), ("onDelete", "DELETE")):
        if action := node.get(attribute):
            key += f" ON {verb} {action}"
    if truth(node.get("deleteCascade")):
        key += " ON DELETE CASCADE"
    yield f"ALTER TABLE {_base(node, words)} ADD {named(node, words)}{key}{_wait(node, words)};"


def _base(node: Node, words: Words) -> str:
    """Return the table that a foreign key is of."""
    schema, name = node.get("baseTableSchemaName"), words.name(node.get("baseTableName"))
    return f"{words.name(schema)}.{name}" if schema else name


def _wait(node: Node, words: Words) -> str:
    if words.is_mysql:
        return ""
    checked = node.get("validate").strip().lower() != "false" or not words.is_postgres
    return deferral(node) + ("" if checked else " NOT VALID")


def _drop_foreign_key(node: Node, words: Words) -> Iterator[str]:
    verb = "DROP FOREIGN KEY" if words.is_mysql else "DROP CONSTRAINT"
    yield f"ALTER TABLE {_base(node, words)} {verb} {words.name(node.get('constraintName'))};"


def _add_unique(node: Node, words: Words) -> Iterator[str]:
    yield _with_index(node, words, "UNIQUE")


def _add_primary_key(node: Node, words: Words) -> Iterator[str]:
    yield _with_index(node, words, "PRIMARY KEY")


def _with_index(node: Node, words: Words, kind: str) -> str:
    index = node.get("forIndexName")
    if index and words.is_postgres:
        what = f"{kind} USING INDEX {words.name(index)}"
    else:
        what = f"{kind} ({words.names(node.get('columnNames'))})"
    wait = "" if words.is_mysql else deferral(node)
    return alter(node, words, f"ADD {named(node, words)}{what}{wait}")


def _drop_unique(node: Node, words: Words) -> Iterator[str]:
    verb = "DROP KEY" if words.is_mysql else "DROP CONSTRAINT"
    yield alter(node, words, f"{verb} {words.name(node.get('constraintName'))}")


def _drop_primary_key(node: Node, words: Words) -> Iterator[str]:
    # Without a name Liquibase looks it up; PostgreSQL's own name for it is TABLE_pkey.
    name = node.get("constraintName") or f"{node.get('tableName')}_pkey"
    verb = "DROP PRIMARY KEY" if words.is_mysql else f"DROP CONSTRAINT {words.name(name)}"
    yield alter(node, words, verb)


TYPES = {
    "addNotNullConstraint": type_of(
        f"{TABLE} columnName defaultNullValue columnDataType constraintName validate",
        _add_not_null, _drop_not_null),
    "dropNotNullConstraint": type_of(f"{TABLE} columnName columnDataType constraintName",
                                   _drop_not_null, _add_not_null),
    "addForeignKeyConstraint": type_of(
        f"{_BASE} baseColumnNames constraintName referencedTableCatalogName "
        "referencedTableSchemaName referencedTableName referencedColumnNames deferrable "
        "initiallyDeferred deleteCascade onDelete onUpdate referencesUniqueColumn validate",
        _add_foreign_key, _drop_foreign_key),
    "dropForeignKeyConstraint": type_of(f"{_BASE} constraintName", _drop_foreign_key),
    "addUniqueConstraint": type_of(
        f"{TABLE} {_KEY} forIndexName disabled deferrable initiallyDeferred validate",
        _add_unique, _drop_unique),
    "dropUniqueConstraint": type_of(f"{TABLE} constraintName uniqueColumns", _drop_unique),
    "addPrimaryKey": type_of(f"{TABLE} {_KEY} forIndexName validate",
                           _add_primary_key, _drop_primary_key),
    "dropPrimaryKey": type_of(f"{TABLE} constraintName dropIndex", _drop_primary_key),
}  # fmt: skip
"""The change types of constraints."""
