"""From the bytes of a migration to its statements, as SQLite's shell splits them.

Source: SQLite, "SQL As Understood By SQLite"; "Command Line Shell" (dot-commands).
"""

from collections.abc import Iterator

from cdkit.migrations.encoding import readable
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.reading.compound import Nesting
from cdkit.migrations.reading.scan import SQLITE, open_comment, scan
from cdkit.migrations.sqlite.rebuild import rebuilds
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

_BOM = b"\xef\xbb\xbf"


def parse(text: Text, sql: bytes) -> Parsed:
    """Read the statements of a file; those that rebuild a table together know of each other."""
    if trouble := readable(sql):
        return Parsed(troubles=(trouble,))
    if sql.startswith(_BOM):
        sql = b"   " + sql[3:]
    if (begun := open_comment(sql, sqlite=True)) >= 0:
        return Parsed(troubles=(_fault("a comment is never closed", begun, "close it"),))
    statements, troubles = [], []
    for start, end in _pieces(sql):
        if trouble := _unreadable(sql, start, end):
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
    return sql[start : start + 40].split(maxsplit=1)[0].decode("utf-8", "replace").upper()


def _pieces(sql: bytes) -> Iterator[tuple[int, int]]:
    begin = -1
    nesting = Nesting(sql)
    for match in SQLITE.finditer(sql):
        if match.lastgroup in {"space", "comment"}:
            continue
        if begin < 0:
            if match.group() == b";":
                continue
            begin = match.start()
            nesting = Nesting(sql, begin)
        if match.group() == b";" and nesting.depth <= 0:
            yield begin, begin + len(sql[begin : match.start()].rstrip())
            begin = -1
        else:
            nesting.follow(match)
    if begin >= 0:
        yield begin, begin + len(sql[begin:].rstrip())


def _unreadable(sql: bytes, start: int, end: int) -> Trouble | None:
    if sql[start : start + 1] == b".":
        what = "a command of the sqlite3 shell: what it brings in is not in this file"
        remedy = "write the SQL itself into the migration"
        return Trouble(rule="unread-command", what=what, offset=start, remedy=remedy)
    unclosed = (token for token in scan(sql[start:end], sqlite=True) if not token.closed)
    if token := next(unclosed, None):
        return _fault("a quote is never closed", start + token.start, "close it")
    return None


def _fault(what: str, offset: int, remedy: str) -> Trouble:
    return Trouble(rule="syntax-error", what=what, offset=offset, remedy=remedy)
