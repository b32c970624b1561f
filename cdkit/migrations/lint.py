"""Linting: the history is replayed, the change is judged statement by statement."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import takewhile

from msgspec import Struct

from cdkit.core.allow import Allowance
from cdkit.core.documents.kinds import Contract
from cdkit.core.finding import Finding
from cdkit.core.world import Hands, Processes
from cdkit.migrations.allow import (
    allowances,
    begins_of,
    in_its_comments,
    lines_of,
    misspelled,
    of_change,
)
from cdkit.migrations.apart import begin
from cdkit.migrations.back import Custom
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
from cdkit.migrations.history import history
from cdkit.migrations.judge import Judge, Seen, in_turn, is_looked_at
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.phase import phases_of
from cdkit.migrations.reader import Reader
from cdkit.migrations.remarks import heard
from cdkit.migrations.remembered import Memory
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import beyond, engines
from cdkit.migrations.settle import named, settle
from cdkit.migrations.sizes import Sizes
from cdkit.migrations.source import Migration
from cdkit.migrations.tell import UNTOLD, assumed
from cdkit.migrations.text import Text

_TWO = 2


class Request(Struct, frozen=True, kw_only=True):
    """What to lint: all migrations of a project, and the names of those that are the change.

    `released` holds, as they were released, the migrations that the change edits, `gone` those
    that it takes away; `apart` judges each as a release of its own; `today` is the date in UTC.
    `asked` are the rules that count beside those of operations (None: all). `terms` are the phases
    that migrations declare, by name, with what is known of the releases of contracts; `code`
    returns the paths of application code that the change brings along; `custom` is what is usual in
    the project, and `backs` are those released migrations of which only the way back is judged.
    `blank` says that no database has anything yet.
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
    blank: bool = False
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


def lint(request: Request, processes: Processes) -> Linted:
    """Replay the history and judge the change, file by file."""
    engine = engines()[request.server.engine]
    reader = Reader(request.server, engine.dialect(), processes, request.hands)
    dialect = reader.dialect
    schema = Schema(engine.path, naming=dialect.naming, shared_names=dialect.shared_names)
    schema.blank = request.blank and not request.dump
    ordered = in_turn(request)
    old = list(takewhile(lambda one: not is_looked_at(one, request), ordered))
    known, unread = history(old, request.dump, schema, reader, request.memory)
    apart = begin(request, ordered, schema)
    if not request.apart:
        schema.release()
    judge = Judge(request, reader, schema)
    for migration, ahead in reader.each_ahead(ordered[known + len(apart.judged) :]):
        judge.take(migration, ahead)
    unread += judge.unread
    seen = judge.seen
    whole = _Whole(
        phases={} if request.apart else _by_phase(seen),
        begins=begins_of(request.migrations),
        dialect=dialect,
    )
    note = f"{unread} places in earlier migrations cannot be read: what they made is not known"
    judged = (*apart.judged, *(_settled(one, whole, request) for one in seen))
    apart.keep(judged, judge.schema)
    notes = (beyond(request.server), note if unread else "")
    return Linted(judged=judged, notes=tuple(filter(None, notes)))


def _by_phase(seen: Sequence[Seen]) -> dict[str, list[str]]:
    """Return by phase two of the files that do what belongs into it: one is another than any."""
    found: dict[str, list[str]] = {}
    for each in seen:
        for phase in phases_of(each.effects):
            paths = found.setdefault(phase, [])
            if len(paths) < _TWO and each.migration.path not in paths:
                paths.append(each.migration.path)
    return found


class _Whole(Struct, frozen=True, kw_only=True):
    """What no migration tells by itself: how all are read, and what else the change brings.

    `phases` has by phase the paths of files of the change that do what belongs into it, `begins`
    by path the lines where the migrations of a file begin.
    """

    phases: Mapping[str, Sequence[str]]
    begins: Mapping[str, Sequence[int]]
    dialect: Dialect


def _settled(seen: Seen, whole: _Whole, request: Request) -> Judged:
    """Add what only the whole change tells, and settle what is allowed where it stands."""
    terms, effects = seen.terms, seen.effects
    beside = {
        phase: path
        for phase, paths in whole.phases.items()
        for path in [each for each in paths if each != seen.migration.path][:1]
    }
    findings = [
        *seen.findings,
        *declared_badly(terms, effects),
        *contradicted(terms, effects),
        *mixed(terms, effects, beside),
        *with_code(terms, effects, request.code),
    ]
    lines = lines_of(seen.migration, whole.begins)
    settled, notes = _allowed(seen, findings, lines, whole.dialect, request)
    wrong = misspelled(seen.migration.said, lines, whole.dialect)
    asked = request.asked
    kept = [x for x in settled if asked is None or x.rule in asked or x.rule in UNTOLD]
    contract = needed(terms, seen.migration.path, kept)
    return Judged(
        path=seen.migration.name,
        findings=named(tuple(map(in_its_comments, kept))),
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
    seen: Seen, findings: list[Finding], lines: range, dialect: Dialect, request: Request
) -> tuple[list[Finding], tuple[str, ...]]:
    """Settle the findings of a migration and of its way back, which may be of another file."""
    migration, back = seen.migration, seen.back
    down = migration.script.down
    if down is None or down.text.path == migration.text.path:
        allowed = _allowances(migration.said, seen.before, dialect, request)
        whole = Parsed(statements=(*seen.parsed.statements, *back.parsed.statements))
        return settle([*findings, *back.findings], whole, allowed, lines)
    # What is released, and only its way back is new, brings no allowance in its own file.
    allowed = _allowances(
        migration.said, migration if seen.released else seen.before, dialect, request
    )
    here = [each for each in back.findings if each.locations[0].path == migration.path]
    there = [each for each in back.findings if each.locations[0].path != migration.path]
    settled, notes = settle([*findings, *here], seen.parsed, allowed, lines)
    more, further = settle(there, back.parsed, _allowances(down.text, None, dialect, request))
    return [*settled, *more], (*notes, *further)


def _allowances(
    text: Text, before: Migration | None, dialect: Dialect, request: Request
) -> tuple[Allowance, ...]:
    """Return what a text allows; what it allowed `before` already is not of the change."""
    allowed = allowances(heard(text, dialect), request.today)
    if request.apart:
        return allowed
    old = allowances(heard(before.said, dialect), request.today) if before else ()
    return of_change(allowed, old, refuse=request.refuse)
