"""Another gate's decision as evidence: of that stage, about this image, by its policy, signed."""

import pytest
from msgspec import structs

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, PolicySource
from cdkit.core.errors import ConfigError
from cdkit.core.verdict import Answer, Verdict, judge, no, yes
from cdkit.gate.policy import Requirement
from cdkit.gate.read import read_policy
from tests.evidence.doubles import IMAGE, OTHER_TREE, fact, identity, origin
from tests.gate.asking import against, ask, policy, told

DELIVERY = policy(Requirement(evidence="decision", stage="delivery"))
CENTRAL = "oci://registry.example/acme/policy:3"
LET_IN = judge([yes("unit: 3 tests passed")])
SHUT = judge([no("unit: tests.pay.a failed", remedy="mend it")])


def decision(
    stage: str = "delivery", verdict: Verdict = LET_IN, *, where: str = CENTRAL, **more: object
) -> Fact:
    found = {"image": IMAGE, "origin": origin("check-gate")} | more
    return fact(
        Decision(
            stage=stage,
            verdict=verdict,
            policy=PolicySource(where=where, digest="sha256:" + "c" * 64),
            requirements=(),
            **found,  # type: ignore[arg-type]
        )
    )


def test_a_gate_that_let_it_into_the_stage_before_opens_the_next() -> None:
    ruling = ask(decision(), by=DELIVERY)
    assert told(ruling) == [("yes", "decision: unit: 3 tests passed")]
    assert [one.requirement for one in ruling.requirements] == [
        "decision: let into delivery (deployment)"
    ]


def test_nobody_was_asked_is_cannot_tell_with_the_command() -> None:
    ruling = ask(by=DELIVERY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling)[0].startswith("no gate was asked whether this image may enter delivery")
    assert f"cdkit check-gate --image {IMAGE}" in ruling.verdict.reasons[0].remedy


@pytest.mark.parametrize("other", [{"stage": "staging"}, {"question": "stay"}])
def test_a_decision_of_another_stage_or_question_is_none(other: dict[str, str]) -> None:
    ruling = ask(decision(**other), by=DELIVERY)  # type: ignore[arg-type]
    assert ruling.verdict.answer is Answer.CANNOT_TELL


def test_coming_back_lets_in_as_well() -> None:
    assert ask(decision(question="return"), by=DELIVERY).verdict.answer is Answer.YES


def test_the_last_decision_counts() -> None:
    early = decision(origin=origin("check-gate", run="1"))
    late = origin("check-gate", run="2", recorded_at="2026-11-23T11:30:00Z")
    ruling = ask(early, decision(verdict=SHUT, origin=late), by=DELIVERY)
    assert ruling.verdict.answer is Answer.NO
    assert against(ruling) == ["decision: unit: tests.pay.a failed"]


def test_a_decision_by_force_is_none_for_the_next_gate() -> None:
    ruling = ask(decision(incident="INC-7"), by=DELIVERY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert "decision: delivery was opened by force, for INC-7" in against(ruling)


def test_a_decision_about_another_image_is_none_though_it_is_filed_here() -> None:
    ruling = ask(decision(image=IMAGE.replace("a" * 64, "b" * 64)), by=DELIVERY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert "another image" in against(ruling)[0]


def test_an_unsigned_decision_is_none_where_a_signer_is_asked() -> None:
    asks = policy(Requirement(evidence="decision", stage="delivery", signed_by=("gate",)))
    shut = ask(decision(), by=asks)
    assert shut.verdict.answer is Answer.CANNOT_TELL
    assert "decision: is not signed, and the policy wants gate" in against(shut)
    signed = structs.replace(decision(), signers=("gate",))
    assert ask(signed, by=asks).verdict.answer is Answer.YES


def test_the_policy_that_decided_can_be_asked_for() -> None:
    asks = Requirement(evidence="decision", stage="delivery", says={"policy": "oci://*/policy:*"})
    assert ask(decision(), by=policy(asks)).verdict.answer is Answer.YES
    ruling = ask(decision(where="policy.yaml"), by=policy(asks))
    assert ruling.verdict.answer is Answer.NO
    assert against(ruling) == ["decision: policy is policy.yaml, and must be oci://*/policy:*"]


def test_the_checkout_of_the_gates_job_need_not_be_the_images_source() -> None:
    elsewhere = decision(origin=origin("check-gate", tree=OTHER_TREE))
    assert ask(fact(identity()), elsewhere, by=DELIVERY).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("{evidence: decision}", "a decision is asked for, and not of which stage"),
        ("{evidence: unit, stage: delivery}", "'unit' is of no stage"),
        ("{evidence: decision, stage: a}", "to enter a takes that it was entered already"),
    ],
)
def test_a_policy_says_of_which_stage(requirement: str, said: str) -> None:
    text = f"version: 1\nstages:\n  - name: a\n    enter: [{requirement}]\n"
    with pytest.raises(ConfigError) as caught:
        read_policy(text.encode(), where="policy.yaml")
    assert [fault.what for fault in caught.value.faults] == [said]
