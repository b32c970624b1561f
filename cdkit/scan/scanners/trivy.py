"""Trivy: its JSON report (SchemaVersion 2), its command line, its incidents."""

import re
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.oci.manifest import History
from cdkit.core.readable import Readable
from cdkit.scan.report import Distribution, Excluded, ScanReport, Vulnerability
from cdkit.scan.scanner import Job, Look, Runner, Sample, Scanner, TargetKind

# Not pulled and not verified here: this is the index digest that independent projects pin
# ghcr.io/aquasecurity/trivy:0.69.3 to. future-architect/vuls pull request 2489 reports Aqua's
# cosign signature over it, made before the releases below were tampered with;
# alxleo/coding-standards pins the same in its Dockerfile.
IMAGE = (
    "ghcr.io/aquasecurity/trivy:0.69.3"
    "@sha256:bcc376de8d77cfe086a917230e818dc9f8528e3c852f7b1aff648949b6258d1c"
)

# CVE-2026-33634 (GHSA-69fq-xp46-6x23): releases that steal what a pipeline holds.
_MALICIOUS_VERSION = re.compile(r"(?<![0-9.])v?0\.69\.[456](?![0-9])", re.ASCII)
_MALICIOUS_DIGESTS = frozenset(
    {
        "27f446230c60bbf0b70e008db798bd4f33b7826f9f76f756606f5417100beef3",  # 0.69.4
        "12c702212dee1cbec9471e9261501a3335963321fe76e60e5a715b5acd3c40a2",  # 0.69.4 linux/amd64
        "2d7cee41048988eec27615412e7c6e2e21046f2b5faa888c24e11ca6764058ed",  # 0.69.4 linux/arm64
        "5aaa1d7cfa9ca4649d6ffad165435c519dc836fa6e21b729a2174ad10b057d2b",  # 0.69.5
        "425cd3e1a2846ac73944e891250377d2b03653e6f028833e30fc00c1abbc6d33",  # 0.69.6
    }
)

# The families that Trivy has advisories for (trivy, pkg/detector/ospkg/detect.go, "drivers", with
# the older names of pkg/fanal/types/const.go). It lists the packages of others, such as fedora,
# and finds nothing in them.
_JUDGED_FAMILIES = frozenset(
    {
        "alma", "alpine", "amazon", "azurelinux", "bottlerocket", "cbl-mariner", "centos",
        "chainguard", "coreos", "debian", "echo", "minimos", "opensuse-leap",
        "opensuse-tumbleweed", "opensuse.leap", "opensuse.tumbleweed", "oracle", "photon",
        "redhat", "rocky", "slem", "sles", "suse linux enterprise micro",
        "suse linux enterprise server", "ubuntu", "wolfi",
    }
)  # fmt: skip

# The kinds of libraries that it has advisories for (trivy, pkg/detector/library/driver.go,
# NewDriver). It lists conda packages and others for an SBOM, and finds nothing in them.
_JUDGED_TYPES = frozenset(
    {
        "bitnami", "bun", "bundler", "cargo", "cocoapods", "composer", "composer-vendor", "conan",
        "dotnet-core", "gemspec", "gobinary", "gomod", "gradle", "hex", "jar", "javascript",
        "kubernetes", "node-pkg", "npm", "nuget", "packages-props", "pip", "pipenv", "pnpm",
        "poetry", "pom", "pub", "python-pkg", "rustbinary", "sbt", "swift", "uv", "yarn",
    }
)  # fmt: skip

_SEVERITIES = {
    "LOW": Severity.LOW,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}
_CLASSES = {"os-pkgs": "os", "lang-pkgs": "library"}


T = TypeVar("T")


class _Os(Struct, frozen=True, kw_only=True, rename="pascal"):
    family: str = ""
    name: str = ""
    eosl: bool = field(default=False, name="EOSL")


class _Rootfs(Struct, frozen=True, kw_only=True):
    diff_ids: tuple[str, ...] | None = None


class _ImageConfig(Struct, frozen=True, kw_only=True):
    history: tuple[History, ...] | None = None
    rootfs: _Rootfs | None = None


class _Metadata(Struct, frozen=True, kw_only=True, rename="pascal"):
    os: _Os | None = field(default=None, name="OS")
    image_id: str = field(default="", name="ImageID")
    diff_ids: tuple[str, ...] | None = field(default=None, name="DiffIDs")
    image_config: _ImageConfig | None = None


class _Identifier(Struct, frozen=True, kw_only=True):
    purl: str = field(default="", name="PURL")


class _Layer(Struct, frozen=True, kw_only=True):
    diff_id: str = field(default="", name="DiffID")


