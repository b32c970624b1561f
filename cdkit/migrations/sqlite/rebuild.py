"""Recognising the rebuild of a table: a new one is made, filled, and takes the old one's name.

Source: SQLite, "ALTER TABLE", 7 "Making Other Kinds Of Table Schema Changes" (the twelve steps, and
the order of them that is wrong where others refer to the table).
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from cdkit.migrations.nouns import Name
from cdkit.migrations.reading.cursor import Cursor, UnexpectedError, pieces
from cdkit.migrations.reading.names import Anycase, unquoted
from cdkit.migrations.sqlite.cursor import cursor_of, table
from cdkit.migrations.statement import Statement

T = TypeVar("T", bound=Statement)


class Copy(Struct, frozen=True, kw_only=True):
    """What INSERT … SELECT copies: new columns and what fills them, as far as that is a column.

    `everything` for `SELECT *`; without `targets` the new table's columns are meant in order;
    `whole` says that no row is left out.
    """

    targets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    everything: bool = False
    whole: bool = True


class Step(Statement):
    """A statement that is a part of a rebuild, and does nothing that anybody sees by itself."""

    whole = False
    __slots__ = ()


class Rebuild(Statement):
    """The last statement of a rebuild: which table, the CREATE that makes it anew, the copy."""

    __slots__ = ("copy", "create", "later", "table")

    create: Statement
    copy: Copy | None
    table: Name
    later: tuple[Statement, ...]


class _Words(Struct, frozen=True, kw_only=True):
    """What a statement is in a rebuild: its verb, the table, another table."""

    verb: str
    table: Name
    other: Name


_NOBODY = Name("", "")


def rebuilds(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return statements, those that rebuild a table marked as that."""
    if not any(each.kind == "ALTER" for each in statements):
        return tuple(statements)
    known = [_words(each) for each in statements]
    done = list(statements)
    for index, words in enumerate(known):
        if words.verb == "RENAME" and (steps := _steps(known, index)):
            _mark(done, statements, steps, index)
    return tuple(done)


def _mark(
    done: list[Statement], statements: Sequence[Statement], steps: dict[str, int], index: int
) -> None:
    last = max(index, *steps.values())
    for at in {index, *steps.values()} - {last}:
        done[at] = _as(Step, statements[at])
    rebuilt = _as(Rebuild, statements[last])
    rebuilt.create = _as(Step, statements[steps["CREATE"]])
    rebuilt.copy = _copy(statements[steps["INSERT"]]) if "INSERT" in steps else None
    rebuilt.table = _words(statements[steps["DROP"]]).table
    if steps["DROP"] == last:
        rebuilt.table = _words(statements[steps["CREATE"]]).table
    rebuilt.later = tuple(statements[last + 1 :])
    done[last] = rebuilt


def _as(kind: type[T], statement: Statement) -> T:
    return kind(
        text=statement.text,
        kind=statement.kind,
        node=statement.node,
        start=statement.start,
        end=statement.end,
        base=statement.base,
    )


def _steps(known: list[_Words], index: int) -> dict[str, int] | None:
    """Return which statements make a rebuild with this renaming: CREATE, INSERT, DROP."""
    renamed = known[index]
    new, old = renamed.table, renamed.other
    before = range(index)
    made = _last(known, before, "CREATE", new)
    dropped = _last(known, before, "DROP", old)
    if made is not None and dropped is not None and made < dropped:
        # The new table takes the old one's name.
        filled = _last(known, range(made, index), "INSERT", new)
        return _found(made, dropped, filled)
    after = range(index + 1, len(known))
    made = _last(known, after, "CREATE", new)
    dropped = _last(known, after, "DROP", old)
    if made is not None and dropped is not None and made < dropped:
        # The old table was put aside first.
        filled = _last(known, range(made, dropped), "INSERT", new)
        return _found(made, dropped, filled)
    return None


def _found(made: int, dropped: int, filled: int | None) -> dict[str, int]:
    found = {"CREATE": made, "DROP": dropped}
    return found if filled is None else {**found, "INSERT": filled}


def _last(known: list[_Words], where: range, verb: str, name: Name) -> int | None:
    at = [i for i in where if known[i].verb == verb and known[i].table == name]
    return at[-1] if at else None


def _words(statement: Statement) -> _Words:
    try:
        return _read(cursor_of(statement))
    except UnexpectedError:
        return _Words(verb="", table=_NOBODY, other=_NOBODY)


def _read(cursor: Cursor) -> _Words:
    verb = cursor.next().up
    other = _NOBODY
    if verb == "INSERT":
        if cursor.take("OR"):
            cursor.next()
        cursor.expect("INTO")
    elif verb in {"CREATE", "DROP", "ALTER"}:
        cursor.expect("TABLE")
        cursor.take("IF", "NOT", "EXISTS") or cursor.take("IF", "EXISTS")
    else:
        return _Words(verb="", table=_NOBODY, other=_NOBODY)
    name = table(cursor)
    if name.schema == "main":
        name = Name("", name.name)
    if verb == "ALTER":
        cursor.expect("RENAME", "TO")
        verb, other = "RENAME", Name(name.schema, cursor.identifier())
    return _Words(verb=verb, table=name, other=other)


def _copy(statement: Statement) -> Copy:
    """Read INSERT INTO new (a, b) SELECT a, b FROM old."""
    cursor = cursor_of(statement)
    while not cursor.take("INTO"):
        cursor.next()
    table(cursor)
    targets = _names(cursor) if cursor.sees("(") else ()
    if not cursor.take("SELECT"):
        return Copy(targets=targets, whole=False)
    begin, depth = cursor.position, 0
    while not cursor.done and not (depth == 0 and cursor.sees("FROM")):
        token = cursor.next()
        depth += (token.up == "(") - (token.up == ")")
    asked = pieces(cursor.tokens[begin : cursor.position])
    everything = any(piece[-1].up == "*" for piece in asked)
    sources = tuple(
        Anycase(unquoted(piece[-1].text)) if _is_column(piece) else "" for piece in asked
    )
    rest = {token.up for token in cursor.tokens[cursor.position :]}
    whole = not rest & {"WHERE", "JOIN", "LIMIT", "GROUP", "HAVING", "DISTINCT"}
    return Copy(targets=targets, sources=sources, everything=everything, whole=whole)


def _is_column(piece: Sequence[object]) -> bool:
    kinds = [getattr(token, "kind", "") for token in piece]
    return kinds in (["word"], ["name"]) or (len(kinds) == 3 and kinds[1] == "mark")


def _names(cursor: Cursor) -> tuple[str, ...]:
    return tuple(Anycase(unquoted(piece[0].text)) for piece in pieces(cursor.inside()))
