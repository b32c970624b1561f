"""Scan what is deployed: the watch list of scan-image, for a schedule."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.documents.document import Document
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.finding import Finding, Location, fingerprint
from cdkit.core.step import Outcome, Table
from cdkit.core.subject import Subject
from cdkit.core.verdict import Reason, Verdict, cannot_tell, judge
from cdkit.core.world import World
from cdkit.scan.baseline import Baseline
from cdkit.scan.policy import Policy
from cdkit.scan.tell import UNUSED
from cdkit.steps.deployed import deployed_anywhere, deployed_in
from cdkit.steps.scan_baseline import NONE, Earlier, scans_of
from cdkit.steps.scan_one import scan
from cdkit.steps.scan_options import ScanImageOptions, ScanImageOutputs
from cdkit.steps.scan_policy import covers_of
from cdkit.steps.scan_summary import headline
from cdkit.steps.scanning import refuse_formats, targeted

_ALONE = ("image", "layout", "archive", "local", "rootfs", "sbom", "reports", "recorded")
_COUNTED = (
    "critical",
    "high",
    "medium",
    "low",
    "unknown",
    "clocked",
    "overdue",
    "suppressed",
    "packages",
)


class _Watched(Struct, frozen=True, kw_only=True):
    """One deployed image, where it runs, and what was found out about it."""

    image: str
    places: tuple[str, ...]
    outcome: Outcome


def watch(options: ScanImageOptions, policy: Policy, world: World) -> Outcome:
    """Scan each image that the records say is deployed; each leaves a fact of its own.

    All that is found runs already, so it is on the clock. An image that cannot be scanned is
    "cannot tell" for itself, and the others go on. Raises NoInput where nothing is deployed.
    """
    images = _deployed(options, world)
    covers_of(options, world)  # RequestError here, and not as a doubt of each image
    watched = [_watch(image, places, options, policy, world) for image, places in images.items()]
    facts = [fact for one in watched for fact in _facts(one.outcome)]
    first = facts[0] if facts else (None, ())
    return Outcome(
        verdict=_together(watched),
        outputs=_outputs(watched),
        document=first[0],
        subjects=first[1],
        more=tuple(facts[1:]),
        findings=tuple(found for one in watched for found in one.outcome.findings),
        rules=tuple({rule.id: rule for one in watched for rule in one.outcome.rules}.values()),
        headline=headline(_numbers(watched)),
        examined=f"watch-list/{asked}" if (asked := _environment(options)) else "watch-list",
        tables=(_table(watched), *(table for one in watched for table in one.outcome.tables)),
        notes=_notes(watched),
    )


def _deployed(options: ScanImageOptions, world: World) -> dict[str, tuple[str, ...]]:
    """Return each deployed image with the places that it runs in."""
    if named := [name for name in _ALONE if getattr(options, name)]:
        raise RequestError(
            f"the watch list is what is deployed, and {named[0]} is given as well",
            where="watch-list",
            remedy=f"leave out one of the two; a schedule needs no {named[0]}",
        )
    refuse_formats(options, "the watch list holds several")
    if options.records == NONE:
        raise RequestError(
            "the records say what is deployed, and `records` is none",
            where="records",
            remedy="name the folder of the records",
        )
    environment = _environment(options)
    told = (
        deployed_in(environment, options.records, world)
        if environment
        else deployed_anywhere(options.records, world)
    )
    if told.unreadable:
        raise CannotTell(
            "not every record of what is deployed can be read",
            where=told.unreadable[0].where,
            remedy=told.unreadable[0].remedy,
        )
    images: dict[str, tuple[str, ...]] = {}
    for one in told.deployments:
        if not options.service or one.service == options.service:
            images[one.image] = (*images.get(one.image, ()), _place(one))
    if not images:
        where = f" in {environment}" if environment else ""
        raise NoInput(
            f"no record says that anything is deployed{where}",
            where=options.records,
            remedy="record it: `cdkit emit-event --environment ENVIRONMENT --image IMAGE`",
        )
    return images


def _environment(options: ScanImageOptions) -> str:
    """Return the one environment that is asked for, or an empty string for all."""
    return "" if options.new_since == NONE else options.new_since


def _place(deployment: Deployment) -> str:
    return f"{deployment.service or 'a service'} in {deployment.environment}"


def _watch(
    image: str, places: tuple[str, ...], options: ScanImageOptions, policy: Policy, world: World
) -> _Watched:
    alone = replace(options, image=image, watch_list=False)
    try:
        with targeted(alone, world) as target:
            earlier = scans_of(image, options.records, world, target.platforms)
            outcome = scan(alone, target, policy, world, _running(image, places, earlier, world))
        if earlier.unreadable:
            outcome = _without_days(outcome, options.records)
    except (CannotTell, RequestError) as fault:
        reason = cannot_tell(f"{image}: {fault.what}", where=fault.where, remedy=fault.remedy)
        outcome = Outcome(verdict=judge([reason]), outputs=ScanImageOutputs())
    return _Watched(
        image=image,
        places=places,
        outcome=_apart(image, places, outcome, options.dockerfile or "Dockerfile"),
    )


def _apart(image: str, places: tuple[str, ...], outcome: Outcome, dockerfile: str) -> Outcome:
    """Return an outcome that can stand beside other images' and be told from theirs.

    A path in the image gets the image's name before it, and a fingerprint stays the same when the
    next release runs in the same place: then it is the same alert still.
    """
    name = image.partition("@")[0]
    runs = ", ".join(places)

    inside = {where for found in outcome.findings for where in found.locations}
    inside = {where for where in inside if where.path not in {name, image, dockerfile}}

    def place(where: Location) -> Location:
        return replace(where, path=f"{name}/{where.path.lstrip('/')}") if where in inside else where

    def finding(found: Finding) -> Finding:
        return replace(
            found,
            message=f"{runs}: {found.message}",
            locations=tuple(place(where) for where in found.locations),
            fingerprint=fingerprint(name, runs, found.fingerprint),
            properties={**found.properties, "image": image, "runs": runs},
        )

    return replace(
        outcome,
        verdict=judge(
            replace(reason, where=place(reason.where) if reason.where else None)
            for reason in outcome.verdict.reasons
        ),
        findings=tuple(map(finding, outcome.findings)),
        tables=tuple(
            replace(table, heading=f"{table.heading}: {runs}") for table in outcome.tables
        ),
    )


def _without_days(outcome: Outcome, records: str) -> Outcome:
    """Return an outcome that no longer says yes: a lost day would start a clock anew."""
    doubt = cannot_tell(
        "not every record of its scans can be read, so nobody knows since when it has what",
        where=Location(path=records),
        remedy="restore the records; or take away what cannot be read, and the days with it",
    )
    return replace(outcome, verdict=judge((*outcome.verdict.reasons, doubt)))


def _running(image: str, places: tuple[str, ...], earlier: Earlier, world: World) -> Baseline:
    """Return the image as its own baseline: nothing in it is new, and scans before tell since when.

    What no scan knew became known after the last of them; where there was none, today.
    """
    known: dict[str, date] = {}
    for day_of in earlier.known:
        for key, day in day_of.items():
            known[key] = min(known.get(key, day), day)
    return Baseline(
        environment=places[0],
        image=image,
        known=known,
        packages=frozenset(),
        everything=True,
        scanned_at=max(earlier.moments, default=world.clock.now()),
    )


def _facts(outcome: Outcome) -> Iterable[tuple[Document, tuple[Subject, ...]]]:
    if outcome.document is not None:
        yield outcome.document, outcome.subjects
    yield from outcome.more


def _together(watched: list[_Watched]) -> Verdict:
    """Return all reasons, each with the image that it is about."""
    return judge(
        _about(one.image, reason) for one in watched for reason in one.outcome.verdict.reasons
    )


def _about(image: str, reason: Reason) -> Reason:
    said = reason.what if reason.what.startswith(image) else f"{image}: {reason.what}"
    return replace(reason, what=said)


def _notes(watched: list[_Watched]) -> tuple[str, ...]:
    """Return all notes, each once; an exception is unused where no image at all has its thing."""
    told = Counter(note for one in watched for note in dict.fromkeys(one.outcome.notes))
    return tuple(
        note for note, count in told.items() if not note.endswith(UNUSED) or count == len(watched)
    )


def _numbers(watched: list[_Watched]) -> dict[str, int]:
    return {
        name: sum(int(getattr(one.outcome.outputs, name, "") or 0) for one in watched)
        for name in _COUNTED
    }


def _outputs(watched: list[_Watched]) -> ScanImageOutputs:
    counted = {name: str(number) for name, number in _numbers(watched).items()}
    return ScanImageOutputs(image="\n".join(one.image for one in watched), new="0", **counted)


def _table(watched: list[_Watched]) -> Table:
    rows = [
        (
            one.image,
            ", ".join(one.places),
            one.outcome.verdict.answer.value,
            *(getattr(one.outcome.outputs, name, "") or "-" for name in ("clocked", "overdue")),
        )
        for one in watched
    ]
    columns = ("Image", "Runs", "Answer", "On the clock", "Overdue")
    return Table(heading="What is deployed", columns=columns, rows=tuple(rows), ahead=True)
