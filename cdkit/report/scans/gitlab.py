"""GitLab's container scanning report, 15.0.7: `artifacts: {reports: {container_scanning: …}}`.

Source: GitLab, security-report-schemas, container-scanning-report-format.json 15.0.7. An instance
that is older than a report's version refuses it, and 15.0.7 is taken by all that are supported.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cdkit.core.escape import terminal
from cdkit.core.finding import Finding, Severity, fingerprint
from cdkit.core.names import TOOL
from cdkit.core.verdict import Answer
from cdkit.report.json_text import json_text
from cdkit.report.report import Report, answer_words, reasons_of
from cdkit.report.scan import ScanFormat, Scanned, https

Json = dict[str, Any]
VERSION = "15.0.7"
LONGEST_NAME = 255
LONGEST_SOLUTION = 7_000
LONGEST_MESSAGE = 1_000
LONGEST_DESCRIPTION = 1_048_576
_SEVERITY = {
    Severity.UNKNOWN: "Unknown",
    Severity.INFO: "Info",
    Severity.LOW: "Low",
    Severity.MEDIUM: "Medium",
    Severity.HIGH: "High",
    Severity.CRITICAL: "Critical",
}
_TYPES = {"CVE": "cve", "GHSA": "ghsa", "RHSA": "rhsa", "USN": "usn", "OSVDB": "osvdb"}
_METRICS = (
    "AV:[NALP]", "AC:[LH]", "PR:[NLH]", "UI:[NR]", "S:[UC]", "[CIA]:[NLH]", "E:[XUPFH]",
    "RL:[XOTWU]", "RC:[XURC]", "[CIA]R:[XLMH]", "MAV:[XNALP]", "MAC:[XLH]", "MPR:[XNLH]",
    "MUI:[XNR]", "MS:[XUC]", "M[CIA]:[XNLH]",
)  # fmt: skip
"""Metrics of CVSS 3.0 and 3.1 with their values (FIRST, CVSS v3.1, 6, "Vector String")."""
_VECTOR = re.compile(rf"(?=.{{32,128}}\Z)CVSS:3\.[01](?:/(?:{'|'.join(_METRICS)}))+", re.ASCII)
"""A vector that GitLab takes, of 32 to 128 characters; for another one it refuses the report."""


def render(report: Report, scanned: Scanned) -> str:
    """Return the report; what is suppressed is counted in a message and not listed."""
    name, _, version = TOOL.partition(" ")
    analyzer = {"id": name, "name": name, "version": version or "0", "vendor": {"name": name}}
    scanner = {
        "id": scanned.tool or "unknown",
        "name": scanned.tool or "unknown",
        "version": scanned.version or "unknown",
        "vendor": {"name": scanned.tool or "unknown"},
    }
    return json_text(
        {
            "version": VERSION,
            "scan": {
                "analyzer": analyzer,
                "scanner": scanner,
                "start_time": _time(scanned.started or scanned.judged),
                "end_time": _time(scanned.ended or scanned.judged),
                "status": "failure" if scanned.doubts else "success",
                "type": "container_scanning",
                "messages": list(_messages(report, scanned)),
            },
            "vulnerabilities": list(_vulnerabilities(report, scanned)),
        }
    )


def _time(text: str) -> str:
    """Return a time as the schema wants it: UTC without a zone."""
    return text[:19]


def _messages(report: Report, scanned: Scanned) -> Iterator[Json]:
    for answer in (Answer.CANNOT_TELL, Answer.NO):
        for reason in reasons_of(report, answer):
            level = "fatal" if answer is Answer.CANNOT_TELL else "warn"
            where = f"{reason.where}: " if reason.where else ""
            told = f"{answer_words(answer)}: {where}{reason.what}"
            yield {"level": level, "value": terminal(told)[:LONGEST_MESSAGE]}
    if not scanned.ended:
        what = "the report does not say when it was scanned; the times are those of the judgement"
        yield {"level": "warn", "value": what}
    if count := len(report.suppressed_findings):
        yield {"level": "info", "value": f"{count} findings are excepted and not listed"}
    if scanned.left_out:
        yield {"level": "warn", "value": f"{scanned.left_out} findings are counted and not listed"}


def _vulnerabilities(report: Report, scanned: Scanned) -> Iterator[Json]:
    """Yield each open finding under an id of its own, the same in each run on this image.

    Platforms with different versions of a package share a fingerprint, and are both listed.
    """
    seen: Counter[str] = Counter()
    for finding in report.open_findings:
        facts = finding.properties
        parts = (scanned.image, finding.fingerprint, facts.get("platforms", ""), finding.about)
        name = fingerprint(*parts)
        seen[name] += 1
        yield _vulnerability(finding, str(uuid5(NAMESPACE_URL, f"{name}:{seen[name]}")), scanned)


def _vulnerability(finding: Finding, id_: str, scanned: Scanned) -> Json:
    facts = finding.properties
    package = facts.get("package") or facts.get("path") or finding.about or "unknown"
    written: Json = {
        "id": id_,
        "name": terminal(finding.rule)[:LONGEST_NAME] or "unnamed",
        "description": terminal(finding.message)[:LONGEST_DESCRIPTION],
        "severity": _SEVERITY[finding.severity],
        "identifiers": list(_identifiers(finding)),
        "location": {
            "dependency": {
                "package": {"name": terminal(package)},
                "version": terminal(facts.get("installed", "")),
            },
            "operating_system": scanned.system or "unknown",
            "image": scanned.image or "unknown",
        },
    }
    if finding.fix:
        written["solution"] = terminal(finding.fix.summary)[:LONGEST_SOLUTION]
    if url := https(facts.get("url", "")):
        written["links"] = [{"url": url}]
    if _VECTOR.fullmatch(facts.get("cvss", "")):
        written["cvss_vectors"] = [{"vendor": "unknown", "vector": facts["cvss"]}]
    return written


def _identifiers(finding: Finding) -> Iterator[Json]:
    aliases = [name for name in finding.properties.get("aliases", "").split(", ") if name]
    url = https(finding.properties.get("url", ""))
    for number, name in enumerate(dict.fromkeys((finding.rule, *aliases))):
        clean = terminal(name).strip()[:LONGEST_NAME] or "unnamed"
        identifier = {
            "type": _TYPES.get(clean.partition("-")[0], "other"),
            "name": clean,
            "value": clean,
        }
        yield identifier | ({"url": url} if url and not number else {})


FORMAT = ScanFormat(name="gitlab", render=render, says_failure=True)
