"""A Dockerfile as instructions, for every domain that reads one."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)")
_DIRECTIVES = frozenset({"escape", "syntax", "check"})
_HEREDOC = re.compile(r"""\d*<<(-?)(["']?)([^<"'\s]+)\2""")
_MAY_HOLD_HEREDOC = frozenset({"RUN", "COPY", "ADD"})
_BLANKS = " \t\v\f\r\n"


class Word(Struct, frozen=True, kw_only=True):
    """A word as it stands, quotes included; the offsets count characters of the file's text.

    `plain` says whether it stands in one piece: no line ends within it.
    """

    text: str
    start: int
    end: int
    plain: bool = True

    def part(self, start: int, end: int) -> "Word":
        """Return a part of a plain word."""
        return Word(
            text=self.text[start:end],
            start=self.start + start,
            end=self.start + end,
            plain=self.plain,
        )


class Instruction(Struct, frozen=True, kw_only=True):
    """An instruction: its first line (from 1), its keyword in capitals, the rest on one line.

    `joined` is the whole of it, as its lines give it when continuations are taken out; `pieces`
    say where each line's part begins, in `joined` and in the file's text.
    """

    line: int
    keyword: str
    text: str
    joined: str = ""
    pieces: tuple[tuple[int, int], ...] = ()
    escape: str = "\\"

    def word(self, start: int, end: int) -> Word:
        """Return a part of `joined` as a word with its place in the file."""
        first = bisect_right(self.pieces, (start, 1 << 62)) - 1
        last = bisect_right(self.pieces, (max(start, end - 1), 1 << 62)) - 1
        places = [self.pieces[at][1] - self.pieces[at][0] for at in (first, last)]
        return Word(
            text=self.joined[start:end],
            start=start + places[0],
            end=end + places[1],
            plain=first == last,
        )


def read_instructions(data: bytes) -> tuple[Instruction, ...]:
    """Return the instructions of a Dockerfile; continuation lines are joined, comments dropped.

    The syntax is that of Docker's reference ("Dockerfile reference", escape directive and
    here-documents included). What is no Dockerfile gives instructions that mean nothing.
    """
    return parse_instructions(data.decode("utf-8-sig", "replace"))


def parse_instructions(text: str) -> tuple[Instruction, ...]:
    """Return the instructions of a Dockerfile's text, which begins after its byte order mark."""
    named = {name: word.text for name, word in directives(text)}
    escape = named.get("escape", "\\")
    return tuple(_Reading(text, escape if escape in {"\\", "`"} else "\\").instructions())


def directives(text: str) -> Iterator[tuple[str, Word]]:
    """Yield the parser directives, names in lower case: only what stands before all else counts.

    A line that looks like one and is none that is known ends nothing (BuildKit, parser/directives).
    """
    at = 0
    for line in text.split("\n"):
        found = _DIRECTIVE.match(line)
        if not found and not (at == 0 and line.startswith("#!")):
            return
        if found and found[1].lower() in _DIRECTIVES:
            start, value = at + found.start(2), found[2].rstrip()
            yield found[1].lower(), Word(text=value, start=start, end=start + len(value))
        at += len(line) + 1


def flags(instruction: Instruction) -> tuple[Word, ...]:
    """Return an instruction's flags (`--from=…`), quotes as they stand."""
    return _words(instruction)[0]


def arguments(instruction: Instruction) -> tuple[Word, ...]:
    """Return an instruction's words after its flags: split at blanks, outside of quotes."""
    return _words(instruction)[1]


def trigger(instruction: Instruction) -> Instruction:
    """Return what an ONBUILD puts off, or the instruction itself where it puts off nothing."""
    if instruction.keyword != "ONBUILD":
        return instruction
    start = re.match(r"\S+\s*", instruction.joined)
    words = instruction.joined[start.end() if start else 0 :]
    keyword, _, rest = words.replace("\t", " ").partition(" ")
    blank = " " * (len(instruction.joined) - len(words))
    return Instruction(
        line=instruction.line,
        keyword=keyword.upper(),
        text=" ".join(rest.split()),
        joined=blank + words,
        pieces=instruction.pieces,
        escape=instruction.escape,
    )


def _words(instruction: Instruction) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Return flags and arguments; of what RUN runs only the first word: the rest is a shell's."""
    found: list[Word] = []
    leading = -1
    for start, end in _spans(instruction):
        if leading < 0 and not instruction.joined.startswith("--", start):
            leading = len(found)
        found.append(instruction.word(start, end))
        if leading >= 0 and instruction.keyword == "RUN":
            break
    leading = len(found) if leading < 0 else leading
    return tuple(found[:leading]), tuple(found[leading:])


def _spans(instruction: Instruction) -> Iterator[tuple[int, int]]:
    """Yield where the words after the keyword begin and end in `joined`."""
    text = instruction.joined
    keyword = re.match(r"\s*\S*", text)
    at = keyword.end() if keyword else 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
            continue
        end = _end_of_word(text, at, instruction.escape)
        yield at, end
        at = end


def _end_of_word(text: str, at: int, escape: str) -> int:
    quote = ""
    while at < len(text):
        here = text[at]
        if here == escape and quote != "'":
            at += 1
        elif quote:
            quote = "" if here == quote else quote
        elif here in "\"'":
            quote = here
        elif here in _BLANKS:
            return at
        at += 1
    return len(text)


class _Reading:
    """Goes through a text line by line as BuildKit's parser does: only a line feed ends a line."""

    def __init__(self, text: str, escape: str) -> None:
        self._lines = text.split("\n")
        self._escape = escape
        mark = re.escape(escape)
        self._continued = re.compile(rf"(?:(?<!{mark})|^){mark}[ \t]*$")
        self._at = 0
        self._offset = 0

    def instructions(self) -> Iterator[Instruction]:
        while self._at < len(self._lines):
            line = self._at + 1
            joined, pieces = self._logical_line()
            keyword, _, rest = joined.strip().replace("\t", " ").partition(" ")
            if not keyword:
                continue
            found = Instruction(
                line=line,
                keyword=keyword.upper(),
                text=" ".join(rest.split()),
                joined=joined,
                pieces=pieces,
                escape=self._escape,
            )
            yield found
            self._past_heredocs(found)

    def _next(self) -> tuple[str, int]:
        line, offset = self._lines[self._at], self._offset
        self._at += 1
        self._offset += len(line) + 1
        return line.rstrip("\r"), offset

    def _logical_line(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        parts: list[str] = []
        pieces: list[tuple[int, int]] = []
        length = 0
        while self._at < len(self._lines):
            line, offset = self._next()
            bare = line.strip()
            if not bare or bare.startswith("#"):
                if parts:
                    continue
                break
            end = self._continued.search(line)
            part = line[: end.start()] if end else line
            pieces.append((length, offset))
            parts.append(part)
            length += len(part)
            if not end:
                break
        return "".join(parts), tuple(pieces)

    def _past_heredocs(self, instruction: Instruction) -> None:
        run = trigger(instruction)
        if "<<" not in run.joined or run.keyword not in _MAY_HOLD_HEREDOC:
            return
        for start, end in _spans(run):
            found = _HEREDOC.fullmatch(run.joined, start, end)
            if found and not self._past(found[3], "\t" if found[1] else ""):
                return

    def _past(self, name: str, tabs: str) -> bool:
        """Go past a here-document; one that never ends is none, so that it hides nothing."""
        if self._last.get((tabs, name), -1) < self._at:
            return False
        while True:
            line, _ = self._next()
            if _without(line, tabs) == name:
                return True

    @cached_property
    def _last(self) -> dict[tuple[str, str], int]:
        """Where each line stands last, as it is and without leading tabs."""
        found: dict[tuple[str, str], int] = {}
        for index, line in enumerate(self._lines):
            for tabs in ("", "\t"):
                found[tabs, _without(line.rstrip("\r"), tabs)] = index
        return found


def _without(line: str, tabs: str) -> str:
    return line.lstrip(tabs) if tabs else line
