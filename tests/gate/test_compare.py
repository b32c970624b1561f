"""Numbers against the releases before: a margin, the noise, and "too noisy to tell"."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Coverage, Evidence, Metric
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.gate.case import Past
from cdkit.gate.policy import Policy, Requirement
from tests.evidence.doubles import PASSED, SUBJECT, fact, identity, origin
from tests.gate.asking import about, against, ask, policy, release, told


def load(value: float, subject: Subject = SUBJECT, better: str = "lower", **more: object) -> Fact:
    noise = {name: more.pop(name) for name in ("samples", "noise") if name in more}
    metric = Metric(name="p95", value=value, unit="ms", better=better, **noise)  # type: ignore[arg-type]
    document = Evidence(
        origin=origin(**more),  # type: ignore[arg-type]
        evidence="load",
        verdict=PASSED,
        reports=(),
        metrics=(metric,),
    )
    return fact(document, subject)


def before(*values: float, better: str = "lower") -> Past:
    releases = (
        release(n, load(value, about(n), better)) for n, value in enumerate(values, start=1)
    )
    return Past(releases=tuple(releases), known=True)


def asking(margin: float = 10, **more: object) -> Policy:
    return policy(Requirement(evidence="load", no_worse={"p95": margin}, **more))  # type: ignore[arg-type]


STEADY = before(200, 201, 199, 200, 200, 202, 198)


@pytest.mark.parametrize(
    ("value", "answer"),
    [(150, Answer.YES), (200, Answer.YES), (216, Answer.YES), (230, Answer.NO)],
)
def test_a_number_is_held_against_the_releases_before(value: float, answer: Answer) -> None:
    assert ask(load(value), by=asking(), past=STEADY).verdict.answer is answer


def test_near_the_margin_nobody_can_tell_and_the_reason_shows_the_numbers() -> None:
    ruling = ask(load(219), by=asking(), past=STEADY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    # t(0.95, 6) = 1.943; s = 1.291; sqrt(1 + 1/7) = 1.069
    assert against(ruling) == [
        (
            "load: p95 is 219, against 200 of 7 releases before: worse by 19 ± 2.68, and 20 (10 %)"
            " may: too noisy to tell"
        )
    ]


def test_more_runs_of_this_image_narrow_it() -> None:
    runs = [load(218, run=str(n), recorded_at=f"2026-11-23T10:{n:02}:00Z") for n in range(10)]
    assert ask(runs[0], by=asking(), past=STEADY).verdict.answer is Answer.CANNOT_TELL
    assert ask(*runs, by=asking(), past=STEADY).verdict.answer is Answer.YES


def test_a_run_that_failed_or_is_of_another_source_does_not_narrow_it() -> None:
    at = "2026-11-23T09:00:00Z"
    others = [load(100, run=str(n), recorded_at=at, dirty=True) for n in range(1, 9)]
    facts = (fact(identity()), load(218, run="9"), *others)
    ruling = ask(*facts, by=asking(), past=STEADY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert "p95 is 218" in against(ruling)[0]


def test_noise_between_releases_is_no_regression_and_no_proof() -> None:
    noisy = before(150, 250, 180, 230, 190)
    assert ask(load(240), by=asking(), past=noisy).verdict.answer is Answer.CANNOT_TELL


@pytest.mark.parametrize(("better", "bad"), [("lower", 138), ("higher", 78)])
def test_one_release_that_was_far_worse_keeps_no_good_one_out(better: str, bad: float) -> None:
    past = before(bad, 108, 110, 109, 107, 108, better=better)
    assert ask(load(109, better=better), by=asking(), past=past).verdict.answer is Answer.YES
    assert ask(load(bad, better=better), by=asking(), past=past).verdict.answer is Answer.NO


def test_one_release_that_was_far_better_still_counts() -> None:
    past = before(20, 108, 110, 109, 107, 108)
    assert ask(load(109), by=asking(), past=past).verdict.answer is Answer.CANNOT_TELL


def test_where_half_of_the_releases_are_alike_each_counts_as_it_is() -> None:
    past = before(100, 100, 100, 100, 101, 140)
    assert "against 106.833 of 6" in against(ask(load(140), by=asking(), past=past))[0]


def test_the_noise_that_the_report_itself_tells_counts_where_it_is_greater() -> None:
    unsure = load(216, samples=4, noise=40.0)
    assert ask(unsure, by=asking(), past=STEADY).verdict.answer is Answer.CANNOT_TELL


def test_too_few_releases_are_only_shown() -> None:
    ruling = ask(load(900), by=asking(), past=before(200, 201, 199, 200))
    assert ruling.verdict.answer is Answer.YES
    assert told(ruling)[-1] == (
        "yes",
        "load: p95 is 900; 4 of 5 releases are known to hold it against, so it is only shown",
    )
    few = asking(runs=3)
    assert ask(load(900), by=few, past=before(200, 201, 199)).verdict.answer is Answer.NO


def test_where_higher_is_better_a_lower_number_is_worse() -> None:
    past = before(1000, 1001, 999, 1000, 1000, better="higher")
    assert ask(load(850, better="higher"), by=asking(), past=past).verdict.answer is Answer.NO
    assert ask(load(2000, better="higher"), by=asking(), past=past).verdict.answer is Answer.YES


def test_a_number_that_the_fact_does_not_hold_cannot_be_compared() -> None:
    by = policy(Requirement(evidence="load", no_worse={"p99": 10}))
    ruling = ask(load(1), by=by, past=STEADY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert ruling.verdict.reasons[-1].remedy.endswith("one that it holds: duration, p95")


def test_a_number_of_which_nobody_says_what_is_better_cannot_be_compared() -> None:
    ruling = ask(load(1, better=""), by=asking(), past=STEADY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL


def covered(lines: int, subject: Subject = SUBJECT) -> Fact:
    document = Evidence(
        origin=origin(),
        evidence="coverage",
        verdict=PASSED,
        reports=(),
        coverage=Coverage(lines_covered=lines, lines=100),
    )
    return fact(document, subject)


@pytest.mark.parametrize(("lines", "answer"), [(90, Answer.YES), (79, Answer.YES), (78, Answer.NO)])
def test_coverage_is_exact_and_held_against_what_runs(lines: int, answer: Answer) -> None:
    by = policy(Requirement(evidence="coverage", no_worse={"lines": 1.5}))
    past = Past(
        releases=(release(1, covered(80, about(1))), release(2, covered(10, about(2)))), known=True
    )
    assert ask(covered(lines), by=by, past=past).verdict.answer is answer
    same = told(ask(covered(80), by=by, past=past))[-1][1]
    assert same == "coverage: lines is 80, against 80 of what runs: worse by 0, and 1.2 (1.5 %) may"


@given(
    st.lists(st.floats(1, 1e6), min_size=5, max_size=12),
    st.floats(1, 1e6),
    st.floats(0, 50),
    st.floats(0, 50),
)
def test_a_wider_margin_never_closes_what_a_narrower_one_opened(
    values: list[float], value: float, one: float, other: float
) -> None:
    narrow, wide = sorted((one, other))
    past = before(*values)
    if ask(load(value), by=asking(narrow), past=past).verdict.answer is Answer.YES:
        assert ask(load(value), by=asking(wide), past=past).verdict.answer is Answer.YES


def test_a_regression_as_large_as_the_margin_is_let_through_one_time_in_twenty_at_most() -> None:
    """What non-inferiority promises, tried on normal noise of 3 percent."""
    chance = random.Random(7)  # noqa: S311 - noise of a measurement
    opened = 0
    for _ in range(2000):
        past = before(*(chance.gauss(100, 3) for _ in range(8)))
        answer = ask(load(chance.gauss(110, 3)), by=asking(10), past=past).verdict.answer
        opened += answer is Answer.YES
    assert opened / 2000 < 0.07
