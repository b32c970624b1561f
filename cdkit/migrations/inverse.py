"""What undoes one operation, as SQL, on the schema that was there before it."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeColumn
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.indexes import usual_name
from cdkit.migrations.nouns import TEMPORARY, Column, Constraint, Name, Type, automatic_name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Table

_MYSQL = frozenset({"mysql", "mariadb"})
NOTHING = " "
"""What is said where an operation changes nothing, so that there is nothing to undo."""

_OPPOSITE = {
    "CREATE": "DROP", "ENABLE": "DISABLE", "DISABLE": "ENABLE", "FORCE": "NO FORCE",
    "ATTACH": "DETACH", "INHERIT": "NO INHERIT",
}  # fmt: skip


class Speech(Struct, frozen=True, kw_only=True):
    """How a way back is written: by which dialect, for which server."""

    dialect: Dialect
    server: Server

    def name(self, name: Name) -> str:
        """Return a name as SQL; the schema `public` goes without saying."""
        said = self.dialect.quoted(name.name)
        plain = name.schema in {"", "public"}
        return said if plain else f"{self.dialect.quoted(name.schema)}.{said}"

    def names(self, names: Iterable[str]) -> str:
        """Return names as a list."""
        return ", ".join(map(self.dialect.quoted, names))

    @property
    def is_mysql(self) -> bool:
        """Whether it is MySQL or MariaDB."""
        return self.server.engine in _MYSQL


def inverse(operation: Operation, before: Schema, speech: Speech) -> str:
    """Return what undoes an operation on the schema before it; empty where nobody can tell.

    NOTHING where it changes nothing.
    """
    for kind, way in _WAYS.items():
        if isinstance(operation, kind):
            return way(operation, before, speech)
    return ""


def _on(table: Name, action: str, speech: Speech) -> str:
    return f"ALTER TABLE {speech.name(table)} {action};" if action else ""


def _created_table(made: op.CreateTable, before: Schema, speech: Speech) -> str:
    if before.table(made.table) or made.table.schema == TEMPORARY:
        return NOTHING
    return f"DROP TABLE {speech.name(made.table)};"


def _added_column(added: op.AddColumn, before: Schema, speech: Speech) -> str:
    name = speech.dialect.quoted(added.column.name)
    if added.attribute:
        return f"ALTER TYPE {speech.name(added.table)} DROP ATTRIBUTE {name};"
    there = added.if_not_exists and before.column(added.table, added.column.name)
    return NOTHING if there else _on(added.table, f"DROP COLUMN {name}", speech)


def _dropped_column(dropped: op.DropColumn, before: Schema, speech: Speech) -> str:
    table, old = before.table(dropped.table), before.column(dropped.table, dropped.column)
    written = definition(old, speech) if old else ""
    if table is None or not written:
        return ""
    lines = (
        _on(dropped.table, f"ADD COLUMN {written}", speech),
        *_gone_along(table, dropped.column, before, speech),
    )
    return "\n".join(lines) if all(lines) else ""


def _gone_along(table: Table, column: str, before: Schema, speech: Speech) -> Iterator[str]:
    """Yield what makes the constraints and indexes again that went with a column."""
    for constraint in table.constraints.values():
        if column in constraint.columns and constraint.kind != "not null":
            written = _constraint(constraint, speech)
            yield _on(table.name, f"ADD {written}" if written else "", speech)
    own = {before.index_name(table.name, name) for name in table.constraints}
    for index in before.indexes.of(table.name):
        if index not in own and column in before.indexes[index].columns:
            yield _index_again(index, before, speech, apart=False)


def definition(column: Column, speech: Speech) -> str:
    """Return a column as ADD COLUMN writes it; an empty text where the model does not hold it all.

    A NOT NULL without a default is left out: the rows that are there have nothing to put there.
    """
    kind = _type(column.type, speech)
    if not kind or column.generated or column.identity or column.serial:
        return ""
    given = column.default and not column.default.null
    default = _default(column, speech)
    if given and not default:
        return ""
    null = " NOT NULL" if column.not_null and (default or speech.is_mysql) else ""
    return f"{speech.dialect.quoted(column.name)} {kind}{default}{null}{_more(column, speech)}"


def _type(of: Type, speech: Speech) -> str:
    if speech.server.engine == "postgres":
        from cdkit.migrations.postgres.ways import type_sql

        return type_sql(of)
    return "" if None in of.modifiers else str(of)


def _default(column: Column, speech: Speech) -> str:
    given = column.default
    if given is None or given.null:
        return ""
    if given.sql:
        return f" DEFAULT {'CURRENT_TIMESTAMP' if given.sql == 'now' else given.sql}"
    if given.constant and given.value and speech.server.engine == "postgres":
        from cdkit.migrations.postgres.ways import text

        return f" DEFAULT {text(given.value)}"
    return ""


def _more(column: Column, speech: Speech) -> str:
    """Return what MySQL writes behind a column besides."""
    if not speech.is_mysql:
        return ""
    update = f" ON UPDATE {column.on_update}" if column.on_update else ""
    return f"{update}{' INVISIBLE' if column.invisible else ''}"


def _renamed_column(renamed: op.RenameColumn, before: Schema, speech: Speech) -> str:
    del before
    old, new = map(speech.dialect.quoted, (renamed.column, renamed.to))
    return _on(renamed.table, f"RENAME COLUMN {new} TO {old}", speech)


def _renamed_table(renamed: op.RenameTable, before: Schema, speech: Speech) -> str:
    kind = "VIEW" if before.kind_of(renamed.table).endswith("view") else "TABLE"
    now = speech.name(Name(renamed.table.schema, renamed.to))
    return f"ALTER {kind} {now} RENAME TO {speech.dialect.quoted(renamed.table.name)};"


def _changed_type(changed: op.ChangeType, before: Schema, speech: Speech) -> str:
    old = before.column(changed.table, changed.column)
    kind = _type(old.type, speech) if old else ""
    if not kind or speech.is_mysql:
        return ""
    column = speech.dialect.quoted(changed.column)
    using = f" USING {column}::{kind}" if changed.using else ""
    return _on(changed.table, f"ALTER COLUMN {column} TYPE {kind}{using}", speech)


def _changed_column(changed: ChangeColumn, before: Schema, speech: Speech) -> str:
    """MODIFY or CHANGE: the old column is said whole, as it was."""
    del before
    old = changed.old
    if old is None or not (written := definition(old, speech)):
        return ""
    name = speech.dialect.quoted(changed.new.name)
    return _on(changed.table, f"CHANGE COLUMN {name} {written}", speech)


def _nullable(changed: op.SetNotNull | op.DropNotNull, before: Schema, speech: Speech) -> str:
    if speech.is_mysql:
        return ""
    old = before.column(changed.table, changed.column)
    if old and old.not_null == isinstance(changed, op.SetNotNull):
        return NOTHING
    word = "DROP" if isinstance(changed, op.SetNotNull) else "SET"
    column = speech.dialect.quoted(changed.column)
    return _on(changed.table, f"ALTER COLUMN {column} {word} NOT NULL", speech)


def _defaulted(changed: op.SetDefault | op.DropDefault, before: Schema, speech: Speech) -> str:
    old = before.column(changed.table, changed.column)
    if old is None:
        return ""
    given = _default(old, speech)
    if old.default and not old.default.null and not given:
        return ""
    column = speech.dialect.quoted(changed.column)
    action = f"SET{given}" if given else "DROP DEFAULT"
    return _on(changed.table, f"ALTER COLUMN {column} {action}", speech)


def _added_constraint(added: op.AddConstraint, before: Schema, speech: Speech) -> str:
    constraint, table = added.constraint, before.table(added.table)
    given = speech.dialect.naming
    name = constraint.name or (given(table, constraint) if given and table else "")
    name = name or constraint.index or automatic_name(added.table.name, constraint)
    return _on(added.table, _dropping(constraint.kind, name, speech), speech)


def _dropping(kind: str, name: str, speech: Speech) -> str:
    said = speech.dialect.quoted(name)
    if not speech.is_mysql:
        return f"DROP CONSTRAINT {said}"
    word = {"primary key": "", "foreign key": "FOREIGN KEY ", "unique": "INDEX "}
    return "DROP PRIMARY KEY" if kind == "primary key" else f"DROP {word.get(kind, 'CHECK ')}{said}"


def _dropped_constraint(dropped: op.DropConstraint, before: Schema, speech: Speech) -> str:
    old = before.constraint(dropped.table, dropped.constraint)
    written = _constraint(old, speech) if old else ""
    return _on(dropped.table, f"ADD {written}" if written else "", speech)


def _constraint(constraint: Constraint, speech: Speech) -> str:
    """Return a constraint as ALTER TABLE adds it, under the name that it has."""
    written = constraint.sql if constraint.kind == "check" or constraint.references is None else ""
    columns, to = speech.names(constraint.columns), constraint.references
    if constraint.kind in {"unique", "primary key"} and columns:
        written = f"{constraint.kind.upper()} ({columns})"
    elif to and constraint.sql.upper().lstrip().startswith(("CONSTRAINT", "FOREIGN")):
        written = constraint.sql
    if not written or written.upper().lstrip().startswith("CONSTRAINT"):
        return written
    return f"CONSTRAINT {speech.dialect.quoted(constraint.name)} {written}"


def _created_index(made: op.CreateIndex, before: Schema, speech: Speech) -> str:
    name = made.name or usual_name(made.table.name, made.columns)
    if made.if_not_exists and before.index_name(made.table, name) in before.indexes:
        return NOTHING
    if speech.is_mysql:
        return f"DROP INDEX {speech.dialect.quoted(name)} ON {speech.name(made.table)};"
    apart = " CONCURRENTLY" if made.concurrently else ""
    return f"DROP INDEX{apart} {speech.name(Name(made.table.schema, name))};"


def _dropped_object(dropped: op.DropObject, before: Schema, speech: Speech) -> str:
    if dropped.cascade:
        return ""
    if dropped.kind == "index":
        return _index_again(dropped.name, before, speech, apart=dropped.concurrently)
    table = before.table(dropped.name) if dropped.kind == "table" else None
    return table_again(table, speech) if table else ""


def _index_again(name: Name, before: Schema, speech: Speech, *, apart: bool) -> str:
    index = before.index(name)
    if index is None or index.where or index.form or not all(index.columns):
        return ""
    words = f"{'UNIQUE ' if index.unique else ''}INDEX{' CONCURRENTLY' if apart else ''}"
    said = name.name if before.shared_names else name.name.removeprefix(f"{index.table.name}.")
    where = f"{speech.name(index.table)} ({speech.names(index.columns)})"
    return f"CREATE {words} {speech.dialect.quoted(said)} ON {where};"


def table_again(table: Table, speech: Speech) -> str:
    """Return a table as it was, without its rows; nothing where the model does not hold it all."""
    plain = table.known and not (table.partition or table.partitioned or table.parents)
    if not plain or table.options or table.triggers or table.policies:
        return ""
    columns = [
        definition(each, speech) + (" NOT NULL" if each.not_null and not each.default else "")
        for each in table.columns.values()
    ]
    constraints = [
        _constraint(each, speech) for each in table.constraints.values() if each.kind != "not null"
    ]
    if not all(columns) or any(column.startswith(" NOT") for column in columns):
        return ""
    if not all(constraints):
        return ""
    inside = ",\n  ".join((*columns, *constraints))
    return f"CREATE TABLE {speech.name(table.name)} (\n  {inside}\n);"


def _created_object(made: op.CreateObject, before: Schema, speech: Speech) -> str:
    there = before.thing(made.name)
    takes = made.function.takes if made.function else ()
    if there and (not there.routines or takes in there.routines):
        return ""
    if made.kind in _BY_WHAT_THEY_TAKE:
        return ""
    arguments = ""
    if made.function and not speech.is_mysql:
        kinds = [_type(each, speech) for each in takes]
        if not all(kinds):
            return ""
        arguments = f"({', '.join(kinds)})"
    # SQLite's are kept with their table: `trigger on orders`.
    kind = "TRIGGER" if made.kind.startswith("trigger") else made.kind.upper()
    return f"DROP {kind} {speech.name(made.name)}{arguments};"


_BY_WHAT_THEY_TAKE = frozenset({"aggregate", "operator"})
"""What DROP wants the types of, which the model does not keep."""


def _renamed_object(renamed: op.RenameObject, before: Schema, speech: Speech) -> str:
    del before
    kind, old = renamed.kind.upper(), renamed.name
    if renamed.table:
        names = map(speech.dialect.quoted, (renamed.to, old.name))
        return _on(renamed.table, f"RENAME {kind} {next(names)} TO {next(names)}", speech)
    if renamed.moved:
        home = speech.dialect.quoted(old.schema or "public")
        return f"ALTER {kind} {speech.name(Name(renamed.to, old.name))} SET SCHEMA {home};"
    now = speech.name(Name(old.schema, renamed.to))
    return f"ALTER {kind} {now} RENAME TO {speech.dialect.quoted(old.name)};"


def _enum_value(renamed: op.RenameEnumValue, before: Schema, speech: Speech) -> str:
    del before
    new, old = (each.replace("'", "''") for each in (renamed.to, renamed.value))
    return f"ALTER TYPE {speech.name(renamed.type)} RENAME VALUE '{new}' TO '{old}';"


def _trigger(changed: op.ChangeTrigger, before: Schema, speech: Speech) -> str:
    del before
    verb, _, rest = changed.action.partition(" ")
    if changed.body:
        # One with code of its own is told as a thing, too.
        return NOTHING
    name, word = speech.dialect.quoted(changed.name), _OPPOSITE.get(verb, "")
    if verb == "CREATE":
        where = f" ON {speech.name(changed.table)}" if speech.server.engine == "postgres" else ""
        return f"DROP {rest.rpartition(' ')[2]} {name}{where};"
    plain = word and rest in {"TRIGGER", "RULE"} and changed.name
    return _on(changed.table, f"{word} {rest} {name}" if plain else "", speech)


def _row_security(changed: op.ChangeRowSecurity, before: Schema, speech: Speech) -> str:
    del before
    verb, _, rest = changed.action.partition(" ")
    if changed.policy:
        name = speech.dialect.quoted(changed.policy.name)
        made = verb == "CREATE"
        return f"DROP POLICY {name} ON {speech.name(changed.table)};" if made else ""
    if verb == "NO":
        return _on(changed.table, rest, speech)
    return _on(changed.table, f"{_OPPOSITE[verb]} {rest}" if verb in _OPPOSITE else "", speech)


def _identity(changed: op.ChangeIdentity, before: Schema, speech: Speech) -> str:
    del before
    column = speech.dialect.quoted(changed.column)
    added = changed.action == "ADD GENERATED AS IDENTITY"
    return _on(changed.table, f"ALTER COLUMN {column} DROP IDENTITY" if added else "", speech)


def _partition(moved: op.MovePartition, before: Schema, speech: Speech) -> str:
    del before
    verb, _, rest = moved.action.partition(" ")
    if verb == "ATTACH":
        return _on(moved.table, f"DETACH {rest} {speech.name(moved.other)}", speech)
    if verb in {"INHERIT", "NO"}:
        word = "NO INHERIT" if verb == "INHERIT" else "INHERIT"
        return _on(moved.other, f"{word} {speech.name(moved.table)}", speech)
    return ""


def _sequence(changed: op.ChangeSequence, before: Schema, speech: Speech) -> str:
    del before
    owned = changed.options == ("owned_by",)
    return f"ALTER SEQUENCE {speech.name(changed.sequence)} OWNED BY NONE;" if owned else ""


_WAYS: dict[type[Operation], Callable[..., str]] = {
    op.CreateTable: _created_table,
    op.AddColumn: _added_column,
    op.DropColumn: _dropped_column,
    op.RenameColumn: _renamed_column,
    op.RenameTable: _renamed_table,
    op.ChangeType: _changed_type,
    ChangeColumn: _changed_column,
    op.SetNotNull: _nullable,
    op.DropNotNull: _nullable,
    op.SetDefault: _defaulted,
    op.DropDefault: _defaulted,
    op.AddConstraint: _added_constraint,
    op.DropConstraint: _dropped_constraint,
    op.CreateIndex: _created_index,
    op.DropObject: _dropped_object,
    op.CreateObject: _created_object,
    op.RenameObject: _renamed_object,
    op.RenameEnumValue: _enum_value,
    op.ChangeTrigger: _trigger,
    op.ChangeRowSecurity: _row_security,
    op.ChangeIdentity: _identity,
    op.ChangeSequence: _sequence,
    op.MovePartition: _partition,
}
