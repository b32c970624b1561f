"""Linting: the history is replayed, the change is judged statement by statement."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain, takewhile

from msgspec import Struct

from cdkit.core.allow import Allowance
from cdkit.core.documents.kinds import Contract
from cdkit.core.finding import Finding
from cdkit.core.world import Hands, Processes
from cdkit.migrations.abreast import abreast
from cdkit.migrations.allow import allowances, begins_of, lines_of, misspelled, of_change
from cdkit.migrations.apart import begin
from cdkit.migrations.back import Back, Custom, Up, Way, expects, judge, missing, no_way
from cdkit.migrations.bench import Outside
from cdkit.migrations.catalogue import Dispatch
from cdkit.migrations.contract import (
    Terms,
    contradicted,
    declared_badly,
    mixed,
    needed,
    phase_said,
    useless,
    with_code,
)
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.find import sources
from cdkit.migrations.history import history, remember
from cdkit.migrations.inverse import Speech
from cdkit.migrations.operation import End, Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.part import part_of
from cdkit.migrations.phase import Effect, phases_of
from cdkit.migrations.reader import Reader
from cdkit.migrations.remarks import heard
from cdkit.migrations.remembered import Memory
from cdkit.migrations.rolled_back import left_of
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import engines
from cdkit.migrations.session import Session
from cdkit.migrations.settle import named, settle
from cdkit.migrations.sizes import Sizes
from cdkit.migrations.source import Migration
from cdkit.migrations.tell import UNTOLD, assumed, edited, empty, untold
from cdkit.migrations.text import Text
from cdkit.migrations.unsure import unsure
from cdkit.migrations.walk import Course, Task, Walked, course_of, found_by, taken_back, walk

_TWO = 2


class Request(Struct, frozen=True, kw_only=True):
    """What to lint: all migrations of a project, and the names of those that are the change.

    `released` holds, as they were released, the migrations that the change edits, `gone` those
    that it takes away; `apart` judges each as a release of its own; `today` is the date in UTC.
    `asked` are the rules that count beside those of operations (None: all). `terms` are the phases
    that migrations declare, by name, with what is known of the releases of contracts; `code`
    returns the paths of application code that the change brings along; `custom` is what is usual in
    the project, and `backs` are those released migrations of which only the way back is judged.
    `outside` is that of the project's source; `dump` is a schema that somebody wrote out, there
    before any migration; `sizes` says which tables are small. With `refuse` an allowance that the
    change itself brings does not count. `memory` is where models of long histories are kept,
    `hands` share out what is much.
    """

    migrations: Sequence[Migration]
    change: frozenset[str]
    released: Mapping[str, Migration]
    gone: Sequence[Migration] = ()
    apart: bool
    server: Server
    today: date
    rules: Dispatch
    asked: frozenset[str] | None = None
    terms: Mapping[str, Terms] = {}
    code: Callable[[], tuple[str, ...]] = tuple
    custom: Custom = Custom(migrations=0, backs=0)
    backs: frozenset[str] = frozenset()
    outside: Outside = lambda _: None
    dump: tuple[Migration, ...] = ()
    sizes: Sizes = Sizes()
    refuse: bool = False
    memory: Memory | None = None
    hands: Hands | None = None


class Judged(Struct, frozen=True, kw_only=True):
    """What was found in one file: findings, the number of statements, the strongest locks.

    `phase` is the declared or inferred phase in words, `contract` what excuses breaks in it, and
    on which condition; `back` says what becomes of its way back. `no_sql` where the migration's own
    tool says that it runs none.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    statements: int = 0
    locks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    phase: str = ""
    contract: Contract | None = None
    back: str = ""
    no_sql: bool = False


class Linted(Struct, frozen=True, kw_only=True):
    """What was found in each file of the change, in order, and what to know of the history."""

    judged: tuple[Judged, ...]
    notes: tuple[str, ...] = ()


class _Seen(Struct, frozen=True, kw_only=True):
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


def lint(request: Request, processes: Processes) -> Linted:
    """Replay the history and judge the change, file by file."""
    engine = engines()[request.server.engine]
    reader = Reader(request.server, engine.dialect(), processes, request.hands)
    dialect = reader.dialect
    schema = Schema(engine.path, naming=dialect.naming, shared_names=dialect.shared_names)
    seen = []
    released: Schema | None = None
    ordered = _in_turn(request)
    old = list(takewhile(lambda one: not _is_looked_at(one, request), ordered))
    known, unread = history(old, request.dump, schema, reader, request.memory)
    apart = begin(request, ordered, schema)
    if not request.apart:
        schema.release()
    left = ordered[known + len(apart.judged) :]
    for migration, ahead in reader.each_ahead(left):
        schema.begin()
        if migration.name not in request.change or _is_of_before(migration, request):
            if migration.name in request.backs:
                seen.append(_back_alone(request, schema, migration, reader))
            unread += remember(schema, migration, reader, ahead)
            continue
        before = request.released.get(migration.name)
        if request.apart:
            schema.release()
        if request.apart or released is None:
            schema.released = None
            released = schema.released = schema.copy()
        terms = request.terms.get(migration.name, Terms())
        kept = schema.copy() if migration.maybe and not request.apart else schema
        task = Task(
            request=request,
            migration=migration,
            before=before,
            terms=terms,
            schema=schema,
            released=released,
            reader=reader,
        )
        seen.append(_seen(task, ahead))
        schema = schema if kept is schema else unsure(kept, migration, reader)
    phases = {} if request.apart else _by_phase(seen)
    note = f"{unread} places in earlier migrations cannot be read: what they made is not known"
    begins = begins_of(request.migrations)
    judged = (*apart.judged, *(_settled(one, phases, begins, request) for one in seen))
    apart.keep(judged, schema)
    return Linted(judged=judged, notes=(note,) if unread else ())


