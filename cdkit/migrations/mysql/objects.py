"""Reading views, routines, triggers, events, users and privileges.

Source: MySQL manual, 13.1 "Data Definition Statements" (15.1 since 8.4).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from cdkit.migrations import operation as op
from cdkit.migrations.mysql import tables
from cdkit.migrations.mysql.commands import unread
from cdkit.migrations.mysql.marks import COPIED, INVOKER, definer
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.privileges import Revoke
from cdkit.migrations.reading.cursor import Cursor, said
from cdkit.migrations.reading.scan import Token
from cdkit.migrations.statement import Statement

_KINDS_WORDS = """
    VIEW FUNCTION PROCEDURE TRIGGER EVENT SEQUENCE SERVER DATABASE SCHEMA USER ROLE TABLESPACE
    PACKAGE RESOURCE LOGFILE UNDO SPATIAL
"""
_KINDS = frozenset(_KINDS_WORDS.split())
_QUIET_WORDS = """
    DATABASE SCHEMA USER ROLE SERVER TABLESPACE RESOURCE LOGFILE UNDO
"""
_QUIET = frozenset(_QUIET_WORDS.split())


def _where(statement: Statement) -> dict[str, Any]:
    return {"statement": statement, "at": statement.start}


def create(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read CREATE of anything."""
    words = [cursor.peek(i).up for i in range(1, 5)]
    if "INDEX" in words:
        return tables.create_index(statement, cursor)
    if words[0] == "TABLE" or words[:3] == ["OR", "REPLACE", "TABLE"] or "TEMPORARY" in words:
        return tables.create_table(statement, cursor)
    return _create(statement, cursor)


