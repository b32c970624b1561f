"""Reading ALTER TABLE, clause by clause.

Source: MySQL manual, "ALTER TABLE Statement"; MariaDB, "ALTER TABLE" (ONLINE, WAIT, IF EXISTS).
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn, ChangeOption
from cdkit.migrations.mysql import columns as read
from cdkit.migrations.mysql import options
from cdkit.migrations.mysql.clause import Alter, Clauses
from cdkit.migrations.mysql.remedy import REMEDY
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import Cursor, UnexpectedError
from cdkit.migrations.statement import Statement


def alter_table(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read ALTER TABLE: the whole, then its clauses."""
    cursor.expect("ALTER")
    online = cursor.take("ONLINE")
    ignores = cursor.take("IGNORE")
    cursor.expect("TABLE")
    cursor.take("IF", "EXISTS")
    alter = Alter(statement, cursor, cursor.table())
    waits = take_wait(cursor)
    parts: list[Operation] = []
    while not cursor.done:
        at = cursor.at
        try:
            parts += clause(alter, at)
        except UnexpectedError as fault:
            parts.append(_unread(alter, fault))
            cursor.until_comma()
        if not cursor.take(",") and cursor.at == at:
            parts.append(_unread(alter, cursor.unexpected("a clause of ALTER TABLE")))
            break
    rowless = ignores and any(map(_keeps_apart, parts))
    yield AlterTable(
        **alter.where(statement.start),
        parts=tuple(parts),
        algorithm=alter.algorithm or ("COPY" if rowless else ""),
        lock=alter.lock or ("NONE" if online else ""),
        waits=waits,
    )
    if rowless:
        yield op.WriteRows(**alter.where(statement.start), verb="DELETE")
    yield from parts


def _keeps_apart(part: Operation) -> bool:
    """Whether IGNORE lets the server delete rows for it (MariaDB, "ALTER TABLE"), in a copy."""
    if isinstance(part, op.CreateIndex):
        return part.unique
    return isinstance(part, op.AddConstraint) and part.constraint.kind == "primary key"


def take_wait(cursor: Cursor) -> bool:
    """Go past MariaDB's NOWAIT or WAIT n; say whether it was there."""
    if cursor.take("WAIT"):
        cursor.next()
        return True
    return cursor.take("NOWAIT")


def _unread(alter: Alter, fault: UnexpectedError) -> Operation:
    what = f"this ALTER TABLE of {alter.table} cannot be read: {fault.what}"
    return op.Unread(statement=alter.statement, at=fault.at, what=what, remedy=REMEDY)


def clause(alter: Alter, at: int) -> Iterator[Operation]:
    """Read one clause. Raises UnexpectedError where it has a form that nobody here knows."""
    cursor = alter.cursor
    word = cursor.peek().up
    if word in {"ALGORITHM", "LOCK"}:
        cursor.next()
        cursor.take("=")
        asked = cursor.next().text.upper()
        asked = "" if asked == "DEFAULT" else asked
        if word == "LOCK":
            alter.lock = asked
        else:
            alter.algorithm = asked
        return
    if reader := _CLAUSES.get(word):
        cursor.next()
        yield from reader(alter, at)
    else:
        yield from options.an_option(alter, at)


def _place(cursor: Cursor) -> str:
    if cursor.take("FIRST"):
        return "FIRST"
    return cursor.identifier() if cursor.take("AFTER") else ""


def _add(alter: Alter, at: int) -> Clauses:
    cursor = alter.cursor
    if cursor.sees("PARTITION"):
        yield from options.partition(alter, at, "ADD PARTITION")
    elif cursor.any_of("SYSTEM", "PERIOD"):
        cursor.until_comma()
        yield ChangeOption(**alter.where(at), option="ADD SYSTEM VERSIONING")
    elif made := key_or_constraint(alter, at):
        yield made
    else:
        yield from _add_columns(alter, at)


def _add_columns(alter: Alter, at: int) -> Clauses:
    cursor = alter.cursor
    cursor.take("COLUMN")
    guarded = cursor.take("IF", "NOT", "EXISTS")
    if not cursor.take("("):
        made = read.column(cursor)
        place = _place(cursor)
        where = alter.where(at)
        yield op.AddColumn(**where, column=made, if_not_exists=guarded, place=place)
        return
    while True:
        at = cursor.at
        made = read.column(cursor)
        yield op.AddColumn(**alter.where(at), column=made, if_not_exists=guarded)
        if not cursor.take(","):
            break
    cursor.expect(")")


