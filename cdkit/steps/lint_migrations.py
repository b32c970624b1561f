"""Judge migrations: can what runs live with the new schema, and is it safe to run them."""

from typing import Annotated, Literal

from msgspec import Meta, field
from msgspec.structs import replace

from cdkit.core.documents.kinds import Findings, Tool
from cdkit.core.errors import RequestError
from cdkit.core.finding import Severity
from cdkit.core.names import TOOL
from cdkit.core.step import Hook, Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import Reason, cannot_tell, judge, yes
from cdkit.core.world import World
from cdkit.migrations.catalogue import describe, described
from cdkit.migrations.dump import VARIABLE
from cdkit.migrations.engine import Server
from cdkit.migrations.find import Found, find
from cdkit.migrations.lint import Judged
from cdkit.migrations.regard import Regard, regard_of, regarded
from cdkit.migrations.remembered import memory
from cdkit.migrations.server import server_of
from cdkit.migrations.source import Rendering
from cdkit.migrations.summary import but, table
from cdkit.migrations.tell import UNTOLD
from cdkit.steps.linting import Asked, Done, accepted, judge_project, reason_of
from cdkit.steps.origin import provenance_of
from cdkit.steps.phasing import Phasing, check_phases, code_of
from cdkit.steps.rewriting import diff, write
from cdkit.steps.running import Running, running_of
from cdkit.steps.schema_inputs import schemas_of
from cdkit.steps.staged import FILES, taken_away

NAME = "lint-migrations"


