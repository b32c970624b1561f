"""Reading statements that write rows, talk to the session, or take locks."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.mysql.builtins import is_harmless_call
from cdkit.migrations.mysql.remedy import REMEDY
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.assigned import TAIL, assigned, may_upsert, upserted
from cdkit.migrations.reading.cursor import Cursor, pieces, said
from cdkit.migrations.reading.names import unquoted
from cdkit.migrations.reading.query import UnreadQueryError, query
from cdkit.migrations.reading.scan import Token, scan
from cdkit.migrations.statement import Statement

PREPARED = "prepare "
"""Before the name of a prepared statement among what a session has set."""
_QUERIES = frozenset({"SELECT", "WITH", "TABLE", "("})


def _where(statement: Statement, at: int = -1) -> dict[str, Any]:
    return {"statement": statement, "at": statement.start if at < 0 else at}


def unread(statement: Statement, what: str, at: int = -1) -> Operation:
    """Return that a statement cannot be judged."""
    return op.Unread(**_where(statement, at), what=what, remedy=REMEDY)


def queried(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read SELECT, WITH, and writes that join: what they write and what they call."""
    del cursor
    yield from _read(statement, statement.node)


def _read(statement: Statement, sql: bytes) -> Iterator[Operation]:
    try:
        found = query(sql.decode("utf-8", "replace"), "mysql")
    except UnreadQueryError as fault:
        yield unread(statement, f"this {statement.kind} cannot be read: {fault.what}")
        return
    for each in found.writes:
        yield op.WriteRows(**_where(statement), **structs.asdict(each))
    yield op.Call(**_where(statement), functions=found.calls)


def called(tokens: list[Token]) -> tuple[str, ...]:
    """Return what tokens call that is no function of the server."""
    found = {
        token.text.strip("`").lower()
        for token, after in pairwise(tokens)
        if after.up == "("
        and (token.kind == "name" or (token.kind == "word" and not is_harmless_call(token.text)))
    }
    return tuple(sorted(found))


_TEXT = re.compile(rb"'(?:[^'\\]|''|\\.)*+'|\"(?:[^\"\\]|\"\"|\\.)*+\"", re.DOTALL)
_CALL = re.compile(rb"([A-Za-z_]\w*)\s*\(")


def _called_in(rows: bytes) -> tuple[str, ...]:
    """Return what rows call that is no function of the server; they may be many megabytes."""
    found = {name.decode().lower() for name in set(_CALL.findall(_TEXT.sub(b"''", rows)))}
    return tuple(sorted(name for name in found if not is_harmless_call(name)))


