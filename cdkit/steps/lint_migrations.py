"""Judge migrations: can what runs live with the new schema, and is it safe to run them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from cdkit.core.documents.kinds import Deployment, Findings, Tool
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.names import TOOL
from cdkit.core.rule import Rule
from cdkit.core.step import Hook, Options, Outcome, Outputs, Step, Table, option
from cdkit.core.verdict import Reason, cannot_tell, judge, no, yes
from cdkit.core.world import World
from cdkit.migrations import change
from cdkit.migrations.catalogue import Dispatch, described, dispatch, rules
from cdkit.migrations.find import Found, find
from cdkit.migrations.lint import UNTOLD, Judged, Request, gone, lint
from cdkit.migrations.server import version_of
from cdkit.steps.origin import provenance_of

NAME = "lint-migrations"
_NOTHING = "nothing"


_APART = (
    "so each file is judged as a release of its own, after those before it; `--since REVISION` "
    "judges only what is new since then, `--since nothing` says that nothing runs yet"
)


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
        str, option("The database, with its version if you know it: `postgres:16`.")
    ] = "postgres"
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


class _Baseline(Struct, frozen=True, kw_only=True):
    """What counts as released: a revision, or nothing at all, or each file by itself (`apart`)."""

    revision: str = ""
    apart: bool = False
    notes: tuple[str, ...] = ()
    doubts: tuple[Reason, ...] = ()


class _Done(Struct, frozen=True, kw_only=True):
    """What came of one folder."""

    judged: tuple[Judged, ...]
    gone: tuple[Finding, ...]
    history: int
    notes: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def run(options: LintMigrationsOptions, world: World) -> Outcome:
    """Find the migrations, tell the change from the history, judge the change."""
    server = version_of(options.server)
    wanted = dispatch(_disabled(options), options.question)
    found = find(options.paths, world.files)
    baseline = _baseline(options, found, world)
    done = [_folder(one, baseline, wanted, server, world) for one in found]
    judged = [each for one in done for each in one.judged]
    findings = tuple(finding for each in judged for finding in each.findings)
    findings += tuple(finding for one in done for finding in one.gone)
    counted = [finding for finding in findings if finding.suppressed is None]
    reasons = [*baseline.doubts, *(reason for one in done for reason in one.reasons)]
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
            tool=Tool(name=TOOL, version="PostgreSQL 18 grammar"),
            examined=examined,
            findings=findings,
        ),
        subjects=(source,) if source else (),
        findings=findings,
        rules=_rules_of(findings),
        tables=(_table(judged),) if judged else (),
        notes=(*baseline.notes, *(note for one in done for note in one.notes)),
    )


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


def _baseline(options: LintMigrationsOptions, found: tuple[Found, ...], world: World) -> _Baseline:
    if options.since and options.against:
        raise RequestError(
            "both since and against are given",
            where="since",
            remedy="give the one that says what runs",
        )
    if options.since == _NOTHING:
        return _Baseline(notes=("nothing runs yet, so all migrations are one change",))
    if options.since:
        return _Baseline(revision=options.since)
    if options.against:
        return _deployed(options, world)
    if options.paths and all(not world.files.is_dir(path) for path in options.paths):
        return _Baseline()
    several = sum(len(one.asked) for one in found) > 1
    return _Baseline(apart=True, notes=(f"nothing says what runs: {_APART}",) if several else ())


def _deployed(options: LintMigrationsOptions, world: World) -> _Baseline:
    """Return the commit that runs in an environment, by the newest fact about it."""
    from cdkit.evidence.store import open_store

    told = open_store(options.records, world.files).environment(options.against)
    deployments: dict[str, Deployment] = {}
    replayed = 0
    for fact in told.facts:
        document = fact.document
        if not isinstance(document, Deployment) or document.status != "deployed":
            continue
        if options.service and document.service != options.service:
            continue
        if document.origin.replay is not None and document.origin.replay != world.replay:
            replayed += 1
            continue
        deployments[document.service] = document
    notes = (f"deployments that were only replayed do not count ({replayed})",) if replayed else ()
    if not deployments:
        # No fact may mean a first deployment, or a store that was not brought along: the second
        # must not pass for the first, so nothing counts as new together.
        what = f"no record says what runs in {options.against}: {_APART}"
        return _Baseline(apart=True, notes=(what, *notes), doubts=told.unreadable)
    if len(deployments) > 1:
        raise CannotTell(
            f"several services run in {options.against}: {', '.join(sorted(deployments))}",
            remedy="say whose migrations these are: --service NAME",
        )
    (deployment,) = deployments.values()
    if not deployment.commit:
        raise CannotTell(
            f"the deployment to {options.against} does not say from which commit it was built",
            remedy="record it from a git checkout, or give --since REVISION",
        )
    what = f"{options.against} runs {deployment.service} at {deployment.commit[:12]}"
    return _Baseline(revision=deployment.commit, notes=(what, *notes), doubts=told.unreadable)


def _folder(
    found: Found, baseline: _Baseline, wanted: Dispatch, server: int, world: World
) -> _Done:
    """Judge the migrations of one folder."""
    scope = change.Scope(change=found.asked)
    if baseline.revision:
        scope = change.since(found, baseline.revision, world.git)
    request = Request(
        migrations=found.migrations,
        change=scope.change,
        released=scope.released,
        gone=scope.gone,
        apart=baseline.apart,
        server=server,
        today=world.clock.now().date(),
        rules=wanted,
    )
    linted = lint(request, world.processes)
    judged = linted.judged
    notes = [*linted.notes, *(note for each in judged for note in each.notes)]
    if found.downs:
        notes.append(f"{found.folder}: {found.downs} files that only take back were left out")
    tools = sorted({m.source for m in found.migrations if m.path in scope.change} - {"plain"})
    if tools:
        notes.append(f"{found.folder}: read as {' and '.join(tools)} runs it")
    return _Done(
        judged=judged,
        gone=tuple(map(gone, scope.gone)),
        history=len(found.migrations) - len(judged),
        notes=tuple(notes),
        reasons=found.unread,
    )


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
