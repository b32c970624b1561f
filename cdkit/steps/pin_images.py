"""Pin every image and action that a repository's files name, or check that they are pinned."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from cdkit.core.digest import Digest
from cdkit.core.documents.kinds import Findings, Tool
from cdkit.core.errors import CannotTell, CdkitError, NoInput, RequestError
from cdkit.core.finding import Finding, Location
from cdkit.core.names import TOOL
from cdkit.core.step import Hook, Options, Outcome, Outputs, Step, Table, option
from cdkit.core.verdict import Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.core.world import Files, World
from cdkit.image.pins.actions import server_of
from cdkit.image.pins.answers import Asking, asking, locked
from cdkit.image.pins.document import Source
from cdkit.image.pins.find import (
    LARGEST,
    FileUses,
    Search,
    is_known,
    looking,
    paths_of,
    searched,
)
from cdkit.image.pins.findings import Examined, Exceptions, examine, excepted_file
from cdkit.image.pins.findings import findings as findings_of
from cdkit.image.pins.judge import State, version_of
from cdkit.image.pins.lock import encode_lock, read_lock
from cdkit.image.pins.pin import Answer, Pinned, Wanted, pin_file, wanted
from cdkit.image.pins.rules import RULES, VARIABLE_REFERENCE, rules
from cdkit.steps.origin import provenance_of

NAME = "pin-images"
_MOST_SHOWN = 50


class PinImagesOptions(Options, frozen=True, kw_only=True):
    """The inputs of pin-images."""

    paths: Annotated[
        tuple[str, ...],
        option(
            "Files, or folders to look through; in a git checkout what git ignores is left out. "
            "Without any: this folder.",
            argument=True,
            metavar="PATHS",
        ),
    ] = ()
    check: Annotated[
        bool,
        option("Change nothing and ask nobody: say where a reference can move, and exit 1."),
    ] = False
    update: Annotated[
        bool,
        option("Ask again what the tags beside digests name now, and the versions of actions."),
    ] = False
    lock: Annotated[
        str,
        option(
            "A file that keeps what each name was resolved to. What stands in it is taken from it, "
            "so that a run without a network gives the same result.",
            metavar="FILE",
        ),
    ] = ""
    except_files: Annotated[
        dict[str, str],
        option(
            "Files whose references may move, by shell pattern, each with its reason.",
            flag="--except-file",
            metavar="PATTERN=REASON",
        ),
    ] = field(default_factory=dict)
    except_images: Annotated[
        dict[str, str],
        option(
            "Images and actions that may move, by name or shell pattern, each with its reason.",
            flag="--except-image",
            metavar="PATTERN=REASON",
        ),
    ] = field(default_factory=dict)
    image_paths: Annotated[
        dict[str, str],
        option(
            "Where custom Kubernetes kinds name images, `Website=spec.image`; several paths with "
            "blanks between them.",
            flag="--image-path",
            metavar="KIND=PATH",
        ),
    ] = field(default_factory=dict)
    variables: Annotated[
        Literal["tell", "refuse"],
        option("Whether a name that something fills in later makes the answer no."),
    ] = "tell"
    allow_empty: Annotated[
        bool, option("Having no file that names an image is fine: exit 0 instead of 3.")
    ] = False


class PinImagesOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of pin-images."""

    references: Annotated[str, Meta(description="How many references were found.")] = ""
    mutable: Annotated[str, Meta(description="How many of them can still move.")] = ""
    pinned: Annotated[str, Meta(description="How many were pinned now.")] = ""
    changed: Annotated[str, Meta(description="The files that were changed, one a line.")] = ""


class _Done(Struct, frozen=True, kw_only=True):
    """What became of the files: by path, the pinned ones; reasons why others were left."""

    pinned: dict[str, Pinned]
    reasons: tuple[Reason, ...] = ()


def run(options: PinImagesOptions, world: World) -> Outcome:
    """Find the references, resolve what is to be pinned, write each file whole or not at all."""
    if options.check and options.update:
        raise RequestError("both check and update are given", remedy="give one of them")
    paths = paths_of(options.paths, world.files, world.git)
    lock = read_lock(options.lock, world.files) if options.lock and not options.check else None
    known = {} if options.update or not lock else locked(lock)
    with asking(known, world) as names:
        found, examined, asked = _examined(paths, names, options, world)
        if not found.files and not found.unread:
            raise NoInput(
                f"none of {found.looked_at} files names an image or an action",
                remedy="name the folder that they are in, or pass --allow-empty",
            )
        answers = dict(names.answers())
    done = _Done(pinned={}) if options.check else _pin(examined, asked, answers, options, world)
    findings = tuple(_left(examined, done))
    verdict = judge(_reasons(found, examined, findings, done, options))
    notes = tuple(_notes(examined, options, world.files))
    return _outcome(found, examined, findings, done, verdict, notes, world)


