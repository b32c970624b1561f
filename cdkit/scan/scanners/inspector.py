"""Amazon ECR's findings of an image, by basic scanning or by Amazon Inspector.

Sources: Amazon ECR API reference, DescribeImageScanFindings and its types (`aws ecr
describe-image-scan-findings`); Amazon Inspector API reference, Finding (`aws inspector2
list-findings`). ECR names
the image by its digest, says whether the scan was completed, and how old its data is. A list of
findings says neither, and names an image only where something was found in it. Both may be cut off
at a page. Neither lists the packages that were looked at. Inspector's answers to an SBOM are
CycloneDX.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.scan.foreign import (
    LONGEST_TITLE,
    aliases_of,
    cves_of,
    in_utc,
    moment,
    read_whole,
    severity_of,
)
from cdkit.scan.report import (
    Cvss,
    Distribution,
    Excluded,
    Exploitation,
    ScanReport,
    Vulnerability,
)
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "ask again for all of it: aws ecr describe-image-scan-findings --image-id imageDigest=…"
_DONE = frozenset({"COMPLETE", "ACTIVE"})
_NO_FIX = "NotAvailable"

_Moment = str | float | None
"""A time as the command line writes it: in ISO 8601, or in seconds since 1970."""


class _Pair(Struct, frozen=True, kw_only=True):
    key: str
    value: str = ""


class _Basic(Struct, frozen=True, kw_only=True):
    """A finding of basic scanning."""

    name: str
    description: str = ""
    uri: str = ""
    severity: str = ""
    attributes: tuple[_Pair, ...] | None = None


class _Cvss(Struct, frozen=True, kw_only=True, rename="camel"):
    base_score: float | None = None
    scoring_vector: str = ""
    source: str = ""
    version: str = ""


class _Package(Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    version: str = ""
    release: str | None = None
    epoch: int | None = None
    package_manager: str = ""
    file_path: str | None = None
    fixed_in_version: str | None = None
    source_layer_hash: str | None = None


class _Details(Struct, frozen=True, kw_only=True, rename="camel"):
    vulnerability_id: str
    related_vulnerabilities: tuple[str, ...] | None = None
    source_url: str = ""
    vendor_created_at: _Moment = None
    cvss: tuple[_Cvss, ...] | None = None
    vulnerable_packages: tuple[_Package, ...] | None = None


class _Container(Struct, frozen=True, kw_only=True, rename="camel"):
    image_hash: str = ""
    platform: str = ""


class _About(Struct, frozen=True, kw_only=True, rename={"image": "awsEcrContainerImage"}):
    image: _Container | None = None


class _Resource(Struct, frozen=True, kw_only=True):
    id: str = ""
    details: _About | None = None


class _Epss(Struct, frozen=True, kw_only=True):
    score: float | None = None


class _Finding(Struct, frozen=True, kw_only=True):
    type: str = "PACKAGE_VULNERABILITY"
    severity: str = ""
    status: str = ""
    title: str = ""
    details: _Details | None = field(default=None, name="packageVulnerabilityDetails")
    resources: tuple[_Resource, ...] | None = None
    epss: _Epss | None = None


class _Findings(Struct, frozen=True, kw_only=True, rename="camel"):
    image_scan_completed_at: _Moment = None
    vulnerability_source_updated_at: _Moment = None
    findings: tuple[_Basic, ...] | None = None
    enhanced_findings: tuple[_Finding, ...] | None = None
    finding_severity_counts: dict[str, int] | None = None


class _Status(Struct, frozen=True, kw_only=True):
    status: str = ""
    description: str = ""


class _Image(Struct, frozen=True, kw_only=True, rename="camel"):
    image_digest: str = ""


class _Answer(Struct, frozen=True, kw_only=True, rename="camel"):
    """What ECR answers, or (`findings` alone) what Inspector does."""

    image_id: _Image | None = None
    image_scan_status: _Status | None = None
    image_scan_findings: _Findings | None = None
    findings: tuple[_Finding, ...] | None = None
    next_token: str | None = None
    cli_token: str | None = field(default=None, name="NextToken")
    event: str = field(default="", name="detail-type")


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an answer of ECR's or Inspector's."""
    keys = (b'"imageScanFindings"', b'"imageScanStatus"', b'"findingArn"')
    return head.lstrip().startswith(b"{") and any(key in head for key in keys)


def read(stream: Readable, where: str) -> ScanReport:
    """Read an answer. Raises Unreadable where it is none, a page, or of a scan that is not done."""
    answer = read_whole(stream, _Answer, where, _REMEDY)
    if why := _fault(answer):
        raise Unreadable(why, where=where, remedy=_REMEDY)
    scan = answer.image_scan_findings or _Findings()
    findings = (*(scan.enhanced_findings or ()), *(answer.findings or ()))
    images = {image.image_hash: image for one in findings for image in _images(one)}
    named = answer.image_id.image_digest if answer.image_id else ""
    several = {*images, named} - {""}
    if len(several) > 1:
        what = f"is about {len(several)} images: {', '.join(sorted(several))[:300]}"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    counted = [one for one in findings if one.status != "SUPPRESSED"]
    updated = _moment(scan.vulnerability_source_updated_at)
    return ScanReport(
        where=where,
        scanner="inspector" if findings else "ecr",
        created_at=_moment(scan.image_scan_completed_at),
        digests=tuple(several),
        distribution=_distribution(images),
        unlisting=True,
        vulnerabilities=(
            *(found for one in counted for found in _vulnerabilities(one, where)),
            *map(_of_basic, scan.findings or ()),
        ),
        excluded=tuple(_excluded(one) for one in findings if one.status == "SUPPRESSED"),
        database=Database(updated_at=updated.isoformat()) if updated else None,
    )


