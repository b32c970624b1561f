"""Judge migrations: can what runs live with the new schema, and is it safe to run them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from cdkit.core.documents.kinds import Findings, Tool
from cdkit.core.errors import RequestError
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.names import TOOL
from cdkit.core.rule import Rule
from cdkit.core.step import Hook, Options, Outcome, Outputs, Step, Table, option
from cdkit.core.verdict import Reason, cannot_tell, judge, no, yes
from cdkit.core.world import World
from cdkit.migrations import change
from cdkit.migrations.catalogue import described, dispatch, rules
from cdkit.migrations.engine import Server
from cdkit.migrations.find import PLAIN, Found, find, sources
from cdkit.migrations.lint import Judged, Request, lint
from cdkit.migrations.server import DEFAULT, engines, server_of
from cdkit.migrations.source import Complaint
from cdkit.migrations.tell import UNTOLD, complained, gone
from cdkit.steps.origin import provenance_of
from cdkit.steps.running import Running, running_of

NAME = "lint-migrations"


class LintMigrationsOptions(Options, frozen=True, kw_only=True):
    """The inputs of lint-migrations."""

    paths: Annotated[
        tuple[str, ...],
        option(
            "Folders of migrations, or single files, which are then judged as one change after "
            "all others in their folder. Without any: every folder called migrations.",
            argument=True,
            metavar="PATHS",
        ),
    ] = ()
    since: Annotated[
        str,
        option(
            "Judge only what is new since this git revision, as one change. `nothing`: no version "
            "runs anywhere yet, so all migrations together are the change.",
            metavar="REVISION",
        ),
    ] = ""
    against: Annotated[
        str,
        option(
            "Judge only what is new since the commit that runs in this environment, as the "
            "newest `deployed` fact says.",
            metavar="ENVIRONMENT",
        ),
    ] = ""
    service: Annotated[
        str, option("Whose deployment `against` means, where several services share it.")
    ] = ""
    server: Annotated[
        str,
        option(
            "The database, with its version if you know it: `postgres:16`, `mysql:8.0`, "
            "`mariadb:10.11`, `sqlite:3.40`. Without it: what the tool's own files name, else "
            "PostgreSQL."
        ),
    ] = ""
    question: Annotated[
        Literal["both", "compatible", "safe-to-run"],
        option(
            "`compatible`: will the running version live with the new schema? `safe-to-run`: "
            "does the migration block or rewrite?"
        ),
    ] = "both"
    fail_on: Annotated[
        Literal["info", "low", "medium", "high", "critical"],
        option("The least severity that makes the answer no."),
    ] = "medium"
    disable: Annotated[
        tuple[str, ...],
        option("Rules to leave out; rather allow single findings, with a reason.", metavar="RULE"),
    ] = ()
    allow_empty: Annotated[
        bool, option("Having no migration at all is fine: exit 0 instead of 3.")
    ] = False


class LintMigrationsOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of lint-migrations."""

    migrations: Annotated[str, Meta(description="How many migrations were judged.")] = ""
    findings: Annotated[str, Meta(description="How many findings count, suppressed aside.")] = ""
    since: Annotated[str, Meta(description="The revision that the change was taken from.")] = ""


class _Done(Struct, frozen=True, kw_only=True):
    """What came of one folder."""

    judged: tuple[Judged, ...]
    found: tuple[Finding, ...]
    grammar: str
    history: int
    notes: tuple[str, ...] = ()


def run(options: LintMigrationsOptions, world: World) -> Outcome:
    """Find the migrations, tell the change from the history, judge the change."""
    server = server_of(options.server) if options.server else None
    disabled = _disabled(options)
    found, unread = find(options.paths, world)
    baseline = _running(options, found, world)
    done = [_project(one, baseline, options, server, disabled, world) for one in found]
    judged = [each for one in done for each in one.judged]
    findings = tuple(finding for each in judged for finding in each.findings)
    findings += tuple(finding for one in done for finding in one.found)
    counted = [finding for finding in findings if finding.suppressed is None]
    reasons = [*baseline.doubts, *unread]
    reasons += [_reason(x) for x in counted if x.rule in UNTOLD or _fails(x, options)]
    verdict = judge(reasons or [_nothing_found(judged, done, options)])
    examined = {
        "files": len(judged),
        "statements": sum(each.statements for each in judged),
        "history": sum(one.history for one in done),
    }
    origin, source = provenance_of(world, NAME)
    return Outcome(
        verdict=verdict,
        outputs=LintMigrationsOutputs(
            migrations=str(len(judged)), findings=str(len(counted)), since=baseline.revision
        ),
        document=Findings(
            origin=origin,
            evidence="migrations",
            verdict=verdict,
            tool=Tool(name=TOOL, version=_grammars(done)),
            examined=examined,
            findings=findings,
        ),
        subjects=(source,) if source else (),
        findings=findings,
        rules=_rules_of(findings),
        tables=(_table(judged),) if judged else (),
        notes=(*baseline.notes, *(note for one in done for note in one.notes)),
    )


