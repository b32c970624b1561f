"""What psql reads in a script beside SQL: its own commands, and the rows after COPY FROM STDIN.

Source: PostgreSQL manual, "psql", section "Meta-Commands", and "COPY", section "Notes".
"""

import re
from itertools import pairwise

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import Token, blanked, tokens
from cdkit.migrations.trouble import Trouble

_INERT_WORDS = b"""
    a C copy copyright echo encoding errverbose f H help pset prompt q qecho restrict s set
    sendpipeline t T timing unrestrict unset v warn x
"""
_INERT = frozenset(_INERT_WORDS.split())
"""Commands that change no schema and bring no SQL from elsewhere."""

_SENDS = pattern(rb"\\(?:g(?:set|x|exec|desc)?|watch|crosstabview)\b")
"""Commands that send the statement before them, as a semicolon does."""

_IF = pattern(rb"\\if\b")
_IF_GOES_ON = pattern(rb"\\(?:elif|else|endif)\b")


def without_commands(data: bytes) -> tuple[bytes, tuple[Trouble, ...]]:
    """Return a script with psql's commands and COPY's rows made blank.

    What a command would bring in unseen (`i`, `gexec`, `connect`) is a trouble, and so is an `if`,
    with all that belongs to it.
    """
    troubles: list[Trouble] = []
    spans: list[tuple[int, int]] = []
    position, decided = 0, False
    while span := _next_span(data, position):
        start, end = span
        trouble = _trouble(data, start, end)
        decided = decided or (trouble is not None and _IF().match(data, start) is not None)
        if trouble and not (decided and _IF_GOES_ON().match(data, start)):
            troubles.append(trouble)
        spans.append(span)
        position = end
    clean = bytearray(blanked(data, spans))
    for start, end in spans:
        if _SENDS().match(data, start, end):
            clean[start : start + 1] = b";"
    return bytes(clean), tuple(troubles)


def _next_span(data: bytes, position: int) -> tuple[int, int] | None:
    """Return the next range that is not SQL."""
    words: list[bytes] = []
    for token in tokens(data, position):
        if token.text == b"\\" and token.kind == "mark":
            return token.start, _command_end(data, token.start)
        if token.text == b";":
            if _copies_rows(words):
                return _rows(data, token)
            words = []
        elif len(words) < 64:
            words.append(token.text.upper())
    return None


def _copies_rows(words: list[bytes]) -> bool:
    pairs = pairwise(words)
    return bool(words) and words[0] == b"COPY" and (b"FROM", b"STDIN") in pairs


def _rows(data: bytes, semicolon: Token) -> tuple[int, int]:
    """Return the range of the rows after a COPY, the line that ends them included."""
    start = _line_end(data, semicolon.end)
    ends = re.compile(rb"\n\\\.\r?(?=\n|\Z)").search(data, start)
    return start, ends.end() if ends else len(data)


def _trouble(data: bytes, start: int, end: int) -> Trouble | None:
    if data[start : start + 1] != b"\\":
        return None if data[start:end].rstrip().endswith(b"\n\\.") else _endless(start)
    command = data[start + 1 : end].split()
    name = command[0].rstrip(b"\\") if command else b""
    if name in _INERT:
        return None
    shown = data[start:end].decode("utf-8", "replace").strip()[:80]
    what = f"`{shown}` is a psql command that brings in what is not in this file"
    if _IF().match(data, start):
        what = f"psql decides only as it runs whether what follows `{shown}` runs"
    return Trouble(
        rule="unread-command",
        what=what,
        offset=start,
        remedy="write the SQL itself into the migration",
    )


def _endless(start: int) -> Trouble:
    return Trouble(
        rule="syntax-error",
        what="the rows after COPY FROM STDIN never end, so all that follows may be one of them",
        offset=start,
        remedy="end the rows by a line with nothing but a backslash and a dot",
    )


def _command_end(data: bytes, start: int) -> int:
    """Return where a command ends: with its line, or at a double backslash before more SQL."""
    end = _line_end(data, start)
    separator = data.find(b"\\\\", start + 1, end)
    return separator + 2 if separator >= 0 else end


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end
