"""What SQLite refuses, said so that it takes it: another column, or the table made anew.

Sources: SQLite, "ALTER TABLE", 7 "Making Other Kinds Of Table Schema Changes" (the twelve steps),
"Generated Columns" (2.4: ADD COLUMN takes VIRTUAL ones alone).
"""

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.engine import Server
from cdkit.migrations.inverse import Speech, definition, table_again
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.nouns import Column, Name, quoted
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Table


def otherwise(operation: Operation, schema: Schema, server: Server) -> str:
    """Return what SQLite takes instead; an empty text where nobody can tell here."""
    match operation:
        case op.AddColumn(column=column) if column.generated == "stored":
            return _virtual(operation)
        case op.AddColumn():
            return _added(operation, server)
        case op.DropColumn(table=name, column=dropped):
            table = schema.table(name)
            kept = {k: v for k, v in table.columns.items() if k != dropped} if table else {}
            return _rebuilt(table, kept, {}, server) if table and kept else ""
        case op.RenameColumn(table=name, column=old, to=new):
            table = schema.table(name)
            if table is None or old not in table.columns:
                return ""
            named = {new if k == old else k: v for k, v in table.columns.items()}
            named[new] = structs.replace(named[new], name=new)
            return _rebuilt(table, named, {new: old}, server)
        case _:
            return ""


def _virtual(added: op.AddColumn) -> str:
    words = [each for each in words_of(added) if each.text.upper() == b"STORED"]
    splices = [Splice(at=each.start, end=each.end, text="VIRTUAL") for each in words[-1:]]
    return rewritten(splices, added)


def _added(added: op.AddColumn, server: Server) -> str:
    """The column without what is refused; what it must hold later comes by a rebuild, or an index.

    A default that is computed is filled in by hand: SQLite takes only constants here.
    """
    column, table = added.column, quoted(added.table.name)
    plain = structs.replace(column, not_null=False)
    if column.default and not column.default.constant:
        plain = structs.replace(plain, default=None)
    said = definition(plain, _speech(server))
    if not said:
        return ""
    lines = [f"ALTER TABLE {table} ADD COLUMN {said};"]
    if column.default and not plain.default and column.default.sql:
        lines.append(f"UPDATE {table} SET {quoted(column.name)} = {column.default.sql};")
    if any(each.kind == "unique" for each in column.constraints):
        index = quoted(f"{added.table.name}_{column.name}_key")
        lines.append(f"CREATE UNIQUE INDEX {index} ON {table} ({quoted(column.name)});")
    return "\n".join(lines)


def _rebuilt(table: Table, columns: dict[str, Column], was: dict[str, str], server: Server) -> str:
    """The twelve steps; nothing where a key, a check or an index would have to change with it."""
    if table.constraints and len(columns) < len(table.columns):
        held = {name for each in table.constraints.values() for name in each.columns}
        if held - columns.keys():
            return ""
    new = Name("", f"{table.name.name}_new")
    named = set(was.values())
    if any(named & set(each.columns) for each in table.constraints.values()):
        return ""
    # The primary key that is said behind the columns makes it the row's number again.
    plain = {name: structs.replace(each, serial=False) for name, each in columns.items()}
    made = table_again(structs.replace(table, name=new, columns=plain), _speech(server))
    if not made:
        return ""
    into = ", ".join(map(quoted, columns))
    source = ", ".join(quoted(was.get(name, name)) for name in columns)
    old = quoted(table.name.name)
    counts = any(each.serial for each in columns.values())
    note = "-- with AUTOINCREMENT, where it had that\n" if counts else ""
    return (
        f"PRAGMA foreign_keys = OFF;\nBEGIN;\n{note}{made}\n"
        f"INSERT INTO {quoted(new.name)} ({into}) SELECT {source} FROM {old};\n"
        f"DROP TABLE {old};\nALTER TABLE {quoted(new.name)} RENAME TO {old};\n"
        "-- its indexes, triggers and views again\nPRAGMA foreign_key_check;\nCOMMIT;\n"
        "PRAGMA foreign_keys = ON;"
    )


def _speech(server: Server) -> Speech:
    from cdkit.migrations.sqlite.dialect import DIALECT

    return Speech(dialect=DIALECT, server=server)
