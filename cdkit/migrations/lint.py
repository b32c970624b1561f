"""Linting: the history is replayed, the change is judged statement by statement."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from cdkit.core.documents.kinds import Contract
from cdkit.core.finding import Finding
from cdkit.core.world import Processes
from cdkit.migrations.allow import allowances
from cdkit.migrations.back import Back, Custom, Up, Way, expects, judge, missing, no_way
from cdkit.migrations.catalogue import Dispatch
from cdkit.migrations.contract import (
    Terms,
    contradicted,
    declared_badly,
    excused,
    mixed,
    needed,
    phase_said,
    useless,
    with_code,
)
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.find import sources
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.part import part_of
from cdkit.migrations.phase import Effect, effect_of, phases_of
from cdkit.migrations.replay import apply, replay
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import engines
from cdkit.migrations.session import Session
from cdkit.migrations.settle import named, settle
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement
from cdkit.migrations.tell import UNTOLD, edited, empty, hit_of, untold
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


class Judged(Struct, frozen=True, kw_only=True):
    """What was found in one file: findings, the number of statements, the strongest locks.

    `phase` is the declared or inferred phase in words, `contract` what excuses breaks in it, and
    on which condition; `back` says what becomes of its way back.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    statements: int = 0
    locks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    phase: str = ""
    contract: Contract | None = None
    back: str = ""


class Linted(Struct, frozen=True, kw_only=True):
    """What was found in each file of the change, in order, and what to know of the history."""

    judged: tuple[Judged, ...]
    notes: tuple[str, ...] = ()


class _Seen(Struct, frozen=True, kw_only=True):
    """A migration that was walked through, its findings not yet settled.

    Of one that is `released` nothing but the way back was looked at.
    """

    migration: Migration
    terms: Terms
    findings: tuple[Finding, ...]
    parsed: Parsed
    statements: int
    locks: tuple[str, ...]
    effects: tuple[Effect, ...]
    back: Back
    released: bool = False


def lint(request: Request, processes: Processes) -> Linted:
    """Replay the history and judge the change, file by file."""
    engine = engines()[request.server.engine]
    schema = Schema(engine.path)
    reader = Reader(request.server, engine.dialect(), processes)
    seen = []
    unread = 0
    if not request.apart:
        schema.release()
    for migration in sorted((*request.migrations, *request.gone), key=lambda one: one.order):
        schema.path = schema.home
        if migration.name not in request.change:
            if migration.name in request.backs:
                seen.append(_back_alone(request, schema, migration, reader))
            unread += _remember(schema, migration, reader)
            continue
        before = request.released.get(migration.name)
        if before is not None:
            _remember(schema, before, reader)
        if request.apart:
            schema.release()
        terms = request.terms.get(migration.name, Terms())
        seen.append(_walk(request, schema, migration, before, reader, terms))
    phases = {} if request.apart else _by_phase(seen)
    note = f"{unread} places in earlier migrations cannot be read: what they made is not known"
    return Linted(
        judged=tuple(_settled(one, phases, request) for one in seen),
        notes=(note,) if unread else (),
    )


class Reader:
    """A dialect's reader, bound to the server that is meant."""

    def __init__(self, server: Server, dialect: Dialect, processes: Processes) -> None:
        self.server = server
        self.dialect = dialect
        self._processes = processes

    def parse(self, migration: Migration) -> Parsed:
        """Return what a migration runs."""
        return self.read(migration.text, migration.script.sql)

    def read(self, text: Text, sql: bytes) -> Parsed:
        """Return the statements of what runs of a text."""
        return self.dialect.parse(text, sql, self.server, self._processes)


def _remember(schema: Schema, migration: Migration, reader: Reader) -> int:
    """Replay what is released already: it is not new to anybody. Return what cannot be read."""
    epoch, schema.epoch = schema.epoch, 0
    parsed = reader.parse(migration)
    for statement in parsed.statements:
        replay(schema, reader.dialect.operations(statement))
    schema.epoch = epoch
    return len(parsed.troubles)


def _walk(
    request: Request,
    schema: Schema,
    migration: Migration,
    before: Migration | None,
    reader: Reader,
    terms: Terms,
) -> _Seen:
    """Walk through a migration: what is found in it, what it does, what takes it back."""
    parsed = reader.parse(migration)
    ran = _sources_of(before, reader)
    statements = [each for each in parsed.statements if not _ran_already(each, ran)]
    operations = tuple(_operations(statements, reader))
    back = Back(says="")
    if before is None:
        back = _back(request, schema, migration, _Ran(parsed=parsed, operations=operations), reader)
    session = Session(
        in_transaction=migration.script.in_transaction, single=len(parsed.statements) == 1
    )
    context = Context(schema=schema, session=session, server=request.server, dialect=reader.dialect)
    findings = [untold(migration.text, trouble) for trouble in parsed.troubles]
    if before is not None:
        findings.append(edited(migration, before, unchanged=not statements and not ran))
    if not parsed.statements and not parsed.troubles:
        findings.append(empty(migration))
    locks: dict[str, None] = {}
    effects: list[Effect] = []
    for operation in operations:
        locks |= dict.fromkeys(_locks(operation, context))
        found = tuple(_found(request.rules, operation, context))
        effect = effect_of(operation, schema, found)
        effects += [effect] if effect else []
        findings += [excused(each, operation, terms) for each in found]
        session.follow(operation)
        apply(schema, operation)
    return _Seen(
        migration=migration,
        terms=terms,
        findings=tuple(findings),
        parsed=parsed,
        statements=len(statements),
        locks=tuple(locks),
        effects=tuple(effects),
        back=back,
    )


