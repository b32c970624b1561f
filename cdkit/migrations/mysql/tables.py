"""Reading CREATE, RENAME, DROP and TRUNCATE TABLE, CREATE and DROP INDEX.

Sources: MySQL manual, "CREATE TABLE Statement", "CREATE INDEX Statement", "RENAME TABLE Statement";
MariaDB, "CREATE TABLE": OR REPLACE drops the table that is there.
"""

from collections.abc import Iterator
from typing import Any

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeOption
from cdkit.migrations.mysql import columns as read
from cdkit.migrations.mysql.alter import (
    clause,
    key_or_constraint,
    renamed,
    take_wait,
)
from cdkit.migrations.mysql.clause import Alter
from cdkit.migrations.mysql.options import table_option
from cdkit.migrations.nouns import TEMPORARY, Column, Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import Cursor, UnexpectedError, said
from cdkit.migrations.statement import Statement


class _Body:
    """What stands in the parentheses of CREATE TABLE."""

    def __init__(self) -> None:
        self.columns: list[Column] = []
        self.constraints: list[Constraint] = []
        self.indexes: list[op.CreateIndex] = []


def create_table(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read CREATE TABLE; OR REPLACE is a DROP first. A temporary one is nobody else's."""
    cursor.expect("CREATE")
    replace = cursor.take("OR", "REPLACE")
    temporary = cursor.take("TEMPORARY")
    cursor.expect("TABLE")
    guarded = cursor.take("IF", "NOT", "EXISTS")
    table = cursor.table()
    if temporary:
        table = Name(TEMPORARY, table.name)
    where: dict[str, Any] = {"statement": statement, "at": statement.start}
    if replace and not temporary:
        yield op.DropObject(**where, kind="table", name=table, if_exists=True)
    body = _Body()
    like = None
    if cursor.take("LIKE") or (cursor.sees("(", "LIKE") and cursor.take("(", "LIKE")):
        like = cursor.table()
        cursor.take(")")
    elif cursor.sees("(") and not cursor.sees("(", "SELECT"):
        inner = cursor.within(cursor.inside())
        _body(Alter(statement, inner, table), body)
    options, selects = _options(cursor)
    yield op.CreateTable(
        **where,
        table=table,
        columns=tuple(body.columns),
        constraints=tuple(body.constraints),
        indexes=tuple(body.indexes),
        options=options | ({"TEMPORARY": "yes"} if temporary else {}),
        if_not_exists=guarded,
        columns_known=bool(body.columns) and not selects,
        like=like,
        takes=_COPIED if like else frozenset(),
    )


_COPIED = frozenset({"constraints", "defaults", "generated", "identity", "indexes", "options"})
"""What LIKE takes over: all but foreign keys (MySQL manual, "CREATE TABLE ... LIKE Statement")."""


def _body(alter: Alter, body: _Body) -> None:
    cursor = alter.cursor
    while not cursor.done:
        at = cursor.at
        if cursor.any_of("PERIOD"):
            cursor.until_comma()
        elif made := key_or_constraint(alter, at):
            if isinstance(made, op.CreateIndex):
                body.indexes.append(made)
            elif isinstance(made, op.AddConstraint):
                body.constraints.append(made.constraint)
        else:
            body.columns.append(read.column(cursor))
        if not cursor.take(",") and not cursor.done:
            raise cursor.unexpected("a comma")


def _options(cursor: Cursor) -> tuple[dict[str, str], bool]:
    """Read what stands behind the parentheses; say whether a query fills the table."""
    options: dict[str, str] = {}
    while not cursor.done:
        if cursor.peek().up in {"SELECT", "AS", "(", "IGNORE", "REPLACE", "WITH", "VALUES"}:
            if cursor.take("WITH", "SYSTEM", "VERSIONING"):
                continue
            return options, True
        if cursor.sees("PARTITION"):
            options["PARTITION BY"] = said(cursor.tokens[cursor.position + 1 :])
            break
        cursor.take(",")
        option, value = table_option(cursor)
        options[option] = value
    return options, False


def rename_table(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read RENAME TABLE a TO b, c TO d; a swap (a TO old, new TO a) is two renamings."""
    cursor.expect("RENAME")
    if not cursor.any_of("TABLE", "TABLES"):
        raise cursor.unexpected("TABLE")
    cursor.take("IF", "EXISTS")
    while True:
        at, table = cursor.at, cursor.table()
        take_wait(cursor)
        cursor.expect("TO")
        yield from renamed(statement, at, table, cursor.table())
        if not cursor.take(","):
            break
    cursor.ended()


def drop(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read DROP TABLE and DROP of what is named as a table is: views, sequences, databases."""
    cursor.expect("DROP")
    temporary = cursor.take("TEMPORARY")
    kind = cursor.next().up.lower()
    kind = {"schema": "database", "tables": "table"}.get(kind, kind)
    guarded = cursor.take("IF", "EXISTS")
    while True:
        at, name = cursor.at, cursor.table()
        if temporary:
            name = Name(TEMPORARY, name.name)
        yield op.DropObject(statement=statement, at=at, kind=kind, name=name, if_exists=guarded)
        if not cursor.take(","):
            break
    take_wait(cursor)
    cursor.any_of("RESTRICT", "CASCADE")
    cursor.ended()


def create_index(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read CREATE INDEX: it is an ALTER TABLE to the server."""
    cursor.expect("CREATE")
    cursor.take("OR", "REPLACE")
    unique = cursor.take("UNIQUE")
    form = cursor.any_of("FULLTEXT", "SPATIAL", "VECTOR").lower()
    cursor.expect("INDEX")
    guarded = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.identifier()
    if cursor.any_of("USING", "TYPE"):
        cursor.next()
    cursor.expect("ON")
    alter = Alter(statement, cursor, cursor.table())
    made = read.key(cursor, unique=unique, form=form, name=name)
    index = op.CreateIndex(
        **alter.where(statement.start),
        name=name,
        unique=unique,
        columns=made.columns,
        expressions=made.expressions,
        form=form,
        if_not_exists=guarded,
        unseen=made.unseen,
    )
    yield from _asked(alter, index)


def drop_index(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read DROP INDEX … ON …; the primary key goes by its name there."""
    cursor.expect("DROP", "INDEX")
    guarded = cursor.take("IF", "EXISTS")
    name = cursor.identifier()
    cursor.expect("ON")
    alter = Alter(statement, cursor, cursor.table())
    at = statement.start
    dropped: Operation = op.DropObject(
        statement=statement, at=at, kind="index", name=alter.index(name), if_exists=guarded
    )
    if name.upper() == "PRIMARY":
        dropped = op.DropConstraint(**alter.where(at), constraint="PRIMARY", kind="primary key")
    yield from _asked(alter, dropped)


def _asked(alter: Alter, part: Operation) -> Iterator[Operation]:
    """Yield the whole and its part, with the algorithm and lock that are asked for."""
    cursor = alter.cursor
    waits = take_wait(cursor)
    while not cursor.done:
        if cursor.peek().up not in {"ALGORITHM", "LOCK"}:
            raise cursor.unexpected("ALGORITHM or LOCK")
        tuple(clause(alter, cursor.at))
    yield AlterTable(
        **alter.where(part.at),
        parts=(part,),
        algorithm=alter.algorithm,
        lock=alter.lock,
        waits=waits,
    )
    yield part


def truncate(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read TRUNCATE."""
    cursor.expect("TRUNCATE")
    cursor.take("TABLE")
    at = cursor.at
    yield op.Truncate(statement=statement, at=at, table=cursor.table())
    take_wait(cursor)
    cursor.ended()


def maintenance(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read OPTIMIZE, ANALYZE, CHECK and REPAIR TABLE."""
    action = cursor.next().up
    cursor.any_of("NO_WRITE_TO_BINLOG", "LOCAL")
    if not cursor.any_of("TABLE", "TABLES"):
        raise UnexpectedError(f"{action} of something that is no table", cursor.at)
    while True:
        at, table = cursor.at, cursor.table()
        where: dict[str, Any] = {"statement": statement, "at": at, "table": table}
        if action == "OPTIMIZE":
            part = ChangeOption(**where, option="FORCE")
            yield AlterTable(**where, parts=(part,))
        else:
            yield op.ChangeTable(**where, action=f"{action} TABLE", lock="")
        if not cursor.take(","):
            break
