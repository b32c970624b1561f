"""Reading CREATE and ALTER TABLE, indexes, views and triggers, and DROP of them all.

Source: SQLite, "CREATE TABLE", "ALTER TABLE", "CREATE INDEX", "CREATE TRIGGER".
"""

from collections.abc import Iterator, Sequence
from typing import Any

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import TEMPORARY, Column, Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import Cursor, pieces, said
from cdkit.migrations.reading.names import Anycase, unquoted
from cdkit.migrations.reading.scan import Token
from cdkit.migrations.sqlite import columns as read
from cdkit.migrations.sqlite.cursor import table
from cdkit.migrations.statement import Statement


def _where(statement: Statement) -> dict[str, Any]:
    return {"statement": statement, "at": statement.start}


def create(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read CREATE of anything."""
    cursor.expect("CREATE")
    temporary = cursor.any_of("TEMP", "TEMPORARY")
    unique = cursor.take("UNIQUE")
    kind = cursor.next().up
    if kind == "VIRTUAL":
        cursor.expect("TABLE")
    guarded = cursor.take("IF", "NOT", "EXISTS")
    if kind == "INDEX":
        yield from _index(statement, cursor, unique=unique, guarded=guarded)
        return
    name = table(cursor)
    if temporary:
        name = Name(TEMPORARY, name.name)
    if kind == "TABLE":
        yield _table(statement, cursor, name, guarded=guarded)
    elif kind == "VIRTUAL":
        yield op.CreateTable(**_where(statement), table=name, columns_known=False)
    elif kind == "VIEW":
        body = said(cursor.tokens[cursor.position :])
        yield op.CreateObject(**_where(statement), kind="view", name=name, body=body)
    elif kind == "TRIGGER" and temporary:
        yield op.Harmless(**_where(statement))  # it fires for this session alone
    elif kind == "TRIGGER":
        yield from _trigger(statement, cursor, name)
    else:
        raise cursor.unexpected("TABLE, INDEX, VIEW or TRIGGER")


def _table(statement: Statement, cursor: Cursor, name: Name, *, guarded: bool) -> op.CreateTable:
    where = _where(statement)
    if cursor.take("AS"):
        return op.CreateTable(**where, table=name, columns_known=False, if_not_exists=guarded)
    columns: list[Column] = []
    constraints: list[Constraint] = []
    inner = cursor.within(cursor.inside())
    while not inner.done:
        if constraint := read.table_constraint(inner):
            constraints.append(constraint)
        else:
            columns.append(read.column(inner))
        inner.take(",")
    options = {word.up: "yes" for word in cursor.tokens[cursor.position :] if word.up.isalpha()}
    return op.CreateTable(
        **where,
        table=name,
        columns=tuple(columns),
        constraints=tuple(constraints),
        if_not_exists=guarded,
        options=options,
    )


def _index(
    statement: Statement, cursor: Cursor, *, unique: bool, guarded: bool
) -> Iterator[Operation]:
    name = table(cursor)
    cursor.expect("ON")
    over = table(cursor)
    parts = pieces(cursor.inside())
    plain = [len(part) == 1 or part[1].up in {"COLLATE", "ASC", "DESC"} for part in parts]
    columns = tuple(
        Anycase(unquoted(part[0].text)) if alone and part[0].kind in {"word", "name"} else ""
        for part, alone in zip(parts, plain, strict=True)
    )
    asked = cursor.tokens[cursor.position + 1 :] if cursor.sees("WHERE") else []
    yield op.CreateIndex(
        **_where(statement),
        table=over,
        name=name.name,
        unique=unique,
        columns=columns,
        expressions=tuple(
            said(part)
            for part, column in zip(parts, columns, strict=True)
            if not column or any(token.up == "COLLATE" for token in part)
        ),
        where=said(asked),
        only=_required(asked),
        if_not_exists=guarded,
    )


def _required(asked: Sequence[Token]) -> str:
    """Return the column that a WHERE asks not to be null, and no more."""
    words = [token.up for token in asked[1:]]
    plain = bool(asked) and asked[0].kind in {"word", "name"}
    return Anycase(unquoted(asked[0].text)) if plain and words in _NOT_NULL else ""


_NOT_NULL = (["IS", "NOT", "NULL"], ["NOTNULL"], ["NOT", "NULL"])


def _trigger(statement: Statement, cursor: Cursor, name: Name) -> Iterator[Operation]:
    begin = cursor.position
    moment = cursor.any_of("BEFORE", "AFTER") or ("INSTEAD OF" if cursor.sees("INSTEAD") else "")
    while not cursor.done and not cursor.take("ON"):
        cursor.next()
    over = table(cursor)
    yield op.ChangeTrigger(
        **_where(statement),
        table=over,
        action=f"CREATE {moment or 'BEFORE'} TRIGGER",
        name=name.name,
        body=said(cursor.tokens[cursor.position :]),
    )
    body = said(cursor.tokens[begin:])
    kind = f"trigger on {over.name}"
    yield op.CreateObject(**_where(statement), kind=kind, name=name, body=body)


def drop(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read DROP of anything."""
    cursor.expect("DROP")
    kind = cursor.any_of("TABLE", "INDEX", "VIEW", "TRIGGER").lower()
    if not kind:
        raise cursor.unexpected("TABLE, INDEX, VIEW or TRIGGER")
    guarded = cursor.take("IF", "EXISTS")
    name = table(cursor)
    yield op.DropObject(**_where(statement), kind=kind, name=name, if_exists=guarded)
    cursor.ended()


def _adds_no_column(cursor: Cursor) -> bool:
    return cursor.sees("ADD") and cursor.peek(1).up in {
        "CONSTRAINT", "CHECK", "PRIMARY", "UNIQUE", "FOREIGN",
    }  # fmt: skip


def alter(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read ALTER TABLE, which does one of four things."""
    cursor.expect("ALTER", "TABLE")
    where = {**_where(statement), "table": table(cursor)}
    if cursor.take("RENAME", "TO"):
        yield op.RenameTable(**where, to=cursor.identifier())
    elif cursor.take("RENAME"):
        cursor.take("COLUMN")
        old = cursor.identifier()
        cursor.expect("TO")
        yield op.RenameColumn(**where, column=old, to=cursor.identifier())
    elif not _adds_no_column(cursor) and cursor.take("ADD"):
        cursor.take("COLUMN")
        yield op.AddColumn(**where, column=read.column(cursor))
    elif cursor.take("DROP"):
        cursor.take("COLUMN")
        yield op.DropColumn(**where, column=cursor.identifier())
    if not cursor.done:
        raise cursor.unexpected("RENAME, ADD COLUMN or DROP COLUMN alone")
