"""SARIF 2.1.0 of any scanner of images: Docker Scout's, Snyk's, Clair's, and others'.

Sources: OASIS, SARIF 2.1.0 (3.20 "invocation", 3.27.9 "kind", 3.58 "notification"); reports of a
real Trivy; Docker Scout, which has no JSON of its own (docker/scout-cli, issue 189) and writes
`purls`, `fixed_version` and its word for the severity among a rule's properties. The format was
made for code: it names no packages that were looked at, and no image but in the run's own
properties (`repoDigests` and `imageID`, as Trivy writes them). Where a report does not name its
image nobody can tell whose it is. Snyk writes a run for the system and one for each application
(snyk/cli, src/lib/formatters/sarif-output.ts), and the CVE in a rule's full description; Grype puts
the package behind the vulnerability in a rule's ID (grype/presenter/sarif).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan.foreign import (
    LONGEST_TITLE,
    aliases_of,
    cves_of,
    moment,
    read_whole,
    severity_of,
    severity_of_score,
)
from cdkit.scan.key import is_bulletin
from cdkit.scan.report import ScanReport, Vulnerability, version_of, versionless
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "let the scanner write its SARIF again; its own JSON says more"
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}
_SYSTEM = frozenset({"apk", "deb", "rpm", "alpm"})
_PASSING = frozenset({"pass", "notApplicable"})
_UNFIXED = frozenset({"", "not fixed", "none"})
_UNRATED = frozenset({"unknown", "unspecified", "undefined", "untriaged"})
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.ASCII)
_BEGINNING = re.compile(r"(CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3})-", re.ASCII)
_LINE = re.compile(r"^(Package|Installed Version|Fixed Version|Severity): ?(.*)$", re.MULTILINE)
"""What Trivy says of a package in the text of a result."""


class _Text(Struct, frozen=True, kw_only=True):
    text: str = ""


class _Rule(Struct, frozen=True, kw_only=True):
    id: str
    name: str = ""
    short: _Text | None = field(default=None, name="shortDescription")
    full: _Text | None = field(default=None, name="fullDescription")
    help_uri: str = field(default="", name="helpUri")
    properties: dict[str, Any] | None = None


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
    kind: str = "fail"
    level: str = ""
    message: _Text | None = None
    locations: tuple[_Location, ...] = ()
    suppressions: tuple[dict[str, Any], ...] | None = None
    properties: dict[str, Any] | None = None


class _Notice(Struct, frozen=True, kw_only=True):
    level: str = ""
    message: _Text | None = None


class _Invocation(Struct, frozen=True, kw_only=True):
    successful: bool = field(name="executionSuccessful")
    notices: tuple[_Notice, ...] = field(default=(), name="toolExecutionNotifications")
    settings: tuple[_Notice, ...] = field(default=(), name="toolConfigurationNotifications")
    started: str = field(default="", name="startTimeUtc")
    ended: str = field(default="", name="endTimeUtc")


class _Run(Struct, frozen=True, kw_only=True):
    tool: _ToolOf
    results: tuple[_Result, ...] | None = None
    invocations: tuple[_Invocation, ...] = ()
    properties: dict[str, Any] | None = None


class _Log(Struct, frozen=True, kw_only=True):
    version: str
    runs: tuple[_Run, ...]


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a SARIF log."""
    return head.lstrip().startswith(b"{") and b'"runs"' in head and b'"2.1.0"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a log of one tool's runs. Raises Unreadable where it is none, or where a run failed."""
    log = read_whole(stream, _Log, where, _REMEDY)
    drivers = {run.tool.driver.name for run in log.runs}
    if log.version != "2.1.0" or len(drivers) != 1:
        what = f"is of version {log.version[:20]!r} with runs of {len(drivers)} tools, not of one"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    for run in log.runs:
        _check_success(run, where)
    images = {_named(run) for run in log.runs}
    if len(images) > 1:
        raise Unreadable("is about several images", where=where, remedy=_REMEDY)
    ((image_id, digests),) = images
    driver = log.runs[0].tool.driver
    told = [one for run in log.runs for one in run.invocations]
    starts, ends = _times(one.started for one in told), _times(one.ended for one in told)
    return ScanReport(
        where=where,
        scanner=driver.name.lower(),
        version=driver.semantic or driver.version,
        started_at=min(starts, default=None),
        created_at=min(ends or starts, default=None),
        image_id=image_id,
        digests=digests,
        unlisting=True,
        vulnerabilities=tuple(
            dict.fromkeys(
                found
                for run in log.runs
                for found in _vulnerabilities(run.results or (), run.tool.driver)
            )
        ),
    )


def _times(texts: Iterable[str]) -> list[datetime]:
    return [found for text in texts if (found := moment(text))]


def _check_success(run: _Run, where: str) -> None:
    for one in run.invocations:
        notices = (*one.notices, *one.settings)
        errors = [n.message.text if n.message else "" for n in notices if n.level == "error"]
        if not one.successful or errors:
            why = next((text[:200] for text in errors if text), "it does not say why")
            raise Unreadable(f"says that its run failed: {why}", where=where, remedy=_REMEDY)
    if run.results is None:
        what = "holds no list of results: nothing was looked at"
        raise Unreadable(what, where=where, remedy=_REMEDY)


def _named(run: _Run) -> tuple[str, tuple[str, ...]]:
    """Return by what a run names its image: the config's digest, those of manifests."""
    said = run.properties or {}
    return _text(said.get("imageID")), tuple(_digests(said))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _digests(properties: dict[str, Any]) -> Iterator[str]:
    said = properties.get("repoDigests")
    for text in said if isinstance(said, list) else ():
        digest = _text(text).rpartition("@")[2]
        if digest.startswith("sha256:"):
            yield digest


