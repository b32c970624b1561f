"""Files with an up and a down part, told apart by marker lines."""

from collections.abc import Callable

from cdkit.migrations.lexer import blanked


def without_down(
    data: bytes, *, up: Callable[[bytes], bool], down: Callable[[bytes], bool]
) -> bytes:
    """Return a file with its down part made blank, and the marker lines.

    What stands before the first marker stays: no tool runs it, so it is judged rather than missed.
    """
    position, rising = 0, True
    blank: list[tuple[int, int]] = []
    for line in data.split(b"\n"):
        end = position + len(line)
        marks = up(line), down(line)
        if any(marks):
            rising = marks[0]
        if any(marks) or not rising:
            blank.append((position, end))
        position = end + 1
    return blanked(data, blank)
