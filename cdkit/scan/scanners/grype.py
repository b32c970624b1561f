"""Grype: its JSON report.

Sources: anchore/grype, grype/presenter/models (document.go, match.go, vulnerability.go, source.go),
alert.go, and the goldens of grype/presenter/json. It lists what matched and not what it looked at,
so that a report without matches proves little: that is a doubt of its own. Newer releases say in
`alertsByPackage` that a distribution has ended, or that it is not matched.
"""

from msgspec import Raw, Struct

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.scan.advised import GRYPE_FAMILIES
from cdkit.scan.foreign import LONGEST_TITLE, aliases_of, moment, read_whole, severity_of
from cdkit.scan.report import (
    Cvss,
    Distribution,
    Excluded,
    Exploitation,
    ScanReport,
    Vulnerability,
)
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "scan again: grype IMAGE -o json"
_SYSTEM = frozenset({"apk", "deb", "rpm", "alpm", "portage"})
_TOLD = frozenset({"fixed", "not-fixed", "wont-fix"})
_UNMATCHED = frozenset({"distro-unknown", "distro-disabled"})


class _Metrics(Struct, frozen=True, kw_only=True, rename="camel"):
    base_score: float | None = None


class _Cvss(Struct, frozen=True, kw_only=True):
    source: str = ""
    version: str = ""
    vector: str = ""
    metrics: _Metrics | None = None


class _Epss(Struct, frozen=True, kw_only=True):
    epss: float
    percentile: float | None = None


class _Fix(Struct, frozen=True, kw_only=True):
    versions: tuple[str, ...] | None = None
    state: str = ""


