"""What a file itself rolls back: those who run never see it, and it leaves nothing behind.

Its locks are taken all the same, and it may fail. Only what is undone for sure counts: between a
BEGIN and its ROLLBACK, or a SAVEPOINT and the ROLLBACK TO it. A sequence that setval() moved stays
where it is (PostgreSQL manual, 9.17).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import repeat

from cdkit.migrations import operation as op
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema
from cdkit.migrations.session import Session
from cdkit.migrations.statement import Statement

TRANSACTION = frozenset({"TransactionStmt", "BEGIN", "COMMIT", "END", "ROLLBACK"})
"""How readers call the statements that begin and end a transaction."""
_PARTS = TRANSACTION | {"SAVEPOINT", "RELEASE"}


class Savepoint(op.Harmless, frozen=True, kw_only=True):
    """SAVEPOINT, RELEASE or ROLLBACK TO: `action` is which.

    One that `begins` is a BEGIN as well where there is no transaction (SQLite manual,
    "Savepoints"); the RELEASE of that one is its COMMIT.
    """

    action: str
    name: str
    begins: bool = False


def rolled_back(
    statements: Sequence[Statement],
    does: Callable[[Statement], Iterable[Operation]],
    *,
    wrapped: bool | None,
) -> tuple[range, ...]:
    """Return the parts that are undone, in order, none of which holds another.

    `wrapped` says whether the tool has opened a transaction: None where nobody can tell.
    """
    if _PARTS.isdisjoint([each.kind for each in statements]):
        return ()
    course = _Course(wrapped=wrapped is True)
    for index, statement in enumerate(statements):
        if statement.kind in _PARTS:
            for operation in does(statement):
                course.follow(index, operation)
    return course.outermost()


class _Course:
    """The transaction of the moment: where it and its savepoints begin, and what was undone."""

    def __init__(self, *, wrapped: bool) -> None:
        self._first: int | None = 0 if wrapped else None
        self._saved: list[tuple[str, int]] = []
        self._undone: list[range] = []

    def follow(self, index: int, operation: Operation) -> None:
        match operation:
            case op.Transaction(opens=True):
                self._first = index if self._first is None else self._first
            case op.Transaction(undone=undone):
                if undone and self._first is not None:
                    self._undone.append(range(self._first, index + 1))
                self._first, self._saved = None, []
            case Savepoint(action="SAVEPOINT", name=name, begins=begins):
                if self._first is None and begins:
                    self._first = index
                self._saved.append((name, index))
            case Savepoint(action="RELEASE", name=name):
                place = self._place(name)
                if self._saved[place:] and self._saved[place][1] == self._first:
                    self._first = None
                del self._saved[place:]
            case Savepoint(name=name):
                place = self._place(name)
                if place < len(self._saved) and self._first is not None:
                    self._undone.append(range(self._saved[place][1] + 1, index + 1))
                del self._saved[place + 1 :]
            case _:
                pass

    def _place(self, name: str) -> int:
        """Return where the last savepoint of a name stands; behind all where there is none."""
        places = [at for at, (saved, _) in enumerate(self._saved) if saved == name]
        return places[-1] if places else len(self._saved)

    def outermost(self) -> tuple[range, ...]:
        kept: list[range] = []
        for part in self._undone:
            while kept and kept[-1].start >= part.start:
                kept.pop()
            kept.append(part)
        return tuple(kept)


def lasts(operation: Operation) -> bool:
    """Whether what an operation does stays, even if it is rolled back."""
    return isinstance(operation, op.ChangeSequence) and "setval" in operation.options


def left_of(
    done: Sequence[Sequence[Operation]], undone: Collection[range]
) -> Sequence[Sequence[Operation]]:
    """Return what statements do that is not taken back; the transactions stay what they are."""
    if not undone:
        return done
    left = list(done)
    for index in (each for part in undone for each in part):
        left[index] = [x for x in left[index] if lasts(x) or isinstance(x, op.Transaction)]
    return left


def each_part(
    count: int, undone: Sequence[range], schema: Schema, session: Session | None = None
) -> Iterator[tuple[int, bool]]:
    """Yield the number of each statement, and whether what it does is undone.

    After the last statement of a part that is undone, schema and session are again what they were
    before its first.
    """
    if not undone:
        yield from zip(range(count), repeat(False), strict=False)
        return
    done = 0
    for part in undone:
        yield from ((index, False) for index in range(done, part.start))
        kept, held = schema.copy(), session and session.kept()
        yield from ((index, True) for index in part)
        schema.become(kept)
        if session and held:
            session.restore(held)
        done = part.stop
    yield from ((index, False) for index in range(done, count))
