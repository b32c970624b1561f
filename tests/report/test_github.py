from __future__ import annotations

import re

import pytest

from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.verdict import Verdict, cannot_tell, judge, no, yes
from cdkit.report.formats.github import annotate
from cdkit.report.report import Report, render

NO = judge([no("it breaks", remedy="mend it", where=Location(path="a", line=1), rule="r1")])
YES = judge([yes("fine")])


def finding(
    number: int, severity: Severity = Severity.HIGH, where: Location | None = None
) -> Finding:
    where = where or Location(path="a", line=number)
    name = f"r{number}"
    return Finding(
        rule=name, severity=severity, message=f"m{number}", fingerprint=name, locations=(where,)
    )


def written(*findings: Finding, verdict: Verdict = NO) -> list[str]:
    return render("github", Report(step="lint", verdict=verdict, findings=findings)).splitlines()


def of(level: str, lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(f"::{level} ")]


@pytest.mark.parametrize(
    ("severity", "level"),
    [(Severity.HIGH, "error"), (Severity.MEDIUM, "warning"), (Severity.LOW, "notice")],
)
def test_the_last_of_ten_counts_the_rest(severity: Severity, level: str) -> None:
    lines = of(level, written(*(finding(n, severity) for n in range(2, 16)), finding(1)))
    shown = [line for line in lines if "title=lint%3A r1:" not in line]
    assert len(lines) == 10
    assert "more of this kind" in lines[-1]
    assert not any("more of this kind" in line for line in shown[:-1])


def test_ten_are_all_shown() -> None:
    lines = of("error", written(*(finding(number) for number in range(1, 11))))
    assert [re.sub(".*::", "", line) for line in lines] == [
        "m1%0AWhat to do: mend it",
        *(f"m{number}" for number in range(2, 11)),
    ]


def test_what_is_not_annotated_stands_in_the_log() -> None:
    lines = written(*(finding(number) for number in range(1, 14)))
    begin = lines.index("::group::lint: 4 not annotated")
    assert lines[begin + 1 :] == [
        *(f"lint: r{number}: a:{number}: m{number}" for number in range(10, 14)),
        "::endgroup::",
    ]


def test_the_worst_come_first() -> None:
    many = [finding(number) for number in range(2, 12)]
    lines = of("error", written(*many, finding(50, Severity.CRITICAL)))
    assert "r50::" in lines[1]


def test_what_decided_is_an_error_and_comes_first_whatever_its_severity() -> None:
    lines = of("error", written(finding(2), finding(1, Severity.LOW)))
    assert [line.partition("title=lint%3A ")[2][:2] for line in lines] == ["r1", "r2"]


def test_under_a_yes_nothing_is_an_error() -> None:
    lines = written(finding(1, Severity.CRITICAL), verdict=YES)
    assert of("error", lines) == []
    assert len(of("warning", lines)) == 1


def test_a_cannot_tell_is_an_error_with_its_remedy() -> None:
    verdict = judge([cannot_tell("the file is cut off", remedy="record it again")])
    assert written(verdict=verdict) == [
        "::error title=lint%3A cannot tell::the file is cut off%0AWhat to do: record it again"
    ]


def test_a_long_message_is_cut_before_it_is_escaped() -> None:
    verdict = judge([no("%" * 5000, remedy="")])
    (line,) = written(verdict=verdict)
    message = line.rpartition("::")[2]
    assert message == "%25" * 4095 + "…"


def test_a_cut_does_not_halve_a_character() -> None:
    (line,) = written(verdict=judge([no("a" + "😀" * 3000, remedy="")]))
    message = line.rpartition("::")[2]
    assert message == "a" + "😀" * 2047 + "…"


def test_a_suppressed_finding_is_not_annotated() -> None:
    from tests.report.cases import report

    assert "blocking-index" not in render("github", report("closed-migration"))


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        (Location(path="a", line=0), "file=a"),
        (Location(path="a", line=3), "file=a,line=3"),
        (Location(path="a", line=3, column=2), "file=a,line=3,col=2"),
        (Location(path="a", line=3, column=2, end_column=9), "file=a,line=3,col=2,endColumn=9"),
        (Location(path="a", line=3, column=2, end_line=5, end_column=1), "file=a,line=3,endLine=5"),
    ],
)
def test_columns_are_given_only_where_the_end_is_on_the_same_line(
    where: Location, shown: str
) -> None:
    (line,) = of("warning", written(finding(1, where=where), verdict=YES))
    assert line.startswith(f"::warning {shown},title=")


def test_several_reports_in_one_step_share_its_ten() -> None:
    def of_step(step: str) -> Report:
        found = tuple(finding(number) for number in range(2, 9))
        return Report(step=step, verdict=judge([no("n", remedy="r")]), findings=found)

    lines = annotate((of_step("lint"), of_step("scan"))).splitlines()
    assert len(of("error", lines)) == 10
    assert "::group::lint, scan: 7 not annotated" in lines


def test_a_reason_for_yes_is_a_debug_message() -> None:
    assert written(verdict=judge([yes("all is well\n::error::x")])) == [
        "::debug::lint: yes: all is well ::error::x"
    ]
