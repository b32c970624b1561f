"""Linting: the history is replayed, the change is judged statement by statement."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct, structs

from cdkit.core.allow import Allowance
from cdkit.core.finding import Finding, Fix, Severity, fingerprint
from cdkit.core.world import Processes
from cdkit.migrations.allow import allowances
from cdkit.migrations.catalogue import Dispatch, rules
from cdkit.migrations.find import natural
from cdkit.migrations.locks import lock_of
from cdkit.migrations.operation import Operation
from cdkit.migrations.parser import Parsed, parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.replay import apply, replay
from cdkit.migrations.rule import Context, Hit, LintRule
from cdkit.migrations.schema import Schema
from cdkit.migrations.session import Session
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

UNTOLD = frozenset({"syntax-error", "unreadable-file", "unread-code", "unread-command"})
"""Rules that say that nobody can tell; they have no severity, and nobody can switch them off."""
_ALLOWABLE_UNTOLD = frozenset({"unread-code", "unread-command"})


class Request(Struct, frozen=True, kw_only=True):
    """What to lint: all migrations of a folder in order, and which of them are the change.

    `released` holds, as they were released, the files that the change edits, `gone` those that it
    takes away; `apart` judges
    each file as a release of its own; `server` is the major version; `today` is the date in UTC.
    """

    migrations: Sequence[Migration]
    change: frozenset[str]
    released: Mapping[str, Migration]
    gone: Sequence[Migration] = ()
    apart: bool
    server: int
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
    schema = Schema()
    judged = []
    unread = 0
    if not request.apart:
        schema.release()
    for migration in sorted((*request.migrations, *request.gone), key=_order):
        schema.path = "public"
        if migration.path not in request.change:
            unread += _remember(schema, migration, processes)
            continue
        before = request.released.get(migration.path)
        if before is not None:
            _remember(schema, before, processes)
        if request.apart:
            schema.release()
        judged.append(_judge(request, schema, migration, before, processes))
    note = f"{unread} places in earlier migrations cannot be read: what they made is not known"
    return Linted(judged=tuple(judged), notes=(note,) if unread else ())


def _order(migration: Migration) -> tuple[tuple[int, int, str], ...]:
    return natural(migration.path)


def gone(migration: Migration) -> Finding:
    """Return the finding that a released migration was taken away."""
    return _about_file(
        "edited-migration",
        migration,
        "this migration is released, and the change takes it away (or its branch is behind)",
        rules()["edited-migration"].severity,
    )


def _remember(schema: Schema, migration: Migration, processes: Processes) -> int:
    """Replay what is released already: it is not new to anybody. Return what cannot be read."""
    epoch, schema.epoch = schema.epoch, 0
    parsed = parse(migration.text, processes, data=migration.script.sql)
    for statement in parsed.statements:
        replay(schema, operations(statement))
    schema.epoch = epoch
    return len(parsed.troubles)


def _judge(
    request: Request,
    schema: Schema,
    migration: Migration,
    before: Migration | None,
    processes: Processes,
) -> Judged:
    parsed = parse(migration.text, processes, data=migration.script.sql)
    ran = _sources_of(before, processes)
    statements = [each for each in parsed.statements if not _ran_already(each, ran)]
    session = Session(
        in_transaction=migration.script.in_transaction, single=len(parsed.statements) == 1
    )
    context = Context(schema=schema, session=session, server=request.server)
    findings = [_untold(migration.text, trouble) for trouble in parsed.troubles]
    if before is not None:
        findings.append(_edited(migration, before, unchanged=not statements and not ran))
    if not parsed.statements and not parsed.troubles:
        findings.append(_empty(migration))
    locks: dict[str, None] = {}
    for statement in statements:
        for operation in operations(statement):
            locks |= dict.fromkeys(_locks(operation, schema))
            findings += _found(request.rules, operation, context)
            session.follow(operation)
            apply(schema, operation)
    settled, notes = _settle(findings, parsed, allowances(migration.text, request.today))
    return Judged(
        path=migration.path,
        findings=_with_fingerprints(settled),
        statements=len(statements),
        locks=tuple(locks),
        notes=notes,
    )


def _sources_of(before: Migration | None, processes: Processes) -> Counter[str]:
    """Return the statements of a file as it was released, white space aside."""
    if before is None:
        return Counter()
    parsed = parse(before.text, processes, data=before.script.sql)
    return Counter(" ".join(each.source.split()) for each in parsed.statements)


def _ran_already(statement: Statement, ran: Counter[str]) -> bool:
    source = " ".join(statement.source.split())
    found = ran[source] > 0
    ran[source] -= 1
    if ran[source] <= 0:
        del ran[source]
    return found


def _locks(operation: Operation, schema: Schema) -> Iterator[str]:
    lock, tables = lock_of(operation)
    for table in tables:
        if lock and not schema.is_new_table(table):
            yield f"{lock} on {table}"


def _found(wanted: Dispatch, operation: Operation, context: Context) -> Iterator[Finding]:
    for rule_id, rule in wanted.get(type(operation), ()):
        for hit in rule.check(operation, context):
            yield _finding(rule_id, rule, operation, hit)


def _finding(rule_id: str, rule: LintRule, operation: Operation, hit: Hit) -> Finding:
    return Finding(
        rule=rule_id,
        severity=hit.severity or rule.severity,
        confidence=hit.confidence,
        message=hit.message,
        locations=(operation.statement.text.place(operation.at),),
        fingerprint=" ".join(operation.statement.source.split()),
        about=hit.about,
        question=rule.question,
        fix=hit.fix or Fix(summary=rule.instead.partition("\n")[0]),
    )


def _untold(text: Text, trouble: Trouble) -> Finding:
    return Finding(
        rule=trouble.rule,
        severity=Severity.UNKNOWN,
        message=trouble.what,
        locations=(text.place(trouble.offset),),
        fingerprint=trouble.what,
        fix=Fix(summary=trouble.remedy),
    )


def _edited(migration: Migration, before: Migration, *, unchanged: bool) -> Finding:
    """A released file was changed; where only comments changed, most tools mind the checksum."""
    severity = rules()["edited-migration"].severity
    said = "this migration is released already, and the change edits what it runs"
    if migration.path != before.path:
        said = f"this migration is released already, and the change renames it from {before.path}"
    elif unchanged:
        severity = Severity.LOW
        said = "this migration is released already, and the change edits its comments or spaces"
    return _about_file("edited-migration", migration, said, severity)


def _empty(migration: Migration) -> Finding:
    severity = rules()["empty-migration"].severity
    said = "this migration holds no statement"
    return _about_file("empty-migration", migration, said, severity)


def _about_file(rule_id: str, migration: Migration, said: str, severity: Severity) -> Finding:
    rule = rules()[rule_id]
    return Finding(
        rule=rule_id,
        severity=severity,
        message=said,
        locations=(migration.text.place(0),),
        fingerprint=rule_id,
        about=migration.path.rpartition("/")[2],
        question=rule.question,
        fix=Fix(summary=rule.instead),
    )


def _settle(
    findings: Iterable[Finding], parsed: Parsed, allowed: tuple[Allowance, ...]
) -> tuple[list[Finding], tuple[str, ...]]:
    """Suppress what is allowed where it stands; say which allowances were of no use."""
    used: set[int] = set()
    settled = [_allowed(finding, parsed, allowed, used) for finding in findings]
    notes = [
        f"{each.source}: nothing here needs `allow {each.rule}`; take it out"
        for each in allowed
        if each.line not in used
    ]
    return settled, tuple(notes)


def _allowed(
    finding: Finding, parsed: Parsed, allowed: tuple[Allowance, ...], used: set[int]
) -> Finding:
    here = {each.target for each in allowed if each.rule == finding.rule}
    if not here or finding.rule in UNTOLD - _ALLOWABLE_UNTOLD or not finding.locations:
        return finding
    line = finding.locations[0].line
    lines = {line, *_statement_lines(parsed, line)}
    for each in allowed:
        if each.rule != finding.rule or each.target not in lines:
            continue
        used.add(each.line)
        if not each.fault:
            return structs.replace(finding, suppressed=each.suppression())
        said = f"{finding.message} (the allowance in line {each.line} does not count: {each.fault})"
        finding = structs.replace(finding, message=said)
    return finding


def _statement_lines(parsed: Parsed, line: int) -> Iterator[int]:
    """Yield the first line of the statement that spans a line: an allowance may stand above it."""
    for statement in parsed.statements:
        start, end = statement.text.line(statement.start), statement.text.line(statement.end)
        if start <= line <= end:
            yield start


def _with_fingerprints(findings: list[Finding]) -> tuple[Finding, ...]:
    """Name each finding by rule, thing and statement, not by line; equal ones are counted."""
    seen: Counter[tuple[str, ...]] = Counter()
    named = []
    for finding in findings:
        path = finding.locations[0].path.rpartition("/")[2]
        key = (finding.rule, path, finding.about, finding.fingerprint)
        seen[key] += 1
        print_of = fingerprint(*key, str(seen[key]))
        named.append(structs.replace(finding, fingerprint=print_of))
    return tuple(named)