def _vulnerabilities(results: tuple[_Result, ...], driver: _Driver) -> Iterator[Vulnerability]:
    """Yield what each result is about; what the file calls suppressed counts: nobody vouches.

    Docker Scout lists at a rule every package that has the vulnerability: each is one of its own,
    so that an exception for one does not cover the others.
    """
    named = {one.id: one for one in reversed(driver.rules)}
    for made in results:
        if made.kind not in _PASSING:
            rule = _rule(made, driver, named)
            for purl in _purls(made, rule) or ("",):
                yield _vulnerability(made, rule, purl)


def _vulnerability(made: _Result, rule: _Rule, purl: str) -> Vulnerability:
    place = next(iter(made.locations), _Location())
    said = dict(_LINE.findall(made.message.text if made.message else ""))
    path = place.physical.artifact.uri if place.physical and place.physical.artifact else ""
    package, installed = _package(place, purl, said)
    kind = _kind(purl, rule)
    fixed, told = _fix(made, rule, said)
    id_ = _id(made.rule or rule.id, package) or "unnamed"
    cves = _CVE.findall(_brackets(rule))
    return Vulnerability(
        id=id_,
        aliases=aliases_of(id_, cves),
        several=cves_of(id_, cves),
        package=package or path or "unknown",
        purl=purl,
        installed=installed,
        fixed=fixed,
        fix_told=told,
        severity=_severity(made, rule, said),
        title=(rule.short.text if rule.short else made.message.text if made.message else "")[
            :LONGEST_TITLE
        ],
        url=rule.help_uri,
        kind=kind,
        path="" if kind.startswith("os/") else path,
    )


def _id(rule: str, package: str) -> str:
    """Return the vulnerability that a rule is about, without the package that Grype puts behind."""
    if known := _BEGINNING.match(rule):
        return known[1]
    return rule.removesuffix(f"-{package}") if package and is_bulletin(rule) else rule


def _brackets(rule: _Rule) -> str:
    """Return what Snyk puts in front of a package: `(CVE-2026-1000) openssl@3.0`."""
    text = rule.full.text if rule.full else ""
    return text.partition(")")[0] if text.startswith("(") else ""


