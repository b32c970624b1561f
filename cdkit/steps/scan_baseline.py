"""What runs already of the image that is scanned, by the records: the baseline of scan-image."""

from datetime import date

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment, Findings
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import parse_pinned
from cdkit.core.world import World
from cdkit.scan.baseline import Baseline
from cdkit.scan.key import package_of
from cdkit.steps.deployed import deployed_in, moment_of
from cdkit.steps.scan_options import ScanImageOptions

DEFAULT = "production"
EVIDENCE = "vulnerabilities"
_NONE = "none"


class Found(Struct, frozen=True, kw_only=True):
    """A baseline, or none: then all that is found counts as new."""

    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()


def baseline_of(options: ScanImageOptions, repository: str, world: World) -> Found:
    """Return what the records know of the deployed image.

    Which one that is: of the named service, else of the same repository, else the only one.
    Where nothing is known of it, or not all can be read, there is no baseline: everything counts
    as new, and a note says what would give one.
    """
    environment = options.new_since or DEFAULT
    if options.new_since == _NONE:
        return Found()
    if options.records == _NONE:
        return _without(options, "`records` is none")
    told = deployed_in(environment, options.records, world)
    if told.unreadable:
        return _without(options, f"not all records of {environment} can be read", always=True)
    chosen = _ours(told.deployments, options.service, repository)
    if not chosen:
        return _without(options, _nothing(environment, told.deployments, repository, told.replayed))
    if len(chosen) > 1:
        names = ", ".join(sorted(one.service or one.image for one in chosen))
        raise RequestError(
            f"several services run in {environment}: {names}",
            where="service",
            remedy="say which one this is: --service NAME",
        )
    return _known(chosen[0], environment, options, world)


def _ours(
    deployments: tuple[Deployment, ...], service: str, repository: str
) -> tuple[Deployment, ...]:
    if service:
        return tuple(one for one in deployments if one.service == service)
    same = tuple(one for one in deployments if one.image.partition("@")[0] == repository)
    return same or (deployments if len(deployments) == 1 and not repository else ())


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
    from cdkit.evidence.store import open_store

    image = deployment.image
    try:
        digest = str(parse_pinned(image).digest)
    except CannotTell as fault:
        return _without(options, f"{environment} runs {image}: {fault.what}")
    told = open_store(options.records, world.files).about(frozenset({digest}))
    scans = [fact for fact in told.facts if _is_scan(fact, world)]
    if told.unreadable or not scans:
        why = "not every record of it can be read" if told.unreadable else "no record of a scan"
        what = f"{environment} runs {image}, and there is {why}: `cdkit scan-image --image {image}`"
        return _without(options, what, always=True)
    baseline = _joined(scans, environment, image)
    if baseline is None:
        return _without(options, f"no scan of {image} says when it was made")
    when = f"{baseline.scanned_at:%Y-%m-%d}"
    note = f"{environment} runs {image}, last scanned on {when}: what it has is not new."
    return Found(baseline=baseline, notes=(note,))


def _is_scan(fact: Fact, world: World) -> bool:
    document = fact.document
    if not isinstance(document, Findings) or document.evidence != EVIDENCE:
        return False
    return document.origin.replay is None or document.origin.replay == world.replay


def _joined(scans: list[Fact], environment: str, image: str) -> Baseline | None:
    """Join all scans of the deployed image: the earliest day that any of them says counts."""
    known: dict[str, date] = {}
    packages: set[str] = set()
    moments = []
    for fact in scans:
        document = fact.document
        if not isinstance(document, Findings):
            continue
        moment = moment_of(document.origin.recorded_at)
        if moment is None:
            return None
        moments.append(moment)
        packages |= {package_of(component) for component in document.inventory}
        for one in document.known:
            day = date.fromisoformat(one.since)
            known[one.key] = min(known.get(one.key, day), day)
    return Baseline(
        environment=environment,
        image=image,
        known=known,
        packages=frozenset(packages),
        scanned_at=max(moments),
    )


def _without(options: ScanImageOptions, why: str, *, always: bool = False) -> Found:
    """Say why everything counts as new, where somebody asked or could wonder.

    That is the strict way: what is not known of what runs opens no gate, so it is no doubt either.
    """
    note = f"Everything counts as new: {why}."
    return Found(notes=(note,) if options.new_since or always else ())
