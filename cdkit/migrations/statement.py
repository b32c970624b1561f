"""A statement of a migration: its place, its kind, and its tree, read when a rule wants it."""

from typing import TYPE_CHECKING, TypeVar

import msgspec

from cdkit.core.finding import Location
from cdkit.migrations.text import Text

if TYPE_CHECKING:
    from cdkit.migrations.operation import Operation

T = TypeVar("T")


class Statement:
    """One statement. `start` and `end` are byte offsets in the file; `kind` is the grammar's.

    `node` is the JSON of the tree below the kind, empty where it was let go: then `does` holds the
    operations that were read from it. `base` is what must be added to a location in
    it to have an offset in the file, or negative where the text of the tree is not in the file.
    One that is not `whole` does what it does together with others; `passed_over` are kinds of
    constraint that the server reads and does not keep.
    """

    whole = True
    passed_over: frozenset[str] = frozenset()
    __slots__ = ("_line", "base", "does", "end", "kind", "node", "start", "text")

    def __init__(
        self, *, text: Text, kind: str, node: bytes, start: int, end: int, base: int = 0
    ) -> None:
        self.text = text
        self.kind = kind
        self.node = node
        self.start = start
        self.end = end
        self.base = base
        self.does: tuple[Operation, ...] | None = None
        self._line = ""

    def read(self, kind: type[T]) -> T:
        """Decode the tree as this struct.

        Raises RecursionError where it nests deeper than the decoder goes.
        """
        return msgspec.json.decode(self.node, type=kind)

    def at(self, location: int) -> int:
        """Return the file offset of a location in the tree; the start where nobody knows it."""
        return location + self.base if location > 0 and self.base >= 0 else self.start

    def place(self) -> Location:
        """Return where the statement starts."""
        return self.text.place(self.start)

    @property
    def line(self) -> str:
        """The statement as it is written, its blanks and line ends made one space each."""
        if not self._line:
            self._line = " ".join(self.source.split())
        return self._line

    @property
    def source(self) -> str:
        """The statement as it is written."""
        return self.text.data[self.start : self.end].decode("utf-8", "replace")