def _fault(answer: _Answer) -> str:
    """Say why an answer proves nothing, or return an empty string."""
    if answer.next_token or answer.cli_token:
        return "is one page of several"
    if answer.event:
        return "is an event of EventBridge, which tells of one finding and not of the others"
    if answer.findings is not None:
        return ""
    status = answer.image_scan_status or _Status()
    if status.status not in _DONE:
        said = f"{status.status} {status.description}".strip() or "nothing"
        return f"is of a scan that is not done; ECR says {said[:200]}"
    scan = answer.image_scan_findings
    if scan is None or (scan.findings is None and scan.enhanced_findings is None):
        return "holds no list of findings"
    held = len(scan.findings or ()) + len(scan.enhanced_findings or ())
    counted = sum((scan.finding_severity_counts or {}).values())
    return f"counts {counted} findings and holds {held}" if counted > held else ""


def _images(finding: _Finding) -> Iterator[_Container]:
    """Yield what a finding was found in; what is no image of ECR's has no digest."""
    for one in finding.resources or ():
        image = one.details.image if one.details else None
        yield image or _Container(image_hash=one.id or "what is not named")


def _distribution(images: dict[str, _Container]) -> Distribution | None:
    """Return the platform that a finding names (`DEBIAN_12`): Inspector knows it then."""
    for one in images.values():
        if one.platform:
            family, _, version = one.platform.lower().partition("_")
            return Distribution(family=family, version=version.replace("_", "."), judged=True)
    return None


def _vulnerabilities(made: _Finding, where: str) -> Iterator[Vulnerability]:
    """Yield a finding for each package that it names; one that names none is still one."""
    details = made.details
    if details is None:
        what = (
            f"holds a finding of the type {made.type[:40]!r} without a vulnerability in a package"
        )
        raise Unreadable(what, where=where, remedy=_REMEDY)
    related = details.related_vulnerabilities or ()
    for package in details.vulnerable_packages or (_Package(name="unknown"),):
        manager = package.package_manager.lower()
        fix = package.fixed_in_version
        yield Vulnerability(
            id=details.vulnerability_id,
            aliases=aliases_of(details.vulnerability_id, related),
            several=cves_of(details.vulnerability_id, related),
            package=package.name,
            installed=_version(package),
            fixed=(fix,) if fix and fix != _NO_FIX else (),
            fix_told=fix is not None,
            severity=severity_of(made.severity),
            title=made.title[:LONGEST_TITLE],
            url=details.source_url,
            kind="os/unknown" if manager == "os" else f"library/{manager or 'unknown'}",
            path="" if manager == "os" else (package.file_path or "").lstrip("/"),
            layer=package.source_layer_hash or "",
            published=_moment(details.vendor_created_at),
            cvss=tuple(map(_rating, details.cvss or ())),
            exploitation=_exploitation(made),
        )


def _version(package: _Package) -> str:
    epoch = f"{package.epoch}:" if package.epoch else ""
    return f"{epoch}{package.version}" + (f"-{package.release}" if package.release else "")


def _rating(made: _Cvss) -> Cvss:
    score = made.base_score
    sound = score if score is not None and 0 <= score <= 10 else None
    return Cvss(source=made.source, version=made.version, vector=made.scoring_vector, score=sound)


def _exploitation(made: _Finding) -> Exploitation | None:
    """Return EPSS; `exploitAvailable` says that there is code, not that anybody uses it."""
    score = made.epss.score if made.epss else None
    return Exploitation(epss=score) if score is not None and 0 <= score <= 1 else None


def _excluded(made: _Finding) -> Excluded:
    details = made.details
    packages = details.vulnerable_packages or () if details else ()
    return Excluded(
        id=details.vulnerability_id if details else made.title[:LONGEST_TITLE],
        package=", ".join(one.name for one in packages)[:LONGEST_TITLE],
        status="suppressed",
    )


def _of_basic(made: _Basic) -> Vulnerability:
    said = {one.key: one.value for one in made.attributes or ()}
    return Vulnerability(
        id=made.name,
        package=said.get("package_name") or "unknown",
        installed=said.get("package_version", ""),
        fix_told=False,
        severity=severity_of(made.severity),
        cvss=tuple(_of_attributes(said)),
        title=made.description.partition("\n")[0][:LONGEST_TITLE],
        url=made.uri,
        kind="os/unknown",
    )


def _of_attributes(said: Mapping[str, str]) -> Iterator[Cvss]:
    """Yield the ratings of basic scanning: `CVSS3_SCORE`, `CVSS2_VECTOR` and the like."""
    for major, version in (("3", "3.1"), ("2", "2.0")):
        try:
            score = float(said.get(f"CVSS{major}_SCORE", ""))
        except ValueError:
            continue
        if 0 <= score <= 10:
            vector = said.get(f"CVSS{major}_VECTOR", "")
            yield Cvss(source="ecr", version=version, vector=vector, score=score)


def _moment(said: _Moment) -> datetime | None:
    if isinstance(said, str):
        return moment(said)
    try:
        return None if said is None else in_utc(datetime.fromtimestamp(said, UTC))
    except (ValueError, OverflowError, OSError):
        return None


SCANNER = Scanner(
    name="inspector",
    title="Amazon ECR's and Inspector's findings (`aws ecr describe-image-scan-findings`)",
    recognises=recognises,
    read=read,
    samples=(
        Sample(path="inspector/ecr/enhanced.json", real=False, tool="Amazon ECR (Inspector)"),
        Sample(path="inspector/ecr/basic.json", real=False, tool="Amazon ECR (basic)"),
        Sample(path="inspector/inspector2/findings.json", real=False, tool="Amazon Inspector"),
    ),
)
