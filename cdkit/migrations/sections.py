"""Files with an up and a down part, told apart by marker lines."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress

from cdkit.core.errors import CdkitError
from cdkit.migrations.lexer import blanked
from cdkit.migrations.look import Look, join, parent
from cdkit.migrations.source import Down
from cdkit.migrations.text import Text, holds

Mark = Callable[[bytes], bool]


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
        return any(holds(data, word) and mark().search(data) for data in _texts(folder, look))

    return look.once(("marks", repr(word), folder), find)


def _texts(folder: str, look: Look) -> Sequence[bytes]:
    """Return what stands in the SQL files of a folder that can be read."""

    def read() -> list[bytes]:
        found = []
        for name in look.names(folder):
            path = join(folder, name)
            if name.endswith(".sql") and look.is_file(path):
                with suppress(CdkitError):  # said where the file itself is read
                    found.append(look.read(path))
        return found

    return look.once(("texts", folder), read)
