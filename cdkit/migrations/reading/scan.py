"""Tokens of SQL as MySQL, MariaDB and SQLite have it, with the bytes where they stand.

Sources: MySQL manual, 11 "Language Structure" (comments, string literals, identifiers); SQLite,
"SQL As Understood By SQLite", tokenizer. PostgreSQL's rules are in `cdkit/migrations/lexer.py`.
"""

import collections
import re

from cdkit.migrations.lazy import pattern

_WORD = rb"(?P<word>(?:[A-Za-z_\x80-\xff]|\$(?=\w))[\w$\x80-\xff]*+)"
_NUMBER = rb"(?P<number>0[xX][0-9A-Fa-f]+|\d[\w]*(?:\.[\w]*)?(?:[eE][+-]?\d+)?|\.\d+)"
_SPACE = rb"(?P<space>[\s\x00]+)"
_MYSQL_COMMENT = rb"--(?=[\s\x00]|\Z)[^\n]*+|\#[^\n]*+|/\*.*?(?:\*/|\Z)"
_SQLITE_COMMENT = rb"--[^\n]*+|/\*.*?(?:\*/|\Z)"
_MYSQL_QUOTED = (
    rb"'(?:[^'\\]|''|\\.)*+(?:'|\Z)|\"(?:[^\"\\]|\"\"|\\.)*+(?:\"|\Z)|`(?:[^`]|``)*+(?:`|\Z)"
)
_SQLITE_QUOTED = (
    rb"'(?:[^']|'')*+(?:'|\Z)|\"(?:[^\"]|\"\")*+(?:\"|\Z)"
    rb"|`(?:[^`]|``)*+(?:`|\Z)|\[[^\]]*+(?:\]|\Z)"
)
_MYSQL = (
    _SPACE + rb"|(?P<comment>" + _MYSQL_COMMENT + rb")"
    rb"|(?P<string>(?:[nNxXbB](?='))?'(?:[^'\\]|''|\\.)*+(?:'|\Z)|\"(?:[^\"\\]|\"\"|\\.)*+(?:\"|\Z))"
    rb"|(?P<name>`(?:[^`]|``)*+(?:`|\Z))"
    rb"|(?P<variable>@@?(?:`[^`]*`|'[^']*'|[\w.$]*))"
    rb"|" + _NUMBER + rb"|" + _WORD + rb"|(?P<mark>:=|.)"
)
_SQLITE = (
    _SPACE + rb"|(?P<comment>" + _SQLITE_COMMENT + rb")"
    rb"|(?P<string>(?:[xX](?='))?'(?:[^']|'')*+(?:'|\Z))"
    rb"|(?P<name>\"(?:[^\"]|\"\")*+(?:\"|\Z)|`(?:[^`]|``)*+(?:`|\Z)|\[[^\]]*+(?:\]|\Z))"
    rb"|(?P<variable>[@:$]\w+|\?\d*)"
    rb"|" + _NUMBER + rb"|" + _WORD + rb"|(?P<mark>.)"
)
# Everything up to the next semicolon that ends a statement, in one go.
_MYSQL_RUN = rb"(?:[^;'\"`\#/-]++|" + _MYSQL_QUOTED + rb"|" + _MYSQL_COMMENT + rb"|[-/])*+"
_SQLITE_RUN = rb"(?:[^;'\"`\[/-]++|" + _SQLITE_QUOTED + rb"|" + _SQLITE_COMMENT + rb"|[-/])*+"
# Everything up to the end of the next comment or quote, in one go.
MYSQL_COMMENTS = pattern(
    rb"[^'\"`\#/-]*+(?:(?P<comment>" + _MYSQL_COMMENT + rb")|" + _MYSQL_QUOTED + rb"|.|\Z)",
    re.DOTALL,
)
SQLITE_COMMENTS = pattern(
    rb"[^'\"`\[/-]*+(?:(?P<comment>" + _SQLITE_COMMENT + rb")|" + _SQLITE_QUOTED + rb"|.|\Z)",
    re.DOTALL,
)
_CLOSING = {"'": "'", '"': '"', "`": "`", "[": "]"}


class Token:
    """A token: its kind (`word`, `name`, `string`, `number`, `variable`, `mark`), place, text.

    `up` is a word in capitals, and a mark as it is; empty for all else, so that a quoted name is
    never taken for a keyword.
    """

    __slots__ = ("end", "kind", "start", "text", "up")

    def __init__(self, kind: str, start: int, end: int, text: str) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text
        self.up = text.upper() if kind in {"word", "mark"} else ""

    @property
    def closed(self) -> bool:
        """Whether a quote that it opens is closed."""
        if self.kind not in {"string", "name"}:
            return True
        body = self.text if self.text[0] in _CLOSING else self.text[1:]
        return len(body) > 1 and body.endswith(_CLOSING[body[0]])


MYSQL = re.compile(_MYSQL, re.DOTALL)
SQLITE = re.compile(_SQLITE, re.DOTALL)
MYSQL_RUN = re.compile(_MYSQL_RUN, re.DOTALL)
SQLITE_RUN = re.compile(_SQLITE_RUN, re.DOTALL)


def stripped(sql: bytes, start: int, end: int, *, sqlite: bool) -> int:
    """Return where a statement ends, without the spaces and comments behind it."""
    piece = sql[start:end].rstrip()
    last = piece[piece.rfind(b"\n") + 1 :]
    if not any(mark in last for mark in (b"--", b"#", b"*/")):
        return start + len(piece)
    found = scan(piece, sqlite=sqlite)
    return start + (found[-1].end if found else len(piece))


def unclosed(data: bytes, *, sqlite: bool) -> int:
    """Return where a quote begins that is never closed, or -1; only the last token can be one."""
    found = collections.deque((SQLITE if sqlite else MYSQL).finditer(data), maxlen=1)
    last = found[0] if found else None
    if last is None or last.lastgroup not in {"string", "name"}:
        return -1
    token = Token(last.lastgroup, last.start(), last.end(), last.group().decode("utf-8", "replace"))
    return -1 if token.closed else last.start()


def scan(data: bytes, *, sqlite: bool, start: int = 0, end: int | None = None) -> list[Token]:
    """Return the tokens between two offsets; white space and comments are left out."""
    found = []
    for match in (SQLITE if sqlite else MYSQL).finditer(
        data, start, len(data) if end is None else end
    ):
        kind = match.lastgroup or "mark"
        if kind not in {"space", "comment"}:
            text = match.group().decode("utf-8", "replace")
            found.append(Token(kind, match.start(), match.end(), text))
    return found


def open_comment(data: bytes, *, sqlite: bool) -> int:
    """Return where a block comment begins that is never closed, or -1."""
    last = data.rfind(b"/*")
    if last < 0 or data.find(b"*/", last + 2) >= 0:
        return -1
    for match in (SQLITE if sqlite else MYSQL).finditer(data):
        if match.lastgroup != "comment" or not match.group().startswith(b"/*"):
            continue
        if not match.group().endswith(b"*/") or len(match.group()) < len(b"/**/"):
            return match.start()
    return -1
