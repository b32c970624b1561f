"""A Dockerfile as instructions, for every domain that reads one."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_.]*)[\"']?")


class Instruction(Struct, frozen=True, kw_only=True):
    """An instruction: its first line (from 1), its keyword in capitals, the rest on one line."""

    line: int
    keyword: str
    text: str


def read_instructions(data: bytes) -> tuple[Instruction, ...]:
    """Return the instructions of a Dockerfile; continuation lines are joined, comments dropped.

    The syntax is that of Docker's reference ("Dockerfile reference", escape directive and
    here-documents included). What is no Dockerfile gives instructions that mean nothing.
    """
    lines = data.decode("utf-8-sig", "replace").splitlines()
    escape = "\\"
    for line in lines:
        if not line.startswith("#"):
            break
        if match := _DIRECTIVE.match(line):
            escape = match[1]
    return tuple(_instructions(lines, escape))


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    index = 0
    while index < len(lines):
        start = index
        text, index = _logical_line(lines, index, escape)
        keyword, _, rest = text.partition(" ")
        if keyword.upper() in {"RUN", "COPY", "ADD"}:
            index = _past_heredocs(lines, index, rest)
        if keyword and not keyword.startswith("#"):
            yield Instruction(line=start + 1, keyword=keyword.upper(), text=rest.strip())


def _logical_line(lines: Sequence[str], index: int, escape: str) -> tuple[str, int]:
    parts: list[str] = []
    while index < len(lines):
        line = lines[index].strip()
        index += 1
        if parts and (not line or line.startswith("#")):
            continue
        if not line.endswith(escape) or (not parts and line.startswith("#")):
            parts.append(line)
            break
        parts.append(line[: -len(escape)])
    return " ".join(" ".join(parts).split()), index


def _past_heredocs(lines: Sequence[str], index: int, text: str) -> int:
    for match in _HEREDOC.finditer(text):
        while index < len(lines) and lines[index].strip() != match[1]:
            index += 1
        index += 1
    return index
