"""Contracts: the gate stays shut until the release that they wait for is all that runs."""

from __future__ import annotations

import pytest
from msgspec import structs

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.document import Replay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Contract, Deployment, Findings, Tool
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, cannot_tell, judge, yes
from cdkit.gate.contracts import Ran, pairs
from cdkit.gate.decide import decide
from cdkit.gate.policy import Contracts, Policy, Requirement, Stage
from cdkit.gate.subject import Request
from tests.evidence.doubles import IMAGE, IMAGE_KEY, fact, origin
from tests.worlds import NOW

RELEASE = "4" * 40
AFTER, BEFORE = "a" * 40, "b" * 40
CONTRACT = Contract(
    migration="migrations/2.sql",
    release="v1.4",
    commit=RELEASE,
    objects=("orders.note",),
    where=Location(path="migrations/2.sql", line=1),
)
OPEN = judge([yes("no known break")])


def linted(*contracts: Contract) -> Fact:
    return fact(
        Findings(
            origin=origin("lint-migrations"),
            evidence="migrations",
            verdict=OPEN,
            tool=Tool(name="cdkit"),
            examined={"files": 1},
            contracts=contracts,
        )
    )


def deployed(
    commit: str = AFTER,
    *,
    environment: str = "production",
    service: str = "orders",
    at: str = "2026-11-22T10:00:00Z",
    status: str = "deployed",
    image: str = "a",
    replay: Replay | None = None,
) -> Fact:
    return fact(
        Deployment(
            origin=origin("emit-event", recorded_at=at, replay=replay),
            image=f"registry.example/{service}@sha256:{image * 64}",
            environment=environment,
            service=service,
            status=status,
            commit=commit,
        )
    )


def ask(
    *deployments: Fact,
    contracts: Contracts | None = None,
    contract: tuple[Contract, ...] = (CONTRACT,),
    unreadable: tuple[Reason, ...] = (),
    untold: bool = False,
    signed_by: tuple[str, ...] = (),
    asks: tuple[str, ...] = (),
) -> list[Reason]:
    """Return the reasons that decide, once the fact itself says yes."""
    wanted = Requirement(evidence="migrations", contracts=contracts, signed_by=asks)
    stages = (Stage(name="deployment", enter=(wanted,)),)
    policy = Policy(version=1, stages=stages, signed_by=signed_by)
    ran = Ran(
        deployments=deployments,
        unreadable=unreadable,
        contains={} if untold else {(RELEASE, AFTER): True, (RELEASE, BEFORE): False},
        untold={(RELEASE, AFTER): "the clone is shallow"} if untold else {},
    )
    request = Request(image=IMAGE, key=IMAGE_KEY, stage="deployment")
    found = structs.replace(linted(*contract), signers=(*signed_by, *asks))
    verdict = decide(request, policy, Collected(facts=(found,)), NOW, (), ran).verdict
    return [reason for reason in verdict.reasons if reason.answer is verdict.answer]


def answer(*deployments: Fact, **how: object) -> Answer:
    return ask(*deployments, **how)[0].answer  # type: ignore[arg-type]


def test_it_opens_where_all_that_runs_contains_the_release() -> None:
    reasons = ask(deployed())
    assert reasons[-1].answer is Answer.YES
    assert "orders in production runs aaaaaaaaaaaa, which contains v1.4" in reasons[-1].what


def test_it_is_a_no_where_something_older_runs() -> None:
    (reason,) = ask(deployed(BEFORE))
    assert reason.answer is Answer.NO
    assert reason.what == (
        "migrations: orders.note may go once v1.4 is all that runs, and orders in production runs "
        "bbbbbbbbbbbb, which does not contain it"
    )
    assert reason.remedy.startswith("deploy v1.4 or a later release to production first")
    assert reason.where == CONTRACT.where


def test_without_any_record_of_what_runs_nobody_can_tell() -> None:
    (reason,) = ask()
    assert reason.answer is Answer.CANNOT_TELL
    assert "no record says what runs anywhere" in reason.what
    assert "`cdkit emit-event --environment ENVIRONMENT" in reason.remedy


def test_a_migration_without_a_contract_needs_no_deployment() -> None:
    assert answer(contract=()) is Answer.YES


def test_every_environment_and_service_counts() -> None:
    assert answer(deployed(), deployed(BEFORE, environment="staging")) is Answer.NO
    assert answer(deployed(), deployed(BEFORE, service="billing")) is Answer.NO


def test_the_policy_names_the_environments_and_the_services() -> None:
    there = (deployed(), deployed(BEFORE, environment="preview"))
    assert answer(*there, contracts=Contracts(environments=("production",))) is Answer.YES
    others = (deployed(), deployed(BEFORE, service="billing"))
    assert answer(*others, contracts=Contracts(services=("orders",))) is Answer.YES


@pytest.mark.parametrize(
    "contracts",
    [
        Contracts(environments=("production", "staging")),
        Contracts(services=("orders", "billing")),
        Contracts(environments=("Production",)),
        Contracts(services=("Orders",)),
    ],
)
def test_a_place_that_the_policy_names_and_nobody_speaks_of_cannot_be_told(
    contracts: Contracts,
) -> None:
    assert answer(deployed(), contracts=contracts) is Answer.CANNOT_TELL