def _kind(purl: str, rule: _Rule) -> str:
    """Return the sort of a package, by its package URL, or by what Trivy calls its rule."""
    scheme = purl.removeprefix("pkg:").partition("/")[0] or "unknown"
    system = scheme in _SYSTEM or (not purl and rule.name == "OsPackageVulnerability")
    return f"{'os' if system else 'library'}/{scheme}"


def _package(place: _Location, purl: str, said: Mapping[str, str]) -> tuple[str, str]:
    """Return a package's name and version, wherever the tool says them."""
    if said.get("Package"):
        return said["Package"], said.get("Installed Version", "")
    if purl:
        return unquote(versionless(purl).rpartition("/")[2]), version_of(purl)
    logical = next((one.name for one in place.logical if one.name), "")
    name, _, version = logical.rpartition("@")
    return (name, version) if name else (logical, "")


def _fix(made: _Result, rule: _Rule, said: Mapping[str, str]) -> tuple[tuple[str, ...], bool]:
    """Return the versions with the fix, and whether the tool says at all that there is one."""
    for properties in (made.properties or {}, rule.properties or {}):
        if "fixed_version" in properties:
            text = _text(properties["fixed_version"])
            return _versions(text), True
    return _versions(said.get("Fixed Version", "")), "Fixed Version" in said


def _versions(text: str) -> tuple[str, ...]:
    split = (one.strip() for one in text.split(","))
    return tuple(one for one in split if one.lower() not in _UNFIXED)


def _rule(made: _Result, driver: _Driver, named: Mapping[str, _Rule]) -> _Rule:
    """Return a result's rule; an index may lead to another tool component's rules."""
    if 0 <= made.index < len(driver.rules):
        rule = driver.rules[made.index]
        if not made.rule or f"{made.rule}/".startswith(f"{rule.id}/"):
            return rule
    return named.get(made.rule) or _Rule(id=made.rule)


def _purls(made: _Result, rule: _Rule) -> tuple[str, ...]:
    """Return the package URLs of the result itself, else those of its rule."""
    for properties in (made.properties or {}, rule.properties or {}):
        said = properties.get("purls") or properties.get("purl")
        texts = (_text(text) for text in (said if isinstance(said, list) else [said]))
        if found := tuple(text for text in texts if text.startswith("pkg:")):
            return found
    return ()


def _severity(made: _Result, rule: _Rule, said: Mapping[str, str]) -> Severity:
    """Return the score's severity (what GitHub reads), else a word, else what the level means.

    A level stands for a severity only where the tool rates nothing: Trivy gives `note` to what it
    knows no severity of, with a score of "0.0", and that is unknown, not low.
    """
    words = [said["Severity"]] if said.get("Severity") else []
    scored = False
    for properties in (made.properties or {}, rule.properties or {}):
        if "security-severity" in properties:
            scored = True
            found = _of_score(properties["security-severity"])
            if found is not Severity.UNKNOWN:
                return found
        tags = properties.get("tags")
        words += [_text(properties.get(key)) for key in ("cvssV3_severity", "severity")]
        words += [_text(tag) for tag in tags] if isinstance(tags, list) else []
    known = [severity_of(word) for word in words]
    worst = max((one for one in known if one is not Severity.UNKNOWN), key=_rank, default=None)
    unrated = scored or any(word.lower() in _UNRATED for word in words)
    return worst or (Severity.UNKNOWN if unrated else _LEVELS.get(made.level, Severity.UNKNOWN))


def _rank(severity: Severity) -> int:
    return severity.rank


def _of_score(said: object) -> Severity:
    try:
        return severity_of_score(float(said))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return Severity.UNKNOWN


SCANNER = Scanner(
    name="sarif",
    title="SARIF 2.1.0 (Docker Scout, Snyk, Clair and others)",
    recognises=recognises,
    read=read,
    samples=(
        Sample(path="sarif/2.1.0/scout.json", real=False, tool="Docker Scout"),
        Sample(path="sarif/2.1.0/trivy.json", real=True, tool="trivy 0.68.2 (SARIF)"),
    ),
)
