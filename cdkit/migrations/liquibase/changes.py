"""Liquibase's change types: what each runs, and how Liquibase takes it back by itself.

Names, attributes and ways back: Liquibase documentation, "Change Types" (each page's table says
whether a rollback is made), dbchangelog-latest.xsd; the SQL is held against Liquibase 4.28.
"""

from collections.abc import Iterator

from cdkit.migrations.liquibase import constraints
from cdkit.migrations.liquibase.change_type import (
    TABLE,
    Render,
    Type,
    alter,
    column_name,
    named,
    type_of,
)
from cdkit.migrations.liquibase.columns import (
    add_column,
    columns_of,
    constraints_of,
    create_table,
    index_columns,
    not_null,
)
from cdkit.migrations.liquibase.names import Words, text, truth, value_of
from cdkit.migrations.liquibase.node import Node


def _nothing(_node: Node, _words: Words) -> Iterator[str]:
    yield from ()


def _drop_table(node: Node, words: Words) -> Iterator[str]:
    cascade = " CASCADE" if truth(node.get("cascadeConstraints")) and words.is_postgres else ""
    yield f"DROP TABLE {words.table(node)}{cascade};"


def _drop_column(node: Node, words: Words) -> Iterator[str]:
    names = [node.get("columnName"), *(each.get("name") for each in columns_of(node))]
    for name in filter(None, names):
        yield alter(node, words, f"DROP COLUMN {words.name(name)}")


def _drop_added(node: Node, words: Words) -> Iterator[str]:
    for column in columns_of(node):
        yield alter(node, words, f"DROP COLUMN {words.name(column.get('name'))}")


def _rename_column(node: Node, words: Words) -> Iterator[str]:
    old, new = (
        column_name(node, words, "oldColumnName"),
        column_name(node, words, "newColumnName"),
    )
    yield alter(node, words, f"RENAME COLUMN {old} TO {new}")


def _rename_column_back(node: Node, words: Words) -> Iterator[str]:
    old, new = (
        column_name(node, words, "oldColumnName"),
        column_name(node, words, "newColumnName"),
    )
    yield alter(node, words, f"RENAME COLUMN {new} TO {old}")


def _renamed(kind: str, what: str, *, back: bool = False) -> Render:
    """Return the renaming of a table, a view or a sequence, or the way back."""

    def render(node: Node, words: Words) -> Iterator[str]:
        first, second = ("new", "old") if back else ("old", "new")
        schema = node.get("schemaName")
        old, new = (words.name(node.get(f"{each}{what}Name")) for each in (first, second))
        path = f"{words.name(schema)}.{old}" if schema else old
        if words.is_mysql:
            yield f"RENAME TABLE {path} TO {new};"
        else:
            yield f"ALTER {kind} {path} RENAME TO {new};"

    return render


def _modify(node: Node, words: Words) -> Iterator[str]:
    name, kind = column_name(node, words), words.type(node.get("newDataType"))
    verb = f"MODIFY {name} {kind}" if words.is_mysql else f"ALTER COLUMN {name} TYPE {kind}"
    yield alter(node, words, verb)


def _create_index(node: Node, words: Words) -> Iterator[str]:
    unique = "UNIQUE " if truth(node.get("unique")) else ""
    name = node.get("indexName")
    named = f"{words.name(name)} " if name else ""
    yield f"CREATE {unique}INDEX {named}ON {words.table(node)} ({index_columns(node, words)});"


def _drop_index(node: Node, words: Words) -> Iterator[str]:
    name = words.name(node.get("indexName"))
    schema = node.get("schemaName")
    if words.is_mysql:
        yield f"DROP INDEX {name} ON {words.table(node)};"
    else:
        yield f"DROP INDEX {words.name(schema) + '.' if schema else ''}{name};"


def _view(node: Node, words: Words) -> str:
    schema, name = node.get("schemaName"), words.name(node.get("viewName"))
    return f"{words.name(schema)}.{name}" if schema else name


def _create_view(node: Node, words: Words) -> Iterator[str]:
    body = node.get("selectQuery") or node.text
    if truth(node.get("fullDefinition")):
        yield f"{body.strip().rstrip(';')};"
        return
    replace = "OR REPLACE " if truth(node.get("replaceIfExists")) else ""
    yield f"CREATE {replace}VIEW {_view(node, words)} AS {body.strip().rstrip(';')};"


