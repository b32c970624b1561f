"""Vulnerability scans: in-toto's `vulns`, and cosign's predicate with a scanner's own report in it.

Sources: in-toto attestation, `predicates/vuln.md` (v0.1) and `vulns_02.md` (v0.2): `scanner.result`
lists ids, each with severities by method, and `scanner.db.lastUpdate` is required; cosign,
`COSIGN_VULN_ATTESTATION_SPEC.md`: `scanner.result` is the scanner's report, here Trivy's JSON.
"""

from typing import Any

from msgspec import Struct, convert, field
from msgspec import ValidationError as Invalid

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location, Severity
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.format import Sample
from cdkit.evidence.predicate import Predicate
from cdkit.evidence.reading import MOST_REASONS, Reading
from cdkit.evidence.statements import decoded

_SCORES = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
)
_WORDS = {
    **{one.value: one for one in Severity},
    "moderate": Severity.MEDIUM,
    "negligible": Severity.LOW,
    "important": Severity.HIGH,
    "none": Severity.INFO,
}
_BAD = frozenset({Severity.HIGH, Severity.CRITICAL})
_REMEDY = "scan the image again: `cdkit scan-image` does, and leaves the fact itself"


class _Database(Struct, frozen=True, rename="camel"):
    last_update: str = ""
    version: str = ""


class _Scanner(Struct, frozen=True):
    uri: str
    result: list[Any] | dict[str, Any]
    version: str = ""
    db: _Database = _Database()


class _When(Struct, frozen=True, rename="camel"):
    scan_finished_on: str = ""


class _Scan(Struct, frozen=True):
    scanner: _Scanner
    metadata: _When = _When()


class _Score(Struct, frozen=True):
    score: str | float
    method: str = ""


class _Vulnerability(Struct, frozen=True):
    id: str
    severity: list[_Score] | _Score = []


class _TrivyIssue(Struct, frozen=True):
    id: str = field(name="VulnerabilityID")
    severity: str = field(name="Severity", default="")


class _TrivyResult(Struct, frozen=True, rename="pascal"):
    vulnerabilities: list[_TrivyIssue] | None = None


class _Trivy(Struct, frozen=True, rename="pascal"):
    schema_version: int
    results: list[_TrivyResult] | None = None


def _read(data: bytes, where: str) -> Reading:
    scan: _Scan = decoded(data, _Scan, where)
    listed = isinstance(scan.scanner.result, list)
    found = _listed(scan.scanner.result, where) if listed else _trivy(scan.scanner.result, where)
    counts = {one.value: 0 for one in Severity}
    reasons: list[Reason] = []
    for name, severity in found:
        counts[severity.value] += 1
        if severity in _BAD and len(reasons) < MOST_REASONS:
            what = f"{name[:200]} ({severity.value})"
            reasons.append(no(what, where=Location(path=where), remedy=_REMEDY, rule=name[:200]))
    updated = scan.scanner.db.last_update
    if listed and not updated:
        doubt = cannot_tell(
            "does not say how old the scanner's data was",
            where=Location(path=where),
            remedy=_REMEDY,
        )
        reasons.append(doubt)
    said = {"scanner": f"{scan.scanner.uri} {scan.scanner.version}".strip()[:500]}
    if updated:
        said["database"] = updated[:100]
    at = scan.metadata.scan_finished_on
    return Reading(found=counts, said=said, at=at, reasons=tuple(reasons))


def _listed(result: object, where: str) -> list[tuple[str, Severity]]:
    try:
        entries = convert(result, list[_Vulnerability])
    except Invalid as fault:
        raise Unreadable(f"its result is none: {fault}", where=where, remedy=_REMEDY) from fault
    return [(one.id, _worst(one.severity)) for one in entries]


def _worst(given: list[_Score] | _Score) -> Severity:
    """Return the worst severity that any method gave; one that is not understood is unknown."""
    scores = given if isinstance(given, list) else [given]
    found = [_severity(one) for one in scores]
    return max(found, key=lambda one: one.rank, default=Severity.UNKNOWN)


def _severity(score: _Score) -> Severity:
    text = str(score.score).strip().lower()
    if text in _WORDS:
        return _WORDS[text]
    try:
        number = float(text)
    except ValueError:
        return Severity.UNKNOWN
    if not 0 <= number <= 10:
        return Severity.UNKNOWN
    return next((severity for least, severity in _SCORES if number >= least), Severity.INFO)


def _trivy(result: object, where: str) -> list[tuple[str, Severity]]:
    try:
        report = convert(result, _Trivy)
    except Invalid as fault:
        raise Unreadable(
            f"holds the report of a scanner that is not read here: {fault}",
            where=where,
            remedy="give that report to `cdkit scan-image --report`",
        ) from fault
    if report.results is None:
        raise Unreadable(
            "holds a report without results: nothing shows that anything was scanned",
            where=where,
            remedy=_REMEDY,
        )
    return [
        (one.id, _WORDS.get(one.severity.lower(), Severity.UNKNOWN))
        for part in report.results
        for one in part.vulnerabilities or ()
    ]


PREDICATE = Predicate(
    name="vulns",
    title="in-toto vulns, cosign's vulnerability predicate",
    proves="findings",
    types=(
        "https://in-toto.io/attestation/vulns",
        "https://in-toto.io/attestation/vulns/v0.1",
        "https://in-toto.io/attestation/vulns/v0.2",
        "https://cosign.sigstore.dev/attestation/vuln/v1",
        "cosign.sigstore.dev/attestation/vuln/v1",
    ),
    written_by="`trivy image --format cosign-vuln` · producers of in-toto's predicate",
    read=_read,
    samples=(
        Sample(path="vulns/v0.2.json", real=False, tool="in-toto, v0.2"),
        Sample(path="vulns/v0.1-high.json", real=False, tool="in-toto, v0.1, high"),
        Sample(path="vulns/cosign-trivy.json", real=False, tool="Trivy, in cosign's"),
    ),
)
