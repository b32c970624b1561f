"""Snyk: `snyk container test --json`.

Sources: Snyk CLI, "Container test", and snyk/cli, src/lib/formatters/test/format-test-results.ts.
A report names its image by the name that the scan was asked for, so only a scan by digest (`snyk
container test repository@sha256:…`) can be held against an image. What it finds in the image's
applications stands below `applications`, each a report like the first; with `--experimental` and in
older releases all of them stand in an array. What a policy file ignored stands below `filtered`.
A vulnerability is listed for each path that leads to its package, and a licence that the
organisation does not want among the vulnerabilities. A fix stands in `nearestFixedInVersion` of a
system's package, and in `fixedIn` of a library. `severityThreshold` says below which severity
nothing is listed.
"""

import re

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan.foreign import LONGEST_TITLE, aliases_of, cves_of, moment, read_whole, severity_of
from cdkit.scan.report import (
    Cvss,
    Distribution,
    Excluded,
    Exploitation,
    Issue,
    IssueKind,
    ScanReport,
    Vulnerability,
)
from cdkit.scan.scanner import Sample, Scanner
from cdkit.scan.statement import digests_of

_REMEDY = "scan again by digest: snyk container test --json repository@sha256:…"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}(?![0-9a-f])", re.ASCII)
_SYSTEM = frozenset({"apk", "deb", "rpm"})
_LICENSE = "license"


class _Identifiers(Struct, frozen=True, kw_only=True):
    cve: tuple[str, ...] = field(default=(), name="CVE")
    cwe: tuple[str, ...] = field(default=(), name="CWE")
    ghsa: tuple[str, ...] = field(default=(), name="GHSA")


class _Epss(Struct, frozen=True, kw_only=True):
    probability: str | float = ""
    percentile: str | float = ""