def _drop_view(node: Node, words: Words) -> Iterator[str]:
    there = "IF EXISTS " if truth(node.get("ifExists")) else ""
    yield f"DROP VIEW {there}{_view(node, words)};"


def _sequence(node: Node, words: Words) -> str:
    schema, name = node.get("schemaName"), words.name(node.get("sequenceName"))
    return f"{words.name(schema)}.{name}" if schema else name


def _sequence_words(node: Node) -> str:
    said = {
        "dataType": " AS ", "startValue": " START WITH ", "incrementBy": " INCREMENT BY ",
        "minValue": " MINVALUE ", "maxValue": " MAXVALUE ", "cacheSize": " CACHE ",
    }  # fmt: skip
    parts = [verb + node.get(name) for name, verb in said.items() if node.get(name)]
    return "".join(parts) + (" CYCLE" if truth(node.get("cycle")) else "")


def _create_sequence(node: Node, words: Words) -> Iterator[str]:
    yield f"CREATE SEQUENCE IF NOT EXISTS {_sequence(node, words)}{_sequence_words(node)};"


def _alter_sequence(node: Node, words: Words) -> Iterator[str]:
    yield f"ALTER SEQUENCE {_sequence(node, words)}{_sequence_words(node)};"


def _drop_sequence(node: Node, words: Words) -> Iterator[str]:
    yield f"DROP SEQUENCE {_sequence(node, words)}{' CASCADE' if words.is_postgres else ''};"


def _add_default(node: Node, words: Words) -> Iterator[str]:
    value = value_of(node, "defaultValue", words)
    yield alter(node, words, f"ALTER COLUMN {column_name(node, words)} SET DEFAULT {value}")


def _drop_default(node: Node, words: Words) -> Iterator[str]:
    yield alter(node, words, f"ALTER COLUMN {column_name(node, words)} DROP DEFAULT")


def _add_increment(node: Node, words: Words) -> Iterator[str]:
    name, kind = column_name(node, words), words.type(node.get("columnDataType"))
    if words.is_mysql:
        yield alter(node, words, f"MODIFY {name} {kind} AUTO_INCREMENT")
        return
    sequence = f"{node.get('tableName')}_{node.get('columnName')}_seq".lower()
    start = f" START WITH {node.get('startWith')}" if node.get("startWith") else ""
    yield f"CREATE SEQUENCE IF NOT EXISTS {words.name(sequence)}{start};"
    yield alter(node, words, f"ALTER COLUMN {name} SET NOT NULL")
    yield alter(node, words, f"ALTER COLUMN {name} SET DEFAULT nextval({text(sequence)})")
    yield f"ALTER SEQUENCE {words.name(sequence)} OWNED BY {words.table(node)}.{name};"


def _table_remarks(node: Node, words: Words) -> Iterator[str]:
    said = text(node.get("remarks"))
    mysql = alter(node, words, f"COMMENT = {said}")
    yield mysql if words.is_mysql else f"COMMENT ON TABLE {words.table(node)} IS {said};"


def _column_remarks(node: Node, words: Words) -> Iterator[str]:
    said, name = text(node.get("remarks")), column_name(node, words)
    kind = words.type(node.get("columnDataType"))
    mysql = alter(node, words, f"MODIFY COLUMN {name} {kind} COMMENT {said}")
    other = f"COMMENT ON COLUMN {words.table(node)}.{name} IS {said};"
    yield mysql if words.is_mysql else other


def _insert(node: Node, words: Words) -> Iterator[str]:
    columns = list(columns_of(node))
    names = ", ".join(words.name(each.get("name")) for each in columns)
    values = ", ".join(value_of(each, "value", words) or "NULL" for each in columns)
    yield f"INSERT INTO {words.table(node)} ({names}) VALUES ({values});"


def _where(node: Node, words: Words) -> str:
    """Return a condition; `:name` and `:value` stand for what `whereParams` give, in order."""
    condition = node.get("where")
    given = [each for wrapper in node.all("whereParams") for each in wrapper.all("param")]
    for each in given:
        if name := each.get("name"):
            condition = condition.replace(":name", words.name(name), 1)
        condition = condition.replace(":value", value_of(each, "value", words) or "NULL", 1)
    return f" WHERE {condition}" if condition else ""


