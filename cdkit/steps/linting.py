"""Judging one project's migrations as the step asks, and rewriting them where it asks that."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import Missing, RequestError
from cdkit.core.finding import Finding, Location
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.core.world import World
from cdkit.migrations import catalogue, change
from cdkit.migrations.back import custom_of
from cdkit.migrations.baseline import LintBaseline, accept, read_baseline, written
from cdkit.migrations.dump import dump_beside
from cdkit.migrations.engine import Server
from cdkit.migrations.find import PLAIN, Found, sources
from cdkit.migrations.fixing import Fixed, Rewritten, fix
from cdkit.migrations.lint import Judged, Linted, Request, lint
from cdkit.migrations.out_of_order import edited_stand_ins, out_of_order
from cdkit.migrations.regard import Regard, regarded
from cdkit.migrations.remembered import Memory
from cdkit.migrations.server import DEFAULT, engines, is_of, server_of
from cdkit.migrations.source import Complaint, Project
from cdkit.migrations.tell import UNTOLD, ahead, complained, taken_away
from cdkit.steps.phasing import Phasing
from cdkit.steps.protected import read_protected
from cdkit.steps.running import Running
from cdkit.steps.schema_inputs import Schemas

_UNKNOWN = (
    "no migration came before these, and no schema is given: a table that none of them makes is "
    "taken for one that is there, and large"
)

_OF_WHICH = "the schema that is given does not say of which database it is, so not used for"


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of each project.

    `question` is that of the step; `refuse` lets no allowance count that the change itself brings;
    `fix` wants fixes made, `keep` the findings of the files as they are; `memory` is where models
    of long histories are kept.
    """

    question: str
    refuse: bool
    fix: bool
    keep: bool
    running: Running
    server: Server | None
    regard: Regard
    schemas: Schemas
    phasing: Phasing
    memory: Memory | None


class Done(Struct, frozen=True, kw_only=True):
    """What came of one project."""

    judged: tuple[Judged, ...]
    found: tuple[Finding, ...]
    grammar: str
    history: int
    notes: tuple[str, ...] = ()
    rewritten: tuple[Rewritten, ...] = ()
    unread: tuple[Reason, ...] = ()


def judge_project(found: Found, asked: Asked, world: World) -> Done:
    """Judge the migrations of one project, and rewrite them where that is asked."""
    project, running = found.project, asked.running
    scope = _scope(found, running, world)
    try:
        server = _server(project, asked)
        asked.schemas.check(server)
    except RequestError as fault:
        return _unreadable(found, scope, fault)
    asked, kept = _with_dump(found, scope, asked, world)
    engine = engines()[server.engine]
    request = Request(
        migrations=project.migrations,
        change=scope.change,
        released=scope.released,
        gone=(*scope.gone, *scope.ahead),
        apart=running.apart,
        blank=running.blank,
        server=server,
        today=world.clock.now().date(),
        rules=catalogue.dispatch(asked.regard.disabled, asked.question, server.engine),
        asked=catalogue.asked(asked.regard.disabled, asked.question, server.engine),
        terms=asked.phasing.terms(found, scope, running.revision, engine.dialect(), world),
        code=asked.phasing.code,
        custom=custom_of(project.migrations),
        backs=scope.backs,
        outside=sources()[found.source].outside,
        dump=asked.schemas.dumps,
        sizes=asked.schemas.sizes,
        refuse=asked.refuse,
        memory=asked.memory,
        hands=world.hands,
    )
    linted = lint(request, world.processes)
    fixed = _fixed(request, linted, found, asked, world)
    linted = linted if asked.keep else fixed.linted
    judged = tuple(
        replace(each, findings=regarded(each.findings, asked.regard)) for each in linted.judged
    )
    unread = change.unread_since(found, running.revision, world.git)
    faults = change.faults_since(found, running.revision, world.git)
    told = _left if asked.fix else _mendable
    notes = [*kept, *project.notes, *linted.notes]
    notes += [*(note for each in judged for note in each.notes), *fixed.notes]
    notes += [*(() if running.apart else told(judged))]
    notes += _of_project(found, judged, asked, len(unread))
    passed = () if faults else project.faults
    notes += [f"{found.root}: cannot be read, and nothing of it is new: {x.what}" for x in passed]
    files = tuple(_of_files(found, scope, running))
    return Done(
        judged=judged,
        found=regarded(files, asked.regard),
        grammar=engine.grammar,
        history=len(project.migrations) - len(judged),
        notes=tuple(notes),
        rewritten=fixed.files,
        unread=(*faults, *change.strange(found, scope), *unread),
    )


def _scope(found: Found, running: Running, world: World) -> change.Scope:
    """Return what is judged of a project: what is new since what runs, else all that was asked."""
    if running.revision:
        return change.since(found, running.revision, world.git, world.files)
    if running.others:
        return change.of_commit(found, running.others, world.git, world.files)
    return change.Scope(change=found.asked, backs=found.backs)


def _server(project: Project, asked: Asked) -> Server:
    """Return the server that a project runs on; of several databases each may have its own."""
    if asked.server and not project.database:
        return asked.server
    own = server_of(project.engine or DEFAULT)
    return asked.server if asked.server and is_of(asked.server, own.engine) else own


def _with_dump(
    found: Found, scope: change.Scope, asked: Asked, world: World
) -> tuple[Asked, tuple[str, ...]]:
    """Ask with the schema that the tool itself keeps, and a note, where nobody gives one."""
    if found.project.database and asked.schemas.dumps:
        note = f"{found.root}: {_OF_WHICH} {found.project.database}"
        return replace(asked, schemas=replace(asked.schemas, dumps=())), (note,)
    if asked.schemas.dumps or not asked.running.revision or found.project.database:
        return asked, ()
    try:
        dump, note = dump_beside(found, scope, asked.running.revision, world.git)
    except Missing:
        return asked, ()
    return replace(asked, schemas=replace(asked.schemas, dumps=(dump,))), (note,)