def key_or_constraint(alter: Alter, at: int) -> Operation | None:
    """Read a key or a constraint as CREATE and ALTER TABLE write it; None where it is a column."""
    cursor = alter.cursor
    name = ""
    if cursor.take("CONSTRAINT"):
        cursor.take("IF", "NOT", "EXISTS")
        ends = {"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"}
        name = "" if cursor.peek().up in ends else cursor.identifier()
    made: Constraint | None = None
    if cursor.take("PRIMARY", "KEY"):
        made = _primary(cursor, at)
    elif cursor.take("FOREIGN", "KEY"):
        made = _foreign(cursor, name, at)
    elif cursor.take("CHECK"):
        made = read.check(cursor, name, at)
    if made:
        return op.AddConstraint(**alter.where(at), constraint=made)
    return _key(alter, at, name)


def _primary(cursor: Cursor, at: int) -> Constraint:
    made = read.key(cursor, unique=True, form="", name="PRIMARY")
    return Constraint(kind="primary key", name="PRIMARY", columns=made.columns, at=at)


def _foreign(cursor: Cursor, name: str, at: int) -> Constraint:
    cursor.take("IF", "NOT", "EXISTS")
    if not cursor.sees("("):
        name = name or cursor.identifier()
        if not cursor.sees("("):
            name = cursor.identifier()
    made = Constraint(kind="foreign key", name=name, columns=read.key_columns(cursor), at=at)
    cursor.expect("REFERENCES")
    return read.references(cursor, made)


def _key(alter: Alter, at: int, name: str) -> Operation | None:
    cursor = alter.cursor
    unique = cursor.take("UNIQUE")
    form = cursor.any_of("FULLTEXT", "SPATIAL", "VECTOR").lower()
    worded = bool(cursor.any_of("INDEX", "KEY"))
    if not (unique or form or worded):
        return None
    made = read.key(cursor, unique=unique, form=form, name=name)
    return op.CreateIndex(
        **alter.where(at),
        name=made.name,
        unique=unique,
        columns=made.columns,
        expressions=made.expressions,
        form=form,
        unseen=made.unseen,
    )


def _drop(alter: Alter, at: int) -> Clauses:
    cursor, where = alter.cursor, alter.where(at)
    if cursor.sees("PARTITION"):
        yield from options.partition(alter, at, "DROP PARTITION")
    elif cursor.any_of("SYSTEM", "PERIOD"):
        cursor.until_comma()
        yield ChangeOption(**where, option="DROP SYSTEM VERSIONING")
    elif cursor.take("PRIMARY", "KEY"):
        yield op.DropConstraint(**where, constraint="PRIMARY", kind="primary key")
    elif cursor.any_of("INDEX", "KEY"):
        guarded = cursor.take("IF", "EXISTS")
        yield op.DropObject(
            statement=alter.statement,
            at=at,
            kind="index",
            name=alter.index(cursor.identifier()),
            if_exists=guarded,
        )
    elif cursor.sees("FOREIGN", "KEY") or cursor.peek().up in {"CHECK", "CONSTRAINT"}:
        word = cursor.next().up
        cursor.take("KEY")
        kind = {"FOREIGN": "foreign key", "CHECK": "check"}.get(word, "")
        guarded = cursor.take("IF", "EXISTS")
        name = cursor.identifier()
        yield op.DropConstraint(**where, constraint=name, kind=kind, if_exists=guarded)
    else:
        cursor.take("COLUMN")
        guarded = cursor.take("IF", "EXISTS")
        column = cursor.identifier()
        cursor.any_of("RESTRICT", "CASCADE")
        yield op.DropColumn(**where, column=column, if_exists=guarded)


def _modify(alter: Alter, at: int) -> Clauses:
    cursor = alter.cursor
    cursor.take("COLUMN")
    cursor.take("IF", "EXISTS")
    made = read.column(cursor)
    place = _place(cursor)
    yield ChangeColumn(**alter.where(at), column=made.name, new=made, place=place)


