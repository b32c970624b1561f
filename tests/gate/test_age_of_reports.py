"""A fact that rests on a report is as old as the report, whenever that was judged."""

from __future__ import annotations

from typing import Any

import pytest

from cdkit.core.documents.kinds import Findings, Made, Tool
from cdkit.core.verdict import Answer, Reason, judge, no, yes
from cdkit.gate.policy import Requirement
from tests.evidence.doubles import SUBJECT, fact, origin
from tests.gate.asking import ask, policy

WANTED = policy(Requirement(evidence="vulnerabilities", max_age="7d"))


def scanned(made: Made | None, said: Reason | None = None, **of: Any) -> Findings:  # noqa: ANN401
    return Findings(
        origin=origin(**of),
        evidence="vulnerabilities",
        verdict=judge([said or yes("nothing known")]),
        tool=Tool(name="trivy"),
        examined={"platforms": 1, "packages": 3},
        made=made,
    )


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (None, Answer.YES),
        (Made(), Answer.YES),
        (Made(undated=1), Answer.YES),
        (Made(started="2026-11-17T12:00:00Z", ended="2026-11-23T09:00:00Z"), Answer.YES),
        (Made(started="2026-11-16T08:00:00Z", ended="2026-11-23T09:00:00Z"), Answer.CANNOT_TELL),
        (Made(started="2026-10-20T12:00:00Z", undated=1), Answer.CANNOT_TELL),
        (Made(started="last month"), Answer.CANNOT_TELL),
        (Made(started="2026-11-23T09:00:00"), Answer.CANNOT_TELL),
    ],
)
def test_a_report_of_last_month_is_not_fresh_because_it_was_judged_today(
    made: Made | None, expected: Answer
) -> None:
    ruling = ask(fact(scanned(made), SUBJECT), by=WANTED)

    assert ruling.verdict.answer is expected


def test_the_gate_says_of_when_the_report_is_and_what_to_do() -> None:
    made = Made(started="2026-10-20T12:00:00Z", ended="2026-10-20T12:01:00Z")

    reasons = ask(fact(scanned(made), SUBJECT), by=WANTED).verdict.reasons
    (reason,) = (one for one in reasons if one.answer is Answer.CANNOT_TELL)

    assert reason.what == (
        "vulnerabilities: rests on a report of 2026-10-20T12:00:00Z, more than 7d old"
    )
    assert reason.remedy.startswith("make a new report; then ")


def test_without_a_most_age_an_old_report_counts() -> None:
    by = policy(Requirement(evidence="vulnerabilities"))
    made = Made(started="2026-10-20T12:00:00Z")

    assert ask(fact(scanned(made), SUBJECT), by=by).verdict.is_yes


NINE, TEN, ELEVEN = (f"2026-11-23T{hour}:00:00Z" for hour in ("09", "10", "11"))
BAD = no("a hole", remedy="mend it")


@pytest.mark.parametrize("runs", [("", ""), ("1", "2")])
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # What a live scan found out at ten is not undone by a report of nine, judged at eleven.
        ((None, BAD), (Made(started=NINE, ended=NINE), None), Answer.NO),
        ((None, None), (Made(started=NINE, ended=NINE), BAD), Answer.YES),
        # A report that was made after it is newer, and so is another judgement of the same report.
        ((None, BAD), (Made(started="2026-11-23T10:30:00Z", ended=ELEVEN), None), Answer.YES),
        ((Made(started=NINE), BAD), (Made(started=NINE), None), Answer.YES),
        # One that says no time is taken to be of when it was judged, as whoever accepted it says.
        ((None, BAD), (Made(undated=1), None), Answer.YES),
        # One from the future is of when it was judged.
        ((Made(started="2027-01-01T00:00:00Z"), None), (None, BAD), Answer.NO),
        # Of a time that is none nobody knows which came last.
        ((None, BAD), (Made(started="yesterday"), None), Answer.NO),
    ],
)
def test_what_was_found_out_last_counts_and_not_what_was_judged_last(
    first: tuple[Made | None, Reason | None],
    second: tuple[Made | None, Reason | None],
    expected: Answer,
    runs: tuple[str, str],
) -> None:
    facts = [
        fact(scanned(*said, recorded_at=at, run=run), SUBJECT)
        for said, at, run in zip((first, second), (TEN, ELEVEN), runs, strict=True)
    ]

    for given in (facts, facts[::-1]):
        ruling = ask(*given, by=policy(Requirement(evidence="vulnerabilities")))
        assert ruling.verdict.answer is expected
