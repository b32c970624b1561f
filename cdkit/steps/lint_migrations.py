"""Judges migrations: the running version must live with them, and they must be safe to run.

The history of migrations is replayed in memory, so that what this change makes itself (an index on
a new table, say) frightens nobody. Two questions are kept apart: `compatible` (do the reads and
writes of the running version still work?) and `safe-to-run` (what is locked, for whom, for how
long?). The best answer is "no known break", never "safe"; what cannot be read is "cannot tell".
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from cdkit.core.documents.kinds import Deployment, Findings, Tool
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Finding, Severity
from cdkit.core.names import TOOL
from cdkit.core.step import Hook, Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject
from cdkit.core.verdict import Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.core.world import World
from cdkit.migrations.catalogue import describe, described, dispatch, rules
from cdkit.migrations.find import Found, find, read
from cdkit.migrations.lint import UNTOLD, Judged, Request, lint
from cdkit.migrations.source import Migration
from cdkit.steps.origin import head_of, origin_of, source_of

NAME = "lint-migrations"
_NEWEST = 18
_OLDEST = 12


class LintMigrationsOptions(Options, frozen=True, kw_only=True):
    """The inputs of lint-migrations."""

    paths: Annotated[
        tuple[str, ...],
        option(
            "Folders with migrations, or single files, whose folder then is their history. "
            "Without any: every folder called `migrations`.",
            argument=True,
        ),
    ] = ()
    since: Annotated[
        str,
        option(
            "Judge what the change since this git revision adds; what stood there is history.",
            metavar="REVISION",
        ),
    ] = ""
    against: Annotated[
        str,
        option(
            "The environment whose running version must live with the change, `production`: "
            "like `since`, with the commit that was deployed there.",
            metavar="ENVIRONMENT",
        ),
    ] = ""
    server: Annotated[
        str, option("The database server and its version: `postgres`, `postgres:16`.")
    ] = "postgres"
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical"],
        option("The severity from which a finding is a no."),
    ] = "medium"
    question: Annotated[
        Literal["both", "compatible", "safe-to-run"],
        option("Which question to ask."),
    ] = "both"
    disable: Annotated[
        tuple[str, ...], option("Rules that are not asked; the report names them.", metavar="RULE")
    ] = ()
    allow_empty: Annotated[bool, option("Having no migration at all is fine.")] = False


class LintMigrationsOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of lint-migrations."""

    files: Annotated[str, Meta(description="How many migrations were judged.")] = "0"
    findings: Annotated[str, Meta(description="How many findings count.")] = "0"


class _Base(Struct, frozen=True, kw_only=True):
    """What the change is held against: a revision (none: all is new), and what to say of it."""

    revision: str = ""
    notes: tuple[str, ...] = ()


def run(options: LintMigrationsOptions, world: World) -> Outcome:
    """Find the migrations, replay their history, judge the change."""
    version = _version(options.server)
    unknown = sorted(set(options.disable) - set(rules()))
    if unknown:
        raise RequestError(
            f"there is no rule {unknown[0]!r}", where="disable", remedy="`cdkit explain` lists them"
        )
    base = _base(options, world)
    found = find(options.paths, world.files)
    judged = [each for one in found for each in _judge(one, base, version, options, world)]
    unread = [reason for one in found for reason in one.unread]
    findings = tuple(finding for each in judged for finding in each.findings)
    verdict = _verdict(findings, unread, len(judged), Severity(options.fail_on))
    counting = sum(finding.suppressed is None for finding in findings)
    source = _source(judged, world)
    return Outcome(
        verdict=verdict,
        outputs=LintMigrationsOutputs(files=str(len(judged)), findings=str(counting)),
        document=Findings(
            origin=origin_of(world, NAME),
            evidence="migrations",
            verdict=verdict,
            tool=Tool(name=TOOL, version=f"postgres {version}"),
            examined={"files": len(judged), "statements": sum(x.statements for x in judged)},
            findings=findings,
        ),
        subjects=(source,) if source else (),
        findings=findings,
        rules=tuple(describe(name) for name in sorted({f.rule for f in findings})),
        tables=(_table(judged),) if judged else (),
        notes=(*base.notes, *_notes(options, found, judged, with_source=source is not None)),
    )


def _version(server: str) -> int:
    """Return the major version of the server; the newest where none is named."""
    name, _, version = server.partition(":")
    if name not in {"postgres", "postgresql"}:
        raise RequestError(
            f"{server[:80]!r} is no server whose migrations can be judged yet",
            where="server",
            remedy="write postgres:16",
        )
    if not version:
        return _NEWEST
    major = version.partition(".")[0]
    if not (major.isascii() and major.isdigit() and _OLDEST <= int(major[:4]) <= _NEWEST):
        raise RequestError(
            f"{version[:40]!r} is no version of PostgreSQL from {_OLDEST} to {_NEWEST}",
            where="server",
            remedy="write postgres:16",
        )
    return int(major)


