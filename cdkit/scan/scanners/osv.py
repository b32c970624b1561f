"""OSV-Scanner 2: `osv-scanner scan image --format json`.

Sources: google/osv-scanner, pkg/models/results.go and image.go; its documentation, "Output" and
"Supported artifacts" (container images: apk and dpkg). It names the image by the diff IDs of its
layers alone, which say what is in it as well as a digest does. It lists only the packages that are
vulnerable, unless it was run with `--all-packages`: then there are some without anything. When it
was run, and on which data, it does not say.
"""

from collections.abc import Iterator

from msgspec import Struct

from cdkit.core.documents.inventory import Component
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan.foreign import (
    LONGEST_TITLE,
    aliases_of,
    cves_of,
    moment,
    read_whole,
    severity_of,
    severity_of_score,
)
from cdkit.scan.report import Cvss, Distribution, ScanReport, Vulnerability
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "scan again: osv-scanner scan image --all-packages --format json IMAGE"
_SYSTEMS = frozenset({"alpine", "chainguard", "debian", "ubuntu", "wolfi"})
"""Ecosystems of distributions whose packages it reads from an image."""


class _Origin(Struct, frozen=True, kw_only=True):
    index: int = -1


class _Package(Struct, frozen=True, kw_only=True, rename={"origin": "image_origin_details"}):
    name: str
    version: str = ""
    ecosystem: str = ""
    origin: _Origin | None = None


class _Event(Struct, frozen=True, kw_only=True):
    fixed: str = ""
    last_affected: str = ""


class _Range(Struct, frozen=True, kw_only=True):
    type: str = ""
    events: tuple[_Event, ...] | None = None


class _Named(Struct, frozen=True, kw_only=True):
    name: str = ""
    ecosystem: str = ""


class _Affected(Struct, frozen=True, kw_only=True):
    package: _Named | None = None
    ranges: tuple[_Range, ...] | None = None


class _Specific(Struct, frozen=True, kw_only=True):
    severity: object = ""


class _Advisory(Struct, frozen=True, kw_only=True):
    id: str
    aliases: tuple[str, ...] | None = None
    upstream: tuple[str, ...] | None = None
    summary: str = ""
    published: str = ""
    affected: tuple[_Affected, ...] | None = None
    database_specific: _Specific | None = None


class _Group(Struct, frozen=True, kw_only=True):
    ids: tuple[str, ...] | None = None
    aliases: tuple[str, ...] | None = None
    max_severity: str = ""


class _Held(Struct, frozen=True, kw_only=True):
    package: _Package
    vulnerabilities: tuple[_Advisory, ...] | None = None
    groups: tuple[_Group, ...] | None = None


class _Source(Struct, frozen=True, kw_only=True):
    path: str = ""
    type: str = ""


class _Result(Struct, frozen=True, kw_only=True):
    source: _Source | None = None
    packages: tuple[_Held, ...]


class _Layer(Struct, frozen=True, kw_only=True):
    diff_id: str = ""


class _Image(Struct, frozen=True, kw_only=True, rename={"layers": "layer_metadata"}):
    os: str = ""
    layers: tuple[_Layer, ...] | None = None


class _Report(Struct, frozen=True, kw_only=True):
    results: tuple[_Result, ...]
    image_metadata: _Image | None = None


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a report of OSV-Scanner's."""
    ours = b'"image_metadata"' in head or b'"experimental_config"' in head or b'"ecosystem"' in head
    return head.lstrip().startswith(b"{") and b'"results"' in head and ours and not _foreign(head)


