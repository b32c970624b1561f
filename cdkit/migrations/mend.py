"""How a statement is rewritten so that it means the same and does less harm: splices."""

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct

from cdkit.migrations.lexer import Token, tokens
from cdkit.migrations.operation import Operation
from cdkit.migrations.text import BOM
from cdkit.migrations.ways import ended

_LOOKED_AT = 40
"""Tokens of a statement among which its keywords are."""


class Splice(Struct, frozen=True, kw_only=True):
    """The bytes of a file from `at` up to `end` become `text`; with `at` = `end` it is put in."""

    at: int
    end: int
    text: str


class Mend(Struct, frozen=True, kw_only=True):
    """What a rule would rewrite, and what that takes.

    `alone`: the result is refused in a transaction, so the tool must run the file outside one.
    `apart`: the result gains nothing in one transaction, so it is written only where there is
    none. `late`: written only when nothing else is left to be. Without splices `by_hand` says why.
    """

    splices: tuple[Splice, ...] = ()
    alone: bool = False
    apart: bool = False
    late: bool = False
    by_hand: str = ""


def words_of(operation: Operation) -> list[Token]:
    """Return the tokens of the statement that an operation is of."""
    statement = operation.statement
    return list(tokens(statement.text.data, statement.start, statement.end))


def behind(operation: Operation, *words: str, text: str) -> tuple[Splice, ...]:
    """Return the splice that puts text behind the first of these words; none where none is there.

    Only the beginning of a statement is looked at, where it has its keywords: what stands in
    parentheses (`REINDEX (VERBOSE) TABLE`) is passed over.
    """
    depth = 0
    statement = operation.statement
    words_there = tokens(statement.text.data, statement.start, statement.end)
    for token in islice(words_there, _LOOKED_AT):
        if token.kind == "mark":
            depth += (token.text == b"(") - (token.text == b")")
        elif not depth and token.kind == "name" and token.text.upper().decode("latin-1") in words:
            return (Splice(at=token.end, end=token.end, text=f" {text}"),)
    return ()


def before(operation: Operation, text: str) -> Splice:
    """Return the splice that puts a line before the statement, above the allowances that it has.

    A comment that allows something speaks of the next line of code, so what is put in must stand
    above it; other comments (a tool's header) stay the first.
    """
    statement = operation.statement
    data = statement.text.data
    top = len(BOM) if data.startswith(BOM) else 0
    start = max(top, data.rfind(b"\n", 0, statement.start) + 1)
    if data[start : statement.start].strip():
        return Splice(at=statement.start, end=statement.start, text=f"{text} ")
    at, above = start, start
    while above > top:
        line = data[max(top, data.rfind(b"\n", 0, above - 1) + 1) : above]
        if line.strip() and not line.lstrip().startswith(b"--"):
            break
        above -= len(line)
        at = above if b"cdkit:" in line else at
    return Splice(at=at, end=at, text=f"{text}\n")


def after(operation: Operation, text: str) -> Splice:
    """Return the splice that puts lines behind the statement, its semicolon included."""
    statement = operation.statement
    data = statement.text.data
    last = statement.start
    for token in tokens(data, statement.start):
        if token.text == b";" and token.start >= statement.end:
            return Splice(at=token.end, end=token.end, text=f"\n{text}")
        if token.start >= statement.end:
            break
        last = token.end
    return Splice(at=last, end=last, text=f";\n{text}")


def rewritten(splices: Sequence[Splice], operation: Operation) -> str:
    """Return the statement with the splices made; nothing where they are not all within it."""
    statement = operation.statement
    start, end = statement.start, statement.end
    if not splices or not all(start <= one.at <= one.end <= end for one in splices):
        return ""
    pieces, at = [], start
    for one in sorted(splices, key=lambda each: each.at):
        pieces += [statement.text.data[at : one.at], one.text.encode()]
        at = one.end
    text = b"".join((*pieces, statement.text.data[at:end])).decode("utf-8", "replace")
    return ended(text.strip().rstrip(";"))
