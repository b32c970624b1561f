"""Trivy: its JSON report (SchemaVersion 2), its command line, its incidents."""

import re
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.scan.report import ScanReport
from cdkit.scan.scanner import Artifact, Job, Look, Runner, Sample, Scanner, TargetKind
from cdkit.scan.trivy import reading
from cdkit.scan.trivy.advised import UNWARNED_FAMILIES

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

T = TypeVar("T")


class _DatabaseMetadata(Struct, frozen=True, kw_only=True, rename="pascal"):
    version: int = 0
    updated_at: datetime | None = None


class _Version(Struct, frozen=True, kw_only=True, rename="pascal"):
    version: str = ""
    vulnerability_db: _DatabaseMetadata | None = field(default=None, name="VulnerabilityDB")


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a Trivy report."""
    named = b'"SchemaVersion"' in head or (b'"ArtifactName"' in head and b'"ArtifactType"' in head)
    return named and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report as `trivy image --format json` writes it; Unreadable where it is none."""
    return reading.read(stream, where, frozenset({"container_image"}))


def read_scan(stream: Readable, where: str, kind: TargetKind, _packages: bytes) -> ScanReport:
    """Read the report of a scan that we ran, of a target of this kind.

    It was told to list all packages, so that one without a list has found none.
    """
    report = reading.read(stream, where, _ARTIFACTS.get(kind, frozenset({"container_image"})))
    return report if report.packages is not None else replace(report, packages={})


def arguments(job: Job) -> tuple[str, ...]:
    """Return the arguments for `trivy` (trivy 0.57 and later, which know the memory cache).

    The scan cache is kept in memory: another job's cache could answer for layers by name. Findings
    of every severity are wanted, and exit code 0 whatever is found.
    """
    looks = ",".join(_LOOKS[look] for look in job.look_for)
    given = [_COMMANDS.get(job.kind, "image"), "--format", "json", "--list-all-pkgs"]
    given += ["--scanners", looks]
    given += ["--exit-code", "0", "--cache-backend", "memory", "--timeout", f"{job.timeout}s"]
    if job.cache:
        given += ["--cache-dir", job.cache]
    if job.offline:
        given += ["--skip-db-update", "--skip-java-db-update", "--offline-scan"]
        given += ["--skip-check-update"] if Look.MISCONFIGURATIONS in job.look_for else []
    if job.server:
        given += ["--server", job.server]
    for mirror in job.mirrors:
        given += ["--db-repository", mirror]
    if job.kind in _COMMANDS:
        return (*given, job.target)
    in_config = [_LOOKS[look] for look in job.look_for if look in _IN_CONFIG]
    given += ["--image-config-scanners", ",".join(in_config)] if in_config else []
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


def _convert(data: bytes, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        remedy = "fetch its database again: cdkit scan-image --fetch-db FOLDER"
        raise Unreadable(
            f"is not what Trivy writes: {fault}", where=where, remedy=remedy
        ) from fault


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


_IN_CONFIG = frozenset({Look.SECRETS, Look.MISCONFIGURATIONS})
"""What is looked for in an image's config too: its environment, the instructions of its history."""

_COMMANDS = {TargetKind.ROOTFS: "rootfs", TargetKind.SBOM: "sbom"}
_ARTIFACTS = {
    TargetKind.ROOTFS: frozenset({"filesystem"}),
    TargetKind.SBOM: frozenset({"cyclonedx", "spdx", "sbom"}),
}


_ARTIFACT = "application/vnd.aquasec.trivy"
_DATABASES = (
    Artifact(
        title="Trivy's database",
        folder="db",
        media_type=f"{_ARTIFACT}.db.layer.v1.tar+gzip",
        files=frozenset({"trivy.db", "metadata.json"}),
        repositories=("mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2"),
        tag="2",
    ),
    Artifact(
        title="Trivy's Java database",
        folder="java-db",
        media_type=f"{_ARTIFACT}.javadb.layer.v1.tar+gzip",
        files=frozenset({"trivy-java.db", "metadata.json"}),
        repositories=(
            "mirror.gcr.io/aquasec/trivy-java-db:1",
            "ghcr.io/aquasecurity/trivy-java-db:1",
        ),
        tag="1",
        required=False,
        without="an image with JAR files in it cannot be scanned by it",
    ),
)
"""Where Trivy 0.58 and later look by default (trivy, docs: "Databases")."""


def environ(_job: Job) -> dict[str, str]:
    """Return the environment in which Trivy talks to nobody but the registries."""
    return {
        "TRIVY_NO_PROGRESS": "true",
        "TRIVY_SKIP_VERSION_CHECK": "true",
        "TRIVY_DISABLE_TELEMETRY": "true",
    }


RUNNER = Runner(
    program="trivy",
    since="0.57",
    image=IMAGE,
    targets=frozenset(TargetKind),
    looks=frozenset(Look),
    arguments=arguments,
    artifacts=_DATABASES,
    environ=environ,
    version_arguments=("version", "--format", "json"),
    read_version=read_version,
    read_scan=read_scan,
    database_files=("db/trivy.db", "db/metadata.json"),
    database_folders=frozenset({"db", "java-db"}),
    fetch="cdkit scan-image --fetch-db FOLDER",
    database_file="db/metadata.json",
    read_database=read_database,
    database_version="2",
    server_version="version",
    is_unknown_release=is_unknown_release,
    unwarned=UNWARNED_FAMILIES,
)

_RECORDED = (
    "clean", "ended", "fedora", "findings", "no-distribution", "no-package-database", "scratch",
)  # fmt: skip

SCANNER = Scanner(
    name="trivy",
    title="Trivy's JSON (SchemaVersion 2)",
    recognises=recognises,
    read=read,
    samples=(
        Sample(path="trivy/0.74.0/everything.json", real=False, tool="trivy 0.74.0"),
        *(Sample(path=f"trivy/0.68.2/{x}.json", real=True, tool="trivy 0.68.2") for x in _RECORDED),
    ),
    runner=RUNNER,
    refusal=refusal,
    tells_looks=False,
)
