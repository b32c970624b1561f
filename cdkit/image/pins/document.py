"""A file that may name images: its text, its tree, and the way from an offset to its line."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping

import yaml
from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(r"\r\n|\r|\n")


class Source(Struct, frozen=True, kw_only=True):
    """A file as text: every offset counts characters of `text`, the byte order mark left out.

    Line ends stand in it as they stand in the file, so that pieces of it, joined and encoded, are
    the file's own bytes again.
    """

    path: str
    text: str
    bom: bool = False

    def encode(self, text: str) -> bytes:
        """Return the bytes of the file, were this its text."""
        return (_BOM if self.bom else b"") + text.encode()

    def end_of_line(self, offset: int) -> int:
        """Return where the line of an offset ends, before its line end (YAML 1.2, section 5.4)."""
        found = _LINE_END.search(self.text, offset)
        return found.start() if found else len(self.text)

    def start_of_line(self, offset: int) -> int:
        """Return where the line of an offset begins."""
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def line_end(self, offset: int) -> str:
        """Return the line end that stands at an offset, or the file's first one at its end."""
        found = _LINE_END.match(self.text, offset) or _LINE_END.search(self.text)
        return found[0] if found else "\n"

    def line_starts(self) -> list[int]:
        """Return the offset at which each line begins."""
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts


Fields = Mapping[str, tuple[str, ...]]
"""Further fields that name images: dotted paths, by the kind of a Kubernetes object."""


def _nothing(pattern: str) -> Mapping[str, str]:
    """Say that no other file is there."""
    del pattern
    return {}


class Around(Struct, frozen=True, kw_only=True):
    """What a format may want to know beside the file itself.

    `beside` gives the texts of other files, by path, that match a shell pattern in the file's
    folder (a chart's templates, for its values); `fields` is what the user added.
    """

    beside: Callable[[str], Mapping[str, str]] = _nothing
    fields: Fields = {}


ALONE = Around()


class Document(Struct, frozen=True, kw_only=True):
    """One YAML or JSON document of a file, or a whole file of another syntax.

    `root` is None where the file has no tree: another syntax, or YAML that only becomes YAML when
    a template engine has been through it (`templated`).
    """

    source: Source
    root: yaml.Node | None = None
    templated: bool = False
    around: Around = ALONE

    @property
    def path(self) -> str:
        """The path as the user wrote it."""
        return self.source.path

    @property
    def text(self) -> str:
        """The text of the whole file."""
        return self.source.text


class Lines:
    """Turns offsets of a text into places; made once a file, and only for what is shown."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts: list[int] = []

    def place(self, offset: int) -> Location:
        """Return the line and column of an offset, both from 1."""
        self._starts = self._starts or self._source.line_starts()
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        return Location(path=self._source.path, line=line, column=column)


def read_source(path: str, data: bytes) -> Source:
    """Return a file as text; Unreadable where it is not UTF-8."""
    bom = data.startswith(_BOM)
    try:
        return Source(path=path, text=data[3 if bom else 0 :].decode(), bom=bom)
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise Unreadable(
            f"is not UTF-8: {fault.reason}",
            where=Location(path=path, line=line),
            remedy="save it as UTF-8",
        ) from fault
