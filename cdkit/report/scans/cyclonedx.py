"""CycloneDX 1.6 (JSON): the packages of an image, and the vulnerabilities in them.

Source: cyclonedx.org, JSON reference 1.6.
"""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cdkit.core.documents.inventory import Component
from cdkit.core.escape import terminal
from cdkit.core.finding import Finding, Severity
from cdkit.core.names import TOOL
from cdkit.report.json_text import json_text
from cdkit.report.report import Report
from cdkit.report.scan import ScanFormat, Scanned, https, written_purl

Json = dict[str, Any]
_SEVERITY = {severity: severity.value for severity in Severity}


def render(report: Report, scanned: Scanned) -> str:
    """Return one document; what is suppressed says so in its analysis."""
    name, _, version = TOOL.partition(" ")
    refs = {component: f"package-{n}" for n, component in enumerate(scanned.inventory, start=1)}
    bom: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, scanned.key)}",
        "version": 1,
        "metadata": {
            **({"timestamp": scanned.ended} if scanned.ended else {}),
            "tools": {"components": [_tool(name, version), _tool(scanned.tool, scanned.version)]},
            "component": _image(scanned),
            "properties": list(_properties(report, scanned)),
        },
        "components": [_component(component, ref) for component, ref in refs.items()],
        "compositions": [_composition(scanned)],
        "vulnerabilities": list(_vulnerabilities(report.findings, refs)),
    }
    return json_text(bom)


def _composition(scanned: Scanned) -> Json:
    """Return how whole the list is: what a scanner sees of an image is never known to be all."""
    whole = not scanned.doubts and not scanned.left_out
    return {"aggregate": "unknown" if whole else "incomplete", "assemblies": ["image"]}


def _properties(report: Report, scanned: Scanned) -> Iterator[Json]:
    """Yield the answer, and what may be missing: whoever reads an empty list should see why."""
    yield {"name": "cdkit:verdict", "value": report.verdict.answer.value}
    for doubt in scanned.doubts:
        yield {"name": "cdkit:cannot-tell", "value": terminal(doubt)}
    if scanned.left_out:
        yield {"name": "cdkit:left-out", "value": str(scanned.left_out)}
    if scanned.database_date:
        yield {"name": "cdkit:database", "value": scanned.database_date}


def _tool(name: str, version: str) -> Json:
    return {"type": "application", "name": name or "unknown"} | (
        {"version": version} if version else {}
    )


def _image(scanned: Scanned) -> Json:
    image: Json = {"bom-ref": "image", "type": "container", "name": scanned.name or "image"}
    if scanned.digest:
        image["version"] = scanned.digest
        hexadecimal = scanned.digest.partition(":")[2]
        image["hashes"] = [{"alg": "SHA-256", "content": hexadecimal}]
    return image | ({"purl": scanned.purl} if scanned.purl else {})


def _component(made: Component, ref: str) -> Json:
    written: Json = {"bom-ref": ref, "type": "library", "name": made.name or "unnamed"}
    if made.version:
        written["version"] = made.version
    if made.licenses:
        written["licenses"] = [{"license": {"name": name}} for name in made.licenses if name]
    if purl := written_purl(made.purl):
        written["purl"] = purl
    facts = {"cdkit:kind": made.kind, "cdkit:path": made.path, "cdkit:layer": made.layer}
    written["properties"] = [{"name": k, "value": v} for k, v in facts.items() if v]
    return written


def _vulnerabilities(findings: tuple[Finding, ...], refs: dict[Component, str]) -> Iterator[Json]:
    """Yield each vulnerability once, with every package that it is in."""
    places: dict[tuple[str, str], str] = {}
    for component, ref in refs.items():
        places.setdefault((component.name, component.version), ref)
        places.setdefault((component.purl, ""), ref)
    seen: dict[tuple[str, str], Json] = {}
    for finding in findings:
        facts = finding.properties
        if "package" not in facts:
            continue
        found = places.get((finding.about, "")) or places.get(
            (facts["package"], facts.get("installed", ""))
        )
        key = (finding.rule, finding.suppressed.reason if finding.suppressed else "")
        written = seen.setdefault(key, _vulnerability(finding))
        if found:
            affects = written.setdefault("affects", [])
            if {"ref": found} not in affects:
                affects.append({"ref": found})
    yield from seen.values()


def _vulnerability(finding: Finding) -> Json:
    facts = finding.properties
    rating: Json = {"severity": _SEVERITY[finding.severity]}
    if score := facts.get("security-severity"):
        rating["score"] = float(score)
    if facts.get("cvss"):
        rating["vector"] = facts["cvss"]
    written: Json = {"id": finding.rule, "ratings": [rating], "description": finding.message}
    if url := https(facts.get("url") or ""):
        written["source"] = {"url": url}
    if facts.get("aliases"):
        names = facts["aliases"].split(", ")
        written["references"] = [{"id": name, "source": {"name": "alias"}} for name in names]
    if finding.fix:
        written["recommendation"] = finding.fix.summary
    if facts.get("published"):
        written["published"] = f"{facts['published']}T00:00:00Z"
    return written | ({"analysis": _analysis(finding)} if finding.suppressed else {})


def _analysis(finding: Finding) -> Json:
    """Return what a VEX said; an exception is no "not affected": somebody answers for it."""
    why = finding.suppressed
    detail = why.reason if why else ""
    if detail.startswith("not_affected"):
        return {"state": "not_affected", "detail": detail}
    if detail.startswith("fixed"):
        return {"state": "resolved", "detail": detail}
    until = f" (until {why.expires})" if why and why.expires else ""
    return {"state": "exploitable", "response": ["will_not_fix"], "detail": f"{detail}{until}"}


FORMAT = ScanFormat(name="cyclonedx", render=render)
