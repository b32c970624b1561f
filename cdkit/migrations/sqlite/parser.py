"""From the bytes of a migration to its statements, as SQLite's shell splits them.

Source: SQLite, "SQL As Understood By SQLite"; "Command Line Shell" (dot-commands).
"""

import re
from collections.abc import Iterator

from cdkit.migrations.encoding import readable
from cdkit.migrations.foreign import foreign
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.reading.compound import Nesting
from cdkit.migrations.reading.scan import SQLITE, SQLITE_RUN, open_comment, stripped, unclosed
from cdkit.migrations.sqlite.rebuild import rebuilds
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

_WORD = re.compile(rb"[A-Za-z]+")
_BOM = b"\xef\xbb\xbf"


def parse(text: Text, sql: bytes) -> Parsed:
    """Read the statements of a file; those that rebuild a table together know of each other."""
    if trouble := readable(sql):
        return Parsed(troubles=(trouble,))
    if sql.startswith(_BOM):
        sql = b"   " + sql[3:]
    if (begun := open_comment(sql, sqlite=True)) >= 0:
        return Parsed(troubles=(_fault("a comment is never closed", begun, "close it"),))
    statements: list[Statement] = []
    troubles = [*foreign(sql, "SQLite", SQLITE)]
    for start, end, left_open in _pieces(sql):
        if trouble := _unreadable(sql, start, end, left_open=left_open):
            troubles.append(trouble)
        else:
            statements.append(
                Statement(
                    text=text, kind=_word(sql, start), node=sql[start:end], start=start, end=end,
                    base=start,
                )
            )  # fmt: skip
    return Parsed(statements=rebuilds(statements), troubles=tuple(troubles))


def _word(sql: bytes, start: int) -> str:
    found = _WORD.match(sql, start)
    return found.group().decode().upper() if found else ""


def _pieces(sql: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield the start and end of each statement, and whether a block in it is never ended."""
    position = 0
    while match := SQLITE.match(sql, position):
        position = match.end()
        if match.lastgroup in {"space", "comment"} or match.group() == b";":
            continue
        begin = match.start()
        end, left_open = _end(sql, begin)
        yield begin, stripped(sql, begin, end, sqlite=True), left_open
        position = end + 1


def _end(sql: bytes, begin: int) -> tuple[int, bool]:
    """Return where the statement ends that begins here, and whether a block is left open."""
    nesting = Nesting(sql, begin)
    if not nesting.routine:
        run = SQLITE_RUN.match(sql, begin)
        return (run.end() if run else len(sql)), False
    for match in SQLITE.finditer(sql, begin):
        if match.group() == b";" and nesting.depth <= 0:
            return match.start(), False
        if match.lastgroup not in {"space", "comment"}:
            nesting.follow(match)
    return len(sql), nesting.depth > 0


def _unreadable(sql: bytes, start: int, end: int, *, left_open: bool) -> Trouble | None:
    if sql[start : start + 1] == b".":
        what = "a command of the sqlite3 shell: what it brings in is not in this file"
        remedy = "write the SQL itself into the migration"
        return Trouble(rule="unread-command", what=what, offset=start, remedy=remedy)
    if left_open:
        return _fault("a block that begins here is never ended", start, "end it")
    if sql.find(b";", end) < 0 and (begun := unclosed(sql[start:end], sqlite=True)) >= 0:
        return _fault("a quote is never closed", start + begun, "close it")
    return None


def _fault(what: str, offset: int, remedy: str) -> Trouble:
    return Trouble(rule="syntax-error", what=what, offset=offset, remedy=remedy)
