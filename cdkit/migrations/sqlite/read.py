"""The reader of SQLite: which function reads which kind of statement."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.mysql.remedy import REMEDY
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.assigned import assigned, may_upsert, upserted
from cdkit.migrations.reading.cursor import Cursor, UnexpectedError, explained
from cdkit.migrations.reading.names import unquoted
from cdkit.migrations.reading.query import UnreadQueryError, query
from cdkit.migrations.rolled_back import Savepoint
from cdkit.migrations.sqlite import tables
from cdkit.migrations.sqlite.cursor import cursor_of, table
from cdkit.migrations.sqlite.rebuild import Rebuild, Step
from cdkit.migrations.statement import Statement


def _where(statement: Statement) -> dict[str, Any]:
    return {"statement": statement, "at": statement.start}


def _unread(statement: Statement, what: str, at: int = -1) -> Operation:
    place = statement.start if at < 0 else at
    return op.Unread(statement=statement, at=place, what=what, remedy=REMEDY)


def _queried(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    del cursor
    try:
        found = query(statement.node.decode("utf-8", "replace"), "sqlite")
    except UnreadQueryError as fault:
        yield _unread(statement, f"this {statement.kind} cannot be read: {fault.what}")
        return
    for each in found.writes:
        yield op.WriteRows(**_where(statement), **structs.asdict(each))
    yield op.Call(**_where(statement), functions=found.calls)


def _write(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    verb = cursor.next().up
    replaces = verb == "REPLACE" or (cursor.take("OR") and cursor.next().up == "REPLACE")
    cursor.any_of("INTO", "FROM")
    name = table(cursor)
    rest = cursor.tokens[cursor.position :]
    depth, guarded = 0, verb in {"INSERT", "REPLACE"}
    for token in rest:
        depth += (token.up == "(") - (token.up == ")")
        guarded = guarded or (depth == 0 and token.up in {"WHERE", "LIMIT"})
    columns = assigned(rest) if verb == "UPDATE" else ()
    does: list[tuple[str, tuple[str, ...]]] = [(verb, columns)]
    if replaces:
        does = [("REPLACE", ()), *(does if verb == "UPDATE" else ())]
    elif verb == "INSERT" and may_upsert(statement.node) and (set_ := upserted(rest)):
        does += [("UPDATE", set_)]
    where = {**_where(statement), "table": name}
    for verb, columns in does:
        some = guarded or verb == "REPLACE"
        yield op.WriteRows(**where, verb=verb, guarded=some, columns=columns)


def _transaction(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    word = cursor.next().up
    if word == "ROLLBACK":
        cursor.take("TRANSACTION")
        if cursor.take("TO"):
            yield _savepoint(statement, cursor, "ROLLBACK TO")
            return
    yield op.Transaction(**_where(statement), opens=word == "BEGIN", undone=word == "ROLLBACK")


def _savepoint(statement: Statement, cursor: Cursor, action: str) -> Savepoint:
    cursor.take("SAVEPOINT")
    name = unquoted(cursor.next().text).lower()
    return Savepoint(**_where(statement), action=action, name=name, begins=True)


def _saved(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    action = cursor.peek().up
    cursor.take("RELEASE")
    yield _savepoint(statement, cursor, action)


def _pragma(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read PRAGMA: `foreign_keys` counts for a rebuild, `writable_schema` lets anything happen."""
    cursor.expect("PRAGMA")
    name = table(cursor).name.lower()
    value = cursor.peek(1).text if cursor.peek().up in {"=", "("} else ""
    if name == "writable_schema":
        yield _unread(statement, "with writable_schema the schema is written by hand")
        return
    yield op.SetVariable(**_where(statement), name=name, value=value.lower())


def _vacuum(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    del cursor
    yield op.Standalone(**_where(statement), action="VACUUM")


def _harmless(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    del cursor
    yield op.Harmless(**_where(statement))


_READERS: dict[str, Callable[[Statement, Cursor], Iterable[Operation]]] = {
    "CREATE": tables.create,
    "DROP": tables.drop,
    "ALTER": tables.alter,
    "INSERT": _write,
    "REPLACE": _write,
    "UPDATE": _write,
    "DELETE": _write,
    "SELECT": _queried,
    "WITH": _queried,
    "BEGIN": _transaction,
    "COMMIT": _transaction,
    "END": _transaction,
    "ROLLBACK": _transaction,
    "PRAGMA": _pragma,
    "VACUUM": _vacuum,
    "ANALYZE": _harmless,
    "REINDEX": _harmless,
    "EXPLAIN": _harmless,
    "SAVEPOINT": _saved,
    "RELEASE": _saved,
    "DETACH": _harmless,
    "VALUES": _harmless,
}


def operations(statement: Statement) -> tuple[Operation, ...]:
    """Return what a statement does, in order; Unread where this cdkit cannot say."""
    if isinstance(statement, Step):
        return (op.Harmless(**_where(statement)),)
    if isinstance(statement, Rebuild):
        return _rebuild(statement)
    return _read(statement)


def _read(statement: Statement) -> tuple[Operation, ...]:
    """Return what a statement does by itself, read once: each rebuild asks what comes behind it."""
    if statement.does is None:
        statement.does = _operations(statement)
    return statement.does


def _operations(statement: Statement) -> tuple[Operation, ...]:
    cursor = cursor_of(statement)
    words = " ".join(token.text for token in cursor.tokens[:2]).upper()[:40]
    reader = _READERS.get(cursor.peek().up)
    if reader is None:
        what = f"cdkit does not know what {words} does to those who run"
        return (_unread(statement, what),)
    try:
        found = tuple(reader(statement, cursor))
    except UnexpectedError as fault:
        return (
            _unread(
                statement, f"this {words} cannot be read: {explained(fault, statement)}", fault.at
            ),
        )
    if not found:
        return (_unread(statement, f"this {words} cannot be read: it says nothing"),)
    return found


def _rebuild(statement: Rebuild) -> tuple[Operation, ...]:
    made = _read(statement.create)
    if not isinstance(made[0], op.CreateTable):
        return made
    later = (one for one in statement.later if one.kind == "CREATE")
    kept = [each for one in later for each in _read(one)]
    copy = statement.copy
    targets = copy.targets if copy else ()
    if copy and not targets:
        targets = tuple(column.name for column in made[0].columns)
    sources = targets if copy and copy.everything else copy.sources if copy else ()
    copied = dict(zip(targets, sources, strict=False))
    return (
        RebuildTable(
            statement=statement.create,
            at=statement.create.start,
            table=statement.table,
            made=made[0],
            copied=copied,
            whole=copy is not None and copy.whole,
            recreated=frozenset(_made_again(kept)),
            indexes=tuple(each for each in kept if isinstance(each, op.CreateIndex)),
            aside=statement.kind == "DROP",
        ),
    )


def _made_again(later: list[Operation]) -> Iterator[str]:
    for each in later:
        if isinstance(each, op.CreateIndex):
            yield each.name.lower()
        elif isinstance(each, op.CreateObject):
            yield each.name.name.lower()
