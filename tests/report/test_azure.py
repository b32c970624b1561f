from __future__ import annotations

from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.verdict import judge, no, yes
from cdkit.report.report import Report, annotate, render

NO = judge([no("100% broken", remedy="mend it", where=Location(path="a;b]", line=1, column=2))])


def finding(number: int, severity: Severity = Severity.HIGH) -> Finding:
    name = f"r{number}"
    where = Location(path="a", line=number)
    return Finding(
        rule=name, severity=severity, message=f"m{number}", fingerprint=name, locations=(where,)
    )


def test_an_error_stands_at_its_place_with_its_remedy() -> None:
    assert render("azure", Report(step="lint", verdict=NO)) == (
        "##vso[task.logissue type=error;sourcepath=a%3Bb%5D;linenumber=1;columnnumber=2;]"
        "lint: no: 100%AZP25 broken%0AWhat to do: mend it\n"
    )


def test_a_notice_is_a_line_of_the_log() -> None:
    shown = render(
        "azure", Report(step="lint", verdict=NO, findings=(finding(2, Severity.LOW),))
    ).splitlines()
    assert shown[1:] == ["lint: r2: a:2: m2"]


def test_what_the_agent_would_not_keep_is_a_group_of_the_log() -> None:
    found = tuple(finding(number) for number in range(1, 13))
    shown = render("azure", Report(step="lint", verdict=NO, findings=found)).splitlines()
    issues = [line for line in shown if line.startswith("##vso[")]
    assert len(issues) == 10
    assert issues[-1].endswith("4 more of this kind: see the step's log and the summary of the job")
    assert shown[10:] == [
        "##[group]lint: 4 not annotated",
        *(f"lint: r{number}: a:{number}: m{number}" for number in range(9, 13)),
        "##[endgroup]",
    ]


def test_several_steps_share_what_the_agent_keeps() -> None:
    reports = [
        Report(step=step, verdict=NO, findings=tuple(finding(n) for n in range(1, 8)))
        for step in ("lint", "scan")
    ]
    shown = annotate("azure", reports).splitlines()
    assert len([line for line in shown if line.startswith("##vso[")]) == 10


def test_a_format_that_no_system_counts_is_written_report_by_report() -> None:
    reports = [Report(step=step, verdict=judge([yes("fine")])) for step in ("lint", "scan")]
    assert annotate("text", reports) == "".join(render("text", report) for report in reports)
