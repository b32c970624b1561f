"""Linting: the history is replayed, the change is judged statement by statement."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from cdkit.core.finding import Finding
from cdkit.core.world import Processes
from cdkit.migrations.allow import allowances
from cdkit.migrations.catalogue import Dispatch
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.replay import apply, replay
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import engines
from cdkit.migrations.session import Session
from cdkit.migrations.settle import named, settle
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement
from cdkit.migrations.tell import edited, empty, hit_of, untold


class Request(Struct, frozen=True, kw_only=True):
    """What to lint: all migrations of a project, and the names of those that are the change.

    `released` holds, as they were released, the migrations that the change edits, `gone` those
    that it takes away; `apart` judges each as a release of its own; `today` is the date in UTC.
    """

    migrations: Sequence[Migration]
    change: frozenset[str]
    released: Mapping[str, Migration]
    gone: Sequence[Migration] = ()
    apart: bool
    server: Server
    today: date
    rules: Dispatch


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
    reader = Reader(request.server, engine.dialect(), processes)
    dialect = reader.dialect
    schema = Schema(engine.path, naming=dialect.naming, shared_names=dialect.shared_names)
    judged = []
    unread = 0
    if not request.apart:
        schema.release()
    for migration in sorted((*request.migrations, *request.gone), key=lambda one: one.order):
        schema.begin()
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
        return self.dialect.parse(
            migration.text, migration.script.sql, self.server, self._processes
        )


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
    findings = [untold(migration.text, trouble) for trouble in parsed.troubles]
    if before is not None:
        findings.append(edited(migration, before, unchanged=not statements and not ran))
    if not parsed.statements and not parsed.troubles:
        findings.append(empty(migration))
    locks: dict[str, None] = {}
    for statement in statements:
        for operation in _refined(statement, context):
            locks |= dict.fromkeys(_locks(operation, context))
            findings += _found(request.rules, operation, context)
            session.follow(operation)
            apply(schema, operation)
    settled, notes = settle(findings, parsed, allowances(migration.said, request.today))
    return Judged(
        path=migration.path,
        findings=named(settled),
        statements=len(statements),
        locks=tuple(locks),
        notes=notes,
    )


def _refined(statement: Statement, context: Context) -> Iterator[Operation]:
    """Yield what a statement does to the schema that is there when it comes to it."""
    for written in context.dialect.operations(statement):
        yield from context.dialect.refine(written, context.schema)


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
