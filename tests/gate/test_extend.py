"""One policy on top of another: it adds and changes, and what is locked only becomes stricter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import ConfigError
from cdkit.core.verdict import Answer
from cdkit.gate.extend import extend
from cdkit.gate.policy import (
    Approvals,
    BreakGlass,
    Contracts,
    Policy,
    PolicyWaiver,
    Quarantine,
    Requirement,
    Stage,
)
from tests.evidence.doubles import THREE, evidence, fact, identity
from tests.gate.asking import ask, policy

UNIT = Requirement(evidence="unit", at_least={"executed": 10, "lines": 50}, max_age="7d")


def base(wanted: Requirement = UNIT, *locked: str, **more: object) -> Policy:
    return policy(wanted, locked=locked or ("*",), **more)


def over(**asked: object) -> Policy:
    return policy(Requirement(evidence="unit", **asked))  # type: ignore[arg-type]


def faults(below: Policy, more: Policy) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        extend(below, more, where="policy.yaml")
    assert all(str(fault.where) == "policy.yaml" for fault in caught.value.faults)
    return [fault.what for fault in caught.value.faults]


def only(found: Policy) -> Requirement:
    (stage,) = found.stages
    (wanted,) = stage.enter
    return wanted


def test_what_it_leaves_out_is_the_others() -> None:
    found = only(extend(base(), over(at_least={"executed": 20}), where="p"))
    assert found == Requirement(
        evidence="unit", at_least={"executed": 20, "lines": 50}, max_age="7d"
    )


def test_two_requirements_of_a_kind_are_both_laid_over_it() -> None:
    twice = policy(
        Requirement(evidence="unit", at_least={"executed": 20}),
        Requirement(evidence="unit", tests=("tests.pay.*",)),
        Requirement(evidence="lint"),
        Requirement(evidence="lint", max_age="1d"),
    )
    (stage,) = extend(base(), twice, where="p").stages
    assert stage.enter == (
        Requirement(
            evidence="unit",
            at_least={"executed": 20, "lines": 50},
            max_age="7d",
            tests=("tests.pay.*",),
        ),
        Requirement(evidence="lint"),
        Requirement(evidence="lint", max_age="1d"),
    )


def test_decisions_of_other_stages_are_added_and_none_is_taken_away() -> None:
    asked = Requirement(evidence="decision", stage="delivery", signed_by=("gate",))
    other = Requirement(evidence="decision", stage="security")
    later = Requirement(evidence="decision", stage="delivery", max_age="7d")
    (stage,) = extend(base(asked), policy(other, later), where="p").stages
    both = Requirement(evidence="decision", stage="delivery", signed_by=("gate",), max_age="7d")
    assert stage.enter == (both, other)


def test_it_adds_requirements_and_stages_in_their_place() -> None:
    below = Policy(
        version=1, stages=(Stage(name="a"), Stage(name="c", enter=(UNIT,))), locked=("*",)
    )
    more = Policy(
        version=1,
        stages=(
            Stage(name="a", stay=(Requirement(evidence="lint"),)),
            Stage(name="b", enter=(Requirement(evidence="dast"),)),
        ),
    )
    found = extend(below, more, where="p")
    assert [stage.name for stage in found.stages] == ["a", "b", "c"]
    assert [one.evidence for one in found.stages[0].stay] == ["lint"]


@pytest.mark.parametrize("locked", ["*", "deployment", "unit", "deployment/unit"])
def test_what_is_locked_in_one_way_or_another_is_not_loosened(locked: str) -> None:
    assert faults(base(UNIT, locked), over(at_least={"executed": 9})) == [
        "unit (deployment) is locked: executed must stay at least 10"
    ]


@pytest.mark.parametrize("locked", ["lint", "delivery", "delivery/unit", "unit/deployment"])
def test_what_is_not_locked_may_be_changed(locked: str) -> None:
    found = extend(base(UNIT, locked), over(at_least={"executed": 1}), where="p")
    assert only(found).at_least["executed"] == 1


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"at_most": {"flaky": 1}}, {"at_most": {"flaky": 2}}, "flaky must stay at most 1"),
        ({"max_age": "12h"}, {"max_age": "13h"}, "it may be 12h old at most"),
        ({}, {"same_source": False}, "its source is asked"),
        ({"same_source": True}, {"same_source": False}, "its source is asked"),
        ({}, {"about": "image"}, "it is about any"),
        ({"signed_by": ("a",)}, {"signed_by": ("a", "b")}, "only a may sign"),
        ({}, {"tests_gone": 6}, "5 % of the tests may be gone"),
        ({"tests_gone": 0}, {"tests_gone": 1}, "0 % of the tests may be gone"),
        ({"no_worse": {"p95": 5}}, {"no_worse": {"p95": 6}}, "p95 may be 5 % worse at most"),
        ({"no_worse": {"p95": 5}}, {"runs": 6}, "it is judged from 5 releases on"),
        (
            {"approvals": Approvals(count=2)},
            {"approvals": Approvals(count=1)},
            "2 people must approve",
        ),
        (
            {"approvals": Approvals(by=("a",))},
            {"approvals": Approvals(by=("a", "b"))},
            "1 people must approve",
        ),
        ({"says": {"builder": "a"}}, {"says": {"builder": "*b"}}, "builder must say a"),
        ({}, {"contracts": Contracts(services=("a",))}, "contracts are held in more services"),
        (
            {"contracts": Contracts(environments=("a", "b"))},
            {"contracts": Contracts(environments=("a",))},
            "contracts are held in more environments",
        ),
    ],
)
def test_every_key_has_a_way_that_is_stricter(
    old: dict[str, object], new: dict[str, object], what: str
) -> None:
    below = base(Requirement(evidence="unit", **old))  # type: ignore[arg-type]
    assert faults(below, over(**new)) == [f"unit (deployment) is locked: {what}"]


def test_who_may_sign_what_is_locked_is_not_widened_for_one_requirement() -> None:
    below = base(Requirement(evidence="unit"), signed_by=("ci",))
    assert faults(below, over(signed_by=("dev",))) == [
        "unit (deployment) is locked: only ci may sign"
    ]
    assert only(extend(below, over(signed_by=("ci",)), where="p")).signed_by == ("ci",)


def test_stricter_is_taken_in_every_key() -> None:
    strict = {
        "at_least": {"executed": 11},
        "at_most": {"flaky": 0},
        "max_age": "1d",
        "same_source": True,
        "same_run": True,
        "signed_by": ("a",),
        "tests": ("t.*",),
        "tests_gone": 1,
        "no_worse": {"p95": 5},
        "runs": 3,
        "approvals": Approvals(count=2),
    }
    found = only(extend(base(), over(**strict), where="p"))
    assert (found.same_source, found.same_run, found.tests, found.runs) == (True, True, ("t.*",), 3)


def kept(**more: object) -> Policy:
    return Policy(version=1, **more)  # type: ignore[arg-type]


QUARANTINE = Quarantine(test="t", reason="r", owner="o", expires="2027-01-01")
WAIVER = PolicyWaiver(evidence="unit", reason="r", owner="o", expires="2027-01-01")


@pytest.mark.parametrize(
    ("below", "more", "what"),
    [
        ({}, {"quarantine": (QUARANTINE,)}, "the quarantine of t speaks of what is locked"),
        ({}, {"waivers": (WAIVER,)}, "unit is locked and cannot be waived here"),
        ({"signed_by": ("a",)}, {"signed_by": ("b",)}, "only a may sign"),
        ({"may_waive": ("a",)}, {"may_waive": ("a", "b")}, "who may waive is said already"),
        ({}, {"may_waive": ("b",)}, "who may waive is said already"),
        ({}, {"baseline": "staging"}, "the baseline is production"),
        ({}, {"break_glass": BreakGlass(hours=5)}, "who may break the glass is said already"),
        (
            {"break_glass": BreakGlass(by=("a",))},
            {"break_glass": BreakGlass(by=("b",))},
            "who may break the glass is said already",
        ),
        (
            {},
            {"stages": (Stage(name="deployment", environment="elsewhere"),)},
            "the environment of deployment is locked",
        ),
    ],
)
def test_what_excuses_and_who_may_is_not_widened(
    below: dict[str, object], more: dict[str, object], what: str
) -> None:
    assert faults(base(UNIT, "*", **below), kept(**more)) == [what]


@pytest.mark.parametrize("locked", ["*", "deployment", "unit", "vulnerabilities"])
@pytest.mark.parametrize(
    "hot", [Stage(name="hot", environment="production"), Stage(name="production")]
)
def test_no_stage_leads_around_what_is_locked(locked: str, hot: Stage) -> None:
    below = Policy(
        version=1,
        locked=(locked,),
        stages=(
            Stage(name="development"),
            Stage(name="delivery", stay=(Requirement(evidence="vulnerabilities"),)),
            Stage(name="deployment", enter=(UNIT,), environment="production"),
        ),
    )
    told = faults(below, kept(stages=(Stage(name="development"), hot)))
    assert told == [f"production is entered by deployment, and {hot.name} goes around that lock"]
    found = extend(below, kept(stages=(Stage(name="deployment"), hot)), where="p")
    assert [stage.name for stage in found.stages][-2:] == ["deployment", hot.name]
    aside = kept(stages=(Stage(name="development"), Stage(name="hot", environment="trial")))
    assert [stage.name for stage in extend(below, aside, where="p").stages][1] == "hot"


def test_what_is_locked_of_an_earlier_stage_stays_asked() -> None:
    """A new stage before it asks for all that is locked: nothing of it is gone around."""
    below = Policy(
        version=1,
        locked=("unit",),
        stages=(
            Stage(name="development", enter=(UNIT,)),
            Stage(name="deployment", environment="production"),
        ),
    )
    more = kept(stages=(Stage(name="development"), Stage(name="hot", environment="production")))
    assert len(extend(below, more, where="p").stages) == 3


@pytest.mark.parametrize("locked", ["*", "deployment", "unit", "deployment/unit"])
def test_what_is_locked_is_compared_with_the_same_releases(locked: str) -> None:
    told = faults(base(UNIT, locked), kept(baseline="staging"))
    assert told == ["the baseline is production"]


def test_what_is_locked_and_compared_with_nothing_leaves_the_baseline_open() -> None:
    below = base(Requirement(evidence="unit", tests_gone=100), "unit")
    assert extend(below, kept(baseline="staging"), where="p").baseline == "staging"


def test_a_lock_of_what_neither_policy_has_is_told() -> None:
    assert faults(base(UNIT, "unit"), kept(locked=("units",))) == [
        "`locked` names 'units', which the policy has not: nothing is locked"
    ]
    assert extend(base(UNIT, "unit"), kept(locked=("deployment",)), where="p").locked == (
        "unit",
        "deployment",
    )


def test_without_a_lock_all_of_it_may_be_said() -> None:
    below = policy(UNIT)
    found = extend(below, kept(waivers=(WAIVER,), may_waive=("b",), baseline="staging"), where="p")
    assert (found.waivers, found.may_waive, found.baseline) == ((WAIVER,), ("b",), "staging")


_numbers = st.dictionaries(st.sampled_from(["executed", "passed"]), st.integers(0, 5), max_size=2)
_asked = st.fixed_dictionaries(
    {},
    optional={
        "at_least": _numbers,
        "at_most": _numbers,
        "max_age": st.sampled_from(["30m", "2h", "1d"]),
        "same_source": st.sampled_from([None, True, False]),
        "same_run": st.booleans(),
        "about": st.sampled_from(["any", "image"]),
        "signed_by": st.sampled_from([(), ("a",), ("a", "b")]),
        "tests": st.sampled_from([(), ("t",)]),
        "tests_gone": st.sampled_from([None, 0, 50, 100]),
    },
)


@given(_asked, _asked, st.sets(st.sampled_from(["identified", "waived"])))
def test_a_yes_of_a_policy_that_extends_a_locked_one_is_a_yes_of_that_one(
    old: dict[str, object], new: dict[str, object], also: set[str]
) -> None:
    below = base(Requirement(evidence="unit", **old))  # type: ignore[arg-type]
    more = over(**new)
    if "waived" in also:
        more = policy(*more.stages[0].enter, waivers=(WAIVER,))
    try:
        found = extend(below, more, where="p")
    except ConfigError:
        return
    facts = [fact(evidence(counts=THREE))] + [fact(identity())] * ("identified" in also)
    if ask(*facts, by=found).verdict.answer is Answer.YES:
        assert ask(*facts, by=below).verdict.answer is Answer.YES
