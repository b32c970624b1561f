"""Snyk: `snyk container test --json`.

Source: Snyk CLI, "Container test", and its JSON output. A report names its image by the name that
the scan was asked for, so only a scan by digest (`snyk container test repository@sha256:…`) can be
held against an image. Where it finds applications in the image it writes an array.
"""

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.scan.foreign import LONGEST_TITLE, moment, read_whole, severity_of
from cdkit.scan.report import Cvss, Distribution, Exploitation, ScanReport, Vulnerability
from cdkit.scan.scanner import Sample, Scanner
from cdkit.scan.statement import digests_of

_REMEDY = "scan again by digest: snyk container test --json repository@sha256:…"
_SYSTEM = frozenset({"apk", "deb", "rpm"})


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
    package_name: str = ""
    name: str = ""
    version: str = ""
    package_manager: str = ""
    identifiers: _Identifiers | None = None
    cvss_v3: str | None = field(default=None, name="CVSSv3")
    cvss_score: float | None = None
    nearest_fixed_in_version: str | None = None
    publication_time: str | None = None
    epss_details: _Epss | None = None


class _Report(Struct, frozen=True, kw_only=True, rename="camel"):
    vulnerabilities: tuple[_Vulnerability, ...]
    dependency_count: int
    package_manager: str = ""
    path: str = ""
    error: str = ""


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a report of Snyk's."""
    others = (b'"bomFormat"', b'"manifest_hash"', b'"matches"', b'"runs"', b'"SchemaVersion"')
    ours = b'"SNYK-' in head or b'"dependencyCount"' in head
    return head.lstrip()[:1] in {b"{", b"["} and ours and not any(key in head for key in others)


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report. Raises Unreadable where it is none, or where its scan failed."""
    read_ = read_whole(stream, _Report | tuple[_Report, ...], where, _REMEDY)  # type: ignore[arg-type]
    reports: tuple[_Report, ...] = read_ if isinstance(read_, tuple) else (read_,)
    if not reports:
        raise Unreadable("holds no report", where=where, remedy=_REMEDY)
    if failed := next((one.error for one in reports if one.error), ""):
        what = f"says that its scan failed: {failed[:200]}"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    counts: dict[str, int] = {}
    for one in reports:
        kind = _kind(one.package_manager)
        counts[kind] = counts.get(kind, 0) + max(one.dependency_count, 0)
    return ScanReport(
        where=where,
        scanner="snyk",
        digests=tuple(digests_of(reports[0].path)),
        distribution=_distribution(reports),
        packages=counts,
        vulnerabilities=tuple(
            _vulnerability(made, one) for one in reports for made in one.vulnerabilities
        ),
    )


def _kind(manager: str) -> str:
    return f"{'os' if manager in _SYSTEM else 'library'}/{manager or 'unknown'}"


def _distribution(reports: tuple[_Report, ...]) -> Distribution | None:
    """Return what a vulnerability's package manager names, `debian:12`; nothing where none does."""
    for one in reports:
        for made in one.vulnerabilities:
            family, colon, version = made.package_manager.partition(":")
            if colon and one.package_manager in _SYSTEM:
                return Distribution(family=family, version=version, judged=True)
    return None


def _vulnerability(made: _Vulnerability, report: _Report) -> Vulnerability:
    named = made.identifiers or _Identifiers()
    score = made.cvss_score
    sound = score if score is not None and 0 <= score <= 10 else None
    rating = Cvss(source="snyk", version="3.1", vector=made.cvss_v3 or "", score=sound)
    fixed = made.nearest_fixed_in_version
    return Vulnerability(
        id=named.cve[0] if named.cve else made.id,
        aliases=_aliases(made, named),
        package=made.package_name or made.name,
        installed=made.version,
        fixed=(fixed,) if fixed else (),
        severity=severity_of(made.severity),
        title=made.title[:LONGEST_TITLE],
        url=f"https://security.snyk.io/vuln/{made.id}",
        kind=_kind(report.package_manager),
        published=moment(made.publication_time or ""),
        cwes=named.cwe,
        cvss=(rating,) if made.cvss_v3 or sound is not None else (),
        exploitation=_exploitation(made.epss_details),
    )


def _aliases(made: _Vulnerability, named: _Identifiers) -> tuple[str, ...]:
    names = [*named.cve, made.id, *named.ghsa]
    return tuple(dict.fromkeys(name for name in names[1:] if name != names[0]))


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
