"""What a person reads of a scan first."""

from __future__ import annotations

from msgspec.structs import replace

from cdkit.core.finding import Finding, Location, Severity, Suppression
from cdkit.core.verdict import judge, yes
from cdkit.report.report import Report, render
from cdkit.steps.scan_summary import Bases, headline, upgrades

BASES = Bases(dockerfile="Dockerfile", names={1: "python:3.12-slim"})


def finding(rule: str = "CVE-1", line: int = 0, **facts: str) -> Finding:
    properties = {"package": "ssl", "installed": "1.0", "fixed": "1.1", "standing": "fails"} | facts
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        message="m",
        fingerprint=rule,
        locations=(Location(path="Dockerfile", line=line),) if line else (),
        properties={name: text for name, text in properties.items() if text},
    )


def rows(*findings: Finding) -> list[tuple[str, ...]]:
    (table,) = upgrades(findings, BASES)
    return list(table.rows)


def test_the_headline_counts_what_decides_and_then_how_bad_it_is() -> None:
    numbers = {"new": 2, "overdue": 0, "clocked": 1, "suppressed": 3, "high": 2, "low": 1}
    assert headline(numbers) == "2 fail at once, 1 on the clock, 3 excepted; 2 high, 1 low"


def test_a_clean_image_has_no_headline_and_nothing_to_do() -> None:
    assert headline({"new": 0, "high": 0}) == ""
    assert upgrades((), BASES) == ()


def test_one_upgrade_is_one_row_whatever_it_mends() -> None:
    assert rows(finding("CVE-1"), finding("CVE-2", standing="shown")) == [
        ("upgrade ssl from 1.0 to 1.1", "CVE-1, CVE-2", "high", "fails")
    ]


def test_branches_are_a_choice_and_several_fixes_ask_for_the_newest() -> None:
    assert rows(finding(fixed="2.1.4, 3.0.2"))[0][0] == "upgrade ssl from 1.0 to 2.1.4 or 3.0.2"
    both = rows(finding("CVE-1", fixed="1.1"), finding("CVE-2", fixed="1.3"))
    assert both[0][0] == "upgrade ssl from 1.0 to the newest of 1.1, 1.3"


def test_what_the_base_image_brought_is_one_row_that_names_it() -> None:
    found = rows(finding("CVE-1", line=1), finding("CVE-2", line=1, package="zlib"))
    assert found == [
        (
            "build on a newer base image: python:3.12-slim (Dockerfile:1) brings ssl, zlib",
            "CVE-1, CVE-2",
            "high",
            "fails",
        )
    ]


def test_no_newer_base_image_is_promised_to_mend_what_nobody_has_mended() -> None:
    assert rows(finding(line=1, fixed=""))[0][0] == "ssl 1.0: no fix yet"


def test_another_line_of_the_dockerfile_is_no_base_image() -> None:
    assert rows(finding(line=4))[0][0] == "upgrade ssl from 1.0 to 1.1"


def test_a_secret_is_to_be_mended_in_its_file() -> None:
    secret = finding("aws-key", package="", fixed="", kind="secret", path="srv/key")
    assert rows(secret)[0][0] == "mend the secret in srv/key"


def test_what_fails_stands_before_what_has_time_and_says_until_when() -> None:
    late = finding("CVE-1", standing="clocked", until="2026-12-24", package="a")
    soon = finding("CVE-2", standing="clocked", until="2026-12-01", package="b")
    more = finding("CVE-3", standing="clocked", until="2026-12-20", package="b")
    fails = replace(finding("CVE-4", package="c"), severity=Severity.LOW)
    assert [(row[1], row[3]) for row in rows(late, more, soon, fails)] == [
        ("CVE-4", "fails"),
        ("CVE-1", "on the clock until 2026-12-24"),
        ("CVE-3, CVE-2", "on the clock until 2026-12-01"),
    ]


def test_what_is_excepted_is_nothing_to_do() -> None:
    assert upgrades([replace(finding(), suppressed=Suppression(reason="r"))], BASES) == ()


def test_more_rows_than_a_person_reads_are_counted() -> None:
    (table,) = upgrades([finding(f"CVE-{n}", package=f"p{n}") for n in range(31)], BASES)
    assert table.heading == "What to do (the first 20 of 31)"
    assert len(table.rows) == 20


def test_the_summary_begins_with_the_counts_and_what_to_do() -> None:
    report = Report(
        step="scan-image",
        verdict=judge([yes("nothing that counts")]),
        findings=(finding(),),
        tables=upgrades([finding()], BASES),
        notes=("an exception ends soon",),
        headline="1 on the clock; 1 high",
    )
    shown = render("markdown", report)
    parts = [
        "## ✅ scan-image: yes — 1 on the clock; 1 high",
        "### What to do",
        "- an exception ends soon",
        "| Answer | Why |",
        "### 1 finding",
    ]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)
    assert shown.count("What to do |") == 3
    assert render("text", report).startswith("scan-image: yes: 1 on the clock; 1 high\n")
