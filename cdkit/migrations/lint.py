"""Linting: the history is replayed, the change is judged statement by statement."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct, structs

from cdkit.core.finding import Finding
from cdkit.core.world import Processes
from cdkit.migrations.allow import allowances, of_change
from cdkit.migrations.bench import Bench, Outside
from cdkit.migrations.catalogue import Dispatch
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.operation import End, Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.replay import apply, replay
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import engines
from cdkit.migrations.session import Session
from cdkit.migrations.settle import named, settle
from cdkit.migrations.sizes import Sizes, spared
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement
from cdkit.migrations.tell import edited, empty, fix_of, hit_of, untold
from cdkit.migrations.text import Text


class Request(Struct, frozen=True, kw_only=True):
    """What to lint: all migrations of a project, and the names of those that are the change.

    `released` holds, as they were released, the migrations that the change edits, `gone` those
    that it takes away; `apart` judges each as a release of its own; `today` is the date in UTC;
    `outside` is that of the project's source; `dump` is a schema that somebody wrote out, there
    before any migration; `sizes` says which tables are small. With `refuse` an allowance that the
    change itself brings does not count.
    """

    migrations: Sequence[Migration]
    change: frozenset[str]
    released: Mapping[str, Migration]
    gone: Sequence[Migration] = ()
    apart: bool
    server: Server
    today: date
    rules: Dispatch
    outside: Outside = lambda _: None
    dump: tuple[Migration, ...] = ()
    sizes: Sizes = Sizes()
    refuse: bool = False


class Judged(Struct, frozen=True, kw_only=True):
    """What was found in one file: findings, the number of statements, the strongest locks."""

    path: str
    findings: tuple[Finding, ...] = ()
    statements: int = 0
    locks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Linted(Struct, frozen=True, kw_only=True):
    """What was found in each file of the change, in order, and what to know of the history."""

    judged: tuple[Judged, ...]
    notes: tuple[str, ...] = ()


def lint(request: Request, processes: Processes) -> Linted:
    """Replay the history and judge the change, file by file."""
    engine = engines()[request.server.engine]
    schema = Schema(engine.path)
    reader = Reader(request.server, engine.dialect(), processes)
    judged = []
    unread = sum(_remember(schema, each, reader) for each in request.dump)
    if not request.apart:
        schema.release()
    for migration in sorted((*request.migrations, *request.gone), key=lambda one: one.order):
        schema.path = schema.home
        if migration.name not in request.change:
            unread += _remember(schema, migration, reader)
            continue
        before = request.released.get(migration.name)
        if before is not None:
            _remember(schema, before, reader)
        if request.apart:
            schema.release()
        judged.append(_judge(request, schema, migration, before, reader))
    note = f"{unread} places in earlier migrations cannot be read: what they made is not known"
    return Linted(judged=tuple(judged), notes=(note,) if unread else ())


class Reader:
    """A dialect's reader, bound to the server that is meant."""

    def __init__(self, server: Server, dialect: Dialect, processes: Processes) -> None:
        self.server = server
        self.dialect = dialect
        self._processes = processes

    def parse(self, migration: Migration) -> Parsed:
        """Return what a migration runs."""
        return self.parse_part(migration.text, migration.script.sql)

    def parse_part(self, text: Text, sql: bytes) -> Parsed:
        """Return what a part of a text runs."""
        return self.dialect.parse(text, sql, self.server, self._processes)

    def operations_of(self, text: Text, sql: bytes) -> tuple[tuple[Operation, ...], ...]:
        """Return what each statement of a part of a text does."""
        return tuple(map(self.dialect.operations, self.parse_part(text, sql).statements))


def _remember(schema: Schema, migration: Migration, reader: Reader) -> int:
    """Replay what is released already: it is not new to anybody. Return what cannot be read."""
    epoch, schema.epoch = schema.epoch, 0
    parsed = reader.parse(migration)
    for statement in parsed.statements:
        replay(schema, reader.dialect.operations(statement))
    schema.epoch = epoch
    return len(parsed.troubles)


def _judge(
    request: Request,
    schema: Schema,
    migration: Migration,
    before: Migration | None,
    reader: Reader,
) -> Judged:
    parsed = reader.parse(migration)
    ran = _sources_of(before, reader)
    statements = [each for each in parsed.statements if not _ran_already(each, ran)]
    session = Session(
        in_transaction=migration.script.in_transaction, single=len(parsed.statements) == 1
    )
    context = Context(schema=schema, session=session, server=request.server, dialect=reader.dialect)
    bench = Bench(
        migration,
        parsed,
        released=before is not None,
        outside=request.outside,
        read=reader.operations_of,
    )
    findings = [untold(migration.text, trouble) for trouble in parsed.troubles]
    if before is not None:
        findings.append(edited(migration, before, unchanged=not statements and not ran))
    if not parsed.statements and not parsed.troubles:
        findings.append(empty(migration))
    locks: dict[str, None] = {}
    for statement in statements:
        for operation in reader.dialect.operations(statement):
            locks |= dict.fromkeys(_locks(operation, context))
            findings += _found(request, operation, context, bench)
            session.follow(operation)
            apply(schema, operation)
    if statements:
        last = statements[-1]
        findings += _found(request, End(statement=last, at=last.start), context, bench)
    allowed = allowances(migration.said, request.today)
    if not request.apart:
        old = allowances(before.said, request.today) if before else ()
        allowed = of_change(allowed, old, refuse=request.refuse)
    settled, notes = settle(findings, parsed, allowed)
    return Judged(
        path=migration.path,
        findings=named(settled),
        statements=len(statements),
        locks=tuple(locks),
        notes=notes,
    )


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


def _found(
    request: Request, operation: Operation, context: Context, bench: Bench
) -> Iterator[Finding]:
    sizes = request.sizes
    for rule_id, rule in request.rules.get(type(operation), ()):
        for hit in rule.check(operation, context):
            fix = bench.fix(fix_of(rule, hit), hit.mend, operation, context.session)
            told = spared(rule, hit, operation, context.schema, sizes)
            yield hit_of(rule_id, rule, operation, structs.replace(told, fix=fix))
