"""Files with an up and a down part, told apart by marker lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile

from cdkit.core.errors import CdkitError
from cdkit.migrations.folder import is_sql
from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import blanked, tokens
from cdkit.migrations.look import Look, join, parent
from cdkit.migrations.source import Down
from cdkit.migrations.text import Text, holds

Mark = Callable[[bytes], bool]
Lines = Sequence[tuple[int, bytes, bytes]]
"""Lines of a file: where each begins, what stands in it, which annotation it is (in small)."""
_CUT = pattern(rb";[ \t]*(?:--[^\n]*)?\r?\n")


def without_down(data: bytes, *, up: Mark, down: Mark) -> bytes:
    """Return a file with its down part made blank, and the marker lines.

    What stands before the first marker stays: no tool runs it, so it is judged rather than missed.
    """
    return blanked(data, _not(data, up=up, down=down, rising=True))


def down_of(path: str, data: bytes, *, up: Mark, down: Mark) -> Down | None:
    """Return the down part of a file with all else made blank; None where it has none."""
    if not any(down(line) for line in data.split(b"\n")):
        return None
    rising = _not(data, up=down, down=up, rising=False)
    return Down(text=Text(path, data), sql=blanked(data, rising))


def _not(data: bytes, *, up: Mark, down: Mark, rising: bool) -> list[tuple[int, int]]:
    """Return the ranges that are not of the up part; `rising` says what the beginning is."""
    position = 0
    blank: list[tuple[int, int]] = []
    for line in data.split(b"\n"):
        end = position + len(line)
        marks = up(line), down(line)
        if any(marks):
            rising = marks[0]
        if any(marks) or not rising:
            blank.append((position, end))
        position = end + 1
    return blank


def in_folder_of(word: bytes, mark: Callable[[], re.Pattern[bytes]], path: str, look: Look) -> bool:
    """Whether a file stands in a folder in which others bear a mark, which holds a word."""
    folder = parent(path)

    def find() -> bool:
        return any(holds(data, word) and mark().search(data) for data in texts_in(folder, look))

    return look.once(("marks", word, folder), find)


def bears(*words: bytes) -> Callable[[str, Look], bool]:
    """Return what tells whether any SQL file of a folder holds one of these words."""

    def found(folder: str, look: Look) -> bool:
        return any(holds(data, word) for data in texts_in(folder, look) for word in words)

    return found


def texts_in(folder: str, look: Look) -> Sequence[bytes]:
    """Return what stands in the SQL files of a folder that can be read."""

    def read() -> list[bytes]:
        found = []
        for name in look.names(folder):
            path = join(folder, name)
            if is_sql(name) and look.is_file(path):
                with suppress(CdkitError):  # said where the file itself is read
                    found.append(look.read(path))
        return found

    return look.once(("texts", folder), read)


def lines_of(
    data: bytes, annotation: Callable[[bytes], bytes]
) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the place of each line, what stands in it, and its annotation."""
    position = 0
    for line in data.split(b"\n"):
        yield position, line, annotation(line)
        position += len(line) + 1


def unended(lines: Lines) -> Iterator[int]:
    """Yield where a statement begins that no semicolon ends, at the end of a line of its part.

    goose and sql-migrate look for one there, and for StatementEnd. A comment between `/*` and `*/`
    begins a statement, since they know only those of `--`.
    """
    begins, inside = -1, False
    for at, line, said in (*lines, (0, b"", b"down")):
        if said in {b"up", b"down"} and begins >= 0:
            yield begins
        inside = said == b"statementbegin" or (inside and said != b"statementend")
        words = line.split()
        if said in {b"up", b"down"} or inside:
            begins = -1
        elif words and (begins >= 0 or not words[0].startswith(b"--")):
            begins = at if begins < 0 else begins
            code = list(takewhile(lambda word: not word.startswith(b"--"), words))
            begins = -1 if code and code[-1].endswith(b";") else begins


def begun(lines: Lines) -> tuple[list[tuple[int, int]], int]:
    """Return what stands between StatementBegin and StatementEnd, and where one is left open."""
    held: list[tuple[int, int]] = []
    opened = -1
    for at, _, said in lines:
        if said == b"statementbegin" and opened < 0:
            opened = at
        elif said == b"statementend" and opened >= 0:
            held.append((opened, at))
            opened = -1
    end = lines[-1][0] + len(lines[-1][1]) if lines else 0
    return ([*held, (opened, end)] if opened >= 0 else held), opened


def cut(data: bytes, held: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield where a body begins that is cut at its first semicolon, since nothing holds it."""
    for token in tokens(data) if b"$" in data else ():
        if token.kind != "string" or token.text[:1] != b"$" or not _CUT().search(token.text):
            continue
        if not any(start <= token.start < end for start, end in held):
            yield token.start