class _Vulnerability(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    data_source: str = ""
    severity: str = ""
    description: str = ""
    cvss: tuple[_Cvss, ...] | None = None
    epss: tuple[_Epss, ...] | None = None
    known_exploited: tuple[Raw, ...] | None = None
    fix: _Fix | None = None


class _Related(Struct, frozen=True, kw_only=True):
    id: str


class _Place(Struct, frozen=True, kw_only=True, rename={"layer": "layerID"}):
    path: str = ""
    layer: str = ""


class _Artifact(Struct, frozen=True, kw_only=True):
    name: str
    version: str = ""
    type: str = ""
    purl: str = ""
    locations: tuple[_Place, ...] | None = None


class _Match(Struct, frozen=True, kw_only=True, rename="camel"):
    vulnerability: _Vulnerability
    related_vulnerabilities: tuple[_Related, ...] | None = None
    artifact: _Artifact


class _Rule(Struct, frozen=True, kw_only=True):
    vulnerability: str = ""
    reason: str = ""


class _Ignored(_Match, frozen=True, kw_only=True, rename="camel"):
    applied_ignore_rules: tuple[_Rule, ...] | None = None


class _Target(
    Struct, frozen=True, kw_only=True, rename={"image_id": "imageID", "digest": "manifestDigest"}
):
    image_id: str = ""
    digest: str = ""


class _Source(Struct, frozen=True, kw_only=True):
    type: str = ""
    target: _Target | str | None = None


class _Distro(Struct, frozen=True, kw_only=True):
    name: str = ""
    version: str = ""


class _Status(Struct, frozen=True, kw_only=True, rename={"schema": "schemaVersion"}):
    built: str = ""
    schema: str | int = ""
    valid: bool = True


class _Db(_Status, frozen=True, kw_only=True, rename={"schema": "schemaVersion"}):
    status: _Status | None = None


class _Descriptor(Struct, frozen=True, kw_only=True):
    name: str
    version: str = ""
    timestamp: str = ""
    db: _Db | None = None


class _Alert(Struct, frozen=True, kw_only=True):
    type: str = ""


class _Alerts(Struct, frozen=True, kw_only=True):
    alerts: tuple[_Alert, ...] | None = None


class _Report(Struct, frozen=True, kw_only=True, rename="camel"):
    matches: tuple[_Match, ...]
    alerts_by_package: tuple[_Alerts, ...] | None = None
    ignored_matches: tuple[_Ignored, ...] | None = None
    source: _Source | None = None
    distro: _Distro | None = None
    descriptor: _Descriptor


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a Grype report."""
    return head.lstrip().startswith(b"{") and b'"matches"' in head and b'"runs"' not in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report as `grype -o json` writes it. Raises Unreadable where it is none."""
    report = read_whole(stream, _Report, where, _REMEDY)
    db = report.descriptor.db
    if db and not (db.status or db).valid:
        raise Unreadable("says that its database is not valid", where=where, remedy=_REMEDY)
    target = report.source.target if report.source else None
    image = target if isinstance(target, _Target) else _Target()
    return ScanReport(
        where=where,
        scanner="grype",
        version=report.descriptor.version,
        created_at=moment(report.descriptor.timestamp),
        image_id=image.image_id,
        digests=(image.digest,) if image.digest else (),
        distribution=_distribution(report),
        unlisting=True,
        vulnerabilities=tuple(map(_vulnerability, report.matches)),
        excluded=tuple(map(_excluded, report.ignored_matches or ())),
        database=_database(db),
    )


def _distribution(report: _Report) -> Distribution | None:
    distro = report.distro
    if distro is None or not distro.name:
        return None
    alerts = {a.type for one in report.alerts_by_package or () for a in one.alerts or ()}
    return Distribution(
        family=distro.name,
        version=distro.version,
        judged=distro.name in GRYPE_FAMILIES and not alerts & _UNMATCHED,
        ended="distro-eol" in alerts,
    )


def _database(db: _Db | None) -> Database | None:
    """Return when the database was built; Grype 0.88 and later say it below `status`."""
    status = db.status if db and db.status else db
    if status is None or moment(status.built) is None:
        return None
    return Database(updated_at=status.built, version=str(status.schema))


def _vulnerability(match: _Match) -> Vulnerability:
    found, artifact = match.vulnerability, match.artifact
    place = next(iter(artifact.locations or ()), _Place())
    system = artifact.type in _SYSTEM
    related = (one.id for one in match.related_vulnerabilities or ())
    return Vulnerability(
        id=found.id,
        aliases=aliases_of(found.id, related),
        package=artifact.name,
        purl=artifact.purl,
        installed=artifact.version,
        fixed=tuple(found.fix.versions or ()) if found.fix else (),
        fix_told=found.fix is not None and found.fix.state in _TOLD,
        status=found.fix.state if found.fix else "",
        severity=severity_of(found.severity),
        title=found.description.partition("\n")[0][:LONGEST_TITLE],
        url=found.data_source,
        kind=f"{'os' if system else 'library'}/{artifact.type or 'unknown'}",
        path="" if system else place.path.lstrip("/"),
        layer=place.layer,
        cvss=tuple(map(_rating, found.cvss or ())),
        exploitation=_exploitation(found),
    )


def _rating(made: _Cvss) -> Cvss:
    score = made.metrics.base_score if made.metrics else None
    sound = score if score is not None and 0 <= score <= 10 else None
    return Cvss(source=made.source, version=made.version, vector=made.vector, score=sound)


def _exploitation(found: _Vulnerability) -> Exploitation:
    """Grype leaves both out where its database knows of nothing: it has EPSS and KEV since 0.88."""
    scores = [one for one in found.epss or () if 0 <= one.epss <= 1]
    best = max(scores, key=lambda one: one.epss, default=None)
    return Exploitation(
        epss=best.epss if best else None,
        percentile=best.percentile if best else None,
        known_exploited=True if found.known_exploited else None,
    )


def _excluded(match: _Ignored) -> Excluded:
    rules = match.applied_ignore_rules or ()
    return Excluded(
        id=match.vulnerability.id,
        package=match.artifact.name,
        purl=match.artifact.purl,
        status="ignored",
        statement="; ".join(rule.reason for rule in rules if rule.reason)[:LONGEST_TITLE],
    )


SCANNER = Scanner(
    name="grype",
    title="Grype's JSON",
    recognises=recognises,
    read=read,
    samples=(Sample(path="grype/0.104.0/alpine.json", real=False, tool="grype 0.104.0"),),
)