def _back_alone(request: Request, schema: Schema, migration: Migration, reader: Reader) -> _Seen:
    """Judge the way back of a migration that is released, and nothing else of it."""
    parsed = reader.parse(migration)
    operations = tuple(_operations(parsed.statements, reader))
    back = _back(request, schema, migration, _Ran(parsed=parsed, operations=operations), reader)
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
    """What a migration runs, as it is parsed, and what that does."""

    parsed: Parsed
    operations: tuple[Operation, ...]


def _back(
    request: Request, schema: Schema, migration: Migration, ran: _Ran, reader: Reader
) -> Back:
    """Judge the way back of a migration, before that runs; `schema` stays as it is."""
    down = migration.script.down
    expected = expects(migration, request.custom, by_tool=sources()[migration.source].goes_back)
    if down is None and not expected:
        return no_way(migration)
    parsed = reader.read(down.text, down.sql) if down else Parsed()
    downs = tuple(_operations(parsed.statements, reader))
    first = ran.parsed.statements[:1]
    up = Up(
        before=part_of(schema, (*ran.operations, *downs)),
        operations=ran.operations,
        place=first[0].place() if first else migration.text.place(0),
        unread=bool(ran.parsed.troubles),
    )
    if down is None:
        return missing(migration, up)
    session = Session(in_transaction=down.in_transaction, single=len(parsed.statements) == 1)
    context = Context(
        schema=up.before, session=session, server=request.server, dialect=reader.dialect
    )
    way = Way(down=down, parsed=parsed, operations=downs)
    return judge(migration, way, up, request.rules, context)


def _operations(statements: Iterable[Statement], reader: Reader) -> Iterator[Operation]:
    for statement in statements:
        yield from reader.dialect.operations(statement)


def _by_phase(seen: Sequence[_Seen]) -> dict[str, list[str]]:
    """Return by phase two of the files that do what belongs into it: one is another than any."""
    found: dict[str, list[str]] = {}
    for each in seen:
        for phase in phases_of(each.effects):
            paths = found.setdefault(phase, [])
            if len(paths) < _TWO and each.migration.path not in paths:
                paths.append(each.migration.path)
    return found


def _settled(seen: _Seen, phases: Mapping[str, Sequence[str]], request: Request) -> Judged:
    """Add what only the whole change tells, and settle what is allowed where it stands.

    `phases` has by phase the paths of files of the change that do what belongs into it.
    """
    terms, effects = seen.terms, seen.effects
    beside = {
        phase: path
        for phase, paths in phases.items()
        for path in [each for each in paths if each != seen.migration.path][:1]
    }
    findings = [
        *seen.findings,
        *declared_badly(terms),
        *contradicted(terms, effects),
        *mixed(terms, effects, beside),
        *with_code(terms, effects, request.code),
    ]
    settled, notes = _allowed(seen, findings, request)
    asked = request.asked
    kept = [x for x in settled if asked is None or x.rule in asked or x.rule in UNTOLD]
    contract = needed(terms, seen.migration.path, kept)
    return Judged(
        path=seen.migration.path,
        findings=named(kept),
        statements=seen.statements,
        locks=seen.locks,
        notes=(*notes, *(useless(terms, contract) if _is_compatibility_asked(request) else ())),
        phase="released" if seen.released else phase_said(terms, effects),
        contract=contract,
        back=seen.back.says,
    )


def _is_compatibility_asked(request: Request) -> bool:
    return request.asked is None or "dropped-column" in request.asked


def _allowed(
    seen: _Seen, findings: list[Finding], request: Request
) -> tuple[list[Finding], tuple[str, ...]]:
    """Settle the findings of a migration and of its way back, which may be of another file."""
    migration, back = seen.migration, seen.back
    allowed = allowances(migration.said, request.today)
    down = migration.script.down
    if down is None or down.text.path == migration.text.path:
        whole = Parsed(statements=(*seen.parsed.statements, *back.parsed.statements))
        return settle([*findings, *back.findings], whole, allowed)
    here = [each for each in back.findings if each.locations[0].path == migration.path]
    there = [each for each in back.findings if each.locations[0].path != migration.path]
    settled, notes = settle([*findings, *here], seen.parsed, allowed)
    more, further = settle(there, back.parsed, allowances(down.text, request.today))
    return [*settled, *more], (*notes, *further)


def _sources_of(before: Migration | None, reader: Reader) -> Counter[str]:
    """Return the statements of a file as it was released, white space aside."""
    if before is None:
        return Counter()
    parsed = reader.parse(before)
    return Counter(" ".join(each.source.split()) for each in parsed.statements)


def _ran_already(statement: Statement, ran: Counter[str]) -> bool:
    source = " ".join(statement.source.split())
    found = ran[source] > 0
    ran[source] -= 1
    if ran[source] <= 0:
        del ran[source]
    return found


def _locks(operation: Operation, context: Context) -> Iterator[str]:
    lock, tables = context.lock_of(operation)
    for table in tables:
        if lock and not context.schema.is_new_table(table):
            yield f"{lock} on {table}"


def _found(wanted: Dispatch, operation: Operation, context: Context) -> Iterator[Finding]:
    for rule_id, rule in wanted.get(type(operation), ()):
        for hit in rule.check(operation, context):
            yield hit_of(rule_id, rule, operation, hit)
