"""Grype: its JSON report, and its command line from 0.88 on (database schema 6).

Sources: anchore/grype, grype/presenter/models (document.go, match.go, vulnerability.go, source.go),
alert.go, and the goldens of grype/presenter/json; cmd/grype/cli (commands, options/database.go);
grype/db/v6/installation/curator.go; anchore/stereoscope, pkg/image/oci. The report lists what
matched and not what was looked at, so that one without matches proves little: that is a doubt of
its own. Where we run it, Grype writes the packages beside it, as CycloneDX. Newer releases say in
`alertsByPackage` that a distribution has ended, or that it is not matched.
"""

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable, Whole
from cdkit.scan import cyclonedx as cdx
from cdkit.scan.advised import is_judged_by_grype
from cdkit.scan.foreign import LONGEST_TITLE, aliases_of, cves_of, moment, read_whole, severity_of
from cdkit.scan.listed import component_of, counts_of, packages_of, walk
from cdkit.scan.report import (
    Cvss,
    Distribution,
    Excluded,
    Exploitation,
    ScanReport,
    Vulnerability,
)
from cdkit.scan.scanner import Job, Look, Runner, Sample, Scanner, TargetKind

# Not pulled and not verified here: this is the index digest that independent projects pin
# anchore/grype:v0.120.1 to, resolved from Docker Hub in October 2026; one of them notes that
# ghcr.io/anchore/grype has the same.
IMAGE = (
    "ghcr.io/anchore/grype:v0.120.1"
    "@sha256:e4a44ef45d285b829ce6efe2642980329661bd2d18eab5fc539138d4adaebbbe"
)

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
    """What a report says of its database, and `grype db status`; older ones have no `valid`."""

    built: str = ""
    schema: str | int = ""
    valid: bool = True
    error: str | dict[str, Raw] | None = None


class _Db(_Status, frozen=True, kw_only=True, rename={"schema": "schemaVersion"}):
    status: _Status | None = None


class _Version(Struct, frozen=True, kw_only=True):
    version: str


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
    if db and _is_broken(db.status or db):
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


def read_scan(stream: Readable, where: str, _kind: TargetKind, packages: bytes) -> ScanReport:
    """Read the report of a scan that we ran, with the list that Grype wrote beside it.

    Without that list the report says no more than one that was made elsewhere.
    """
    report = read(stream, where)
    if not packages:
        return report
    bom = read_whole(Whole(packages), cdx.Bom, f"{where}, the packages", _REMEDY)
    if bom.format != "CycloneDX":
        raise Unreadable("has no list of packages beside it", where=where, remedy=_REMEDY)
    held = packages_of(tuple(walk(bom.components or ())))
    components = tuple(map(component_of, held))
    return replace(report, unlisting=False, packages=counts_of(components), components=components)


def arguments(job: Job) -> tuple[str, ...]:
    """Return the arguments for `grype`.

    Several `-o` write several formats of one scan, the one without a file to standard output.
    `--fail-on` is never given: any exit code but 0 is then a fault. Of a registry a platform's own
    manifest is asked for, so `--platform` would add nothing; a layout that is handed over holds
    one platform, and Grype refuses to choose in it.
    """
    given = _settings(job)
    given += ("-o", "json")
    if job.packages:
        given += ("-o", f"cyclonedx-json={job.packages}")
    return (*given, f"{_SCHEMES[job.kind]}:{job.target}")


def status_arguments(job: Job) -> tuple[str, ...]:
    """Return the arguments that make `grype` say of when its database is."""
    return (*_settings(job), "db", "status", "-o", "json")


def _settings(job: Job) -> tuple[str, ...]:
    """Name the one file of settings: else ~/.grype.yaml could have findings ignored."""
    return ("--config", job.settings) if job.settings else ()


def environ(job: Job) -> dict[str, str]:
    """Return the environment: whether Grype fetches its database, whose age is ours to judge.

    One that was handed over is held against the checksum beside it.
    """
    given = {
        "GRYPE_CHECK_FOR_APP_UPDATE": "false",
        "GRYPE_DB_AUTO_UPDATE": "false" if job.offline else "true",
        "GRYPE_DB_VALIDATE_AGE": "false",
        "GRYPE_DB_VALIDATE_BY_HASH_ON_START": "true" if job.offline else "false",
        "GRYPE_EXTERNAL_SOURCES_ENABLE": "false",
    }
    return given | ({"GRYPE_DB_CACHE_DIR": job.cache} if job.cache else {})


def read_version(data: bytes) -> tuple[str, Database | None]:
    """Read `grype version -o json`; Unreadable where it is not that."""
    try:
        return msgspec.json.decode(data, type=_Version).version, None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _odd(f"is not what Grype writes: {fault}", "grype version") from fault


def read_status(data: bytes) -> Database:
    """Read `grype db status -o json`; Unreadable where the database is not valid or not dated.

    Schema 6 says `valid` and `error`; schema 5 has `error`, null where all is well.
    """
    where = "grype db status"
    try:
        status = msgspec.json.decode(data, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _odd(f"is not what Grype writes: {fault}", where) from fault
    if _is_broken(status):
        raise _odd("says that its database is not valid", where)
    if moment(status.built) is None:
        raise _odd("does not say when its database was built", where)
    return Database(updated_at=status.built, version=str(status.schema))


def _is_broken(status: _Status) -> bool:
    """Whether a database is said to be none; Go writes an error as text, or as an empty object."""
    return not status.valid or status.error not in (None, "")


def _odd(what: str, where: str) -> Unreadable:
    return Unreadable(what, where=where, remedy="fetch the database again: grype db update")


def _distribution(report: _Report) -> Distribution | None:
    distro = report.distro
    if distro is None or not distro.name:
        return None
    alerts = {a.type for one in report.alerts_by_package or () for a in one.alerts or ()}
    judged = is_judged_by_grype(distro.name, report.descriptor.version)
    return Distribution(
        family=distro.name,
        version=distro.version,
        judged=judged and not alerts & _UNMATCHED,
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
    related = tuple(one.id for one in match.related_vulnerabilities or ())
    return Vulnerability(
        id=found.id,
        aliases=aliases_of(found.id, related),
        several=cves_of(found.id, related),
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


_SCHEMES = {
    TargetKind.LAYOUT: "oci-dir",
    TargetKind.REFERENCE: "registry",
    TargetKind.ARCHIVE: "docker-archive",
    TargetKind.ROOTFS: "dir",
    TargetKind.SBOM: "sbom",
}
"""How Grype is told what a target is; it would guess by itself, and ask an engine first."""

RUNNER = Runner(
    program="grype",
    since="0.88",
    image=IMAGE,
    targets=frozenset(_SCHEMES),
    looks=frozenset({Look.VULNERABILITIES}),
    arguments=arguments,
    environ=environ,
    version_arguments=("version", "-o", "json"),
    read_version=read_version,
    read_scan=read_scan,
    # It downloads into the folder above its own, which must be one that it may write to.
    cache_folder="grype",
    database_files=("6/vulnerability.db", "6/import.json"),
    database_folders=frozenset({"6"}),
    fetch="GRYPE_DB_CACHE_DIR=FOLDER grype db update",
    status_arguments=status_arguments,
    read_status=read_status,
    packages_file="packages.cdx.json",
    settings_file="grype.yaml",
)

SCANNER = Scanner(
    name="grype",
    title="Grype's JSON",
    recognises=recognises,
    read=read,
    samples=(Sample(path="grype/0.104.0/alpine.json", real=False, tool="grype 0.104.0"),),
    runner=RUNNER,
)
