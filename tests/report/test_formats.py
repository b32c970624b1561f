"""Code Quality, JUnit, Markdown and text: what each one's reader needs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml
from msgspec.structs import replace

from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.step import Table
from cdkit.core.verdict import judge, no, yes
from cdkit.report.formats.markdown import cut
from cdkit.report.report import Report, render
from tests.report.cases import CASES, report


def finding(**fields: Any) -> Finding:  # noqa: ANN401 - a struct's fields
    given = {"rule": "r", "severity": Severity.HIGH, "message": "m", "fingerprint": "f"} | fields
    return Finding(**given)


def issues(*findings: Finding) -> list[dict[str, Any]]:
    written = Report(step="lint", verdict=judge([yes("fine")]), findings=findings)
    told: list[dict[str, Any]] = json.loads(render("codequality", written))
    return told


@pytest.mark.parametrize("name", CASES)
def test_no_two_code_quality_issues_share_a_fingerprint(name: str) -> None:
    found = [issue["fingerprint"] for issue in json.loads(render("codequality", report(name)))]
    assert sorted(set(found)) == sorted(found)


def test_the_same_fingerprint_twice_stays_two_issues() -> None:
    first, second = issues(finding(), finding())
    assert first["fingerprint"] == "f"
    assert second["fingerprint"] != "f"


@pytest.mark.parametrize(
    ("severity", "shown"),
    [
        (Severity.CRITICAL, "blocker"),
        (Severity.HIGH, "critical"),
        (Severity.MEDIUM, "major"),
        (Severity.UNKNOWN, "major"),
        (Severity.LOW, "minor"),
        (Severity.INFO, "info"),
    ],
)
def test_a_severity_has_gitlabs_name(severity: Severity, shown: str) -> None:
    assert issues(finding(severity=severity))[0]["severity"] == shown


def test_what_decided_a_no_is_critical_at_least() -> None:
    where = Location(path="a", line=1)
    found = finding(severity=Severity.INFO, locations=(where,))
    reason = no("n", remedy="r", where=where, rule="r")
    written = Report(step="lint", verdict=judge([reason]), findings=(found,))
    (issue,) = json.loads(render("codequality", written))
    assert issue["severity"] == "critical"


@pytest.mark.parametrize(
    ("path", "shown"),
    [("./a/b.sql", "a/b.sql"), ("/a/b.sql", "a/b.sql"), ("a//b", "a/b"), ("", ".")],
)
def test_a_path_is_relative_and_its_line_begins_at_one(path: str, shown: str) -> None:
    (issue,) = issues(finding(locations=(Location(path=path),)))
    assert issue["location"] == {"path": shown, "lines": {"begin": 1}}


def test_code_quality_has_no_byte_order_mark() -> None:
    assert render("codequality", report("open-gate")) == "[]\n"


@pytest.mark.parametrize("name", CASES)
def test_another_reader_of_junit_counts_the_same(name: str) -> None:
    suites = JUnitXml.fromstring(render("junit", report(name)).encode())
    (suite,) = list(suites)
    cases = list(suite)
    results = [case.result[0]._tag if case.result else "passed" for case in cases]
    assert suite.tests == len(cases) > 0
    assert (suite.failures, suite.errors, suite.skipped) == (
        results.count("failure"),
        results.count("error"),
        results.count("skipped"),
    )


def test_in_junit_a_finding_under_a_yes_passes_and_says_what_it_is() -> None:
    written = Report(step="lint", verdict=judge([yes("fine")]), findings=(finding(),))
    shown = render("junit", written)
    assert 'failures="0"' in shown
    assert "<system-out>high: m</system-out>" in shown


def test_a_table_of_uneven_rows_keeps_its_columns() -> None:
    table = Table(heading="h", columns=("a", "b"), rows=(("1",), ("1", "2", "3"), ()))
    shown = render("markdown", replace(report("open-gate"), tables=(table,)))
    assert "| a | b |\n| --- | --- |\n| 1 |  |\n| 1 | 2 |\n|  |  |\n" in shown


def test_a_replay_is_the_first_thing_in_the_summary() -> None:
    assert render("markdown", report("replayed-gate")).startswith("> [!CAUTION]\n> **REPLAY")


def test_the_verdict_is_the_first_thing_in_a_summary_otherwise() -> None:
    assert render("markdown", report("cannot-tell-scan")).startswith(
        "## ❓ scan-image: cannot tell\n"
    )


def test_only_the_worst_thirty_findings_are_unfolded() -> None:
    found = tuple(finding(severity=Severity.LOW, message=f"low {n}") for n in range(30))
    written = Report(
        step="s", verdict=judge([yes("y")]), findings=(*found, finding(message="the worst"))
    )
    open_part, _, folded = render("markdown", written).partition("<details><summary>1 more")
    assert "the worst" in open_part
    assert "low 29" in folded


@pytest.mark.parametrize("name", CASES)
def test_every_table_row_of_a_summary_has_the_cells_of_its_head(name: str) -> None:
    width = 0
    for line in render("markdown", report(name)).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.split(r"(?<!\\)\|", line))
        assert cells == (width or cells)
        width = cells


def test_what_fits_is_not_cut() -> None:
    assert cut("a\nb\n", 4) == "a\nb\n"


def test_a_cut_falls_on_a_line_and_counts_what_is_left_out() -> None:
    text = "".join(f"line {number:03}\n" for number in range(100))
    assert cut(text, 120) == (
        "".join(f"line {number:03}\n" for number in range(7))
        + "\n\n**Cut here: 93 lines (837 bytes) are left out.**\n"
    )


@given(st.lists(st.text(max_size=30), max_size=40), st.integers(60, 400))
def test_a_cut_text_never_exceeds_the_limit_and_keeps_whole_lines(
    lines: list[str], limit: int
) -> None:
    text = "\n".join(lines)
    shown = cut(text, limit)
    assert len(shown.encode()) <= limit
    kept = shown.partition("\n\n**Cut here")[0] if shown != text else text
    assert text.startswith(kept)


def test_a_first_line_that_is_too_long_is_left_out_whole() -> None:
    assert cut("x" * 1000, 100) == "\n\n**Cut here: 1 lines (1000 bytes) are left out.**\n"


def test_text_shows_where_what_and_what_to_do() -> None:
    shown = render("text", report("cannot-tell-scan"))
    assert "  Dockerfile:3: low: zlib 1.3.0: reads past the end [CVE-2026-90001]\n" in shown
    assert "      what to do: upgrade zlib to 1.3.1\n" in shown


def test_text_puts_the_file_with_the_worst_finding_first() -> None:
    shown = render("text", report("closed-migration"))
    assert shown.index("0013_contract.sql:4") < shown.index("0012_totals.sql:7")


def test_text_names_the_command_that_explains_a_rule_without_a_fix() -> None:
    known = report("closed-migration")
    bare = replace(known, verdict=judge([no("n", remedy="r")]))
    assert "      what to do: cdkit explain drop-column\n" in render("text", bare)


def test_colours_do_not_let_foreign_colours_in() -> None:
    shown = render("text", replace(report("hostile"), colour=True))
    assert "\x1b[31ma" not in shown.replace("\x1b[31mcritical", "")
    assert set(re.findall("\x1b\\[[0-9;]*m", shown)) <= {
        f"\x1b[{code}m" for code in ("0", "1", "2", "31", "32", "33", "34", "1;31", "1;32", "1;33")
    }