def _base(options: LintMigrationsOptions, world: World) -> _Base:
    if options.since and options.against:
        raise RequestError(
            "since and against both say what to compare with", remedy="give one of them"
        )
    if options.since:
        return _Base(revision=world.git.resolve(options.since))
    if not options.against:
        return _Base()
    deployed = _deployed(options, world)
    if deployed is None:
        note = (
            f"nothing is known to be deployed in {options.against}: every migration counts as new"
        )
        return _Base(notes=(note,))
    if not deployed.commit:
        raise CannotTell(
            f"the deployment fact of {options.against} names no commit",
            remedy="emit the deployment in the checkout that it was built from, or give --since",
        )
    note = f"judged against what runs in {options.against}: commit {deployed.commit[:12]}"
    return _Base(revision=world.git.resolve(deployed.commit), notes=(note,))


def _deployed(options: LintMigrationsOptions, world: World) -> Deployment | None:
    """Return the newest deployment; what a replay pretended to deploy does not run anywhere."""
    from cdkit.evidence.store import open_store

    there = open_store(options.records, world.files).environment(options.against)
    if there.unreadable:
        reason = there.unreadable[0]
        raise CannotTell(reason.what, where=reason.where, remedy=reason.remedy)
    found = [fact.document for fact in there.facts if fact.document.origin.replay is None]
    deployed = [one for one in found if isinstance(one, Deployment) and one.status == "deployed"]
    return deployed[-1] if deployed else None


def _judge(
    found: Found, base: _Base, version: int, options: LintMigrationsOptions, world: World
) -> tuple[Judged, ...]:
    """Judge one folder: what was asked for, and of that what the change adds or edits."""
    change = found.asked
    released: dict[str, Migration] = {}
    if base.revision:
        changes = {one.path: one for one in world.git.changes(base.revision)}
        change = frozenset(path for path in found.asked if path in changes)
        edited = [path for path in change if changes[path].status != "A"]
        for path in edited:
            before = changes[path].old_path or path
            released[path] = read(path, world.git.read(base.revision, before))
    request = Request(
        migrations=found.migrations,
        change=change,
        released=released,
        apart=False,
        server=version,
        today=world.clock.now().date(),
        rules=dispatch(frozenset(options.disable), options.question),
    )
    return lint(request, world.processes)


def _source(judged: list[Judged], world: World) -> Subject | None:
    """Return what the fact is about; nothing where a migration here is in no commit."""
    head, source = head_of(world), source_of(world)
    if head is None or source is None or not head.untracked:
        return source
    beside = {change.path for change in world.git.changes("HEAD")}
    return None if any(one.path in beside for one in judged) else source


def _verdict(
    findings: tuple[Finding, ...], unread: list[Reason], files: int, threshold: Severity
) -> Verdict:
    reasons = [*unread, *_reasons(findings, threshold)]
    if not reasons:
        reasons = [yes(f"no known break in {_count(files, 'new migration')}")]
    return judge(reasons)


def _reasons(findings: tuple[Finding, ...], threshold: Severity) -> Iterator[Reason]:
    for finding in findings:
        where = finding.locations[0] if finding.locations else None
        remedy = finding.fix.summary if finding.fix else f"cdkit explain {finding.rule}"
        if finding.suppressed is not None:
            continue
        if finding.rule in UNTOLD:
            yield cannot_tell(finding.message, where=where, remedy=remedy, rule=finding.rule)
        elif finding.severity.rank >= threshold.rank:
            yield no(finding.message, where=where, remedy=remedy, rule=finding.rule)


def _table(judged: list[Judged]) -> Table:
    rows = tuple(
        (each.path, str(each.statements), str(len(each.findings)), ", ".join(each.locks) or "none")
        for each in judged
    )
    return Table(
        heading="Migrations",
        columns=("file", "statements", "findings", "locks on what runs"),
        rows=rows,
    )


def _notes(
    options: LintMigrationsOptions,
    found: tuple[Found, ...],
    judged: list[Judged],
    *,
    with_source: bool,
) -> Iterator[str]:
    yield from (note for each in judged for note in each.notes)
    if downs := sum(one.downs for one in found):
        yield f"{_count(downs, 'file')} that only take back were left out"
    if options.disable:
        yield f"not asked: {', '.join(options.disable)}"
    if not (options.since or options.against):
        yield "everything named counts as one new release; `--since` tells what is released already"
    if not with_source:
        yield "no fact was left: there is no clean git checkout here that it could be about"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


STEP = Step(
    name=NAME,
    summary="Judge database migrations: backward compatible, safe to run?",
    question="Can the running version live with the new schema, and is it safe to run?",
    options=LintMigrationsOptions,
    outputs=LintMigrationsOutputs,
    run=run,
    rules=described,
    hook=Hook(
        files=r"(^|/)[^/]*[mM]igrat[^/]*/.*\.sql$",
        args=("--records", "none", "--allow-empty"),
        name="database migrations: backward compatible, safe to run",
    ),
    icon="database",
)
