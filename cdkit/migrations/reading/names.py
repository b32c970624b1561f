"""Names whose case does not count: columns and indexes of MySQL, everything of SQLite."""

from typing import Self


class Anycase(str):
    """A name that is equal to itself in other letters; it is shown as it was written."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Compare without case, with any text."""
        return isinstance(other, str) and self.lower() == other.lower()

    def __ne__(self, other: object) -> bool:
        """Compare without case, with any text."""
        return not self == other

    def __hash__(self) -> int:
        """Hash without case."""
        return hash(self.lower())

    def __add__(self, other: str) -> Self:
        """Return a longer name of the same kind."""
        return type(self)(str(self) + other)


def unquoted(text: str) -> str:
    """Return what a quoted identifier or a string names, its doubled quotes single again."""
    if text[:1] == "[":
        return text[1:-1]
    if text[:1] in {'"', "`", "'"}:
        quote = text[0]
        return text[1:-1].replace(quote * 2, quote)
    return text