class _Vulnerability(Struct, frozen=True, kw_only=True, rename="pascal"):
    vulnerability_id: str = field(name="VulnerabilityID")
    pkg_name: str
    pkg_path: str = ""
    pkg_identifier: _Identifier | None = None
    installed_version: str = ""
    fixed_version: str = ""
    layer: _Layer | None = None
    primary_url: str = field(default="", name="PrimaryURL")
    title: str = ""
    severity: str = ""


class _Package(Struct, frozen=True, kw_only=True, rename="pascal"):
    name: str = ""


class _Modified(Struct, frozen=True, kw_only=True, rename="pascal"):
    status: str = ""


class _Result(Struct, frozen=True, kw_only=True, rename="pascal"):
    target: str = ""
    class_: str = field(default="", name="Class")
    type: str = ""
    packages: tuple[_Package, ...] | None = None
    vulnerabilities: tuple[_Vulnerability, ...] | None = None
    experimental_modified_findings: tuple[_Modified, ...] | None = None


class _About(Struct, frozen=True, kw_only=True, rename="pascal"):
    version: str = ""


class _Report(Struct, frozen=True, kw_only=True, rename="pascal"):
    schema_version: int
    trivy: _About | None = None
    created_at: datetime | None = None
    artifact_type: str = ""
    metadata: _Metadata | None = None
    results: tuple[_Result, ...] | None = None


class _DatabaseMetadata(Struct, frozen=True, kw_only=True, rename="pascal"):
    version: int = 0
    updated_at: datetime | None = None