def _in_turn(request: Request) -> Sequence[Migration]:
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


def _is_of_before(migration: Migration, request: Request) -> bool:
    """Whether this is what the change edits, as it was released."""
    return migration is request.released.get(migration.name)


def _is_looked_at(migration: Migration, request: Request) -> bool:
    if migration.name in request.change:
        return not _is_of_before(migration, request)
    return migration.name in request.backs


def _seen(task: Task, ahead: Parsed | None) -> _Seen:
    """Walk through a migration: what is found in it, what it does, what takes it back.

    `ahead` is what it runs, where that was read ahead.
    """
    course, back, walked = (None if ahead else abreast(task, _back_of)) or _alone(task, ahead)
    migration, before, parsed = task.migration, task.before, course.parsed
    unchanged = not course.statements and not course.edited
    findings = [*_of_file(migration, parsed, before, unchanged=unchanged), *walked.findings]
    for last in course.statements[-1:]:
        findings += found_by(course, End(statement=last, at=last.start))
    return _Seen(
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


def _back_alone(request: Request, schema: Schema, migration: Migration, reader: Reader) -> _Seen:
    """Judge the way back of a migration that is released, and nothing else of it."""
    parsed = reader.parse(migration)
    undone = reader.undone(parsed, wrapped=reader.wrapped(migration, parsed))
    done = left_of(reader.done(parsed.statements, schema, undone=undone), undone)
    back = _back(request, schema, migration, _Ran(parsed=parsed, done=done), reader)
    return _Seen(
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
    request: Request, schema: Schema, migration: Migration, ran: _Ran, reader: Reader
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


def _by_phase(seen: Sequence[_Seen]) -> dict[str, list[str]]:
    """Return by phase two of the files that do what belongs into it: one is another than any."""
    found: dict[str, list[str]] = {}
    for each in seen:
        for phase in phases_of(each.effects):
            paths = found.setdefault(phase, [])
            if len(paths) < _TWO and each.migration.path not in paths:
                paths.append(each.migration.path)
    return found


def _settled(
    seen: _Seen,
    phases: Mapping[str, Sequence[str]],
    begins: Mapping[str, Sequence[int]],
    request: Request,
) -> Judged:
    """Add what only the whole change tells, and settle what is allowed where it stands.

    `phases` has by phase the paths of files of the change that do what belongs into it, `begins`
    by path the lines where the migrations of a file begin.
    """
    terms, effects = seen.terms, seen.effects
    beside = {
        phase: path
        for phase, paths in phases.items()
        for path in [each for each in paths if each != seen.migration.path][:1]
    }
    findings = [
        *seen.findings,
        *declared_badly(terms, effects),
        *contradicted(terms, effects),
        *mixed(terms, effects, beside),
        *with_code(terms, effects, request.code),
    ]
    lines = lines_of(seen.migration, begins)
    settled, notes = _allowed(seen, findings, lines, request)
    wrong = misspelled(seen.migration.said, lines, _dialect(request))
    asked = request.asked
    kept = [x for x in settled if asked is None or x.rule in asked or x.rule in UNTOLD]
    contract = needed(terms, seen.migration.path, kept)
    return Judged(
        path=seen.migration.name,
        findings=named(kept),
        statements=seen.statements,
        locks=seen.locks,
        notes=(
            *seen.notes,
            *notes,
            *wrong,
            *assumed(seen.migration.text),
            *_useless(terms, contract, request),
        ),
        no_sql=seen.migration.no_sql,
        phase="released" if seen.released else phase_said(terms, effects),
        contract=contract,
        back=seen.back.says,
    )


def _useless(terms: Terms, contract: Contract | None, request: Request) -> Iterable[str]:
    """Say what a declaration is of no use for, where compatibility is asked."""
    asked = request.asked is None or "dropped-column" in request.asked
    return useless(terms, contract) if asked else ()


def _allowed(
    seen: _Seen, findings: list[Finding], lines: range, request: Request
) -> tuple[list[Finding], tuple[str, ...]]:
    """Settle the findings of a migration and of its way back, which may be of another file."""
    migration, back = seen.migration, seen.back
    down = migration.script.down
    if down is None or down.text.path == migration.text.path:
        allowed = _allowances(migration.said, seen.before, request)
        whole = Parsed(statements=(*seen.parsed.statements, *back.parsed.statements))
        return settle([*findings, *back.findings], whole, allowed, lines)
    # What is released, and only its way back is new, brings no allowance in its own file.
    allowed = _allowances(migration.said, migration if seen.released else seen.before, request)
    here = [each for each in back.findings if each.locations[0].path == migration.path]
    there = [each for each in back.findings if each.locations[0].path != migration.path]
    settled, notes = settle([*findings, *here], seen.parsed, allowed, lines)
    more, further = settle(there, back.parsed, _allowances(down.text, None, request))
    return [*settled, *more], (*notes, *further)


def _dialect(request: Request) -> Dialect:
    return engines()[request.server.engine].dialect()


def _allowances(text: Text, before: Migration | None, request: Request) -> tuple[Allowance, ...]:
    """Return what a text allows; what it allowed `before` already is not of the change."""
    dialect = _dialect(request)
    allowed = allowances(heard(text, dialect), request.today)
    if request.apart:
        return allowed
    old = allowances(heard(before.said, dialect), request.today) if before else ()
    return of_change(allowed, old, refuse=request.refuse)