def test_the_newest_deployment_counts() -> None:
    older = deployed(BEFORE, at="2026-11-21T10:00:00Z")
    assert answer(older, deployed()) is Answer.YES
    taken_back = deployed(BEFORE, at="2026-11-23T10:00:00Z")
    assert answer(deployed(), taken_back) is Answer.NO


def test_two_deployments_of_one_second_both_count() -> None:
    assert answer(deployed(), deployed(BEFORE)) is Answer.NO


def test_what_was_taken_out_runs_no_more() -> None:
    old = deployed(BEFORE, environment="old")
    out = deployed(BEFORE, environment="old", status="removed", at="2026-11-22T11:00:00Z")
    assert answer(deployed(), old, out) is Answer.YES


@pytest.mark.parametrize("at", ["2030-01-01T00:00:00Z", "soon"])
def test_what_is_taken_out_at_no_time_that_has_been_runs_still(at: str) -> None:
    old = deployed(BEFORE, environment="old")
    out = deployed(BEFORE, environment="old", status="removed", at=at)
    assert answer(deployed(), old, out) is Answer.NO


def test_where_every_fact_must_be_signed_so_must_a_deployment() -> None:
    def by(one: Fact, *names: str) -> Fact:
        return structs.replace(one, signers=names)

    ours = deployed()
    assert answer(by(ours, "ci"), signed_by=("ci",)) is Answer.YES
    for other in (ours, by(ours, "eve")):
        (reason,) = ask(other, signed_by=("ci",))
        assert reason.answer is Answer.CANNOT_TELL
        assert reason.what.endswith("the deployment of orders in production is not signed by ci")
    older = by(deployed(BEFORE, at="2026-11-21T10:00:00Z", image="b"), "ci")
    taken_out = deployed(status="removed", at="2026-11-22T11:00:00Z", image="b")
    assert answer(older, taken_out, signed_by=("ci",)) is Answer.NO


@pytest.mark.parametrize(
    ("signers", "missing"),
    [
        (("ci",), "dba"),
        (("dba",), "ci"),
        (("eve",), "ci, and dba"),
        (("ci", "dba"), ""),
    ],
)
def test_a_deployment_is_signed_as_the_policy_and_the_requirement_ask(
    signers: tuple[str, ...], missing: str
) -> None:
    ran = structs.replace(deployed(), signers=signers)
    reason = ask(ran, signed_by=("ci",), asks=("dba",))[-1]
    assert reason.answer is (Answer.CANNOT_TELL if missing else Answer.YES)
    if missing:
        assert reason.what.endswith(f"orders in production is not signed by {missing}")


def test_where_the_newest_was_taken_out_the_one_before_it_counts() -> None:
    old = deployed(BEFORE, at="2026-11-21T10:00:00Z", image="b")
    out = deployed(status="removed", at="2026-11-22T11:00:00Z")
    assert answer(old, deployed(), out) is Answer.NO


def test_another_image_that_was_taken_out_changes_nothing() -> None:
    out = deployed(BEFORE, status="removed", at="2026-11-22T11:00:00Z", image="b")
    assert answer(deployed(), out) is Answer.YES
    assert answer(deployed(BEFORE), out) is Answer.NO


@pytest.mark.parametrize(
    "fact_",
    [
        deployed(at="2026-11-22T10:00:00"),
        deployed(at="yesterday"),
        deployed(at="2027-01-01T00:00:00Z"),
        deployed(""),
        deployed("f" * 40),
    ],
    ids=["no zone", "no time", "the future", "no commit", "a commit that nobody asked for"],
)
def test_a_deployment_that_says_too_little_cannot_be_told(fact_: Fact) -> None:
    assert answer(fact_) is Answer.CANNOT_TELL


def test_a_deployment_without_a_time_is_not_passed_over_beside_a_newer_one() -> None:
    assert answer(deployed(), deployed(BEFORE, at="yesterday")) is Answer.CANNOT_TELL


def test_what_git_cannot_say_is_cannot_tell_with_its_reason() -> None:
    (reason,) = ask(deployed(), untold=True)
    assert reason.answer is Answer.CANNOT_TELL
    assert "the clone is shallow" in reason.what
    assert "--unshallow" in reason.remedy


def test_a_deployment_of_a_replay_does_not_count() -> None:
    replay = Replay(run="r", at="2026-11-01T00:00:00Z")
    assert answer(deployed(replay=replay)) is Answer.CANNOT_TELL


def test_a_record_that_cannot_be_read_keeps_it_shut() -> None:
    broken = cannot_tell("a record is cut off", remedy="remove it")
    assert answer(deployed(), unreadable=(broken,)) is Answer.CANNOT_TELL


def test_a_contract_without_a_commit_keeps_it_shut() -> None:
    nameless = Contract(migration="2.sql", release="v1.4", commit="", objects=("a",))
    assert answer(deployed(), contract=(nameless,)) is Answer.CANNOT_TELL


def test_each_contract_is_asked_for_by_itself() -> None:
    later = Contract(migration="3.sql", release="v2", commit="9" * 40, objects=("b",))
    assert answer(deployed(), contract=(CONTRACT, later)) is Answer.CANNOT_TELL


def test_the_commits_to_compare_are_those_of_contracts_and_deployments() -> None:
    there = (deployed(), deployed(""), deployed(BEFORE, status="removed"))
    assert pairs((linted(CONTRACT),), there) == {(RELEASE, AFTER), (RELEASE, BEFORE)}
    assert pairs((linted(),), there) == frozenset()