class LintMigrationsOptions(Options, frozen=True, kw_only=True):
    """The inputs of lint-migrations."""

    paths: Annotated[
        tuple[str, ...],
        option(
            "Folders of migrations, or single files, which are then judged as one change after "
            "all others in their folder. Without any: every folder called migrations, and whatever "
            "shows a tool.",
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
    phases: Annotated[
        dict[str, str],
        option(
            "The phase of migrations that do not declare one themselves, by a pattern of their "
            "paths: `db/contract/*=contract since v1.4`.",
            flag="--phase",
            metavar="PATTERN=PHASE",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    application: Annotated[
        tuple[str, ...],
        option(
            "Patterns of what counts as application code beside a contract. Without any: all but "
            "migrations, documentation, tests and pipelines.",
            metavar="PATTERN",
        ),
    ] = ()
    enable: Annotated[
        tuple[str, ...],
        option("Rules of taste to look for as well; `cdkit explain` marks them.", metavar="RULE"),
    ] = ()
    severity: Annotated[
        dict[str, str],
        option(
            "How bad what a rule finds is to you: `info` to `critical`, or `off (why)`, which "
            "shows it as suppressed.",
            metavar="RULE=LEVEL",
        ),
    ] = field(default_factory=dict)
    allowances: Annotated[
        Literal["count", "refuse"],
        option(
            "Whether `-- cdkit: allow` counts where the change under judgement brings it itself; "
            "shown it is in any case."
        ),
    ] = "count"
    baseline: Annotated[
        str,
        option(
            "A file of findings that are accepted, made by write-baseline. In a pull request it "
            "counts as it stands on the target branch.",
            metavar="FILE",
        ),
    ] = ""
    write_baseline: Annotated[
        bool, option("Write all that is found now into the baseline, and drop what is gone.")
    ] = False
    schema: Annotated[
        str,
        option(
            "The schema before the change, as a dump (`pg_dump --schema-only`, structure.sql), on "
            "which the history is replayed. A running PostgreSQL is asked for it where "
            f"{VARIABLE} holds its address.",
            metavar="FILE",
        ),
    ] = ""
    small_tables: Annotated[
        tuple[str, ...],
        option(
            "Tables that are known to be small: reading or copying one is mere information.",
            flag="--small-table",
            metavar="TABLE",
        ),
    ] = ()
    small: Annotated[
        int, option("How many rows a running database may estimate for a table to be small.")
    ] = 10_000
    fix: Annotated[
        bool,
        option("Rewrite the migrations of the change where that changes no meaning."),
    ] = False
    diff: Annotated[bool, option("Show what fix would rewrite, and write nothing.")] = False
    python: Annotated[
        str,
        option(
            "The project's own Python, which renders what Alembic and Django would run. Without "
            "it: its .venv, what Poetry or Pipenv say, else python3. `none`: run no code of the "
            "project; its migrations are then cannot tell.",
            metavar="PATH",
        ),
    ] = ""
    project_env: Annotated[
        tuple[str, ...],
        option(
            "Environment variables that the project's code gets when it renders: NAME, or "
            "NAME=VALUE. It gets no others but PATH, HOME and the like.",
            metavar="NAME",
        ),
    ] = ()
    project_timeout: Annotated[
        int, option("How many seconds the project's code may take to render.", metavar="SECONDS")
    ] = 120
    cache: Annotated[
        str,
        option(
            "Folder to keep models of long histories in, which no job of a pull request may write; "
            "`none` keeps nothing. Default: the user's cache folder, in CI none.",
            metavar="FOLDER",
        ),
    ] = ""
    staged: Annotated[
        bool, option("Tell what the next commit does to migrations that others have: pre-commit.")
    ] = False
    allow_empty: Annotated[
        bool, option("Having no migration at all is fine: exit 0 instead of 3.")
    ] = False


class LintMigrationsOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of lint-migrations."""

    migrations: Annotated[str, Meta(description="How many migrations were judged.")] = ""
    findings: Annotated[str, Meta(description="How many findings count, suppressed aside.")] = ""
    since: Annotated[str, Meta(description="The revision that the change was taken from.")] = ""
    fixed: Annotated[str, Meta(description="The files that fix has changed, one a line.")] = ""


def run(options: LintMigrationsOptions, world: World) -> Outcome:
    """Find the migrations, tell the change from the history, judge the change."""
    server = server_of(options.server) if options.server else None
    check_phases(options.phases)
    regard = regard_of(disable=options.disable, enable=options.enable, severity=options.severity)
    away = regarded(taken_away(options.paths, world), regard) if options.staged else ()
    looks = options.paths or not options.staged
    found, unread = find(options.paths, world, _rendering(options)) if looks else ((), ())
    asked = _asked(options, found, server, regard, world)
    running = asked.running
    done = [judge_project(one, asked, world) for one in found]
    done, told = _accepted(done, options, running, world)
    rewritten = tuple(each for one in done for each in one.rewritten)
    if not options.diff:
        write(rewritten, world.files)
    judged = [each for one in done for each in one.judged]
    findings = tuple(finding for each in judged for finding in each.findings)
    findings += (*away, *(finding for one in done for finding in one.found))
    counted = [finding for finding in findings if finding.suppressed is None]
    fatal = Severity(options.fail_on).rank
    reasons = [*running.doubts, *unread, *(reason for one in done for reason in one.unread)]
    reasons += [reason_of(x) for x in counted if x.rule in UNTOLD or x.severity.rank >= fatal]
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
            migrations=str(len(judged)),
            findings=str(len(counted)),
            since=running.revision,
            fixed="" if options.diff else "\n".join(each.path for each in rewritten),
        ),
        document=Findings(
            origin=origin,
            evidence="migrations",
            verdict=verdict,
            tool=Tool(name=TOOL, version=_grammars(done)),
            examined=examined,
            findings=findings,
            contracts=tuple(each.contract for each in judged if each.contract),
        ),
        subjects=(source,) if source else (),
        findings=findings,
        rules=tuple(map(describe, dict.fromkeys(each.rule for each in findings))),
        tables=(table(judged, Severity(options.fail_on), options.question),) if judged else (),
        notes=(
            *running.notes,
            *asked.schemas.notes,
            *(note for one in done for note in one.notes),
            *told,
        ),
        data=diff(rewritten) if options.diff else "",
    )


def _asked(
    options: LintMigrationsOptions,
    found: tuple[Found, ...],
    server: Server | None,
    regard: Regard,
    world: World,
) -> Asked:
    """Return what the options ask; raises RequestError where that cannot be."""
    running = _running(options, found, world)
    if (options.fix or options.diff) and running.apart:
        raise RequestError(
            "nothing says which migrations are new, and a released one is never rewritten",
            where="fix" if options.fix else "diff",
            remedy="give --since REVISION, or name the new files",
        )
    schemas = schemas_of(
        schema=options.schema,
        small_tables=options.small_tables,
        small=options.small,
        server=server,
        running=running,
        world=world,
    )
    return Asked(
        question=options.question,
        refuse=options.allowances == "refuse",
        fix=options.fix or options.diff,
        keep=options.diff,
        running=running,
        server=server,
        regard=regard,
        schemas=schemas,
        phasing=Phasing(
            phases=options.phases,
            whose=f"what runs in {options.against}" if options.against else "what is released",
            records=options.records,
            code=code_of(options.since, options.application, (options.baseline,), found, world),
        ),
        memory=memory(options.cache, world),
    )


def _accepted(
    done: list[Done], options: LintMigrationsOptions, running: Running, world: World
) -> tuple[list[Done], tuple[str, ...]]:
    """Take the baseline into account, if there is one."""
    if options.baseline:
        return accepted(
            done,
            options.baseline,
            world.clock.now().date(),
            world,
            rewrite=options.write_baseline,
            whole=running.apart,
        )
    if options.write_baseline:
        raise RequestError(
            "no file is named to write the baseline to",
            where="write-baseline",
            remedy="give --baseline FILE as well",
        )
    return done, ()


def _rendering(options: LintMigrationsOptions) -> Rendering:
    """Return how the project's own code is to render its SQL."""
    if options.project_timeout < 1:
        raise RequestError(
            f"{options.project_timeout} s is no time to render in",
            where="project-timeout",
            remedy="give seconds, 1 or more",
        )
    return Rendering(
        python=options.python,
        environ=options.project_env,
        patience=options.project_timeout,
        server=options.server,
    )


def _running(options: LintMigrationsOptions, found: tuple[Found, ...], world: World) -> Running:
    """Return what runs; files that are named without it are one change."""
    named = options.staged or bool(options.paths)
    named = named and all(not world.files.is_dir(path) for path in options.paths)
    if named and not options.since and not options.against:
        return Running(others=world.git.edited(options.paths) if options.staged else "")
    running = running_of(
        since=options.since,
        against=options.against,
        service=options.service,
        records=options.records,
        world=world,
    )
    alone = sum(len(one.asked | one.backs) for one in found) <= 1 and not options.against
    return replace(running, notes=()) if running.apart and alone else running


def _grammars(done: list[Done]) -> str:
    return " and ".join(dict.fromkeys(one.grammar for one in done if one.grammar))


def _nothing_found(
    judged: list[Judged], done: list[Done], options: LintMigrationsOptions
) -> Reason:
    """Return why the answer is yes; never that a migration is safe."""
    history = sum(one.history for one in done)
    if not judged:
        since = options.since or f"what runs in {options.against}"
        return yes(f"no migration is new since {since}; {history} were there before")
    if not any(each.statements or each.findings or each.no_sql for each in judged):
        return cannot_tell("no statement was judged", remedy="check what was given")
    kind = "" if options.question == "both" else f" of the kind {options.question}"
    number = f"{len(judged)} migration{'s' if len(judged) > 1 else ''}"
    return yes(f"no known break{kind} in {number}{but(judged, Severity(options.fail_on))}")


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
        files=FILES,
        args=("--records", "none", "--allow-empty", "--staged"),
        always=True,
    ),
    icon="database",
)
