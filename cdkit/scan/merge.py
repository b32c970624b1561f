"""Several scanners' reports of one image: each vulnerability once, and what each of them said."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import zip_longest

from msgspec.structs import replace

from cdkit.core.finding import Severity
from cdkit.scan.doubts import Scan
from cdkit.scan.key import canonical, is_bulletin, is_cve, meant
from cdkit.scan.report import Exploitation, ScanReport, Vulnerability, Word

_ONE_RUN = timedelta(seconds=10)
"""Between two formats that one call of a scanner writes."""


def by_image(scans: Iterable[Scan]) -> Iterable[list[Scan]]:
    """Return the scans of each platform's image, in the order in which they came.

    An index may hold two images for one platform: what one shows is not shown of the other.
    """
    found: dict[tuple[str, frozenset[str]], list[Scan]] = {}
    for scan in scans:
        found.setdefault((scan.platform, scan.digests), []).append(scan)
    return found.values()


def merged(scans: Sequence[Scan]) -> Iterable[Vulnerability]:
    """Return the vulnerabilities that scans of one platform found, those that are one as one.

    Two are one where they are in the same package and share a name or an alias. The worst severity
    that anybody knows counts, every fix is offered, and each scanner's word is kept. Copies of a
    package at several paths stay as many as the scanner says that sees most of them.
    """
    if len(scans) == 1:
        return scans[0].report.vulnerabilities
    groups = _grouped(scans)
    return [one for group in groups for one in _joined(group, scans)]


_Group = dict[int, list[Vulnerability]]
"""What is one vulnerability in one package, by the scan that it comes from."""


def _grouped(scans: Sequence[Scan]) -> list[_Group]:
    """Return what is the same, by union and find over the names in each package."""
    urls = _urls(scans)
    parents: list[int] = []
    first: dict[tuple[str, str], int] = {}
    said = [
        (number, one) for number, scan in enumerate(scans) for one in scan.report.vulnerabilities
    ]
    packages = [_package(found, urls) for _, found in said]
    shared = _shared(zip(packages, (found for _, found in said), strict=True))
    for at, (package, (_, found)) in enumerate(zip(packages, said, strict=True)):
        parents.append(at)
        for name in _identity(found, frozenset(n for n in found.names if (package, n) in shared)):
            known = _head(parents, first.setdefault((package, name), at))
            head = _head(parents, at)
            parents[max(known, head)] = min(known, head)
    groups: dict[int, _Group] = {}
    for at, (number, found) in enumerate(said):
        groups.setdefault(_head(parents, at), {}).setdefault(number, []).append(found)
    return list(groups.values())


def _head(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at


def _shared(said: Iterable[tuple[str, Vulnerability]]) -> set[tuple[str, str]]:
    """Return the names, each with its package, under which several CVEs are known."""
    cves: dict[tuple[str, str], set[str]] = {}
    for package, found in said:
        own = {name for name in found.names if is_cve(name)}
        for name in found.names - own:
            cves.setdefault((package, name), set()).update(own)
    return {key for key, names in cves.items() if len(names) > 1}


def _identity(found: Vulnerability, shared: frozenset[str]) -> frozenset[str]:
    """Return the names by which it may be known to another scanner as the very same.

    Two vulnerabilities of one package may be mended by one bulletin (`RHSA-2026:1`), or stand under
    one name that is `shared`: that makes them no one.
    """
    own = frozenset(name for name in found.names - shared if not is_bulletin(name))
    return own or found.names


def settled(scan: Scan, others: Sequence[ScanReport]) -> tuple[Scan, frozenset[str]]:
    """Return a scan without the doubts that others of the same platform settle.

    These are the kinds of packages that one of them judged, gone from the scan, and the names of
    doubts about packages and distributions. Only a report that shows packages of the kind as judged
    settles anything: what another merely does not complain of it need not have seen.
    """
    report = scan.report
    others = [one for one in others if one.shown]
    unable = {_by(one) for one in (report, *others) if _says_unjudged(one)}
    systems = any(_judges_system(one) for one in others if _by(one) not in unable)
    kinds = {kind for one in others for kind in _listed(one) - one.unjudged}
    some = systems or bool(kinds)
    lacking = _listed(report) if some and not report.shown else report.unjudged
    unjudged = {kind for kind in lacking if not (systems and kind.startswith("os/"))}
    names = set()
    if systems:
        names |= {"no-distribution", "unknown-distribution", "no-system-packages"}
    if systems or (kinds and not any(one.distribution for one in (report, *others))):
        names.add("unlisted-packages")
    lessened = replace(
        report,
        looked=report.looked or some,
        traceless=report.traceless and not some,
        unjudged=frozenset(unjudged - kinds),
    )
    if any(_is_of_one_run(report, one) and one.database for one in others):
        names.add("undated-database")
    return replace(scan, report=lessened), frozenset(names)


def _is_of_one_run(report: ScanReport, other: ScanReport) -> bool:
    """Whether one call of a scanner wrote both, in two formats: then one database judged both."""
    if _by(report) != _by(other):
        return False
    at, then = report.created_at, other.created_at
    return at is not None and then is not None and abs(at - then) <= _ONE_RUN


def _judges_system(report: ScanReport) -> bool:
    """Whether it lists packages of a distribution that its scanner has advisories for."""
    judged = report.distribution is not None and report.distribution.judged
    return judged and any(kind.startswith("os/") for kind in _listed(report) - report.unjudged)


def _by(report: ScanReport) -> tuple[str, str]:
    return (report.scanner, report.version)


def _says_unjudged(report: ScanReport) -> bool:
    """Whether it says that its scanner has no advisories for the distribution.

    Grype says so in its own JSON alone: its list beside it, as CycloneDX, cannot.
    """
    return report.distribution is not None and not report.distribution.judged


def _listed(report: ScanReport) -> frozenset[str]:
    return frozenset(kind for kind, count in (report.packages or {}).items() if count > 0)


def _urls(scans: Sequence[Scan]) -> dict[str, set[str]]:
    """Return the packages that package URLs name, by what those call them that know of none."""
    urls: dict[str, set[str]] = {}
    for scan in scans:
        for found in scan.report.vulnerabilities:
            if found.purl:
                urls.setdefault(_called(found), set()).add(_package(found, {}))
    return urls


def _called(found: Vulnerability) -> str:
    return f"{'os' if found.is_system else 'library'}:{found.package}@{found.installed}"


def _package(found: Vulnerability, urls: Mapping[str, set[str]]) -> str:
    """Return the package without its version, by what its package URL means.

    Scanners sort differently (`os/alpine`, `os/apk`), and encode differently (`%2B`, `+`). One
    without a package URL is the one that another scanner calls by the same sort, name and version,
    if it is only one.
    """
    if not found.purl:
        named = urls.get(_called(found), set())
        return next(iter(named)) if len(named) == 1 else _called(found)
    purl = meant(found.purl)
    if purl is None:
        return found.name
    return f"{purl.type}/{purl.namespace}/{purl.name}"


def _joined(group: _Group, scans: Sequence[Scan]) -> Iterable[Vulnerability]:
    """Yield the copies of one vulnerability: those at one path first, the others as they come."""
    slots: list[list[tuple[int, Vulnerability]]] = []
    for number, held in group.items():
        free: dict[str, list[int]] = {}
        for at, slot in enumerate(slots):
            free.setdefault(_place(slot[0][1]), []).append(at)
        rest = []
        for one in sorted(held, key=_place):
            if same := free.get(_place(one)):
                slots[same.pop(0)].append((number, one))
            else:
                rest.append(one)
        left = sorted(at for slots_ in free.values() for at in slots_)
        for one, at in zip_longest(rest, left[: len(rest)]):
            if at is None:
                slots.append([(number, one)])
            else:
                slots[at].append((number, one))
    for told in slots:
        yield _one(told, scans)


def _place(found: Vulnerability) -> str:
    return found.path.lstrip("/")


def _one(told: Sequence[tuple[int, Vulnerability]], scans: Sequence[Scan]) -> Vulnerability:
    said = [one for _, one in told]
    first = said[0]
    names = frozenset[str]().union(*(one.names for one in said))
    id_ = canonical(names)
    known = [one.severity for one in said if one.severity is not Severity.UNKNOWN]
    return replace(
        first,
        id=id_,
        aliases=tuple(sorted(names - {id_})),
        several=tuple(dict.fromkeys(name for one in said for name in one.several)),
        fixed=tuple(dict.fromkeys(version for one in said for version in one.fixed)),
        fix_told=any(one.fix_told for one in said),
        severity=max(known, key=lambda one: one.rank, default=Severity.UNKNOWN),
        title=next((one.title for one in said if one.title), ""),
        url=next((one.url for one in said if one.url), ""),
        published=min((one.published for one in said if one.published), default=None),
        layer=next((one.layer for one in said if one.layer), ""),
        cvss=tuple(dict.fromkeys(rating for one in said for rating in one.cvss)),
        exploitation=_attacks(said),
        words=tuple(
            Word(
                scanner=scans[number].report.scanner,
                id=one.id,
                severity=one.severity,
                fixed=one.fixed,
            )
            for number, one in told
        ),
    )


def _attacks(said: Sequence[Vulnerability]) -> Exploitation | None:
    told = [one.exploitation for one in said if one.exploitation]
    if not told:
        return None
    known = [one.known_exploited for one in told if one.known_exploited is not None]
    best = max((one for one in told if one.epss is not None), key=_epss, default=None)
    return Exploitation(
        epss=best.epss if best else None,
        percentile=best.percentile if best else None,
        known_exploited=any(known) if known else None,
    )


def _epss(one: Exploitation) -> float:
    return one.epss or 0.0
