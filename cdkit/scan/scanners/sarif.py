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

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan import sarif as shapes
from cdkit.scan.foreign import (
    LONGEST_TITLE,
    aliases_of,
    cves_of,
    moment,
    read_whole,
    severity_of,
    severity_of_score,
)
from cdkit.scan.key import is_bulletin, is_cve
from cdkit.scan.report import Cvss, ScanReport, Vulnerability, version_of, versionless
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "let the scanner write its SARIF again; its own JSON says more"
_DECIDING = frozenset({"results", "driver", "extensions"})
"""Parts of a run that say what was found and how severe it is."""

_SCORE = "security-severity"
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}
_SYSTEM = frozenset({"apk", "deb", "rpm", "alpm"})
_PASSING = frozenset({"pass", "notApplicable"})
_UNFIXED = frozenset({"", "not fixed", "none"})
_UNRATED = frozenset({"unknown", "unspecified", "undefined", "untriaged"})
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.ASCII)
_BEGINNING = re.compile(
    r"(CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3})(?![0-9a-z])", re.ASCII | re.IGNORECASE
)
_LINE = re.compile(r"^(Package|Installed Version|Fixed Version|Severity): ?(.*)$", re.MULTILINE)
"""What Trivy says of a package in the text of a result."""


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a SARIF log."""
    return head.lstrip().startswith(b"{") and b'"runs"' in head and b'"2.1.0"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a log of one tool's runs. Raises Unreadable where it is none, or where a run failed."""
    log = read_whole(stream, shapes.Log, where, _REMEDY)
    drivers = {run.tool.driver.name for run in log.runs}
    if log.version != "2.1.0" or len(drivers) != 1:
        what = f"is of version {log.version[:20]!r} with runs of {len(drivers)} tools, not of one"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    apart = (*log.inline, *(run.elsewhere or {} for run in log.runs))
    if any(one.get(part) for one in apart for part in _DECIDING):
        what = "keeps parts of its runs apart from them, which may be results"
        raise Unreadable(what, where=where, remedy="have it written as one log in one file")
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
                found for run in log.runs for found in _vulnerabilities(run.results or (), run.tool)
            )
        ),
    )


def _times(texts: Iterable[str]) -> list[datetime]:
    return [found for text in texts if (found := moment(text))]


def _check_success(run: shapes.Run, where: str) -> None:
    for one in run.invocations:
        notices = (*one.notices, *one.settings)
        errors = [n.message.text if n.message else "" for n in notices if n.level == "error"]
        if not one.successful or errors:
            why = next((text[:200] for text in errors if text), "it does not say why")
            raise Unreadable(f"says that its run failed: {why}", where=where, remedy=_REMEDY)
    if run.results is None:
        what = "holds no list of results: nothing was looked at"
        raise Unreadable(what, where=where, remedy=_REMEDY)


def _named(run: shapes.Run) -> tuple[str, tuple[str, ...]]:
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


def _vulnerabilities(
    results: tuple[shapes.Result, ...], tool: shapes.ToolOf
) -> Iterator[Vulnerability]:
    """Yield what each result is about; what the file calls suppressed counts: nobody vouches.

    Docker Scout lists at a rule every package that has the vulnerability: each is one of its own,
    so that an exception for one does not cover the others.
    """
    named = {one.id: one for one in reversed(tuple(tool.rules))}
    for made in results:
        if made.kind not in _PASSING and made.baseline != "absent":
            rule = _rule(made, tool, named)
            for purl in _purls(made, rule) or ("",):
                yield _vulnerability(made, rule, purl, tool.driver.name.lower())


def _vulnerability(
    made: shapes.Result, rule: shapes.Rule, purl: str, scanner: str
) -> Vulnerability:
    place = next(iter(made.locations), shapes.Location())
    said = dict(_LINE.findall(made.message.text if made.message else ""))
    path = place.physical.artifact.uri if place.physical and place.physical.artifact else ""
    package, installed = _package(place, purl, said)
    kind = _kind(purl, rule)
    fixed, told = _fix(made, rule, said)
    id_ = _id(made.rule or rule.id, package) or "unnamed"
    names = [*_CVE.findall(_brackets(rule)), *map(_name, rule.former)]
    return Vulnerability(
        id=id_,
        aliases=aliases_of(id_, names),
        several=cves_of(id_, names) or _mentioned(made, rule, (id_, *names)),
        package=package or path or "unknown",
        purl=purl,
        installed=installed,
        fixed=fixed,
        fix_told=told,
        severity=_severity(made, rule, said),
        cvss=tuple(Cvss(source=scanner, score=score) for score in _scores(made, rule)),
        title=(rule.short.text if rule.short else made.message.text if made.message else "")[
            :LONGEST_TITLE
        ],
        url=rule.help_uri,
        kind=kind,
        path="" if kind.startswith("os/") else path,
    )


def _id(rule: str, package: str) -> str:
    """Return the vulnerability that a rule is about, without the package that is put behind it.

    Grype writes `CVE-2026-1000-openssl`, JFrog's Xray `CVE-2026-1000_openssl_3.0`.
    """
    if known := _BEGINNING.match(rule):
        return _name(known[1])
    return rule.removesuffix(f"-{package}") if package and is_bulletin(rule) else rule