def insert(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read INSERT and REPLACE."""
    verb = cursor.next().up
    while cursor.any_of("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"):
        pass
    cursor.take("INTO")
    at, table = cursor.at, cursor.table()
    if cursor.take("PARTITION"):
        cursor.inside()
    if cursor.sees("(") and not cursor.sees("(", "SELECT") and not cursor.sees("(", ")"):
        cursor.inside()
    cursor.take("(", ")")
    yield op.WriteRows(**_where(statement, at), table=table, verb=verb)
    if may_upsert(statement.node) and (columns := _upserted(statement, cursor)):
        yield op.WriteRows(**_where(statement, at), table=table, verb="UPDATE", columns=columns)
    if cursor.peek().up not in {"VALUES", "VALUE", "SET", *_QUERIES}:
        raise cursor.unexpected("VALUES, SET or SELECT")
    if cursor.peek().up in _QUERIES:
        # sqlglot knows no REPLACE: the query in it is read alone.
        start = cursor.at - statement.start if verb == "REPLACE" else 0
        for read in _read(statement, statement.node[start:]):
            if not isinstance(read, op.WriteRows):
                yield read
    elif functions := _called_in(statement.node[cursor.peek().end - statement.start :]):
        yield op.Call(**_where(statement), functions=functions)


def _upserted(statement: Statement, cursor: Cursor) -> tuple[str, ...]:
    """Return what an INSERT sets in rows that are there; of a long one, only its end is read."""
    if len(statement.node) <= TAIL:
        return upserted(cursor.tokens)
    return upserted(scan(statement.node[-TAIL:], sqlite=False))


def _has(tokens: list[Token], *words: str) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.up == "(") - (token.up == ")")
        if depth == 0 and token.up in words:
            return True
    return False


def update(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read UPDATE of one table by hand, of several by sqlglot."""
    cursor.expect("UPDATE")
    while cursor.any_of("LOW_PRIORITY", "IGNORE"):
        pass
    at, table = cursor.at, cursor.table()
    cursor.take("AS")
    if not cursor.sees("SET") and not cursor.sees(","):
        cursor.identifier()
    if not cursor.take("SET"):
        yield from queried(statement, cursor)
        return
    yield from _written(statement, cursor, at, table, "UPDATE")


def delete(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read DELETE from one table by hand, from several by sqlglot."""
    cursor.expect("DELETE")
    while cursor.any_of("LOW_PRIORITY", "QUICK", "IGNORE"):
        pass
    if not cursor.take("FROM"):
        yield from queried(statement, cursor)
        return
    at, table = cursor.at, cursor.table()
    if cursor.sees("USING") or cursor.sees(",") or cursor.sees("."):
        yield from queried(statement, cursor)
        return
    yield from _written(statement, cursor, at, table, "DELETE")


def _written(
    statement: Statement, cursor: Cursor, at: int, table: Name, verb: str
) -> Iterator[Operation]:
    rest = list(cursor.tokens[cursor.position :])
    guarded = _has(rest, "WHERE", "LIMIT")
    columns = assigned(rest) if verb == "UPDATE" else ()
    yield op.WriteRows(
        **_where(statement, at), table=table, verb=verb, guarded=guarded, columns=columns
    )
    if functions := called(rest):
        yield op.Call(**_where(statement), functions=functions)


def load(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read LOAD DATA and LOAD XML."""
    replaces = False
    while not cursor.done and not cursor.take("INTO", "TABLE"):
        replaces = cursor.next().up == "REPLACE"
    at = cursor.at
    verb = "REPLACE" if replaces else "LOAD DATA"
    yield op.WriteRows(**_where(statement, at), table=cursor.table(), verb=verb)


def settings(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read SET: of the session, of the server, of variables of one's own."""
    cursor.expect("SET")
    words = {cursor.peek().up, cursor.peek(1).up if cursor.peek(1).up == "TRANSACTION" else ""}
    if words & {"NAMES", "CHARACTER", "CHARSET", "TRANSACTION", "ROLE", "DEFAULT"}:
        yield op.Harmless(**_where(statement))
        return
    if cursor.take("STATEMENT"):
        yield unread(statement, "SET STATEMENT … FOR is not read")
        return
    if cursor.take("PASSWORD"):
        values = ("password",)
        yield op.ChangeRole(
            **_where(statement), role="a user", action="SET PASSWORD", values=values
        )
        return
    for part in pieces(cursor.tokens[cursor.position :]):
        yield from _setting(statement, cursor.within(part))


def _setting(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    at = cursor.at
    scope = cursor.any_of("GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY")
    token = cursor.next()
    name = token.text.lower().replace("`", "")
    if token.kind == "variable" and not name.startswith("@@"):
        functions = called(list(cursor.tokens))
        yield op.Call(**_where(statement, at), functions=functions)
        if cursor.take("=") or cursor.take(":="):
            value = said(cursor.tokens[cursor.position :])
            yield op.SetVariable(**_where(statement, at), name=name, value=value)
        return
    for prefix in ("@@", "global.", "persist.", "session.", "local."):
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            scope = "GLOBAL" if prefix in {"global.", "persist."} else scope
    if not (cursor.take("=") or cursor.take(":=")):
        raise cursor.unexpected("=")
    value = said(cursor.tokens[cursor.position :])
    if scope in {"GLOBAL", "PERSIST", "PERSIST_ONLY"}:
        action = f"SET {scope} {name} = {value}"
        yield op.ChangeRole(**_where(statement, at), role="the server", action=action)
    elif name == "autocommit":
        opens = value.strip("'").upper() in {"0", "OFF", "FALSE"}
        yield op.Transaction(**_where(statement, at), opens=opens)
    else:
        yield op.SetVariable(**_where(statement, at), name=name, value=value.strip("'\""))


def transaction(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read START TRANSACTION, BEGIN, COMMIT and ROLLBACK."""
    word = cursor.next().up
    if word == "BEGIN" and cursor.sees("NOT"):
        yield unread(statement, "the code of this block is not read")
        return
    if word == "START" and not cursor.sees("TRANSACTION"):
        yield unread(statement, "cdkit does not know what this START does to those who run")
        return
    if word == "ROLLBACK" and _has(list(cursor.tokens), "TO"):
        yield op.Harmless(**_where(statement))
        return
    opens = word in {"BEGIN", "START"}
    yield op.Transaction(**_where(statement), opens=opens, undone=word == "ROLLBACK")


def lock_tables(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read LOCK TABLES a WRITE, b READ."""
    cursor.expect("LOCK")
    if not cursor.any_of("TABLES", "TABLE"):
        raise cursor.unexpected("TABLES")
    while True:
        at, table = cursor.at, cursor.table()
        cursor.take("AS")
        if cursor.peek().up not in {"READ", "WRITE", "LOW_PRIORITY"}:
            cursor.identifier()
        cursor.take("LOW_PRIORITY")
        lock = cursor.any_of("READ", "WRITE")
        cursor.take("LOCAL")
        yield op.LockTable(**_where(statement, at), table=table, lock=lock or "WRITE")
        if not cursor.take(","):
            break


def call(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read CALL: what a procedure does, its body alone knows."""
    cursor.expect("CALL")
    yield op.Call(**_where(statement), functions=(str(cursor.table()),), procedure=True)


def do(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read DO: an expression for what it calls."""
    yield op.Call(**_where(statement), functions=called(list(cursor.tokens)))


def use(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read USE: bare names are of that database from here on."""
    cursor.expect("USE")
    yield op.SetVariable(**_where(statement), name="search_path", value=cursor.identifier())


def flush(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read FLUSH: with a read lock it stops all writes of the server."""
    if _has(list(cursor.tokens), "LOCK", "EXPORT"):
        yield unread(statement, "FLUSH TABLES with a lock stops every write of the server")
    else:
        yield op.Harmless(**_where(statement))


def execute(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read PREPARE, EXECUTE: SQL that is put together as it runs.

    Of which texts, a session knows: see `mysql/refine.py`.
    """
    word = cursor.next().up
    if word == "PREPARE":
        name = f"{PREPARED}{cursor.identifier().lower()}"
        cursor.expect("FROM")
        value = said(cursor.tokens[cursor.position :])
        yield op.SetVariable(**_where(statement), name=name, value=value)
        return
    if cursor.take("IMMEDIATE") and cursor.peek().kind == "string" and not cursor.peek(1).text:
        inner = unquoted(cursor.peek().text)
        yield unread(statement, f"the SQL in this EXECUTE IMMEDIATE is not read: {inner[:40]}")
        return
    yield unread(statement, "the SQL of an EXECUTE is put together as it runs")


def harmless(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read what neither breaks nor blocks anybody."""
    del cursor
    yield op.Harmless(**_where(statement))
