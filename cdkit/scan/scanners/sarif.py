"""SARIF 2.1.0 of any scanner of images: Docker Scout's, Snyk's, Clair's, and others'.

Source: OASIS, SARIF 2.1.0. It was made for code: it names no packages that were looked at, and no
image but in the run's own properties (`repoDigests` and `imageID`, as Trivy writes them). Where a
report does not name its image nobody can tell whose it is.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan.foreign import LONGEST_TITLE, moment, read_whole, severity_of, severity_of_score
from cdkit.scan.report import ScanReport, Vulnerability, version_of
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "let the scanner write its SARIF again; its own JSON says more"
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}


class _Text(Struct, frozen=True, kw_only=True):
    text: str = ""


class _Rule(Struct, frozen=True, kw_only=True):
    id: str
    short: _Text | None = field(default=None, name="shortDescription")
    help_uri: str = field(default="", name="helpUri")
    properties: dict[str, Any] = {}


class _Driver(Struct, frozen=True, kw_only=True):
    name: str
    version: str = ""
    semantic: str = field(default="", name="semanticVersion")
    rules: tuple[_Rule, ...] = ()


class _ToolOf(Struct, frozen=True, kw_only=True):
    driver: _Driver


class _Artifact(Struct, frozen=True, kw_only=True):
    uri: str = ""


class _Physical(Struct, frozen=True, kw_only=True):
    artifact: _Artifact | None = field(default=None, name="artifactLocation")


class _Logical(Struct, frozen=True, kw_only=True):
    name: str = field(default="", name="fullyQualifiedName")


class _Location(Struct, frozen=True, kw_only=True):
    physical: _Physical | None = field(default=None, name="physicalLocation")
    logical: tuple[_Logical, ...] = field(default=(), name="logicalLocations")


class _Result(Struct, frozen=True, kw_only=True):
    rule: str = field(default="", name="ruleId")
    index: int = field(default=-1, name="ruleIndex")
    level: str = ""
    message: _Text | None = None
    locations: tuple[_Location, ...] = ()
    suppressions: tuple[dict[str, Any], ...] | None = None
    properties: dict[str, Any] = {}


class _Notice(Struct, frozen=True, kw_only=True):
    level: str = ""
    message: _Text | None = None


class _Invocation(Struct, frozen=True, kw_only=True):
    successful: bool = field(default=True, name="executionSuccessful")
    notices: tuple[_Notice, ...] = field(default=(), name="toolExecutionNotifications")
    ended: str = field(default="", name="endTimeUtc")


class _Run(Struct, frozen=True, kw_only=True):
    tool: _ToolOf
    results: tuple[_Result, ...] | None = None
    invocations: tuple[_Invocation, ...] = ()
    properties: dict[str, Any] = {}


class _Log(Struct, frozen=True, kw_only=True):
    version: str
    runs: tuple[_Run, ...]


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a SARIF log."""
    return head.lstrip().startswith(b"{") and b'"runs"' in head and b'"2.1.0"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a log of one run. Raises Unreadable where it is none, or where its run failed."""
    log = read_whole(stream, _Log, where, _REMEDY)
    if log.version != "2.1.0" or len(log.runs) != 1:
        what = f"is of version {log.version[:20]!r} with {len(log.runs)} runs, not of one"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    (run,) = log.runs
    _check_success(run, where)
    if run.results is None:
        what = "holds no list of results: nothing was looked at"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    driver = run.tool.driver
    ended = next((moment(one.ended) for one in run.invocations if one.ended), None)
    return ScanReport(
        where=where,
        scanner=driver.name.lower(),
        version=driver.semantic or driver.version,
        created_at=ended,
        image_id=_text(run.properties.get("imageID")),
        digests=tuple(_digests(run.properties)),
        unlisting=True,
        vulnerabilities=tuple(_vulnerability(one, driver) for one in run.results),
    )


def _check_success(run: _Run, where: str) -> None:
    for one in run.invocations:
        errors = [n.message.text for n in one.notices if n.level == "error" and n.message]
        if not one.successful or errors:
            why = errors[0][:200] if errors else "it does not say why"
            raise Unreadable(f"says that its run failed: {why}", where=where, remedy=_REMEDY)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _digests(properties: dict[str, Any]) -> Iterator[str]:
    said = properties.get("repoDigests")
    for text in said if isinstance(said, list) else ():
        digest = _text(text).rpartition("@")[2]
        if digest.startswith("sha256:"):
            yield digest


def _vulnerability(made: _Result, driver: _Driver) -> Vulnerability:
    """Read a result; what the file calls suppressed counts here: nobody vouches for it."""
    rule = _rule(made, driver)
    place = next(iter(made.locations), _Location())
    logical = next((one.name for one in place.logical if one.name), "")
    purl = next(_purls(made, rule), "")
    name, _, version = logical.rpartition("@")
    path = place.physical.artifact.uri if place.physical and place.physical.artifact else ""
    kind = purl.removeprefix("pkg:").partition("/")[0] if purl else "unknown"
    return Vulnerability(
        id=made.rule or rule.id or "unnamed",
        package=name or logical or purl or path or "unknown",
        purl=purl,
        installed=version if name else version_of(purl),
        severity=_severity(made, rule),
        title=(rule.short.text if rule.short else made.message.text if made.message else "")[
            :LONGEST_TITLE
        ],
        url=rule.help_uri,
        kind=f"library/{kind}",
        path=path,
    )


def _rule(made: _Result, driver: _Driver) -> _Rule:
    if 0 <= made.index < len(driver.rules):
        return driver.rules[made.index]
    return next((one for one in driver.rules if one.id == made.rule), _Rule(id=made.rule))


def _purls(made: _Result, rule: _Rule) -> Iterator[str]:
    for properties in (made.properties, rule.properties):
        said = properties.get("purls") or properties.get("purl")
        for text in said if isinstance(said, list) else [said]:
            if _text(text).startswith("pkg:"):
                yield _text(text)


def _severity(made: _Result, rule: _Rule) -> Severity:
    """Return the score's severity (what GitHub reads), a word of the properties, or the level."""
    for properties in (made.properties, rule.properties):
        score = properties.get("security-severity")
        try:
            found = severity_of_score(float(score or "0"))
        except (TypeError, ValueError):
            found = Severity.UNKNOWN
        if found is not Severity.UNKNOWN:
            return found
        for key in ("cvssV3_severity", "severity"):
            word = severity_of(_text(properties.get(key)))
            if word is not Severity.UNKNOWN:
                return word
    return _LEVELS.get(made.level, Severity.UNKNOWN)


SCANNER = Scanner(
    name="sarif",
    title="SARIF 2.1.0 (Docker Scout, Snyk, Clair and others)",
    recognises=recognises,
    read=read,
    samples=(Sample(path="sarif/2.1.0/scout.json", real=False, tool="Docker Scout"),),
)