def _update(node: Node, words: Words) -> Iterator[str]:
    pairs = (
        f"{words.name(each.get('name'))} = {value_of(each, 'value', words) or 'NULL'}"
        for each in columns_of(node)
    )
    yield f"UPDATE {words.table(node)} SET {', '.join(pairs)}{_where(node, words)};"


def _delete(node: Node, words: Words) -> Iterator[str]:
    yield f"DELETE FROM {words.table(node)}{_where(node, words)};"


def _load(node: Node, words: Words) -> Iterator[str]:
    """Rows of a file: that they come in is what counts, not which."""
    yield f"INSERT INTO {words.table(node)} SELECT * FROM {words.table(node)} WHERE false;"


def _merge(node: Node, words: Words) -> Iterator[str]:
    one, two, final = (column_name(node, words, key) for key in _MERGED)
    kind = words.type(node.get("finalColumnType"))
    joined = f"{one} || {text(node.get('joinString'))} || {two}"
    yield alter(node, words, f"ADD COLUMN {final} {kind}")
    yield f"UPDATE {words.table(node)} SET {final} = {joined};"
    yield alter(node, words, f"DROP COLUMN {one}")
    yield alter(node, words, f"DROP COLUMN {two}")


_MERGED = ("column1Name", "column2Name", "finalColumnName")


def _lookup(node: Node, words: Words) -> Iterator[str]:
    old, new = words.name(node.get("existingTableName")), words.name(node.get("newTableName"))
    column = column_name(node, words, "existingColumnName")
    key = column_name(node, words, "newColumnName")
    yield (
        f"CREATE TABLE {new} AS SELECT DISTINCT {column} AS {key} FROM {old} "
        f"WHERE {column} IS NOT NULL;"
    )
    yield from not_null(new, key, node.get("newColumnDataType"), words)
    yield f"ALTER TABLE {new} ADD PRIMARY KEY ({key});"
    constraint = named(node, words)
    yield f"ALTER TABLE {old} ADD {constraint}FOREIGN KEY ({column}) REFERENCES {new} ({key});"


def _drop_procedure(node: Node, words: Words) -> Iterator[str]:
    yield f"DROP PROCEDURE {words.name(node.get('procedureName'))};"


_DEFAULTS = "defaultValue defaultValueNumeric defaultValueDate defaultValueBoolean"
_SEQUENCE = "catalogName schemaName sequenceName startValue incrementBy maxValue minValue ordered"
_FILE = "file relativeToChangelogFile encoding separator quotchar commentLineStartsWith"
_VIEW = "catalogName schemaName viewName"