def _of_project(
    found: Found, judged: tuple[Judged, ...], asked: Asked, unread: int
) -> Iterator[str]:
    """Yield what people should know of how a project was read."""
    database = found.project.database
    root = f"{found.root} ({database})" if database else found.root
    if dark := found.dark + len(found.unread) - unread:
        yield f"{root}: {dark} earlier files cannot be read: what they made is not known"
    if found.left:
        yield f"{root}: files that take back others, and go with those: {found.left}"
    if judged and found.source != PLAIN:
        yield f"{root}: read as {sources()[found.source].title} runs it"
    whole = len(found.project.migrations) == len(judged)
    if whole and not asked.schemas.dumps and _open(judged):
        yield f"{root}: {_UNKNOWN}"


def _fixed(request: Request, linted: Linted, found: Found, asked: Asked, world: World) -> Fixed:
    """Return what fixing makes of a project's files, nothing where nobody asks for it."""
    reading = sources()[found.source].migrations
    if not asked.fix or reading is None:
        return Fixed(files=(), linted=linted)
    passed = frozenset(asked.regard.off)
    return fix(request, linted, reading, world.processes, passed=passed)


def accepted(
    done: list[Done], path: str, today: date, world: World, *, rewrite: bool, whole: bool
) -> tuple[list[Done], tuple[str, ...]]:
    """Suppress what a baseline accepts, and say what of it has ended or idles.

    It counts as it stands where the change cannot write it, also after a `rewrite` of the file
    here. `whole` says that all migrations were judged. Raises CannotTell where it cannot be read.
    """

    def gone(path: str) -> bool:
        return not world.files.is_file(path)

    every = [x for one in done for each in (one.found, *_findings(one)) for x in each]
    if rewrite:
        there = world.files.read(path) if world.files.is_file(path) else b""
        old = read_baseline(there, where=path) if there else LintBaseline(version=1)
        world.files.write(path, written(every, old, gone=gone, whole=whole))
    data = read_protected(path, "baseline", world)
    held = read_baseline(data, where=path) if data is not None else LintBaseline(version=1)
    settled, notes = accept(every, held, today, gone=gone, where=path, whole=whole)
    rest = iter(settled)
    return [_with(one, rest) for one in done], notes


def _findings(done: Done) -> Iterator[tuple[Finding, ...]]:
    yield from (each.findings for each in done.judged)


def _with(done: Done, settled: Iterator[Finding]) -> Done:
    """Put findings in the place of those that there are, in the same order."""
    found = tuple(next(settled) for _ in done.found)
    judged = tuple(
        replace(each, findings=tuple(next(settled) for _ in each.findings)) for each in done.judged
    )
    return replace(done, found=found, judged=judged)


def _unreadable(found: Found, scope: change.Scope, fault: RequestError) -> Done:
    """Return that a tool's own files name a database that nobody here can read, if that matters."""
    history = len(found.project.migrations)
    if not scope.change and not scope.gone:
        return Done(judged=(), found=(), grammar="", history=history)
    reason = cannot_tell(
        f"the files of {sources()[found.source].title} name a database of their own: {fault.what}",
        where=Location(path=found.root),
        remedy="if it is another one in truth, say which: `--server postgres`",
    )
    return Done(judged=(), found=(), grammar="", history=history, unread=(reason,))


def _of_files(found: Found, scope: change.Scope, running: Running) -> Iterator[Finding]:
    """Yield what is found in the files as such, be they there or not."""
    yield from map(complained, _asked_complaints(found, scope, running))
    yield from map(taken_away, scope.gone)
    for one in scope.ahead:
        yield ahead(one, running.revision, deployed=running.deployed)


def _asked_complaints(found: Found, scope: change.Scope, running: Running) -> Iterator[Complaint]:
    """Yield what is wrong with files of the change; what is long released is past mending.

    What the tool refuses the whole project for is always said.
    """
    paths = {name.partition("#")[0] for name in scope.change}
    yield from (one for one in found.project.complaints if one.whole or one.path in paths)
    if running.revision:
        yield from out_of_order(found.project, scope)
        yield from edited_stand_ins(scope)


def _mendable(judged: tuple[Judged, ...]) -> Iterator[str]:
    """Say how many findings fixing would mend."""
    found = [one for each in judged for one in each.findings if one.suppressed is None]
    if number := sum(bool(one.fix and one.fix.edits) for one in found):
        findings = "1 finding" if number == 1 else f"{number} findings"
        yield f"{findings} can be mended by `--fix`, which changes no meaning; `--diff` shows it"


def _open(judged: tuple[Judged, ...]) -> bool:
    return any(one.suppressed is None for each in judged for one in each.findings)


def _left(judged: tuple[Judged, ...]) -> Iterator[str]:
    """Say why fixing has left what one could expect it to mend."""
    for each in judged:
        for one in each.findings:
            if one.suppressed is None and one.fix and one.fix.by_hand:
                yield f"{one.where}: {one.rule} is left to you: {one.fix.by_hand}"


def reason_of(finding: Finding) -> Reason:
    """Return a finding that counts as a reason of the verdict."""
    where: Location | None = finding.locations[0] if finding.locations else None
    remedy = finding.fix.summary if finding.fix else ""
    say = cannot_tell if finding.rule in UNTOLD else no
    return say(finding.message, where=where, remedy=remedy, rule=finding.rule)