def _examined(
    paths: Sequence[str], names: Asking, options: PinImagesOptions, world: World
) -> tuple[Search, tuple[Examined, ...], Mapping[str, tuple[Wanted, ...]]]:
    """Look into the files and judge what they name; ask for that as soon as it is found.

    The last part is what has to be resolved, by path: nothing for a check.
    """
    exceptions = Exceptions(files=options.except_files, images=options.except_images)
    today, server = world.clock.now().date(), server_of(world)
    looked: dict[int, FileUses | CannotTell] = {}
    examined: dict[int, Examined] = {}
    asked: dict[str, tuple[Wanted, ...]] = {}
    with closing(looking(paths, world.files, _fields(options), world.hands)) as found:
        for number, one in found:
            looked[number] = one
            if isinstance(one, CannotTell):
                continue
            examined[number] = examine(one, exceptions, today)
            if not options.check:
                wishes = asked[paths[number]] = tuple(_asked(examined[number], options, server))
                for wish in wishes:
                    names.want(wish)
    ordered = tuple(examined[number] for number in sorted(examined))
    return searched(paths, looked), ordered, asked


def _fields(options: PinImagesOptions) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(paths.split()) for kind, paths in options.image_paths.items()}


def _pin(
    examined: tuple[Examined, ...],
    asked: Mapping[str, tuple[Wanted, ...]],
    answers: Mapping[str, Answer],
    options: PinImagesOptions,
    world: World,
) -> _Done:
    """Write what was resolved: all of a file's references or none of them."""
    pinned: dict[str, Pinned] = {}
    reasons: list[Reason] = []
    for one in examined:
        path = one.found.source.path
        result = pin_file(one.found, asked[path], answers)
        reasons += [_failed(path, wish, fault) for wish, fault in result.failed]
        try:
            if result.data is not None:
                _write(one.found.source, result.data, world.files)
        except CannotTell as fault:
            reasons.append(fault.reason())
            continue
        pinned[path] = result
    if options.lock:
        reasons += _keep(options.lock, answers, world)
    return _Done(pinned=pinned, reasons=tuple(reasons))


def _write(source: Source, data: bytes, files: Files) -> None:
    """Write a file anew; what somebody else has made of it since it was read stays.

    Another run may have made the same of it.
    """
    now = files.read(source.path, limit=LARGEST)
    if now == data:
        return
    if now != source.encode(source.text):
        raise CannotTell(
            "has changed since it was read, so nothing in it was pinned",
            where=source.path,
            remedy="run it again",
        )
    files.rewrite(source.path, data)


def _asked(one: Examined, options: PinImagesOptions, server: str) -> Iterator[Wanted]:
    for judged in one.judged:
        if judged.use.key not in one.excepted:
            wish = wanted(judged, update=options.update, server=server)
            if wish:
                yield wish


def _keep(path: str, answers: Mapping[str, Answer], world: World) -> Iterator[Reason]:
    """Write what was resolved into the lock, beside what it holds; nothing where it is the same.

    It is read again for that: another run may have added to it meanwhile.
    """
    images = {name: str(one) for name, one in answers.items() if isinstance(one, Digest)}
    actions = {name: one for name, one in answers.items() if isinstance(one, str)}
    try:
        lock = read_lock(path, world.files)
        whole = replace(lock, images={**lock.images, **images}, actions={**lock.actions, **actions})
        if whole != lock or not world.files.is_file(path):
            world.files.write(path, encode_lock(whole))
    except CdkitError as fault:
        yield cannot_tell(fault.what, where=fault.where, remedy=fault.remedy)


def _failed(path: str, wish: Wanted, fault: CannotTell) -> Reason:
    reason = fault.reason()
    what = (
        f"{wish.judged.use.text[:200]} cannot be pinned, so nothing in the file was: {fault.what}"
    )
    return replace(reason, what=what, where=Location(path=path))


def _left(examined: tuple[Examined, ...], done: _Done) -> Iterator[Finding]:
    """Yield the findings that stand: those that were pinned now are gone."""
    for one in examined:
        result = done.pinned.get(one.found.source.path)
        written = {wish.judged.use.key for wish, _ in result.written} if result else set()
        yield from findings_of(one, written)


