"""Judging migrations one after the other: what is found in each, before it is settled."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from cdkit.core.finding import Finding
from cdkit.migrations.abreast import abreast
from cdkit.migrations.back import Back, Up, Way, expects, judge, missing, no_way
from cdkit.migrations.contract import Terms
from cdkit.migrations.find import sources
from cdkit.migrations.history import remember
from cdkit.migrations.inverse import Speech
from cdkit.migrations.operation import End, Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.part import part_of
from cdkit.migrations.phase import Effect
from cdkit.migrations.reader import Reader
from cdkit.migrations.rolled_back import left_of
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.session import Session
from cdkit.migrations.source import Migration
from cdkit.migrations.tell import edited, empty, untold
from cdkit.migrations.unsure import unsure
from cdkit.migrations.walk import Course, Task, Walked, course_of, found_by, taken_back, walk

if TYPE_CHECKING:
    from cdkit.migrations.lint import Request


class Seen(Struct, frozen=True, kw_only=True):
    """A migration that was walked through, its findings not yet settled.

    `before` is the same as it was released, where the change edits it. Of one that is
    `released` nothing but the way back was looked at.
    """

    migration: Migration
    before: Migration | None = None
    terms: Terms
    findings: tuple[Finding, ...]
    parsed: Parsed
    statements: int
    locks: tuple[str, ...]
    effects: tuple[Effect, ...]
    back: Back
    released: bool = False
    notes: tuple[str, ...] = ()


class Judge:
    """Judges each migration by what those before it made.

    `schema` is what is there, `seen` what was judged; `unread` counts the places in what is not of
    the change that cannot be read: what they made is not known.
    """

    def __init__(self, request: "Request", reader: Reader, schema: Schema) -> None:
        self.request = request
        self.reader = reader
        self.schema = schema
        self.seen: list[Seen] = []
        self.unread = 0
        self._released: Schema | None = None

    def take(self, migration: Migration, ahead: Parsed | None) -> None:
        """Judge a migration, or replay one that is not of the change.

        `ahead` is what it runs, where that was read ahead.
        """
        request, reader, schema = self.request, self.reader, self.schema
        schema.begin()
        if migration.name not in request.change or _is_of_before(migration, request):
            if migration.name in request.backs:
                self.seen.append(_back_alone(request, schema, migration, reader))
            self.unread += remember(schema, migration, reader, ahead)
            return
        released = self._what_runs()
        kept = schema.copy() if migration.maybe and not request.apart else schema
        task = Task(
            request=request,
            migration=migration,
            before=request.released.get(migration.name),
            terms=request.terms.get(migration.name, Terms()),
            schema=schema,
            released=released,
            reader=reader,
        )
        self.seen.append(_seen(task, ahead))
        self.schema = schema if kept is schema else unsure(kept, migration, reader)

    def _what_runs(self) -> Schema:
        """Return the schema that the running version was written for."""
        schema, apart = self.schema, self.request.apart
        if apart:
            schema.release()
        if apart or self._released is None:
            schema.released = None
            self._released = schema.released = schema.copy()
        return self._released


def in_turn(request: "Request") -> Sequence[Migration]:
    """Return the migrations in the order in which a database that runs already meets them.

    All that is released ran before, even what sorts behind the change: in Django and Alembic each
    application or branch has an order of its own. What the change edits stands there twice.
    """
    ordered = sorted((*request.migrations, *request.gone), key=lambda one: one.order)
    if request.apart:
        return ordered
    change = [one for one in ordered if one.name in request.change]
    edited = {one.name: one for one in change if one.name in request.released}
    old = (one for one in ordered if one.name not in request.change or one.name in edited)
    return [*(request.released[one.name] if one.name in edited else one for one in old), *change]


def _is_of_before(migration: Migration, request: "Request") -> bool:
    """Whether this is what the change edits, as it was released."""
    return migration is request.released.get(migration.name)


def is_looked_at(migration: Migration, request: "Request") -> bool:
    """Whether a migration is judged, or its way back; all before the first of these is history."""
    if migration.name in request.change:
        return not _is_of_before(migration, request)
    return migration.name in request.backs


def _seen(task: Task, ahead: Parsed | None) -> Seen:
    """Walk through a migration: what is found in it, what it does, what takes it back.

    `ahead` is what it runs, where that was read ahead.
    """
    course, back, walked = (None if ahead else abreast(task, _back_of)) or _alone(task, ahead)
    migration, before, parsed = task.migration, task.before, course.parsed
    unchanged = not course.statements and not course.edited
    if parsed.troubles:
        task.schema.miss()
    findings = [*_of_file(migration, parsed, before, unchanged=unchanged), *walked.findings]
    for last in course.statements[-1:]:
        findings += found_by(course, End(statement=last, at=last.start))
    return Seen(
        migration=migration,
        before=before,
        terms=task.terms,
        findings=tuple(findings),
        parsed=parsed,
        statements=len(course.statements),
        locks=tuple(walked.locks),
        effects=tuple(walked.effects),
        back=back,
        notes=taken_back(course),
    )


def _alone(task: Task, ahead: Parsed | None) -> tuple[Course, Back, Walked]:
    """Walk through a migration from end to end."""
    course = course_of(task, ahead or task.reader.parse(task.migration))
    back, walked = _back_of(course), Walked()
    walk(course, 0, len(course.statements), walked)
    return course, back, walked


def _back_of(course: Course) -> Back:
    """Judge the way back of a migration that is not released, before that runs."""
    task = course.task
    if task.before is not None:
        return Back(says="")
    ran = _Ran(parsed=course.parsed, done=left_of(course.done, course.undone))
    return _back(task.request, task.schema, task.migration, ran, task.reader)


def _of_file(
    migration: Migration, parsed: Parsed, before: Migration | None, *, unchanged: bool
) -> list[Finding]:
    """Return what is found in a file as a whole: unread places, an edit, nothing at all."""
    findings = [untold(migration.text, trouble) for trouble in parsed.troubles]
    if before is not None and not migration.repeats:
        findings.append(edited(migration, before, unchanged=unchanged))
    if not parsed.statements and not parsed.troubles and not migration.no_sql:
        findings.append(empty(migration))
    return findings


def _back_alone(request: "Request", schema: Schema, migration: Migration, reader: Reader) -> Seen:
    """Judge the way back of a migration that is released, and nothing else of it."""
    parsed = reader.parse(migration)
    undone = reader.undone(parsed, wrapped=reader.wrapped(migration, parsed))
    done = left_of(reader.done(parsed.statements, schema, undone=undone), undone)
    back = _back(request, schema, migration, _Ran(parsed=parsed, done=done), reader)
    return Seen(
        migration=migration,
        terms=Terms(),
        findings=(),
        parsed=parsed,
        statements=len(back.parsed.statements),
        locks=(),
        effects=(),
        back=back,
        released=True,
    )


class _Ran(Struct, frozen=True, kw_only=True):
    """What a migration runs, as it is parsed, and what each statement of it does for good."""

    parsed: Parsed
    done: Sequence[Sequence[Operation]]


def _back(
    request: "Request", schema: Schema, migration: Migration, ran: _Ran, reader: Reader
) -> Back:
    """Judge the way back of a migration, before that runs; `schema` stays as it is."""
    down = migration.script.down
    expected = expects(migration, request.custom, by_tool=sources()[migration.source].goes_back)
    if down is None and not expected:
        return no_way(migration, reader.dialect)
    parsed = reader.read(down.text, down.sql) if down else Parsed()
    ups = tuple(chain.from_iterable(ran.done))
    undone = reader.undone(parsed, wrapped=down.in_transaction) if down else ()
    downs = left_of(reader.done(parsed.statements, schema, ups, undone), undone)
    first = ran.parsed.statements[:1]
    up = Up(
        before=part_of(schema, (*ups, *chain.from_iterable(downs))),
        operations=ups,
        place=first[0].place() if first else migration.text.place(0),
        sizes=request.sizes,
        unread=bool(ran.parsed.troubles),
        speech=Speech(dialect=reader.dialect, server=request.server),
    )
    if down is None:
        return missing(migration, up)
    session = Session(in_transaction=down.in_transaction, single=len(parsed.statements) == 1)
    context = Context(
        schema=up.before,
        released=up.before,
        ahead=reader.ahead(parsed.statements, downs, wrapped=down.in_transaction),
        session=session,
        server=request.server,
        dialect=reader.dialect,
    )
    way = Way(down=down, parsed=parsed, done=downs)
    return judge(migration, way, up, request.rules, context)