TYPES = constraints.TYPES | {
    "createTable": type_of(f"{TABLE} tablespace tableType remarks ifNotExists rowDependencies",
                         create_table, _drop_table),
    "dropTable": type_of(f"{TABLE} cascadeConstraints", _drop_table),
    "addColumn": type_of(TABLE, add_column, _drop_added),
    "dropColumn": type_of(f"{TABLE} columnName", _drop_column),
    "renameColumn": type_of(f"{TABLE} oldColumnName newColumnName columnDataType remarks",
                          _rename_column, _rename_column_back),
    "renameTable": type_of("catalogName schemaName oldTableName newTableName",
                         _renamed("TABLE", "Table"), _renamed("TABLE", "Table", back=True)),
    "renameView": type_of("catalogName schemaName oldViewName newViewName",
                        _renamed("VIEW", "View"), _renamed("VIEW", "View", back=True)),
    "renameSequence": type_of("catalogName schemaName oldSequenceName newSequenceName",
                            _renamed("SEQUENCE", "Sequence"),
                            _renamed("SEQUENCE", "Sequence", back=True)),
    "modifyDataType": type_of(f"{TABLE} columnName newDataType", _modify),
    "createIndex": type_of(f"{TABLE} indexName associatedWith unique clustered tablespace",
                         _create_index, _drop_index),
    "dropIndex": type_of(f"{TABLE} indexName associatedWith", _drop_index),
    "createView": type_of(f"{_VIEW} remarks replaceIfExists fullDefinition selectQuery",
                        _create_view, _drop_view),
    "dropView": type_of(f"{_VIEW} ifExists", _drop_view),
    "createSequence": type_of(f"{_SEQUENCE} cacheSize dataType cycle",
                            _create_sequence, _drop_sequence),
    "alterSequence": type_of(f"{_SEQUENCE} cacheSize dataType cycle", _alter_sequence),
    "dropSequence": type_of(f"{_SEQUENCE} cacheSize dataType cycle", _drop_sequence),
    "addDefaultValue": type_of(
        f"{TABLE} columnName columnDataType defaultValueSequenceNext defaultValueConstraintName "
        f"{_DEFAULTS} defaultValueComputed", _add_default, _drop_default),
    "dropDefaultValue": type_of(f"{TABLE} columnName columnDataType", _drop_default),
    "addAutoIncrement": type_of(
        f"{TABLE} columnName columnDataType startWith incrementBy defaultOnNull generationType",
        _add_increment),
    "setTableRemarks": type_of(f"{TABLE} remarks", _table_remarks),
    "setColumnRemarks": type_of(f"{TABLE} columnName columnDataType remarks columnParentType",
                              _column_remarks),
    "insert": type_of(f"{TABLE} dbms", _insert),
    "update": type_of(f"{TABLE} where", _update),
    "delete": type_of(f"{TABLE} where", _delete),
    "loadData": type_of(f"{TABLE} {_FILE} usePreparedStatements", _load),
    "loadUpdateData": type_of(
        f"{TABLE} {_FILE} primaryKey onlyUpdate usePreparedStatements", _load),
    "mergeColumns": type_of(
        f"{TABLE} column1Name joinString column2Name finalColumnName finalColumnType", _merge),
    "addLookupTable": type_of(
        "existingTableCatalogName existingTableSchemaName existingTableName existingColumnName "
        "newTableCatalogName newTableSchemaName newTableName newColumnName newColumnDataType "
        "constraintName", _lookup),
    "dropProcedure": type_of("catalogName schemaName procedureName", _drop_procedure),
    "tagDatabase": type_of("tag keepTagOnRollback", _nothing, _nothing),
    "empty": type_of("", _nothing, _nothing),
    "output": type_of("target message", _nothing, _nothing),
}  # fmt: skip
"""The change types that are known, but for SQL itself (`sql`, `sqlFile`, `createProcedure`)."""

_DEFAULT_KINDS = ("", "Numeric", "Date", "Boolean", "Computed", "SequenceCurrent", "SequenceNext")
_VALUES = (f"{what}{kind}" for what in ("value", "defaultValue") for kind in _DEFAULT_KINDS)
COLUMN = frozenset(_VALUES) | {
    *("name", "type", "defaultValueConstraintName", "autoIncrement", "startWith", "incrementBy"),
    *("generationType", "defaultOnNull", "remarks", "encoding", "computed", "descending"),
    *("position", "index", "header"),
}
"""The attributes of a column that are known; `afterColumn` and blob files are not."""

CONSTRAINTS = frozenset(
    {
        *("nullable", "notNullConstraintName", "primaryKey", "primaryKeyName", "unique"),
        *("primaryKeyTablespace", "uniqueConstraintName", "references", "checkConstraint"),
        *("referencedTableCatalogName", "referencedTableSchemaName", "referencedTableName"),
        *("referencedColumnNames", "foreignKeyName", "deleteCascade", "deferrable"),
        *("initiallyDeferred", "validateNullable", "validateUnique", "validatePrimaryKey"),
        "validateForeignKey",
    }
)
"""The attributes of a column's constraints that are known; Liquibase runs no checkConstraint."""


def unknown_of(node: Node, kind: Type) -> Iterator[str]:
    """Yield the attributes of a change, its columns and their constraints that nobody knows."""
    yield from (name for name in node.attributes if name not in kind.attributes)
    for column in columns_of(node) if "autoIncrement" not in kind.attributes else ():
        yield from (name for name in column.attributes if name not in COLUMN)
        said = constraints_of(column).attributes
        yield from (name for name in said if name not in CONSTRAINTS)