def _change(alter: Alter, at: int) -> Clauses:
    cursor = alter.cursor
    cursor.take("COLUMN")
    cursor.take("IF", "EXISTS")
    old = cursor.identifier()
    made = read.column(cursor)
    place = _place(cursor)
    yield ChangeColumn(**alter.where(at), column=old, new=made, place=place)


def _alter(alter: Alter, at: int) -> Clauses:
    cursor, where = alter.cursor, alter.where(at)
    if cursor.any_of("INDEX", "KEY"):
        cursor.take("IF", "EXISTS")
        name = cursor.identifier()
        unseen = not (cursor.take("VISIBLE") or cursor.take("NOT", "IGNORED"))
        if unseen and not cursor.any_of("INVISIBLE", "IGNORED"):
            raise cursor.unexpected("VISIBLE or INVISIBLE")
        value = f"{name} {'unseen' if unseen else 'seen'}"
        yield ChangeOption(**where, option="ALTER INDEX", value=value)
        return
    if cursor.any_of("CHECK", "CONSTRAINT"):
        name = cursor.identifier()
        enforced = not cursor.take("NOT", "ENFORCED")
        cursor.take("ENFORCED")
        made = Constraint(kind="check", name=name, enforced=enforced, wants_value=True, at=at)
        yield op.AddConstraint(**where, constraint=made)
        return
    cursor.take("COLUMN")
    cursor.take("IF", "EXISTS")
    column = cursor.identifier()
    if cursor.take("DROP", "DEFAULT"):
        yield op.DropDefault(**where, column=column)
    elif cursor.take("SET", "DEFAULT"):
        given = read.default(cursor)
        kind = op.DropDefault if given.null else None
        yield (
            kind(**where, column=column)
            if kind
            else op.SetDefault(**where, column=column, default=given)
        )
    else:
        cursor.expect("SET")
        seen = cursor.any_of("VISIBLE", "INVISIBLE")
        yield ChangeOption(**where, option=f"COLUMN {seen}", value=column)


def _rename(alter: Alter, at: int) -> Clauses:
    cursor, where = alter.cursor, alter.where(at)
    if cursor.take("COLUMN"):
        cursor.take("IF", "EXISTS")
        column = cursor.identifier()
        cursor.expect("TO")
        yield op.RenameColumn(**where, column=column, to=cursor.identifier())
    elif cursor.any_of("INDEX", "KEY"):
        cursor.take("IF", "EXISTS")
        old = cursor.identifier()
        cursor.expect("TO")
        new = cursor.identifier()
        yield op.RenameObject(
            statement=alter.statement,
            at=at,
            kind="index",
            name=alter.index(old),
            to=alter.index(new).name,
        )
    else:
        cursor.any_of("TO", "AS", "=")
        to = cursor.table()
        yield from renamed(alter.statement, at, alter.table, to)


def renamed(statement: Statement, at: int, table: Name, to: Name) -> Clauses:
    """Yield the renaming of a table, into another database too."""
    where: dict[str, Any] = {"statement": statement, "at": at}
    if to.schema and to.schema != table.schema:
        yield op.RenameObject(**where, kind="table", name=table, to=to.schema, moved=True)
        table = structs.replace(table, schema=to.schema)
    if to.name != table.name:
        yield op.RenameTable(**where, table=table, to=to.name)


_CLAUSES: dict[str, Callable[[Alter, int], Clauses]] = {
    "ADD": _add,
    "DROP": _drop,
    "MODIFY": _modify,
    "CHANGE": _change,
    "ALTER": _alter,
    "RENAME": _rename,
    "CONVERT": options.convert,
    "ORDER": options.order,
    "FORCE": options.plain("FORCE"),
    "DISABLE": options.plain("DISABLE", "KEYS"),
    "ENABLE": options.plain("ENABLE", "KEYS"),
    "WITH": options.plain("WITH", "VALIDATION"),
    "WITHOUT": options.plain("WITHOUT", "VALIDATION"),
} | {
    word: options.partitions(word)
    for word in (
        "PARTITION", "REMOVE", "COALESCE", "REORGANIZE", "EXCHANGE", "TRUNCATE", "REBUILD",
        "OPTIMIZE", "ANALYZE", "CHECK", "REPAIR", "DISCARD", "IMPORT",
    )
}  # fmt: skip
