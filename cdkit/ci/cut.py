"""Outputs that are longer than a CI system takes: cut at a line, or refused."""

from collections.abc import Callable

from cdkit.core.errors import Unwritable

Size = Callable[[str], int]


def utf16_units(text: str) -> int:
    """Return a text's length as JavaScript and .NET count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """Return a text's length in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def fit(name: str, text: str, most: int, size: Size, where: str) -> str:
    """Return an output that is at most so long, save for a last line that counts what was cut.

    A list is cut at a line. Raises Unwritable where a single line is too long: half of a value is
    no value. `where` is the system's name for the place of outputs.
    """
    if size(text) <= most:
        return text
    kept, length = [], 0
    lines = text.split("\n")
    for line in lines:
        length += size(line) + 1
        if length > most:
            break
        kept.append(line)
    if not kept:
        raise Unwritable(
            f"the output {name} holds {size(text)} characters, more than {most}",
            where=where,
            remedy="read it from the record instead",
        )
    return "\n".join([*kept, f"… and {len(lines) - len(kept)} more, in the record"])
