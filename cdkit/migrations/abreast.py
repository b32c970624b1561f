"""A large file, walked through in two processes: one judges its first part, one the rest.

Who judges the rest must know what is there by then. It is told what each statement of the first
part does, and applies that without judging it. What the first part was judged by is compared when
both are done: wherever that is not what one process alone would have judged it by, nothing of it
counts, and one process does it all.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, takewhile
from typing import TypeVar

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.finding import Finding
from cdkit.core.world import Heard
from cdkit.migrations.engine import Parts
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.phase import Effect
from cdkit.migrations.reader import LARGE
from cdkit.migrations.session import Session
from cdkit.migrations.walk import Course, Task, Walked, course_of, pass_by, walk
from cdkit.migrations.wire import received, sent

T = TypeVar("T")

_FIRST = 0.57
"""How much of a file is the first part: who judges the rest has more to do with each byte of it."""


class _Judged(Struct, frozen=True, array_like=True):
    """What was found in the first part, and what it was judged by: see `_state`.

    `effects` have the number of the operation, its phase, and whether it breaks.
    """

    findings: list[Finding]
    locks: list[str]
    effects: list[tuple[int, str, bool]]
    state: bytes


def abreast(task: Task, before: Callable[[Course], T]) -> tuple[Course, T, Walked] | None:
    """Walk through a large migration, in two processes if there are; None where it is not plain.

    `before` is asked before the schema changes, and what it says is handed on.
    """
    parts, hands = _parts(task), task.reader.hands
    if parts is None or hands is None:
        return None
    split = _split(parts)
    with hands.beside(lambda: _first(task, parts, split)) as heard:
        texts = _read(task, parts, split, heard) if heard else _plain([*_every(parts)])
        if texts is None:
            return None
        course = course_of(task, _joined(texts))
        if heard is None:
            return course, before(course), _walked_alone(course)
        first = len(_joined(texts[:split]).statements)
        if course.undone or not _is_alike(course, first):
            return None
        said = before(course)
        walked = _walked(course, first, heard)
        return (course, said, walked) if walked else None


def _parts(task: Task) -> Parts | None:
    """Return the parts of a large migration that is new and plain; None for any other."""
    migration, dialect = task.migration, task.reader.dialect
    sql = migration.script.sql
    if dialect.parts is None or len(sql) < LARGE or task.before or migration.troubles:
        return None
    return dialect.parts(migration.text, sql, task.reader.processes)


def _split(parts: Parts) -> int:
    """Return how many parts are the first part: all but one at most."""
    whole = sum(parts.sizes)
    done = takewhile(lambda size: size < _FIRST * whole, accumulate(parts.sizes))
    return sum(1 for _ in done)


def _first(task: Task, parts: Parts, split: int) -> Iterator[bytes]:
    """Read the first part, tell what it does, judge it, and tell what was found.

    Raises CannotTell where it is not plain: whoever listens does it all.
    """
    texts = []
    for parsed in parts.read(0, split):
        if parsed.troubles:
            raise CannotTell("not all of this can be read", remedy="look at the whole file")
        texts.append(parsed)
        yield sent(parsed)
    course = course_of(task, _joined(texts), whole=False)
    walked = _walked_alone(course)
    numbers = {id(each): at for at, each in enumerate(chain.from_iterable(course.done))}
    effects = [(numbers[id(x.operation)], x.phase, x.breaks) for x in walked.effects]
    state = _state(course.context.session)
    yield msgspec.msgpack.encode(_Judged(walked.findings, list(walked.locks), effects, state))


def _read(task: Task, parts: Parts, split: int, heard: Heard) -> list[Parsed] | None:
    """Read the rest, and hear what the first part does; None where any of it is not plain."""
    first: list[Parsed] = []
    rest: list[Parsed] = []

    def hear() -> bool:
        said = heard.next()
        first.extend([received(said, task.migration.text)] if said else [])
        return said is not None

    for parsed in parts.read(split, len(parts.sizes)):
        rest.append(parsed)
        while len(first) < split and heard.ready():
            if not hear():
                return None
    while len(first) < split:
        if not hear():
            return None
    return _plain([*first, *rest])


def _every(parts: Parts) -> Iterator[Parsed]:
    return parts.read(0, len(parts.sizes))


def _plain(texts: list[Parsed]) -> list[Parsed] | None:
    return None if any(each.troubles for each in texts) else texts


def _joined(texts: Sequence[Parsed]) -> Parsed:
    return Parsed(statements=tuple(chain.from_iterable(each.statements for each in texts)))


def _is_alike(course: Course, first: int) -> bool:
    """Whether the transactions of the first statements are what they are without the rest."""
    reader, statements, done = course.task.reader, course.statements, course.done
    wrapped = course.context.session.wrapped
    alone = reader.ahead(statements[:first], done[:first], wrapped=wrapped)
    return first > 1 and alone.transactions(first) == course.context.ahead.transactions(first)


def _walked_alone(course: Course) -> Walked:
    walked = Walked()
    walk(course, 0, len(course.statements), walked)
    return walked


def _walked(course: Course, first: int, heard: Heard) -> Walked | None:
    """Judge the rest, and add what was found in the first part; None where it does not count."""
    schema, session = course.task.schema, course.context.session
    kept = schema.copy()
    pass_by(course, first)
    state = _state(session)
    rest = Walked()
    walk(course, first, len(course.statements), rest)
    said = heard.next()
    found = _decoded(said) if said else None
    if found is None or found.state != state:
        schema.become(kept)
        return None
    operations: list[Operation] = list(chain.from_iterable(course.done[:first]))
    effects = [
        Effect(phase=phase, operation=operations[at], breaks=breaks)
        for at, phase, breaks in found.effects
    ]
    return Walked(
        findings=[*found.findings, *rest.findings],
        locks=dict.fromkeys(found.locks) | rest.locks,
        effects=[*effects, *rest.effects],
    )


def _decoded(said: bytes) -> _Judged:
    return msgspec.msgpack.decode(said, type=_Judged)


def _state(session: Session) -> bytes:
    """Return all that a session holds, as bytes to compare."""
    held = {
        name: sorted(value) if isinstance(value, set) else value
        for name, value in vars(session).items()
    }
    return msgspec.msgpack.encode(held)
