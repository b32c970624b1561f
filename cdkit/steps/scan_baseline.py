"""What runs already of the image that is scanned, by the records: the baseline of scan-image."""

import contextlib
from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.documents.document import Document
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment, Findings, Identity
from cdkit.core.errors import RequestError
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.scan.baseline import Baseline
from cdkit.scan.key import package_of
from cdkit.scan.target import Target
from cdkit.steps.deployed import deployed_in, moment_of
from cdkit.steps.protected import is_of_the_change
from cdkit.steps.scan_options import ScanImageOptions

DEFAULT = "production"
EVIDENCE = "vulnerabilities"
NONE = "none"


class Found(Struct, frozen=True, kw_only=True):
    """A baseline, or none: then all that is found counts as new.

    `doubt` is why it may be that of another service, and must be heard where it decides.
    """

    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()
    doubt: Reason | None = None


def baseline_of(options: ScanImageOptions, target: Target, world: World) -> Found:
    """Return what the records know of the deployed image.

    Which one that is: of the named service, else of the same repository, else the only one: that
    is a doubt, since what is scanned may be the first image of another service. The repository is
    the one that the user names, else the one that a record of the image's identity names.
    Where nothing is known of it, or not all can be read, there is no baseline: everything counts
    as new, and a note says what would give one.
    """
    environment = options.new_since or DEFAULT
    if options.new_since == NONE:
        return Found()
    if options.records == NONE:
        return _without(options, "`records` is none")
    if of_the_change := _of_the_change(options.records, world):
        return _without(
            options, f"{of_the_change} comes with the checkout of the change", always=True
        )
    told = deployed_in(environment, options.records, world)
    if told.unreadable:
        return _without(options, f"not all records of {environment} can be read", always=True)
    names = _repositories(target, options.records, world) if told.deployments else frozenset()
    chosen = _ours(told.deployments, options.service, names)
    if not chosen:
        named = " or ".join(sorted(names))
        return _without(options, _nothing(environment, told.deployments, named, told.replayed))
    if len(chosen) > 1:
        several = ", ".join(sorted(one.service or one.image for one in chosen))
        raise RequestError(
            f"several services run in {environment}: {several}",
            where="service",
            remedy="say which one this is: --service NAME",
        )
    found = _known(chosen[0], environment, options, world)
    sure = options.service or names or found.baseline is None
    return found if sure else replace(found, doubt=_unnamed(target, chosen[0]))


def _repositories(target: Target, records: str, world: World) -> frozenset[str]:
    """Return the repositories of what is scanned, as the user or the records name it."""
    from cdkit.evidence.store import open_store

    if target.name:
        return frozenset({target.name.name})
    keys = target.subject.keys() if target.subject else frozenset[str]()
    facts = open_store(records, world).about(keys).facts if keys else ()
    return frozenset(
        one.document.image.partition("@")[0]
        for one in facts
        if isinstance(one.document, Identity | Deployment) and _is_here(one.document, world)
    )


def _unnamed(target: Target, deployment: Deployment) -> Reason:
    service = deployment.service or "NAME"
    return cannot_tell(
        f"what is on the clock counts as known because {deployment.image.partition('@')[0]} has "
        f"it, and nothing says that {target.called} is of the same service",
        where=Location(path=target.where),
        remedy=f"name it: --service {service}, or --image repository@sha256:…; or scan with "
        "--new-since none",
        rule="unnamed-service",
    )


def _of_the_change(records: str, world: World) -> str:
    """Return the place that a change could have written its own baseline into, or nothing."""
    places = [place.strip() for place in records.split(",")]
    folders = [place.removeprefix("file://") for place in places if _is_folder(place)]
    return next((folder for folder in folders if is_of_the_change(folder, world)), "")


def _is_folder(place: str) -> bool:
    return "://" not in place or place.startswith("file://")


def _ours(
    deployments: tuple[Deployment, ...], service: str, repositories: frozenset[str]
) -> tuple[Deployment, ...]:
    if service:
        return tuple(one for one in deployments if one.service == service)
    same = tuple(one for one in deployments if one.image.partition("@")[0] in repositories)
    return same or (deployments if len(deployments) == 1 and not repositories else ())


def _nothing(
    environment: str, deployments: tuple[Deployment, ...], repository: str, replayed: int
) -> str:
    if deployments:
        names = ", ".join(sorted({one.image.partition("@")[0] for one in deployments}))
        return f"{environment} runs {names}, not {repository or 'this image'}"
    only = f" ({replayed} that were only replayed do not count)" if replayed else ""
    return f"no record says what runs in {environment}{only}"