class _Vulnerability(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    title: str = ""
    severity: str = ""
    severity_with_critical: str = ""
    package_name: str = ""
    name: str = ""
    version: str = ""
    package_manager: str = ""
    identifiers: _Identifiers | None = None
    cvss_v3: str | None = field(default=None, name="CVSSv3")
    cvss_score: float | None = None
    nearest_fixed_in_version: str | None = None
    fixed_in: tuple[str, ...] | None = None
    publication_time: str | None = None
    type: str = ""
    license: str | None = None
    epss_details: _Epss | None = None


class _Filtered(Struct, frozen=True, kw_only=True):
    ignore: tuple[_Vulnerability, ...] | None = None


class _Report(Struct, frozen=True, kw_only=True, rename="camel"):
    """A scan of a system or of one application; of a failed one there is only `error`."""

    vulnerabilities: tuple[_Vulnerability, ...] | None = None
    dependency_count: int | None = None
    ok: bool | None = None
    error: str = ""
    unique_count: int = 0
    filtered: _Filtered | None = None
    package_manager: str = ""
    path: str = ""
    severity_threshold: str | None = None


class _Image(_Report, frozen=True, kw_only=True, rename="camel"):
    applications: tuple[_Report, ...] | None = None


_OTHERS = (
    *(b'"bomFormat"', b'"manifest_hash"', b'"matches"', b'"runs"', b'"SchemaVersion"'),
    *(b'"imageScanFindings"', b'"findingArn"', b'"ecosystem"'),
)
"""Keys of other scanners' reports, which may speak of Snyk's names."""


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a report of Snyk's."""
    failed = b'"ok"' in head and b'"error"' in head
    ours = b'"SNYK-' in head or b'"dependencyCount"' in head or failed
    return head.lstrip()[:1] in {b"{", b"["} and ours and not any(key in head for key in _OTHERS)


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report. Raises Unreadable where it is none, or where a scan in it failed."""
    read_ = read_whole(stream, _Image | tuple[_Image, ...], where, _REMEDY)  # type: ignore[arg-type]
    images: tuple[_Image, ...] = read_ if isinstance(read_, tuple) else (read_,)
    reports = tuple(part for one in images for part in (one, *(one.applications or ())))
    if not reports:
        raise Unreadable("holds no report", where=where, remedy=_REMEDY)
    for one in reports:
        if why := _fault(one):
            raise Unreadable(why, where=where, remedy=_REMEDY)
    digests = frozenset(_bare(text) for one in reports for text in digests_of(one.path))
    if len(digests) > 1:
        what = f"is about {len(digests)} images: {', '.join(sorted(digests))[:300]}"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    return ScanReport(
        where=where,
        scanner="snyk",
        digests=tuple(digests),
        distribution=_distribution(reports),
        packages=_counts(reports),
        vulnerabilities=tuple(
            dict.fromkeys(
                _vulnerability(made, one)
                for one in reports
                for made in one.vulnerabilities or ()
                if made.type != _LICENSE
            )
        ),
        issues=tuple(
            dict.fromkeys(
                _issue(made)
                for one in reports
                for made in one.vulnerabilities or ()
                if made.type == _LICENSE
            )
        ),
        excluded=tuple(
            _excluded(made)
            for one in reports
            for made in (one.filtered or _Filtered()).ignore or ()
        ),
    )


def _bare(digest: str) -> str:
    """Return a digest without the path of an application that may stand behind it."""
    found = _DIGEST.match(digest)
    return found[0] if found else digest


def _fault(one: _Report) -> str:
    """Say why a report proves nothing, or return an empty string."""
    if one.error:
        return f"says that its scan failed: {one.error[:200]}"
    if one.severity_threshold not in {None, "", "low"}:
        least = f"{one.severity_threshold}"[:40]
        return f"lists nothing below {least}: it was made with --severity-threshold"
    if one.ok is None or one.vulnerabilities is None or one.dependency_count is None:
        return "lacks ok, vulnerabilities or dependencyCount"
    if not one.ok and not one.vulnerabilities:
        return "says that a scan is not ok, and lists nothing that was found"
    if one.unique_count > len(one.vulnerabilities):
        return f"counts {one.unique_count} vulnerabilities and lists {len(one.vulnerabilities)}"
    return ""


def _counts(reports: tuple[_Report, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in reports:
        kind = _kind(one.package_manager)
        counts[kind] = counts.get(kind, 0) + max(one.dependency_count or 0, 0)
    return counts


def _kind(manager: str) -> str:
    return f"{'os' if manager in _SYSTEM else 'library'}/{manager or 'unknown'}"


def _distribution(reports: tuple[_Report, ...]) -> Distribution | None:
    """Return what a vulnerability's package manager names, `debian:12`; nothing where none does."""
    for one in reports:
        for made in one.vulnerabilities or ():
            family, colon, version = made.package_manager.partition(":")
            if colon and one.package_manager in _SYSTEM:
                return Distribution(family=family, version=version, judged=True)
    return None


def _vulnerability(made: _Vulnerability, report: _Report) -> Vulnerability:
    named = made.identifiers or _Identifiers()
    score = made.cvss_score
    sound = score if score is not None and 0 <= score <= 10 else None
    rating = Cvss(source="snyk", version="3.1", vector=made.cvss_v3 or "", score=sound)
    nearest = made.nearest_fixed_in_version
    fixed = (nearest,) if nearest else made.fixed_in or ()
    kind = _kind(report.package_manager)
    return Vulnerability(
        id=_id(made, named),
        aliases=aliases_of(_id(made, named), (*named.cve, made.id, *named.ghsa)),
        several=cves_of(made.id, named.cve),
        package=made.package_name or made.name,
        installed=made.version,
        fixed=fixed,
        fix_told=made.fixed_in is not None or bool(fixed) or kind.startswith("os/"),
        severity=_severity(made),
        title=made.title[:LONGEST_TITLE],
        url=f"https://security.snyk.io/vuln/{made.id}",
        kind=kind,
        published=moment(made.publication_time or ""),
        cwes=named.cwe,
        cvss=(rating,) if made.cvss_v3 or sound is not None else (),
        exploitation=_exploitation(made.epss_details),
    )


def _severity(made: _Vulnerability) -> Severity:
    """Return the severity; older releases call what is critical high, and say so beside it."""
    said = (severity_of(made.severity), severity_of(made.severity_with_critical))
    return max(said, key=lambda one: one.rank)


def _issue(made: _Vulnerability) -> Issue:
    return Issue(
        kind=IssueKind.LICENSE,
        id=made.license or made.id,
        title=made.title[:LONGEST_TITLE],
        severity=_severity(made),
        package=made.package_name or made.name,
    )


def _excluded(made: _Vulnerability) -> Excluded:
    named = made.identifiers or _Identifiers()
    return Excluded(
        id=_id(made, named),
        package=made.package_name or made.name,
        status="ignored",
    )


def _id(made: _Vulnerability, named: _Identifiers) -> str:
    """Return the CVE; what is about several keeps Snyk's own name."""
    return named.cve[0] if len(named.cve) == 1 else made.id


def _exploitation(made: _Epss | None) -> Exploitation | None:
    try:
        probability = float(made.probability) if made else -1.0
    except ValueError:
        return None
    return Exploitation(epss=probability) if 0 <= probability <= 1 else None


SCANNER = Scanner(
    name="snyk",
    title="Snyk's JSON (`snyk container test --json`)",
    recognises=recognises,
    read=read,
    samples=(Sample(path="snyk/1.1300/debian.json", real=False, tool="Snyk CLI 1.1300"),),
)
