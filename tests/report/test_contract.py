"""What holds for every format, whatever the report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cdkit.core.documents.document import Replay
from cdkit.core.errors import RequestError
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.verdict import Answer, Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.report.document import ReportDocument
from cdkit.report.report import Report, format_names, render
from tests.report.cases import CASES, report

FORMATS = format_names()
EVERY = pytest.mark.parametrize("form", FORMATS)
REPLAY = Replay(run="5f3a", at="2026-11-20T09:00:00Z")

TEXT = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    [
        "a\n::error::x",
        "##[add-mask]x",
        "##vso[task.setsecret]x",
        "\x1b[31m",
        "\ud800",
        "|a`b",
        "]]>",
        "\r::debug::y",
        "",
    ]
)
WHERE = st.none() | st.builds(
    Location,
    path=TEXT,
    line=st.integers(0, 9),
    column=st.integers(0, 9),
    end_line=st.integers(0, 9),
)
REASONS = st.lists(
    st.builds(
        Reason, answer=st.sampled_from(Answer), what=TEXT, where=WHERE, remedy=TEXT, rule=TEXT
    ),
    max_size=4,
)
FINDINGS = st.lists(
    st.builds(
        Finding,
        rule=TEXT,
        severity=st.sampled_from(Severity),
        message=TEXT,
        fingerprint=TEXT,
        about=TEXT,
        locations=st.lists(st.builds(Location, path=TEXT, line=st.integers(0, 9)), max_size=2).map(
            tuple
        ),
    ),
    max_size=4,
)
REPORTS = st.builds(
    Report,
    step=TEXT,
    question=TEXT,
    verdict=st.builds(Verdict, answer=st.sampled_from(Answer), reasons=REASONS.map(tuple)),
    findings=FINDINGS.map(tuple),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    subject=TEXT,
    replay=st.none() | st.builds(Replay, run=TEXT, at=TEXT),
)


def test_the_formats_are_those_that_a_step_offers() -> None:
    assert FORMATS == (
        "azure",
        "codequality",
        "github",
        "html",
        "json",
        "junit",
        "markdown",
        "sarif",
        "text",
    )


def test_an_unknown_format_is_refused_with_the_list() -> None:
    with pytest.raises(RequestError) as caught:
        render("pdf", report("open-gate"))
    assert caught.value.remedy == f"use one of: {', '.join(FORMATS)}"


@EVERY
@pytest.mark.parametrize("name", CASES)
def test_the_same_report_gives_the_same_bytes(form: str, name: str) -> None:
    assert render(form, report(name)) == render(form, report(name))


@EVERY
def test_a_report_ends_with_one_line_end(form: str) -> None:
    shown = render(form, report("open-gate"))
    assert shown.endswith("\n")
    assert not shown.endswith("\n\n")


@EVERY
@pytest.mark.parametrize("name", CASES)
def test_a_replay_is_marked(form: str, name: str) -> None:
    shown = render(form, replace(report(name), replay=REPLAY))
    assert "2026-11-20T09:00:00Z" in shown
    assert "replay" in shown.lower()


@EVERY
@pytest.mark.parametrize("name", ["closed-migration", "cannot-tell-scan", "open-gate"])
def test_what_is_no_replay_is_not_marked_as_one(form: str, name: str) -> None:
    assert "replay" not in render(form, report(name)).lower()


@EVERY
@pytest.mark.parametrize("answer", [Answer.NO, Answer.CANNOT_TELL])
def test_every_reason_against_is_shown(form: str, answer: Answer) -> None:
    reasons = tuple(
        Reason(answer=answer, what=f"reason number {number}", remedy=f"cure {number}")
        for number in range(9)
    )
    shown = render(form, Report(step="s", verdict=Verdict(answer=answer, reasons=reasons)))
    for number in range(9):
        assert f"reason number {number}" in shown
        assert f"cure {number}" in shown


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "codequality"])
def test_every_reason_for_yes_is_shown(form: str) -> None:
    reasons = [yes(f"reason number {number}") for number in range(15)]
    shown = render(form, Report(step="s", verdict=judge(reasons)))
    assert all(f"reason number {number}" in shown for number in range(15))


def _json_passes(shown: str) -> bool:
    return bool(json.loads(shown)["verdict"]["answer"] == "yes")


def _sarif_passes(shown: str) -> bool:
    run = json.loads(shown)["runs"][0]
    return bool(run["invocations"][0]["executionSuccessful"] and not run["results"])


def _junit_passes(shown: str) -> bool:
    suite = ET.fromstring(shown.encode())  # noqa: S314 - our own document
    return suite.get("failures") == suite.get("errors") == "0" != suite.get("tests")


def _codequality_passes(shown: str) -> bool:
    return not [issue for issue in json.loads(shown) if issue["severity"] != "info"]


PASSES: dict[str, Callable[[str], bool]] = {
    "json": _json_passes,
    "sarif": _sarif_passes,
    "junit": _junit_passes,
    "codequality": _codequality_passes,
    "azure": lambda shown: (
        not re.search(r"^##vso\[task\.logissue type=(error|warning);", shown, re.MULTILINE)
    ),
    "github": lambda shown: not re.search("^::(error|warning)", shown, re.MULTILINE),
    "html": lambda shown: (
        not re.search(r'<header.*class="badge (no|cannot-tell)".*</header>', shown)
    ),
    "markdown": lambda shown: not re.search("^## [❌❓]", shown, re.MULTILINE),
    "text": lambda shown: not re.search(r"^.*: (no|cannot tell)(  \(|$)", shown, re.MULTILINE),
}


def passes(form: str, shown: str) -> bool:
    """Whether the reader that a format is for takes the report for a pass."""
    return PASSES[form](shown)


@EVERY
def test_a_plain_yes_passes(form: str) -> None:
    assert passes(form, render(form, report("open-gate")))


@EVERY
@settings(max_examples=60, deadline=None)
@given(written=REPORTS.filter(lambda given: given.verdict.answer is not Answer.YES))
def test_nothing_but_a_yes_passes(form: str, written: Report) -> None:
    assert not passes(form, render(form, written))


@EVERY
def test_a_verdict_without_reasons_says_that_it_has_none(form: str) -> None:
    empty = Report(step="s", verdict=Verdict(answer=Answer.CANNOT_TELL, reasons=()))
    shown = render(form, empty)
    assert not passes(form, shown)
    assert form == "json" or "no reason was given" in shown


@EVERY
def test_a_cannot_tell_at_the_place_of_a_finding_is_shown_besides_it(form: str) -> None:
    where = Location(path="a.sql", line=1)
    reason = cannot_tell("nobody said how severe it is", remedy="ask", where=where, rule="CVE-1")
    finding = Finding(
        rule="CVE-1", severity=Severity.LOW, message="m", fingerprint="f", locations=(where,)
    )
    shown = render(form, Report(step="s", verdict=judge([reason]), findings=(finding,)))
    assert "nobody said how severe it is" in shown


@EVERY
def test_a_suppressed_finding_does_not_tell_a_reason(form: str) -> None:
    finding = report("closed-migration").findings[3]
    reason = no("it counts all the same", remedy="r", where=finding.locations[0], rule=finding.rule)
    shown = render(form, Report(step="s", verdict=judge([reason]), findings=(finding,)))
    assert "it counts all the same" in shown
    assert not passes(form, shown)


OWN = {
    "github": r"::(error|warning|notice) (file|title)=|::debug::|::group::|::endgroup::$",
    "azure": r"##vso\[task\.logissue type=(error|warning);|##\[(debug|group)\]|##\[endgroup\]$",
}


@EVERY
@settings(max_examples=60, deadline=None)
@given(written=REPORTS)
def test_no_line_is_a_command_but_those_of_a_systems_own_format(form: str, written: Report) -> None:
    shown = render(form, written)
    shown.encode()
    own = re.compile(OWN.get(form, "nothing"))
    for line in re.split("[\r\n]", shown):
        bare = line.lstrip("\ufeff\u200b").lstrip()
        known = own.match(bare)
        assert known or not bare.startswith("::")
        rest = bare[known.end() :] if known and form == "azure" else bare
        assert not re.search(r"##(vso)?\[", rest) or (known and form == "github")


@EVERY
@pytest.mark.parametrize("name", CASES)
def test_no_control_character_is_written(form: str, name: str) -> None:
    shown = render(form, report(name))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown)


@EVERY
@settings(max_examples=40, deadline=None)
@given(written=REPORTS)
def test_what_is_json_or_xml_stays_so_with_any_content(form: str, written: Report) -> None:
    shown = render(form, written)
    if form in {"json", "sarif", "codequality"}:
        json.loads(shown)
    if form == "junit":
        ET.fromstring(shown.encode())  # noqa: S314 - our own document


@pytest.mark.parametrize("name", CASES)
def test_the_json_document_holds_the_whole_report(name: str) -> None:
    written = report(name)
    document = msgspec.json.decode(render("json", written), type=ReportDocument)
    assert document.version == 1
    assert document.verdict == written.verdict
    assert document.findings == written.findings
    assert document.rules == written.rules
    assert (document.tables, document.notes) == (written.tables, written.notes)
    assert (document.outputs, document.data) == (written.outputs, written.data)
    assert (document.context, document.replay) == (written.context, written.replay)


def test_the_json_document_says_its_kind() -> None:
    assert json.loads(render("json", report("open-gate")))["kind"] == "report"


def test_the_json_document_counts_open_findings_by_severity() -> None:
    counts = json.loads(render("json", report("closed-migration")))["counts"]
    assert {name: count for name, count in counts.items() if count} == {
        "high": 1,
        "medium": 1,
        "low": 1,
        "suppressed": 1,
    }


def test_a_file_name_that_is_not_utf_8_reaches_every_format() -> None:
    odd = replace(report("open-gate"), notes=("a\udcff",), record="b\udcff", subject="c\udcff")
    for form in FORMATS:
        assert "\udcff" not in render(form, odd)
