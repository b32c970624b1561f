"""Going back: what was let in before needs its identity, and a schema that it can live with."""

from datetime import timedelta

import pytest
from msgspec import structs

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    Contract,
    Decision,
    Evidence,
    Findings,
    PolicySource,
    Tool,
)
from cdkit.core.verdict import Answer, Verdict, judge, no
from cdkit.gate.case import Past, Release
from cdkit.gate.contracts import Ran
from cdkit.gate.policy import Policy, Requirement, Stage
from tests.evidence.doubles import IMAGE, OTHER_SUBJECT, PASSED, fact, identity, origin
from tests.gate.asking import about, against, ask, policy, release, told
from tests.worlds import COMMIT, NOW

NO = judge([no("unit: it failed", remedy="mend it")])
GUARDED = policy(
    Requirement(evidence="identity"),
    Requirement(evidence="unit", max_age="1h"),
    Requirement(evidence="vulnerabilities"),
    Requirement(evidence="migrations"),
)
NO_DATABASE = policy(Requirement(evidence="identity"), Requirement(evidence="unit"))


def decision(verdict: Verdict = PASSED, **changes: object) -> Decision:
    usual: dict[str, object] = {
        "origin": origin("check-gate", recorded_at="2026-11-10T10:00:00Z"),
        "image": IMAGE,
        "stage": "deployment",
        "verdict": verdict,
        "policy": PolicySource(where="policy.yaml", digest="sha256:1"),
        "requirements": (),
    }
    return Decision(**(usual | changes))  # type: ignore[arg-type]


LET_IN = fact(decision())
IDENTITY = fact(identity())


def migrations(number: int, verdict: Verdict = PASSED, *contracts: Contract) -> Fact:
    document = Findings(
        origin=origin("lint-migrations"),
        evidence="migrations",
        verdict=verdict,
        tool=Tool(name="cdkit"),
        examined={"files": 1},
        contracts=contracts,
    )
    return fact(document, about(number))


def since(*releases: Release) -> Past:
    return Past(since=releases, known=True)