def _name(text: str) -> str:
    """Return the name of a vulnerability as everybody else writes it, whatever its letters' case.

    CISA's and FIRST's files, exceptions and other scanners know it by that alone.
    """
    found = _BEGINNING.fullmatch(text)
    if not found:
        return text
    scheme, _, rest = text.partition("-")
    return f"{scheme.upper()}-{rest.lower()}"


def _mentioned(made: shapes.Result, rule: shapes.Rule, names: Iterable[str]) -> tuple[str, ...]:
    """Return the CVEs that a text names where no name is one: Prisma Cloud's rules have numbers.

    They lead to what is known of attacks, and excuse nothing.
    """
    if any(map(is_cve, names)):
        return ()
    texts = (one.text for one in (rule.short, made.message) if one)
    return tuple(dict.fromkeys(_CVE.findall("\n".join((rule.name, *texts)))))


def _brackets(rule: shapes.Rule) -> str:
    """Return what Snyk puts in front of a package: `(CVE-2026-1000) openssl@3.0`."""
    text = rule.full.text if rule.full else ""
    return text.partition(")")[0] if text.startswith("(") else ""


def _kind(purl: str, rule: shapes.Rule) -> str:
    """Return the sort of a package, by its package URL, or by what Trivy calls its rule."""
    scheme = purl.removeprefix("pkg:").partition("/")[0] or "unknown"
    system = scheme in _SYSTEM or (not purl and rule.name == "OsPackageVulnerability")
    return f"{'os' if system else 'library'}/{scheme}"


def _package(place: shapes.Location, purl: str, said: Mapping[str, str]) -> tuple[str, str]:
    """Return a package's name and version, wherever the tool says them."""
    if said.get("Package"):
        return said["Package"], said.get("Installed Version", "")
    if purl:
        return unquote(versionless(purl).rpartition("/")[2]), version_of(purl)
    logical = next((one.name for one in place.logical if one.name), "")
    name, _, version = logical.rpartition("@")
    return (name, version) if name else (logical, "")


def _fix(
    made: shapes.Result, rule: shapes.Rule, said: Mapping[str, str]
) -> tuple[tuple[str, ...], bool]:
    """Return the versions with the fix, and whether the tool says at all that there is one."""
    for properties in (made.properties or {}, rule.properties or {}):
        if "fixed_version" in properties:
            text = _text(properties["fixed_version"])
            return _versions(text), True
    return _versions(said.get("Fixed Version", "")), "Fixed Version" in said


def _versions(text: str) -> tuple[str, ...]:
    split = (one.strip() for one in text.split(","))
    return tuple(one for one in split if one.lower() not in _UNFIXED)


def _rule(
    made: shapes.Result, tool: shapes.ToolOf, named: Mapping[str, shapes.Rule]
) -> shapes.Rule:
    """Return a result's rule; an index may lead to another tool component's rules."""
    said = made.reference or shapes.Reference()
    at = said.component.index if said.component else -1
    part = tool.extensions[at] if 0 <= at < len(tool.extensions) else tool.driver
    index = made.index if made.index >= 0 else said.index
    if 0 <= index < len(part.rules):
        rule = part.rules[index]
        if not made.rule or f"{made.rule}/".startswith(f"{rule.id}/"):
            return rule
    return named.get(made.rule) or shapes.Rule(id=made.rule)


def _purls(made: shapes.Result, rule: shapes.Rule) -> tuple[str, ...]:
    """Return the package URLs of the result itself, else those of its rule."""
    for properties in (made.properties or {}, rule.properties or {}):
        said = properties.get("purls") or properties.get("purl")
        texts = (_text(text) for text in (said if isinstance(said, list) else [said]))
        if found := tuple(text for text in texts if text.startswith("pkg:")):
            return found
    return ()


def _severity(made: shapes.Result, rule: shapes.Rule, said: Mapping[str, str]) -> Severity:
    """Return the score's severity (what GitHub reads), else a word, else what the level means.

    A level stands for a severity only where the tool rates nothing: Trivy gives `note` to what it
    knows no severity of, with a score of "0.0", and that is unknown, not low.
    """
    words = [said["Severity"]] if said.get("Severity") else []
    scored = False
    for score in _scores(made, rule):
        if (found := severity_of_score(score)) is not Severity.UNKNOWN:
            return found
    for properties in (made.properties or {}, rule.properties or {}):
        scored = scored or _SCORE in properties
        tags = properties.get("tags")
        words += [_text(properties.get(key)) for key in ("cvssV3_severity", "severity")]
        words += [_text(tag) for tag in tags] if isinstance(tags, list) else []
    known = [severity_of(word) for word in words]
    worst = max((one for one in known if one is not Severity.UNKNOWN), key=_rank, default=None)
    unrated = scored or any(word.lower() in _UNRATED for word in words)
    level = made.level
    if level is None and rule.default:
        level = rule.default.level
    return worst or (Severity.UNKNOWN if unrated else _LEVELS.get(level or "", Severity.UNKNOWN))


def _rank(severity: Severity) -> int:
    return severity.rank


def _scores(made: shapes.Result, rule: shapes.Rule) -> Iterator[float]:
    """Yield the scores of the result and of its rule; 0.0 is what tools write that know none."""
    for properties in (made.properties or {}, rule.properties or {}):
        said = properties.get(_SCORE)
        try:
            score = float(said) if isinstance(said, str | int | float) else 0.0
        except (ValueError, OverflowError):
            continue
        if 0 < score <= 10 and not isinstance(said, bool):
            yield score


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
