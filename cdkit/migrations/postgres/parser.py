"""From the bytes of a migration to its statements, losing as little as can be to what is broken."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from cdkit.core.doors import pg_query
from cdkit.core.doors.pg_query import GrammarFault
from cdkit.core.errors import CannotTell
from cdkit.core.world import Processes
from cdkit.migrations.encoding import readable
from cdkit.migrations.guesses import TEMPLATE, is_template
from cdkit.migrations.lexer import first
from cdkit.migrations.operation import Operation, Unread
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.postgres.odd import folded, without_long_operators
from cdkit.migrations.postgres.pieces import AT_ONCE, Range, at_semicolons, groups, pieces
from cdkit.migrations.postgres.psql import without_commands
from cdkit.migrations.postgres.remedy import REMEDY, TOO_DEEP
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text, holds
from cdkit.migrations.trouble import Trouble

_BOM = b"\xef\xbb\xbf"
_SEVERAL = 2

Reader = Callable[[Statement], tuple[Operation, ...]]
"""What says what a statement does."""


class _Stmt(Struct, frozen=True):
    stmt: dict[str, Raw]
    stmt_location: int = 0
    stmt_len: int = 0


class _Tree(Struct, frozen=True):
    stmts: tuple[_Stmt, ...] = ()


def parse(
    text: Text, processes: Processes, *, data: bytes | None = None, read: Reader | None = None
) -> Parsed:
    """Read the statements of a file; `data` is its text where parts of it are made blank.

    Nothing here raises for what stands in the file: each part that cannot be read is a trouble,
    and the rest is read all the same. With `read` the statements of a large file are told what
    they do as they come, and their trees are let go: all trees of it would fill the memory.
    """
    sql = text.data if data is None else data
    if trouble := readable(sql):
        return Parsed(troubles=(trouble,))
    if sql.startswith(_BOM):
        sql = b"   " + sql[3:]
    sql, troubles = without_long_operators(sql)
    parsed = _parsed(_Reading(text, processes, read), sql)
    return Parsed(statements=parsed.statements, troubles=troubles + parsed.troubles)


def plain(
    text: Text, processes: Processes, *, data: bytes, read: Reader
) -> tuple[tuple[Range, ...], Callable[[Iterable[Range]], Iterator[Parsed]]] | None:
    """Return the ranges of a large text, and what reads some of them; None where it is not plain.

    Each gives what `parse` finds there, or, at the end, the fault of one that the grammar refuses.
    """
    if readable(data) or data.startswith(_BOM) or is_psql(data) or len(data) <= AT_ONCE:
        return None
    sql, troubles = without_long_operators(data)
    try:
        ranges = () if troubles else groups(sql)
    except GrammarFault:
        return None
    if any(size > pg_query.SAFE_LENGTH for _, size in ranges):
        return None
    reading = _Reading(text, processes, read)

    def parsed(some: Iterable[Range]) -> Iterator[Parsed]:
        try:
            yield from _each(reading, sql, tuple(some))
        except GrammarFault as fault:
            trouble = Trouble(rule="syntax-error", what=fault.message, offset=0, remedy="")
            yield Parsed(troubles=(trouble,))

    return (ranges, parsed) if ranges else None


def is_psql(sql: bytes) -> bool:
    """Whether psql reads this: one of its commands stands at the start of a line."""
    return sql.startswith(b"\\") or holds(sql, b"\n\\")


def _parsed(reading: "_Reading", sql: bytes) -> Parsed:
    if not is_psql(sql):  # else it is psql that reads this
        with contextlib.suppress(GrammarFault):
            return _whole(reading, sql)
    return _recovered(reading, sql)


class _Reading(NamedTuple):
    """A file that is read: its text, what runs the child, what tells statements what they do."""

    text: Text
    processes: Processes
    read: Reader | None


def _whole(reading: _Reading, sql: bytes) -> Parsed:
    """Parse all that there is; raises GrammarFault."""
    if len(sql) > AT_ONCE:
        return _in_groups(reading, sql, groups(sql))
    return _group(reading, sql, (0, len(sql)), pg_query.parse(sql))


def _in_groups(reading: _Reading, sql: bytes, ranges: tuple[Range, ...]) -> Parsed:
    """Parse range by range; raises GrammarFault."""
    return _together(tuple(_each(reading, sql, ranges)))


def _each(reading: _Reading, sql: bytes, ranges: tuple[Range, ...]) -> Iterator[Parsed]:
    """Yield what stands in each range, the next parsed while one is read; raises GrammarFault."""
    small = (sql[at : at + size] for at, size in ranges if size <= pg_query.SAFE_LENGTH)
    trees = pg_query.parse_each(small)
    for span in ranges:
        if span[1] > pg_query.SAFE_LENGTH:
            yield _in_pieces(reading, sql, (span,), faults=True)
            continue
        tree = next(trees)
        if isinstance(tree, GrammarFault):
            raise tree
        yield _group(reading, sql, span, tree)


def _together(done: Sequence[Parsed]) -> Parsed:
    return Parsed(
        statements=tuple(each for one in done for each in one.statements),
        troubles=tuple(each for one in done for each in one.troubles),
    )


def _group(reading: _Reading, sql: bytes, span: Range, tree: bytes) -> Parsed:
    """Return the statements of a range, from their tree."""
    at, size = span
    try:
        made = _statements(reading.text, sql, span, tree)
    except RecursionError:
        # Nested deeper than the decoder goes: only one statement of them needs to be unknown.
        inner = tuple((at + start, length) for start, length in pieces(sql[at : at + size]))
        if len(inner) == 1:
            return Parsed(statements=tuple(_piece(reading, sql, *span, tree)))
        return _in_pieces(reading, sql, inner)
    if reading.read and len(sql) > AT_ONCE:
        _told(made, reading.read)
    return Parsed(statements=made)


def _told(made: Iterable[Statement], read: Reader) -> None:
    """Ask what each statement does, once and for all."""
    for statement in made:
        statement.does = read(statement)
        statement.node = b""


def _statements(text: Text, sql: bytes, span: Range, tree: bytes) -> tuple[Statement, ...]:
    found = msgspec.json.decode(tree, type=_Tree).stmts
    base, last = span[0], len(sql[: sum(span)].rstrip()) if found else 0
    made: list[Statement] = []
    for one in found:
        kind, node = _kind(one)
        begin = base + one.stmt_location
        end = begin + one.stmt_len if one.stmt_len else last
        start = first(sql, begin)
        made.append(Statement(text=text, kind=kind, node=node, start=start, end=end, base=base))
    return tuple(made)


def node_of(statement: Statement) -> bytes:
    """Return the tree of a statement, made once more where it was let go.

    Empty where it cannot be: then what is written there is the code that the statement is in.
    """
    if statement.node:
        return statement.node
    try:
        found = statements_of(statement.source.encode())
    except (GrammarFault, RecursionError, ValueError):
        return b""
    return found[0][1] if [kind for kind, _ in found] == [statement.kind] else b""


def statements_of(sql: bytes) -> list[tuple[str, bytes]]:
    """Parse a piece of SQL by itself: the kind and the tree of each statement in it.

    Raises GrammarFault and RecursionError.
    """
    if len(sql) > pg_query.SAFE_LENGTH:
        raise GrammarFault("too long", 0)
    tree = pg_query.parse(sql)
    return [_kind(one) for one in msgspec.json.decode(tree, type=_Tree).stmts]


def _kind(one: _Stmt) -> tuple[str, bytes]:
    """Take `{"AlterTableStmt":{…}}` apart: its only key, and what stands below it."""
    ((kind, node),) = one.stmt.items()
    return kind, bytes(node)


def _recovered(reading: _Reading, sql: bytes) -> Parsed:
    """Read what can be read of a file that the grammar refuses as a whole."""
    clean, troubles = without_commands(sql)
    try:
        parsed = _whole(reading, clean)
    except GrammarFault as fault:
        parsed = _in_pieces(reading, clean, pieces(clean))
        if not parsed.troubles:
            # The whole is refused though each piece is not: say so rather than pass it over.
            troubles = (*troubles, _syntax_error(clean, 0, len(clean), fault))
    troubles = (*troubles, *parsed.troubles)
    return Parsed(statements=parsed.statements, troubles=folded(clean, troubles))


def _in_pieces(
    reading: _Reading, sql: bytes, ranges: tuple[Range, ...], *, faults: bool = False
) -> Parsed:
    """Parse statement by statement; raises GrammarFault only where `faults` asks for that."""
    made: list[Statement] = []
    troubles: list[Trouble] = []
    for start, length in ranges:
        try:
            made += _piece(reading, sql, start, length)
        except GrammarFault as fault:
            if faults:
                raise
            inner = at_semicolons(sql, start, start + length)
            if len(inner) < _SEVERAL:
                troubles.append(_syntax_error(sql, start, length, fault))
                continue
            rest = _in_pieces(reading, sql, inner)
            made += rest.statements
            troubles += rest.troubles
        except CannotTell as fault:
            at = first(sql, start)
            troubles.append(
                Trouble(rule="unread-code", what=fault.what, offset=at, remedy=fault.remedy)
            )
    return Parsed(statements=tuple(made), troubles=tuple(troubles))


def _piece(
    reading: _Reading, sql: bytes, start: int, length: int, tree: bytes | None = None
) -> list[Statement]:
    """Parse one statement by itself, unless its tree is there."""
    begin = first(sql, start, start + length)
    piece = sql[begin : start + length]
    apart = len(piece) > pg_query.SAFE_LENGTH
    end = start + length
    if tree is None:
        tree = pg_query.parse_apart(piece, reading.processes) if apart else pg_query.parse(piece)
    try:
        found = [_kind(one) for one in msgspec.json.decode(tree, type=_Tree).stmts]
    except RecursionError:
        return [_too_deep(reading.text, tree, begin, end)]
    made = [
        Statement(text=reading.text, kind=kind, node=node, start=begin, end=end, base=begin)
        for kind, node in found
    ]
    if reading.read and len(sql) > AT_ONCE:
        _told(made, reading.read)
    return made


def _too_deep(text: Text, tree: bytes, begin: int, end: int) -> Statement:
    """Nested deeper than the decoder goes: the kind is known, and that nobody can tell more."""
    at = tree.index(b'"stmt":{"') + len(b'"stmt":{"')
    kind = tree[at : tree.index(b'"', at)].decode()
    made = Statement(text=text, kind=kind, node=b"", start=begin, end=end, base=begin)
    made.does = (Unread(statement=made, at=begin, what=TOO_DEEP, remedy=REMEDY),)
    return made


def _syntax_error(sql: bytes, start: int, length: int, fault: GrammarFault) -> Trouble:
    begin = first(sql, start, start + length)
    offset = begin + fault.offset if fault.offset >= 0 else begin
    if is_template(sql, offset):
        return Trouble(
            rule="syntax-error",
            what=f"{TEMPLATE}: {fault.message}",
            offset=offset,
            remedy="render the migration first, and give the rendered SQL",
        )
    return Trouble(
        rule="syntax-error",
        what=f"PostgreSQL's grammar says: {fault.message}",
        offset=offset,
        remedy="mend the statement; if another database is meant, say so: `--server mysql:8.0`",
    )
