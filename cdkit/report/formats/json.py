"""JSON: the whole report as a versioned document, for programs."""

from cdkit.core.finding import Severity
from cdkit.report.document import ReportDocument
from cdkit.report.json_text import json_text
from cdkit.report.report import Format, Report


def render(report: Report) -> str:
    """Return the report as a document of kind `report`, version 1 (schemas/report/v1.json)."""
    return json_text(document_of(report))


def document_of(report: Report) -> ReportDocument:
    """Return the document that the JSON holds."""
    found = report.open_findings
    counts = {
        severity.value: sum(finding.severity is severity for finding in found)
        for severity in Severity
    }
    return ReportDocument(
        version=1,
        step=report.step,
        question=report.question,
        verdict=report.verdict,
        counts={**counts, "suppressed": len(report.suppressed_findings)},
        tool=report.tool,
        context=report.context,
        replay=report.replay,
        subject=report.subject,
        record=report.record,
        outputs=report.outputs,
        findings=report.findings,
        rules=report.rules,
        tables=report.tables,
        notes=report.notes,
        data=report.data,
    )


FORMAT = Format(name="json", render=render)
