"""Where the comments of PostgreSQL's SQL are, in one quick pass over a file.

Source: PostgreSQL manual, 4.1 "Lexical Structure".
"""

import re
from collections.abc import Iterator

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import comment_end
from cdkit.migrations.postgres.parser import is_psql
from cdkit.migrations.postgres.psql import without_commands
from cdkit.migrations.remarks import WORD

_NEXT = pattern(
    rb"[^'\"$/-]*+(?:"
    rb"(?P<comment>--[^\n\r]*+|/\*)"
    rb"|(?P<string>(?<=[eE])(?<![\w$\x80-\xff][eE])'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+(?:'|\Z)"
    rb"|'[^']*+(?:''[^']*+)*+(?:'|\Z))"
    rb'|"[^"]*+(?:"|\Z)'
    rb"|(?<![\w$\x80-\xff])(?P<dollar>\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*+)?\$)"
    rb"|.|\Z)",
    re.DOTALL,
)
"""Everything up to the end of the next comment or quote, in one go."""

_OF_CODE = pattern(rb"\b(?:DO|AS)(?:\s+LANGUAGE\s+\w+)?\s+[eE]?\Z|\b(?:DO|AS)\Z", re.IGNORECASE)
"""What stands before a string that is the body of a DO or of a function."""
_NEAR = 100


def comments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each comment, up to the last that may hold a word of ours.

    The body of a DO or of a function is code, with comments of its own; other strings are not.
    """
    return _within(without_commands(data)[0] if is_psql(data) else data, 0, len(data))


def _within(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    following, position, last = _NEXT().match, start, data.rfind(WORD, start, stop)
    while position <= last and (found := following(data, position, stop)):
        kind, position = found.lastgroup, found.end()
        if kind == "comment":
            begin = found.start("comment")
            if data.startswith(b"/*", begin):
                position = comment_end(data, position, stop)
            yield begin, position
        elif kind:
            begin = inside = found.start(kind)
            closing = position - 1
            if kind == "dollar":
                inside, closing = position, data.find(found[kind], position, stop)
                closing = stop if closing < 0 else closing
                position = min(closing + len(found[kind]), stop)
            if data.find(WORD, begin, position) >= 0 and _is_code(data, begin):
                yield from _within(data, inside + (kind == "string"), closing)


def _is_code(data: bytes, begin: int) -> bool:
    return _OF_CODE().search(data[max(0, begin - _NEAR) : begin]) is not None