def _known(
    deployment: Deployment, environment: str, options: ScanImageOptions, world: World
) -> Found:
    image = deployment.image
    earlier = scans_of(image, options.records, world)
    if earlier.unreadable or not earlier.moments:
        why = "not every record of it can be read" if earlier.unreadable else "no record of a scan"
        what = f"{environment} runs {image}, and there is {why}: `cdkit scan-image --image {image}`"
        return _without(options, what, always=True)
    baseline = _joined(earlier, environment, image)
    when = f"{baseline.scanned_at:%Y-%m-%d}"
    note = f"{environment} runs {image}, last scanned on {when}: what it has is not new."
    return Found(baseline=baseline, notes=(note,))


class Earlier(Struct, frozen=True, kw_only=True):
    """What the records hold of scans of an image: when each was, what it knew since when."""

    moments: tuple[datetime, ...] = ()
    known: tuple[dict[str, date], ...] = ()
    packages: frozenset[str] = frozenset()
    unreadable: bool = False


def scans_of(
    image: str, records: str, world: World, parts: frozenset[str] = frozenset()
) -> Earlier:
    """Return the scans of an image by the records; one without a time cannot be read.

    An attempt that scanned nothing knew of nothing: it is none, and moves no day. Scans of single
    platforms are scans of it: `parts` are the digests of those that the caller knows.
    """
    from cdkit.evidence.store import open_store

    digest = image.rpartition("@")[2]
    store = open_store(records, world)
    told = store.about(frozenset({digest}))
    facts, unreadable = told.facts, bool(told.unreadable)
    if platforms := (_platforms(facts, digest) | parts) - {digest}:
        of_platforms = store.about(platforms)
        facts, unreadable = facts + of_platforms.facts, unreadable or bool(of_platforms.unreadable)
    documents = [fact.document for fact in facts if _is_scan(fact, world)]
    scans = [
        one
        for one in documents
        if isinstance(one, Findings) and one.examined.get("platforms", 1) > 0
    ]
    moments = [_found_at(one) for one in scans]
    return Earlier(
        moments=tuple(moment for moment in moments if moment),
        known=tuple(_days(one) for one in scans),
        packages=frozenset(package_of(part) for one in scans for part in one.inventory),
        unreadable=unreadable or None in moments,
    )


def _platforms(facts: Iterable[Fact], digest: str) -> frozenset[str]:
    """Return the digests of an image's platforms, as the records of its identity have them."""
    told = (fact.document for fact in facts)
    same = (one for one in told if isinstance(one, Identity) and one.digest == digest)
    return frozenset(part.digest for one in same for part in one.platforms)


def _found_at(scan: Findings) -> datetime | None:
    """Return when a scan was, at the latest when it was recorded; None where one has no zone."""
    moments = [moment_of(text) for text in (scan.found_at, scan.origin.recorded_at)]
    known = [moment for moment in moments if moment]
    return min(known) if len(known) == len(moments) else None


def _days(scan: Findings) -> dict[str, date]:
    """Return since when a scan knew what; a day that is none is as if it was never known."""
    days: dict[str, date] = {}
    for one in scan.known:
        with contextlib.suppress(ValueError):
            days[one.key] = date.fromisoformat(one.since)
    return days


def _is_scan(fact: Fact, world: World) -> bool:
    document = fact.document
    if not isinstance(document, Findings) or document.evidence != EVIDENCE:
        return False
    return _is_here(document, world)


def _is_here(document: Document, world: World) -> bool:
    """Whether a record is of this world, or of the replay that is going on."""
    return document.origin.replay is None or document.origin.replay == world.replay


def _joined(earlier: Earlier, environment: str, image: str) -> Baseline:
    """Join all scans of the deployed image: the earliest day that any of them says counts."""
    known: dict[str, date] = {}
    for days in earlier.known:
        for key, day in days.items():
            known[key] = min(known.get(key, day), day)
    return Baseline(
        environment=environment,
        image=image,
        known=known,
        packages=earlier.packages,
        scanned_at=max(earlier.moments),
    )


def _without(options: ScanImageOptions, why: str, *, always: bool = False) -> Found:
    """Say why everything counts as new, where somebody asked or could wonder.

    That is the strict way: what is not known of what runs opens no gate, so it is no doubt either.
    """
    note = f"Everything counts as new: {why}."
    return Found(notes=(note,) if options.new_since or always else ())