def _reasons(
    found: Search,
    examined: tuple[Examined, ...],
    findings: tuple[Finding, ...],
    done: _Done,
    options: PinImagesOptions,
) -> list[Reason]:
    failed = {(reason.where.path if reason.where else "") for reason in done.reasons}
    reasons = [*(fault.reason() for fault in _unread(found, options)), *done.reasons]
    for finding in findings:
        passed = finding.rule == VARIABLE_REFERENCE.id and options.variables == "tell"
        told = finding.locations[0].path in failed
        if finding.suppressed is None and not passed and not told:
            remedy = finding.fix.summary if finding.fix else ""
            reasons.append(
                no(finding.message, where=finding.locations[0], remedy=remedy, rule=finding.rule)
            )
    return reasons or [yes(_summary(examined, findings, done))]


def _unread(found: Search, options: PinImagesOptions) -> list[CannotTell]:
    """Return the files that cannot be read and are not excepted."""
    excepted = options.except_files
    return [one for one in found.unread if not excepted_file(_path(one), excepted)]


def _path(fault: CannotTell) -> str:
    return fault.where.path if fault.where else ""


def _summary(examined: tuple[Examined, ...], findings: tuple[Finding, ...], done: _Done) -> str:
    total = sum(len(one.judged) for one in examined)
    written = sum(len(one.written) for one in done.pinned.values())
    excepted = sum(finding.suppressed is not None for finding in findings)
    variable = sum(f.rule == VARIABLE_REFERENCE.id and f.suppressed is None for f in findings)
    named = sum(bool(one.judged) for one in examined)
    left = total - len(findings)
    parts = [f"{_count(total, 'reference')} in {_count(named, 'file')}, {left} with a digest"]
    parts += [f"{written} pinned now"] if written else []
    parts += [f"{excepted} excepted"] if excepted else []
    parts += [f"{variable} filled in later"] if variable else []
    return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _outcome(
    found: Search,
    examined: tuple[Examined, ...],
    findings: tuple[Finding, ...],
    done: _Done,
    verdict: Verdict,
    notes: tuple[str, ...],
    world: World,
) -> Outcome:
    total = sum(len(one.judged) for one in examined)
    counted = [f for f in findings if f.suppressed is None and f.rule != VARIABLE_REFERENCE.id]
    changed = [path for path, one in done.pinned.items() if one.data is not None]
    origin, source = provenance_of(world, NAME)
    return Outcome(
        verdict=verdict,
        outputs=PinImagesOutputs(
            references=str(total),
            mutable=str(len(counted)),
            pinned=str(sum(len(one.written) for one in done.pinned.values())),
            changed="\n".join(changed),
        ),
        document=Findings(
            origin=origin,
            evidence="pins",
            verdict=verdict,
            tool=Tool(name=TOOL),
            examined={"files": len(found.files), "references": total},
            findings=findings,
        ),
        subjects=(source,) if source else (),
        findings=findings,
        rules=tuple(RULES[name] for name in dict.fromkeys(one.rule for one in findings)),
        tables=tuple(_tables(done)),
        notes=notes,
    )


def _notes(
    examined: tuple[Examined, ...], options: PinImagesOptions, files: Files
) -> Iterator[str]:
    """Yield what a run has passed over without a finding, and what allowances do not do."""
    for path in options.paths:
        if files.is_file(path) and not is_known(path):
            yield f"{path}: no format that names images has files of such a name"
    judged = (one for file in examined for one in file.judged if one.use.edits)
    pinned = (one for one in judged if one.state is State.PINNED)
    if unasked := options.update and sum(not version_of(one) for one in pinned):
        yield (
            f"{_count(unasked, 'reference')} with a digest alone: an update can ask for nothing "
            "where no tag, or no version in a comment, stands beside it"
        )
    for one in examined:
        yield from one.notes


def _tables(done: _Done) -> Iterator[Table]:
    rows = tuple(
        (path, wish.judged.use.text, value)
        for path, one in done.pinned.items()
        for wish, value in one.written
    )
    if len(rows) > _MOST_SHOWN:
        rows = (*rows[:_MOST_SHOWN], ("…", f"and {len(rows) - _MOST_SHOWN} more", ""))
    if rows:
        yield Table(heading="Pinned", columns=("file", "reference", "digest"), rows=rows)


STEP = Step(
    name=NAME,
    summary="Pin every image and action to what it is, or check that they are.",
    question="Does every file name exactly what it runs?",
    options=PinImagesOptions,
    outputs=PinImagesOutputs,
    run=run,
    rules=rules,
    hook=Hook(
        name="check that images and actions are pinned",
        files=r"\.(ya?ml|json|tf|tofu|tfvars|template|[Dd]ockerfile|[Cc]ontainerfile)$"
        r"|(^|/)(Kustomization$|([Dd]ockerfile|[Cc]ontainerfile)[^/]*$)",
        args=("--check", "--records", "none", "--allow-empty"),
    ),
    icon="lock",
)
