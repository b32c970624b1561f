"""Shards: each counts once, and what does not add up is not added up."""

import pytest

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Counts, Coverage, Evidence, Metric
from cdkit.core.verdict import Answer
from cdkit.gate.case import Past
from cdkit.gate.policy import Requirement
from tests.evidence.doubles import PASSED, fact, origin
from tests.gate.asking import about, against, ask, policy, release


def shard(
    number: int,
    executed: int,
    *,
    of: int = 2,
    coverage: Coverage | None = None,
    metrics: tuple[Metric, ...] = (),
    subject: int = 0,
    **changes: object,
) -> Fact:
    counts = Counts(tests=executed, passed=executed, failed=0, errors=0, skipped=0)
    document = Evidence(
        origin=origin(shard=number, shards=of, **changes),  # type: ignore[arg-type]
        evidence="unit",
        verdict=PASSED,
        reports=(),
        counts=counts,
        coverage=coverage,
        metrics=metrics,
    )
    return fact(document, *((about(subject),) if subject else ()))


def at_least(**bounds: float) -> Requirement:
    return Requirement(evidence="unit", at_least=bounds, tests_gone=100)


def at_most(**bounds: float) -> Requirement:
    return Requirement(evidence="unit", at_most=bounds, tests_gone=100)


def test_a_shard_that_was_recorded_twice_counts_once() -> None:
    twice = [shard(1, 30), shard(1, 30, url="again"), shard(2, 30)]
    assert ask(*twice, by=policy(at_least(executed=60))).verdict.answer is Answer.YES
    ruling = ask(*twice, by=policy(at_least(executed=61)))
    assert against(ruling) == ["unit: executed is 60, and must be at least 61"]


def test_of_two_reports_of_a_shard_the_one_that_proves_less_counts() -> None:
    differing = [shard(1, 30), shard(1, 90, url="again"), shard(2, 30)]
    ruling = ask(*differing, by=policy(at_least(executed=61), signed_by=()))
    assert against(ruling) == ["unit: executed is 60, and must be at least 61"]
    ruling = ask(*differing, by=policy(at_most(executed=119)))
    assert against(ruling) == ["unit: executed is 120, and must be at most 119"]


@pytest.mark.parametrize("name", ["lines", "branches", "statements"])
def test_percent_of_shards_do_not_add_up(name: str) -> None:
    half = Coverage(
        lines_covered=45,
        lines=100,
        branches_covered=45,
        branches=100,
        statements_covered=45,
        statements=100,
    )
    both = [shard(1, 30, coverage=half), shard(2, 30, coverage=half)]
    ruling = ask(*both, by=policy(at_least(**{name: 80})))
    assert ruling.verdict.answer is Answer.NO
    assert against(ruling) == [f"unit: {name} is 45, and must be at least 80"]


def test_what_was_measured_does_not_add_up() -> None:
    ratio = (Metric(name="apdex", value=0.5, better="higher"),)
    both = [shard(1, 30, metrics=ratio), shard(2, 30, metrics=ratio)]
    ruling = ask(*both, by=policy(at_least(apdex=0.9)))
    assert against(ruling) == ["unit: apdex is 0.5, and must be at least 0.9"]
    assert ask(*both, by=policy(at_most(apdex=0.6))).verdict.answer is Answer.YES


@pytest.mark.parametrize("beyond", [3, 9, 0, -1])
def test_a_shard_beyond_their_number_is_no_shard(beyond: int) -> None:
    ruling = ask(shard(1, 30), shard(2, 30), shard(beyond, 30), by=policy(at_least(executed=1)))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert "disagrees on how many there are" in against(ruling)[0]


def test_fewer_shards_of_more_tests_each_do_not_hide_that_tests_are_gone() -> None:
    before = tuple(shard(n, 30, of=4, subject=1) for n in (1, 2, 3, 4))
    past = Past(releases=(release(1, *before),), known=True)
    wanted = Requirement(evidence="unit", no_worse={"executed": 5}, tests_gone=100)
    ruling = ask(shard(1, 40), shard(2, 40), by=policy(wanted), past=past)
    assert ruling.verdict.answer is Answer.NO
    assert "executed is 80, against 120" in against(ruling)[0]
