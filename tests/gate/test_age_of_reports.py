"""A fact that rests on a report is as old as the report, whenever that was judged."""

from __future__ import annotations

import pytest

from cdkit.core.documents.kinds import Findings, Made, Tool
from cdkit.core.verdict import Answer, judge, yes
from cdkit.gate.policy import Requirement
from tests.evidence.doubles import SUBJECT, fact, origin
from tests.gate.asking import ask, policy

WANTED = policy(Requirement(evidence="vulnerabilities", max_age="7d"))


def scanned(made: Made | None) -> Findings:
    return Findings(
        origin=origin(),
        evidence="vulnerabilities",
        verdict=judge([yes("nothing known")]),
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
