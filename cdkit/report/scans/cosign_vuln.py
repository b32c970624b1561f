"""The predicate of cosign's vulnerability attestation, for `cosign attest --type vuln`.

Source: sigstore/cosign, specs/COSIGN_VULN_ATTESTATION_SPEC.md. Times are those of the scan: of a
report that was made elsewhere its own. Where it has none they are left out, which cosign writes as
the year 1 and a policy about the scan's age refuses. The database's date is the scanner's own.
"""

from typing import Any

from cdkit.core.documents.purl import Purl
from cdkit.report.json_text import json_text
from cdkit.report.report import Report
from cdkit.report.scan import ScanFormat, Scanned

Json = dict[str, Any]


def render(report: Report, scanned: Scanned) -> str:
    """Return the predicate; `result` says what was found, the suppressed with why."""
    context = report.context
    predicate: Json = {
        "invocation": {
            "parameters": [],
            "uri": scanned.url,
            "event_id": context.build_id,
            "builder.id": context.system,
        },
        "scanner": {
            "uri": _purl(scanned.tool, scanned.version),
            "version": scanned.version,
            "db": {"uri": "", "version": scanned.database_version},
            "result": {
                "verdict": report.verdict.answer.value,
                "databaseUpdatedAt": scanned.database_date,
                "numbers": scanned.numbers,
                "leftOut": scanned.left_out,
                "cannotTell": scanned.doubts,
                "madeElsewhere": scanned.elsewhere,
                "judgedAt": scanned.judged,
                "findings": report.findings,
            },
        },
        "metadata": _times(scanned),
    }
    return json_text(predicate)


def _purl(tool: str, version: str) -> str:
    """Return the scanner as a package URL; a made report may call it anything."""
    return str(Purl(type="generic", name=tool, version=version)) if tool else ""


def _times(scanned: Scanned) -> Json:
    times = {"scanStartedOn": scanned.started, "scanFinishedOn": scanned.ended}
    return {name: time for name, time in times.items() if time}


FORMAT = ScanFormat(name="cosign-vuln", render=render)