def back(*facts: Fact, by: Policy = GUARDED, past: Past | None = None, ran: Ran | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return ask(*facts, by=by, question="return", past=past or since(), ran=ran)


def test_what_was_let_in_before_comes_back_though_nothing_else_is_known_any_more() -> None:
    ruling = back(LET_IN, IDENTITY)
    assert ruling.verdict.answer is Answer.YES
    assert [one.requirement for one in ruling.requirements] == [
        "let in before (deployment)",
        "identity (deployment)",
        "the schema, as it is now (deployment)",
    ]


def test_no_failed_test_no_age_and_no_new_vulnerability_stops_it() -> None:
    failed = Evidence(origin=origin(), evidence="unit", verdict=NO, reports=())
    assert back(LET_IN, IDENTITY, fact(failed)).verdict.answer is Answer.YES
    late = NOW + timedelta(days=4000)
    assert (
        ask(LET_IN, IDENTITY, by=GUARDED, question="return", past=since(), now=late).verdict.answer
        is Answer.YES
    )


def test_a_record_that_cannot_be_read_does_not_stop_it() -> None:
    ruling = ask(
        LET_IN, IDENTITY, by=GUARDED, question="return", past=since(), unreadable=("r.json",)
    )
    assert ruling.verdict.answer is Answer.YES


@pytest.mark.parametrize(
    "other",
    [
        fact(decision(), OTHER_SUBJECT),
        fact(decision(verdict=NO)),
        fact(decision(stage="delivery")),
        fact(decision(question="stay")),
        fact(decision(incident="INC-1")),
        fact(decision(image=IMAGE.replace("a" * 64, "b" * 64))),
        fact(decision(origin=origin("check-gate", recorded_at="2030-01-01T00:00:00Z"))),
        fact(decision(origin=origin("check-gate", recorded_at="then"))),
    ],
)
def test_what_no_gate_let_into_this_stage_does_not_come_back(other: Fact) -> None:
    ruling = back(other, IDENTITY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == ["no decision says that this image was let into deployment before"]


def test_a_decision_that_nobody_signed_lets_nothing_back_where_every_fact_is_signed() -> None:
    by = structs.replace(NO_DATABASE, signed_by=("gate",))
    named = structs.replace(IDENTITY, signers=("gate",))
    assert back(LET_IN, named, by=by).verdict.answer is Answer.CANNOT_TELL
    signed = structs.replace(LET_IN, signers=("gate",))
    assert back(signed, named, by=by).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    ("signers", "answer", "elsewhere"),
    [
        (("gate",), Answer.CANNOT_TELL, Answer.YES),
        (("lead",), Answer.CANNOT_TELL, Answer.CANNOT_TELL),
        (("eve",), Answer.CANNOT_TELL, Answer.CANNOT_TELL),
        (("gate", "lead"), Answer.YES, Answer.YES),
    ],
)
def test_a_decision_is_signed_as_the_policy_and_what_asks_for_it_want(
    signers: tuple[str, ...], answer: Answer, elsewhere: Answer
) -> None:
    let_in = structs.replace(LET_IN, signers=signers)
    named = structs.replace(IDENTITY, signers=("gate",))
    for stage, expected in (("deployment", answer), ("delivery", elsewhere)):
        asks = Requirement(evidence="decision", stage=stage, signed_by=("lead",))
        stages = (*NO_DATABASE.stages, Stage(name="after", enter=(asks,)))
        by = structs.replace(NO_DATABASE, signed_by=("gate",), stages=stages)
        assert back(let_in, named, by=by).verdict.answer is expected


@pytest.mark.parametrize(
    ("signers", "answer"),
    [
        (("gate",), Answer.CANNOT_TELL),
        (("dba",), Answer.CANNOT_TELL),
        ((), Answer.CANNOT_TELL),
        (("gate", "dba"), Answer.YES),
    ],
)
def test_what_a_release_did_to_the_schema_is_signed_as_it_is_asked(
    signers: tuple[str, ...], answer: Answer
) -> None:
    asks = Requirement(evidence="migrations", signed_by=("dba",))
    by = policy(Requirement(evidence="identity"), asks, signed_by=("gate",))
    let_in, named = (structs.replace(one, signers=("gate",)) for one in (LET_IN, IDENTITY))
    left = structs.replace(migrations(1), signers=signers)
    ruling = back(let_in, named, by=by, past=since(release(1, left)))
    assert ruling.verdict.answer is answer


def test_an_unsigned_fact_hides_no_signed_one_about_the_schema() -> None:
    by = structs.replace(GUARDED, signed_by=("gate",))
    let_in, named = (structs.replace(one, signers=("gate",)) for one in (LET_IN, IDENTITY))
    broke = structs.replace(migrations(1, NO), signers=("gate",))
    kept = structs.replace(migrations(1), signers=("gate",))
    for signed, answer in ((broke, Answer.NO), (kept, Answer.YES)):
        for planted in (migrations(1), migrations(1, NO)):
            past = since(release(1, planted, signed))
            assert back(let_in, named, by=by, past=past).verdict.answer is answer


def test_without_an_identity_it_does_not_come_back() -> None:
    assert back(LET_IN).verdict.answer is Answer.CANNOT_TELL


def test_a_service_without_a_database_is_asked_for_no_schema() -> None:
    ruling = back(LET_IN, IDENTITY, by=NO_DATABASE, past=Past())
    assert ruling.verdict.answer is Answer.YES
    assert len(ruling.requirements) == 2


def test_nobody_knows_what_was_deployed_since() -> None:
    ruling = back(LET_IN, IDENTITY, past=Past())
    assert against(ruling) == [
        "no record says what was deployed to deployment since this image",
    ]
    (reason,) = [r for r in ruling.verdict.reasons if r.answer is not Answer.YES]
    assert "--break-glass INCIDENT" in reason.remedy


def test_every_release_since_must_have_left_the_schema_compatible() -> None:
    kind = release(1, migrations(1))
    assert back(LET_IN, IDENTITY, past=since(kind)).verdict.answer is Answer.YES
    broke = release(2, migrations(2, judge([no("orders.note was dropped", remedy="")])))
    ruling = back(LET_IN, IDENTITY, past=since(kind, broke))
    assert ruling.verdict.answer is Answer.NO
    assert against(ruling) == [
        "the release sha256:000000000000… of 2026-11-18T10:00:00+00:00: orders.note was dropped"
    ]


def test_a_release_of_which_nobody_linted_the_migrations() -> None:
    assert back(LET_IN, IDENTITY, past=since(release(1))).verdict.answer is Answer.CANNOT_TELL


CONTRACT = Contract(
    migration="0003", release="v3", commit="c" * 40, objects=("orders.note",), reason=""
)


@pytest.mark.parametrize(
    ("contains", "answer"),
    [({}, Answer.CANNOT_TELL), ({True}, Answer.YES), ({False}, Answer.NO)],
    ids=str,
)
def test_what_a_contract_took_away_must_be_unused_by_the_image(
    contains: set[bool], answer: Answer
) -> None:
    past = since(release(1, migrations(1, PASSED, CONTRACT)))
    pair = ("c" * 40, COMMIT)
    ran = Ran(contains=dict.fromkeys([pair] * len(contains), True in contains))
    ruling = back(LET_IN, IDENTITY, past=past, ran=ran)
    assert ruling.verdict.answer is answer
    assert any("took away orders.note" in what for _, what in told(ruling))


def test_a_record_of_what_was_deployed_that_cannot_be_read() -> None:
    past = Past(known=True, unreadable=(no("half a record", remedy="look at it"),))
    assert back(LET_IN, IDENTITY, past=past).verdict.answer is Answer.NO


def test_in_ci_a_decision_of_somebodys_own_machine_let_nothing_in() -> None:
    """Any policy may be asked there."""
    at_home = origin("check-gate", system="terminal", recorded_at="2026-11-10T10:00:00Z")
    facts = (fact(decision(origin=at_home)), IDENTITY)
    asked = {"by": NO_DATABASE, "question": "return", "past": since()}
    assert ask(*facts, **asked).verdict.answer is Answer.YES  # type: ignore[arg-type]
    assert against(ask(*facts, in_ci=True, **asked)) == [  # type: ignore[arg-type]
        "no decision says that this image was let into deployment before"
    ]
    gated = policy(Requirement(evidence="decision", stage="deployment"))
    assert against(ask(*facts, by=gated, in_ci=True)) == [
        "decision: was made at a terminal, where any policy may be asked"
    ]