def _create(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    cursor.expect("CREATE")
    replace = cursor.take("OR", "REPLACE")
    marks = _marks(cursor)
    kind = cursor.next().up
    if kind in _QUIET and not replace:
        yield op.Harmless(**_where(statement))
        return
    cursor.take("BODY")
    perhaps = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.table()
    if kind == "TRIGGER":
        yield from _trigger(statement, cursor, name)
        return
    body = said(cursor.tokens[cursor.position :]) + (marks if kind == "VIEW" else "")
    if perhaps and kind in {"FUNCTION", "PROCEDURE"}:
        body = ""  # what was there before does something else
    yield op.CreateObject(
        **_where(statement), kind=kind.lower(), name=name, replace=replace, body=body
    )
    if kind == "EVENT" and " DISABLE " not in body.upper().partition(" DO ")[0] + " ":
        yield unread(statement, _BY_ITSELF)


_BY_ITSELF = "an event runs by itself, and what it does then is not read"


def _marks(cursor: Cursor) -> str:
    """Go past what stands before the kind of thing, and return what of it counts for a view."""
    begin = cursor.position
    while not cursor.done and cursor.peek().up not in _KINDS:
        cursor.next()
    tokens = cursor.tokens[begin : cursor.position]
    seen = {token.up for token in tokens}
    invoker, copied = "INVOKER" in seen, "TEMPTABLE" in seen
    return _definer(tokens) + (INVOKER if invoker else "") + (COPIED if copied else "")


def _definer(tokens: Sequence[Token]) -> str:
    """Return the mark of DEFINER = account, unless that is whoever runs the statement."""
    words = [token.up for token in tokens]
    if "DEFINER" not in words:
        return ""
    begin = words.index("DEFINER") + 1
    ends = (at for at in range(begin, len(words)) if words[at] in {"SQL", "ALGORITHM"})
    account = _account(tokens[begin : next(ends, len(words))]).translate(_UNQUOTED)
    return "" if account.upper().startswith("CURRENT_USER") else definer(account)


_UNQUOTED = str.maketrans("", "", "`'\"= ")


def _trigger(statement: Statement, cursor: Cursor, name: Name) -> Iterator[Operation]:
    moment = cursor.any_of("BEFORE", "AFTER")
    while not cursor.done and not cursor.take("ON"):
        cursor.next()
    at_table = cursor.table()
    body = said(cursor.tokens[cursor.position :])
    yield op.ChangeTrigger(
        **_where(statement),
        table=at_table,
        action=f"CREATE {moment} TRIGGER",
        name=name.name,
        body=body,
    )
    yield op.CreateObject(**_where(statement), kind="trigger", name=name, body=body)


def _kept_out(said: str) -> tuple[str, ...]:
    """Return what keeps a user from logging in as before (MySQL manual, ALTER USER)."""
    out = "ACCOUNT LOCK" in said or said.endswith("PASSWORD EXPIRE")
    other = "IDENTIFIED" in said and "RETAIN CURRENT PASSWORD" not in said
    other = other or not {"REQUIRE", "DISCARD"}.isdisjoint(said.split())
    return (*(("no canlogin",) if out else ()), *(("password",) if other else ()))


def _account(tokens: Sequence[Token]) -> str:
    """Return accounts as they are written: `'app'@'%'`."""
    return said(tokens).replace(" @", "@").replace("@ ", "@")


def drop(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read DROP of anything."""
    kind = cursor.peek(1).up
    if kind == "INDEX":
        yield from tables.drop_index(statement, cursor)
    elif kind in {"USER", "ROLE"}:
        name = _account(cursor.tokens[cursor.position + 2 :])
        yield op.ChangeRole(**_where(statement), role=name, action=f"DROP {kind}")
    elif kind in {"PREPARE", "SERVER", "RESOURCE"}:
        yield op.Harmless(**_where(statement))
    else:
        for dropped in tables.drop(statement, cursor):
            if isinstance(dropped, op.DropObject) and dropped.kind == "database":
                yield op.DropObject(**_where(statement), kind="schema", name=dropped.name)
            else:
                yield dropped


def alter(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read ALTER of anything but a table."""
    cursor.expect("ALTER")
    marks = _marks(cursor)
    kind = cursor.next().up
    if kind in {"USER", "ROLE"}:
        user = _account(cursor.tokens[cursor.position : cursor.position + 3])
        values = _kept_out(" ".join(token.up for token in cursor.tokens[cursor.position :]))
        yield op.ChangeRole(**_where(statement), role=user, action=f"ALTER {kind}", values=values)
    elif kind in {"DATABASE", "SCHEMA"}:
        yield _database(statement, cursor)
    elif kind in {"VIEW", "EVENT", "FUNCTION", "PROCEDURE"}:
        cursor.take("IF", "EXISTS")
        name = cursor.table()
        body = said(cursor.tokens[cursor.position :])
        made: dict[str, Any] = {"kind": kind.lower(), "name": name, "replace": True}
        if kind in {"FUNCTION", "PROCEDURE"}:
            # Its code stays (MySQL manual, "ALTER FUNCTION Statement").
            invoker = "SQL SECURITY INVOKER" in body.upper()
            made["options"] = ("security invoker",) if invoker else ("a characteristic",)
            yield op.CreateObject(**_where(statement), **made)
            return
        body += marks if kind == "VIEW" else ""
        yield op.CreateObject(**_where(statement), **made, body=body)
        words = body.upper().split()
        if kind == "EVENT" and "DISABLE" not in words and not {"ENABLE", "DO"}.isdisjoint(words):
            yield unread(statement, _BY_ITSELF)
    elif kind == "SEQUENCE":
        cursor.take("IF", "EXISTS")
        options = tuple(token.up for token in cursor.tokens[cursor.position + 1 :] if token.up)
        yield op.ChangeSequence(**_where(statement), sequence=cursor.table(), options=options)
    else:
        yield unread(statement, "cdkit does not know what this ALTER does to those who run")


def _database(statement: Statement, cursor: Cursor) -> Operation:
    """Read ALTER DATABASE: the default of tables to come, or that nobody writes any more."""
    name = "" if cursor.done else cursor.peek().text.strip("`")
    words = said(cursor.tokens[cursor.position :]).upper().replace(" =", "")
    if words.endswith("READ ONLY 1"):
        return op.ChangeRole(**_where(statement), role=name, action="SET GLOBAL read_only")
    return op.Harmless(**_where(statement))


def rename(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read RENAME TABLE and RENAME USER."""
    if cursor.sees("RENAME", "USER"):
        name = _account(cursor.tokens[2:5])
        return iter((op.ChangeRole(**_where(statement), role=name, action="RENAME USER"),))
    return tables.rename_table(statement, cursor)


def revoke(statement: Statement, cursor: Cursor) -> Iterator[Operation]:
    """Read REVOKE."""
    cursor.expect("REVOKE")
    objects: tuple[Name, ...] = ()
    while not cursor.done and not cursor.take("ON"):
        cursor.next()
    cursor.any_of("TABLE", "FUNCTION", "PROCEDURE")
    if not cursor.done and cursor.peek().up != "*" and not cursor.sees("FROM"):
        first = cursor.identifier()
        if not cursor.take(".", "*"):
            second = cursor.identifier() if cursor.take(".") else ""
            objects = (Name(first if second else "", str(second or first)),)
    while not cursor.done and not cursor.take("FROM"):
        cursor.next()
    grantees = (_account(cursor.tokens[cursor.position :]),)
    yield Revoke(
        **_where(statement), action="REVOKE", kind="table", objects=objects, grantees=grantees
    )