def _running(options: LintMigrationsOptions, found: tuple[Found, ...], world: World) -> Running:
    """Return what runs; files that are named without it are one change."""
    named = options.paths and all(not world.files.is_dir(path) for path in options.paths)
    if named and not options.since and not options.against:
        return Running()
    running = running_of(
        since=options.since,
        against=options.against,
        service=options.service,
        records=options.records,
        world=world,
    )
    alone = sum(len(one.asked) for one in found) <= 1 and not options.against
    return structs.replace(running, notes=()) if running.apart and alone else running


def _grammars(done: list[_Done]) -> str:
    return " and ".join(dict.fromkeys(one.grammar for one in done))


def _disabled(options: LintMigrationsOptions) -> frozenset[str]:
    """Return the rules to leave out; those that say that nobody can tell stay."""
    for name in options.disable:
        if name not in rules():
            import difflib

            near = difflib.get_close_matches(name, rules(), n=1)
            raise RequestError(
                f"there is no rule {name!r}",
                where="disable",
                remedy=f"did you mean {near[0]!r}?" if near else "`cdkit explain` lists them",
            )
        if name in UNTOLD:
            raise RequestError(
                f"{name} cannot be left out: what cannot be read is never passed over",
                where="disable",
                remedy=f"allow it where it stands: `-- cdkit: allow {name} (reason)`",
            )
    return frozenset(options.disable)


def _project(
    found: Found,
    baseline: Running,
    options: LintMigrationsOptions,
    server: Server | None,
    disabled: frozenset[str],
    world: World,
) -> _Done:
    """Judge the migrations of one project."""
    project = found.project
    scope = change.Scope(change=found.asked)
    if baseline.revision:
        scope = change.since(found, baseline.revision, world.git)
    server = server or server_of(project.engine or DEFAULT)
    request = Request(
        migrations=project.migrations,
        change=scope.change,
        released=scope.released,
        gone=scope.gone,
        apart=baseline.apart,
        server=server,
        today=world.clock.now().date(),
        rules=dispatch(disabled, options.question, server.engine),
    )
    linted = lint(request, world.processes)
    judged = linted.judged
    notes = [*project.notes, *linted.notes, *(note for each in judged for note in each.notes)]
    if found.left:
        notes.append(f"{found.root}: {found.left} files that only take back were left out")
    if judged and found.source != PLAIN:
        notes.append(f"{found.root}: read as {sources()[found.source].title} runs it")
    return _Done(
        judged=judged,
        found=(*map(complained, _asked_complaints(found, scope)), *map(gone, scope.gone)),
        grammar=engines()[server.engine].grammar,
        history=len(project.migrations) - len(judged),
        notes=tuple(notes),
    )


def _asked_complaints(found: Found, scope: change.Scope) -> Iterator[Complaint]:
    """Yield what is wrong with files of the change; what is long released is past mending."""
    paths = {name.partition("#")[0] for name in scope.change}
    yield from (one for one in found.project.complaints if one.path in paths)


def _fails(finding: Finding, options: LintMigrationsOptions) -> bool:
    return finding.severity.rank >= Severity(options.fail_on).rank


def _reason(finding: Finding) -> Reason:
    where: Location | None = finding.locations[0] if finding.locations else None
    remedy = finding.fix.summary if finding.fix else ""
    say = cannot_tell if finding.rule in UNTOLD else no
    return say(finding.message, where=where, remedy=remedy, rule=finding.rule)


def _nothing_found(
    judged: list[Judged], done: list[_Done], options: LintMigrationsOptions
) -> Reason:
    """Return why the answer is yes; never that a migration is safe."""
    history = sum(one.history for one in done)
    if not judged:
        since = options.since or f"what runs in {options.against}"
        return yes(f"no migration is new since {since}; {history} were there before")
    if not any(each.statements for each in judged) and not any(e.findings for e in judged):
        return cannot_tell("no statement was judged", remedy="check what was given")
    asked = "" if options.question == "both" else f" of the kind {options.question}"
    allowed = sum(x.suppressed is not None for each in judged for x in each.findings)
    more = f" but for what is allowed ({allowed})" if allowed else ""
    number = f"{len(judged)} migration{'s' if len(judged) > 1 else ''}"
    return yes(f"no known break{asked} in {number}{more}")


def _rules_of(findings: tuple[Finding, ...]) -> tuple[Rule, ...]:
    from cdkit.migrations.catalogue import describe

    return tuple(describe(name) for name in dict.fromkeys(finding.rule for finding in findings))


def _table(judged: list[Judged]) -> Table:
    rows = tuple(
        (
            each.path,
            str(each.statements),
            ", ".join(each.locks) or "none",
            str(sum(finding.suppressed is None for finding in each.findings)),
        )
        for each in judged
    )
    columns = ("migration", "statements", "locks on what was there before", "findings")
    return Table(heading="Migrations", columns=columns, rows=rows)


STEP = Step(
    name=NAME,
    summary="Will the running version live with the new schema?",
    question="Can the running version live with the new schema, and is the migration safe to run?",
    options=LintMigrationsOptions,
    outputs=LintMigrationsOutputs,
    run=run,
    rules=described,
    hook=Hook(
        name="lint migrations",
        files=r"(^|/)(migrations?|migrate)/([^/]+/)*[^/]+\.sql$",
        args=("--records", "none", "--allow-empty"),
    ),
    icon="database",
)