def _foreign(head: bytes) -> bool:
    return any(key in head for key in (b'"runs"', b'"bomFormat"', b'"matches"', b'"findings"'))


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report. Raises Unreadable where it is none."""
    report = read_whole(stream, _Report, where, _REMEDY)
    image = report.image_metadata or _Image()
    layers = tuple(one.diff_id for one in image.layers or () if one.diff_id)
    held = [(one, result) for result in report.results for one in result.packages]
    for one, _ in held:
        if lost := _lost(one):
            what = f"speaks of {lost[:60]!r} in {one.package.name[:60]}, and does not hold it"
            raise Unreadable(what, where=where, remedy=_REMEDY)
    found = tuple(
        made for one, result in held for made in _vulnerabilities(one, result.source, image)
    )
    whole = any(not one.vulnerabilities for one, _ in held)
    components = tuple(_component(one) for one, _ in held) if whole else ()
    return ScanReport(
        where=where,
        scanner="osv-scanner",
        layers=layers,
        distribution=_distribution(image.os),
        unlisting=not whole,
        packages=_counts(components) if whole else None,
        components=components,
        vulnerabilities=found,
    )


def _lost(held: _Held) -> str:
    """Return the vulnerability of a group of which no advisory is there, or an empty string."""
    known = {one.id for one in held.vulnerabilities or ()}
    named = (group.ids or () for group in held.groups or ())
    return next((ids[0] for ids in named if ids and not known & set(ids)), "")


def _kind(package: _Package) -> str:
    ecosystem = package.ecosystem.partition(":")[0].lower() or "unknown"
    return f"{'os' if ecosystem in _SYSTEMS else 'library'}/{ecosystem}"


def _component(held: _Held) -> Component:
    package = held.package
    return Component(name=package.name, version=package.version, kind=_kind(package))


def _counts(components: tuple[Component, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in components:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return counts


def _distribution(text: str) -> Distribution | None:
    """Return what os-release calls itself (PRETTY_NAME): `Debian GNU/Linux 12 (bookworm)`."""
    words = text.split()
    if not words:
        return None
    version = next((word.lstrip("v") for word in words if word.lstrip("v")[:1].isdigit()), "")
    family = words[0].lower()
    return Distribution(family=family, version=version, judged=family in _SYSTEMS)


def _vulnerabilities(held: _Held, source: _Source | None, image: _Image) -> Iterator[Vulnerability]:
    """Yield what a package has; the advisories of a group are about one and the same."""
    advisories = {one.id: one for one in held.vulnerabilities or ()}
    left = set(advisories)
    for group in held.groups or ():
        members = [advisories[id_] for id_ in group.ids or () if id_ in left]
        if members:
            left -= {one.id for one in members}
            yield _vulnerability(held, members, group, source, image)
    for id_ in sorted(left):
        yield _vulnerability(held, [advisories[id_]], _Group(), source, image)


def _vulnerability(
    held: _Held,
    members: list[_Advisory],
    group: _Group,
    source: _Source | None,
    image: _Image,
) -> Vulnerability:
    package, kind = held.package, _kind(held.package)
    first = members[0]
    names = [*(group.aliases or ()), *(group.ids or ())]
    for one in members:
        names += [one.id, *(one.aliases or ()), *(one.upstream or ())]
    events = [event for one in members for event in _events(one, package)]
    layers = image.layers or ()
    at = package.origin.index if package.origin else -1
    return Vulnerability(
        id=first.id,
        aliases=aliases_of(first.id, names),
        several=cves_of(first.id, names),
        package=package.name,
        installed=package.version,
        fixed=tuple(dict.fromkeys(event.fixed for event in events if event.fixed)),
        # What only says which versions are affected does not say that no later one is mended.
        fix_told=bool(events) and not any(event.last_affected for event in events),
        severity=_severity(members, group),
        title=next((one.summary for one in members if one.summary), "")[:LONGEST_TITLE],
        url=f"https://osv.dev/{first.id}",
        kind=kind,
        path="" if kind.startswith("os/") or source is None else source.path.lstrip("/"),
        layer=layers[at].diff_id if 0 <= at < len(layers) else "",
        cvss=tuple(Cvss(source="osv", score=score) for score in _scored(group)),
        published=min((day for one in members if (day := moment(one.published))), default=None),
    )


def _events(made: _Advisory, package: _Package) -> Iterator[_Event]:
    """Yield where this package begins and ends to be affected; commits are no versions."""
    for one in made.affected or ():
        named = one.package or _Named()
        same = named.name == package.name and _is_of(named.ecosystem, package.ecosystem)
        for range_ in one.ranges or () if same else ():
            if range_.type != "GIT":
                yield from range_.events or ()


def _is_of(ecosystem: str, packages: str) -> bool:
    """Whether an advisory's ecosystem is a package's: `Debian:11` mends nothing in `Debian:12`."""
    family, _, release = ecosystem.partition(":")
    own, _, held = packages.partition(":")
    return family == own and (release == held or not release or not held)


def _severity(members: list[_Advisory], group: _Group) -> Severity:
    """Return the severity of the group's CVSS score, else the worst word of an advisory."""
    scored = max(map(severity_of_score, _scored(group)), key=_rank, default=Severity.UNKNOWN)
    said = (one.database_specific.severity for one in members if one.database_specific)
    words = [severity_of(word) for word in said if isinstance(word, str)]
    known = [one for one in (scored, *words) if one is not Severity.UNKNOWN]
    return max(known, key=lambda one: one.rank, default=Severity.UNKNOWN)


def _rank(severity: Severity) -> int:
    return severity.rank


def _scored(group: _Group) -> Iterator[float]:
    """Yield the group's CVSS score, if it is one."""
    try:
        score = float(group.max_severity)
    except ValueError:
        return
    if 0 < score <= 10:
        yield score


SCANNER = Scanner(
    name="osv",
    title="OSV-Scanner 2's JSON",
    recognises=recognises,
    read=read,
    samples=(Sample(path="osv/2.2/debian.json", real=False, tool="OSV-Scanner 2.2"),),
)