class _Version(Struct, frozen=True, kw_only=True, rename="pascal"):
    version: str = ""
    vulnerability_db: _DatabaseMetadata | None = field(default=None, name="VulnerabilityDB")


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a Trivy report."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"SchemaVersion"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report as `trivy image --format json` writes it.

    Every key may be missing, since Trivy leaves out what is empty; what is there must be of its
    type. Raises Unreadable where it is not, where the report is cut off, of another version, or of
    something else than a container image.
    """
    report = _decode(_whole(stream), where)
    if report.schema_version != 2:
        raise _unreadable(f"is of SchemaVersion {report.schema_version}, not 2", where)
    if report.artifact_type not in {"", "container_image"}:
        raise _unreadable(f"is about a {report.artifact_type[:60]!r}, not an image", where)
    metadata = report.metadata or _Metadata()
    config = metadata.image_config or _ImageConfig()
    rootfs = config.rootfs or _Rootfs()
    results = report.results or ()
    return ScanReport(
        where=where,
        scanner="trivy",
        version=report.trivy.version if report.trivy else "",
        created_at=report.created_at,
        image_id=metadata.image_id,
        distribution=_distribution(metadata.os),
        packages=_packages(results),
        unjudged=frozenset(_kind(result) for result in results if _is_unjudged(result)),
        vulnerabilities=tuple(
            _vulnerability(found, result)
            for result in results
            for found in result.vulnerabilities or ()
        ),
        excluded=tuple(
            Excluded(id="", status=found.status)
            for result in results
            for found in result.experimental_modified_findings or ()
        ),
        history=config.history or (),
        diff_ids=metadata.diff_ids or rootfs.diff_ids or (),
    )


def arguments(job: Job) -> tuple[str, ...]:
    """Return the arguments for `trivy` (trivy 0.57 and later, which know the memory cache).

    The scan cache is kept in memory: another job's cache could answer for layers by name. Findings
    of every severity are wanted, and exit code 0 whatever is found.
    """
    looks = ",".join(_LOOKS[look] for look in job.look_for)
    given = ["image", "--format", "json", "--list-all-pkgs", "--scanners", looks]
    given += ["--exit-code", "0", "--cache-backend", "memory", "--timeout", f"{job.timeout}s"]
    if job.cache:
        given += ["--cache-dir", job.cache]
    if job.offline:
        given += ["--skip-db-update", "--skip-java-db-update", "--offline-scan"]
    if job.kind is not TargetKind.REFERENCE:
        return (*given, "--input", job.target)
    return (*given, "--image-src", "remote", job.target)


def read_version(data: bytes) -> tuple[str, Database | None]:
    """Read `trivy version --format json`: the version, and the database if there is one.

    Raises Unreadable where it is not that.
    """
    found = _convert(data, _Version, "trivy version")
    database = found.vulnerability_db
    return found.version, _database(database) if database else None


def read_database(data: bytes, where: str) -> Database:
    """Read the `metadata.json` that lies beside the database; Unreadable where it is none."""
    return _database(_convert(data, _DatabaseMetadata, where))


def refusal(text: str) -> str:
    """Return why this version or image must not be run; an empty string where nothing is known."""
    bad = _MALICIOUS_VERSION.search(text) or any(hash_ in text for hash_ in _MALICIOUS_DIGESTS)
    if not bad:
        return ""
    return f"{text[:200]} is a malicious release of Trivy that steals secrets (CVE-2026-33634)"


def is_unknown_release(said: bytes) -> bool:
    """Whether Trivy met a release that it was built before (pkg/detector/ospkg/version)."""
    return b"not on the EOL list" in said


def _whole(stream: Readable) -> bytes:
    parts = []
    while part := stream.read(1 << 20):
        parts.append(part)
    return b"".join(parts)


def _decode(data: bytes, where: str) -> _Report:
    if data[:3] == b"\xef\xbb\xbf":
        raise _unreadable("begins with a byte order mark, which JSON does not allow", where)
    if data[:2] == b"\x1f\x8b":
        raise _unreadable("is packed with gzip; unpack it first", where)
    if not data.strip():
        raise _unreadable("is empty", where)
    return _convert(data, _Report, where)


def _convert(data: bytes, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _unreadable(f"is not what Trivy writes: {fault}", where) from fault


def _unreadable(what: str, where: str) -> Unreadable:
    return Unreadable(
        what, where=where, remedy="scan again: trivy image --format json --list-all-pkgs"
    )


def _distribution(os: _Os | None) -> Distribution | None:
    if os is None or os.family in {"", "none"}:
        return None
    return Distribution(
        family=os.family, version=os.name, judged=os.family in _JUDGED_FAMILIES, ended=os.eosl
    )


def _kind(result: _Result) -> str:
    return f"{_CLASSES.get(result.class_, result.class_ or 'unknown')}/{result.type or 'unknown'}"


def _is_unjudged(result: _Result) -> bool:
    return bool(result.packages) and result.class_ != "os-pkgs" and result.type not in _JUDGED_TYPES


def _packages(results: tuple[_Result, ...]) -> dict[str, int] | None:
    """Count packages by kind; None where the report was made without --list-all-pkgs."""
    listed = [result for result in results if result.packages is not None]
    if not listed:
        return None
    counts: dict[str, int] = {}
    for result in listed:
        counts[_kind(result)] = counts.get(_kind(result), 0) + len(result.packages or ())
    return counts


def _vulnerability(found: _Vulnerability, result: _Result) -> Vulnerability:
    fixed = (version.strip() for version in found.fixed_version.split(","))
    is_library = result.class_ != "os-pkgs"
    return Vulnerability(
        id=found.vulnerability_id,
        package=found.pkg_name,
        purl=found.pkg_identifier.purl if found.pkg_identifier else "",
        installed=found.installed_version,
        fixed=tuple(version for version in fixed if version),
        severity=_SEVERITIES.get(found.severity, Severity.UNKNOWN),
        title=found.title,
        url=found.primary_url,
        kind=_kind(result),
        path=(found.pkg_path or result.target) if is_library else "",
        layer=found.layer.diff_id if found.layer else "",
    )


def _database(metadata: _DatabaseMetadata) -> Database:
    moment = metadata.updated_at
    return Database(
        updated_at=moment.isoformat().replace("+00:00", "Z") if moment and moment.tzinfo else "",
        version=str(metadata.version or ""),
    )


_LOOKS = {
    Look.VULNERABILITIES: "vuln",
    Look.SECRETS: "secret",
    Look.MISCONFIGURATIONS: "misconfig",
    Look.LICENSES: "license",
}


def _fetch(job: Job) -> tuple[tuple[str, ...], ...]:
    given = ["image", "--cache-dir", job.cache, "--timeout", f"{job.timeout}s"]
    return ((*given, "--download-db-only"), (*given, "--download-java-db-only"))


def _rate_limited(said: bytes) -> int | None:
    return 0 if b"TOOMANYREQUESTS" in said or b"429 Too Many Requests" in said else None


RUNNER = Runner(
    program="trivy",
    image=IMAGE,
    targets=frozenset(TargetKind),
    looks=frozenset(Look),
    arguments=arguments,
    fetch=_fetch,
    environ={
        "TRIVY_NO_PROGRESS": "true",
        "TRIVY_SKIP_VERSION_CHECK": "true",
        "TRIVY_DISABLE_TELEMETRY": "true",
    },
    version_arguments=("version", "--format", "json"),
    read_version=read_version,
    database_file="db/metadata.json",
    database_folders=frozenset({"db", "java-db"}),
    read_database=read_database,
    is_unknown_release=is_unknown_release,
    rate_limited=_rate_limited,
)

SCANNER = Scanner(
    name="trivy",
    title="Trivy's JSON (SchemaVersion 2)",
    recognises=recognises,
    read=read,
    samples=tuple(
        Sample(path=f"trivy/0.68.2/{name}.json", real=True, tool="trivy 0.68.2")
        for name in (
            "clean", "ended", "fedora", "findings", "no-distribution", "no-package-database",
            "scratch",
        )
    ),
    runner=RUNNER,
    refusal=refusal,
)  # fmt: skip
