"""A fact that says yes and contradicts itself: nobody believes such a yes."""

import pytest
from msgspec import structs

from cdkit.core.documents.kinds import Counts, Coverage, Evidence, Metric
from cdkit.core.verdict import Answer
from cdkit.gate.policy import Requirement
from tests.evidence.doubles import PASSED, THREE, fact, origin
from tests.gate.asking import against, ask, policy


def proving(**changes: object) -> Evidence:
    return Evidence(
        origin=origin(),
        evidence="unit",
        verdict=PASSED,
        reports=(),
        **changes,  # type: ignore[arg-type]
    )


def counts(*numbers: int, flaky: int = 0) -> Counts:
    tests, passed, failed, errors, skipped = numbers
    return Counts(
        tests=tests, passed=passed, failed=failed, errors=errors, skipped=skipped, flaky=flaky
    )


@pytest.mark.parametrize(
    ("lying", "said"),
    [
        (counts(3, 3, -1, 1, 0), "its counts do not add up"),
        (counts(900, 1, 0, 0, 0), "its counts do not add up"),
        (counts(3, 9, 0, 0, -6), "its counts do not add up"),
        (counts(3, 3, 0, 0, 0, flaky=4), "its counts do not add up"),
        (counts(3, 3, 0, 0, 0, flaky=-1), "its counts do not add up"),
        (counts(3, 2, 1, 0, 0), "counts failed tests"),
        (counts(3, 0, 0, 0, 3), "no test was executed"),
        (counts(0, 0, 0, 0, 0), "no test was executed"),
    ],
)
def test_counts_that_contradict_a_yes_are_no_yes(lying: Counts, said: str) -> None:
    ruling = ask(fact(proving(counts=lying)))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == [f"unit: says yes, and {said}"]


@pytest.mark.parametrize(
    "covered",
    [
        Coverage(lines_covered=9, lines=3),
        Coverage(lines_covered=-1, lines=3),
        Coverage(lines_covered=1, lines=3, branches_covered=5, branches=4),
        Coverage(lines_covered=1, lines=3, statements_covered=5, statements=4),
    ],
)
@pytest.mark.parametrize("tests", [THREE, None])
def test_more_code_than_there_is_was_not_covered(covered: Coverage, tests: Counts | None) -> None:
    ruling = ask(fact(proving(coverage=covered, counts=tests)))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == ["unit: says yes, and covers more code than there is"]


@pytest.mark.parametrize("held", [{}, {"coverage": Coverage(lines_covered=0, lines=0)}], ids=str)
def test_a_yes_that_rests_on_nothing_is_none(held: dict[str, object]) -> None:
    ruling = ask(fact(proving(**held)))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == ["unit: says yes, and holds nothing that it could rest on"]


@pytest.mark.parametrize(
    "held",
    [
        {"counts": THREE},
        {"coverage": Coverage(lines_covered=1, lines=3)},
        {"metrics": (Metric(name="p95", value=1.0),)},
        {"found": {"high": 0}},
        {"said": {"builder": "https://ci"}},
    ],
)
def test_whatever_a_yes_rests_on_is_enough(held: dict[str, object]) -> None:
    wanted = policy(Requirement(evidence="checked"))
    checked = structs.replace(proving(**held), evidence="checked")
    assert ask(fact(checked), by=wanted).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    ("kind", "held", "said"),
    [
        ("unit", {"coverage": Coverage(lines_covered=1, lines=3)}, "tests"),
        ("end-to-end", {"found": {"high": 0}}, "tests"),
        ("coverage", {"counts": THREE}, "coverage"),
        ("vulnerabilities", {"counts": THREE}, "list of findings"),
    ],
)
def test_evidence_holds_what_its_name_says(kind: str, held: dict[str, object], said: str) -> None:
    wanted = policy(Requirement(evidence=kind))
    other = structs.replace(proving(**held), evidence=kind)
    ruling = ask(fact(other), by=wanted)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == [f"{kind}: holds no {said}"]


@pytest.mark.parametrize("kind", ["end-to-end", "regression"])
def test_a_load_test_may_be_any_test_but_of_units(kind: str) -> None:
    measured = proving(metrics=(Metric(name="p95", value=1.0),))
    wanted = policy(Requirement(evidence=kind))
    other = structs.replace(measured, evidence=kind)
    assert ask(fact(other), by=wanted).verdict.answer is Answer.YES
    assert against(ask(fact(measured))) == ["unit: holds no tests"]
