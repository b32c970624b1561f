"""check-gate: facts from the store, a policy, a decision that is a fact itself."""

from pathlib import Path

import msgspec
import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Document, Replay
from cdkit.core.documents.fact import read_fact
from cdkit.core.documents.kinds import Contract, Decision, Deployment, Findings, Tool
from cdkit.core.documents.statement import state
from cdkit.core.errors import ConfigError, RequestError
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.evidence.store import open_store
from cdkit.steps.check_gate import STEP, CheckGateOptions
from tests.evidence.doubles import (
    IMAGE,
    IMAGE_KEY,
    PASSED,
    SOURCE,
    SUBJECT,
    evidence,
    identity,
    origin,
)
from tests.worlds import FakeGit, world

POLICY = b"""version: 1
stages:
  - name: deployment
    enter:
      - evidence: identity
      - evidence: unit
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_bytes(POLICY)
    return tmp_path


def put(folder: Path, document: Document, *subjects: Subject) -> str:
    store = open_store(".cdkit/records", world(folder))
    return store.put(state(document, *(subjects or (SUBJECT,))))


def run(folder: Path, *, replay: Replay | None = None, **options: str) -> Outcome:
    told = {"image": IMAGE, "policy": "policy.yaml"} | options
    return STEP.run(CheckGateOptions(**told), world(folder, replay=replay))  # type: ignore[arg-type]


def decision(outcome: Outcome) -> Decision:
    assert isinstance(outcome.document, Decision)
    return outcome.document


def test_it_opens_on_the_facts_about_the_image(folder: Path) -> None:
    put(folder, identity())
    put(folder, evidence())
    outcome = run(folder)
    assert outcome.verdict.answer is Answer.YES
    assert [one.answer for one in decision(outcome).requirements] == [Answer.YES, Answer.YES]


def test_it_finds_the_facts_about_the_source_that_the_identity_names(folder: Path) -> None:
    put(folder, identity())
    put(folder, evidence(), SOURCE)
    assert run(folder).verdict.answer is Answer.YES


def test_an_empty_store_keeps_it_shut_and_names_the_commands(folder: Path) -> None:
    outcome = run(folder)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    remedies = "\n".join(reason.remedy for reason in outcome.verdict.reasons)
    assert f"`cdkit tag-image --digest {IMAGE}`" in remedies
    assert f"`cdkit record-evidence --image {IMAGE} --report unit=" in remedies


def test_a_broken_record_keeps_it_shut_beside_every_yes(folder: Path) -> None:
    put(folder, identity())
    place = folder / put(folder, evidence())
    place.with_name("half.json").write_bytes(b"{")
    outcome = run(folder)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert [str(r.where) for r in outcome.verdict.reasons if r.answer is not Answer.YES] == [
        place.with_name("half.json").relative_to(folder).as_posix()
    ]


def test_a_broken_record_about_the_source_keeps_it_shut_too(folder: Path) -> None:
    put(folder, identity())
    put(folder, evidence())
    place = folder / put(folder, evidence("lint"), SOURCE)
    tree = next(path for path in folder.rglob(place.name) if "gitTree" in path.parts)
    tree.write_bytes(b"")
    assert run(folder).verdict.answer is Answer.CANNOT_TELL


def test_the_decision_is_a_fact_about_the_image(folder: Path) -> None:
    outcome = run(folder)
    found = decision(outcome)
    assert outcome.subjects == (SUBJECT,)
    assert (found.image, found.stage, found.origin.step) == (IMAGE, "deployment", "check-gate")
    assert found.policy.where == "policy.yaml"
    assert found.verdict == outcome.verdict


def test_the_decision_can_be_written_to_a_file(folder: Path) -> None:
    outcome = run(folder, decision="out/d.json")
    fact = read_fact((folder / "out" / "d.json").read_bytes(), where="out/d.json")
    assert fact.document == outcome.document
    assert fact.keys == {IMAGE_KEY}
    assert msgspec.to_builtins(outcome.outputs)["decision"] == "out/d.json"


def test_without_a_file_the_output_names_the_record(folder: Path) -> None:
    outcome = run(folder)
    place = put(folder, decision(outcome))
    assert msgspec.to_builtins(outcome.outputs)["decision"] == place


def test_an_earlier_decision_is_no_evidence(folder: Path) -> None:
    first = decision(run(folder))
    put(folder, first)
    assert run(folder).verdict.answer is Answer.CANNOT_TELL


def test_a_replay_counts_its_own_facts_and_marks_the_decision(folder: Path) -> None:
    replay = Replay(run="r", at="2026-11-23T12:00:00Z")
    put(folder, identity())
    put(folder, evidence(replay=replay))
    assert run(folder).verdict.answer is Answer.CANNOT_TELL
    outcome = run(folder, replay=replay)
    assert outcome.verdict.answer is Answer.YES
    assert decision(outcome).origin.replay == replay


def test_in_ci_a_policy_that_the_change_brought_keeps_it_shut(folder: Path) -> None:
    put(folder, identity())
    put(folder, evidence())
    context = BuildContext(system="github", target_branch="main")
    options = CheckGateOptions(image=IMAGE, policy="policy.yaml")
    outcome = STEP.run(options, world(folder, context=context))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert any("brought it along" in reason.what for reason in outcome.verdict.reasons)


def test_the_note_says_which_policy_decided(folder: Path) -> None:
    assert run(folder, policy="").notes[0].startswith("the policy: built into cdkit")


def test_without_a_policy_the_four_stages_decide(folder: Path) -> None:
    asked = [one.requirement for one in decision(run(folder, policy="")).requirements]
    assert asked[0] == "identity (development)"
    assert asked[-1] == "pre-production (delivery)"


def test_the_table_shows_every_requirement(folder: Path) -> None:
    put(folder, identity())
    (table,) = run(folder).tables
    assert [row[:2] for row in table.rows] == [
        ("identity (deployment)", "yes"),
        ("unit (deployment)", "cannot-tell"),
    ]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"image": "orders:latest"}, RequestError),
        ({"image": ""}, RequestError),
        ({"stage": "production"}, RequestError),
        ({"records": "none"}, RequestError),
        ({"policy": "git:main"}, RequestError),
    ],
)
def test_a_wrong_request_is_refused(
    folder: Path, options: dict[str, str], error: type[Exception]
) -> None:
    told = {"image": IMAGE, "policy": "policy.yaml"} | options
    with pytest.raises(error):
        STEP.run(CheckGateOptions(**told), world(folder))  # type: ignore[arg-type]


def test_a_faulty_policy_is_refused(folder: Path) -> None:
    (folder / "policy.yaml").write_bytes(b"version: 1\nstagse: []\n")
    with pytest.raises(ConfigError) as caught:
        run(folder)
    assert "unknown key 'stagse'" in [fault.what for fault in caught.value.faults]


CONTRACT = Contract(migration="2.sql", release="v1.4", commit="4" * 40, objects=("orders.note",))
MIGRATIONS = b"""version: 1
stages:
  - name: deployment
    enter:
      - evidence: migrations
        contracts: {environments: [production], services: [orders]}
"""


def contracted(folder: Path, git: FakeGit, *commits: str) -> Decision:
    """Decide about an image whose migrations rest on a contract, and what runs in production."""
    (folder / "policy.yaml").write_bytes(MIGRATIONS)
    linted = Findings(
        origin=origin("lint-migrations"),
        evidence="migrations",
        verdict=PASSED,
        tool=Tool(name="cdkit"),
        examined={},
        contracts=(CONTRACT,),
    )
    put(folder, linted)
    for commit in commits:
        deployment = Deployment(
            origin=origin("emit-event"),
            image=IMAGE,
            environment="production",
            service="orders",
            status="deployed",
            commit=commit,
        )
        put(folder, deployment)
    options = CheckGateOptions(image=IMAGE, policy="policy.yaml")
    return decision(STEP.run(options, world(folder, git=git)))


def test_a_contract_is_held_against_the_deployments_in_the_store(folder: Path) -> None:
    found = contracted(folder, FakeGit(), "a" * 40)
    assert found.verdict.answer is Answer.YES
    assert [one.requirement for one in found.requirements] == [
        "migrations: contracts held against what runs of orders in production (deployment)"
    ]


def test_a_deployment_of_something_older_keeps_a_contract_shut(folder: Path) -> None:
    git = FakeGit(apart=frozenset({(CONTRACT.commit, "b" * 40)}))
    assert contracted(folder, git, "b" * 40).verdict.answer is Answer.NO


def test_a_contract_without_deployments_or_without_git_cannot_be_told(folder: Path) -> None:
    assert contracted(folder, FakeGit()).verdict.answer is Answer.CANNOT_TELL
    git = FakeGit(unknown=frozenset({"a" * 40}))
    found = contracted(folder, git, "a" * 40)
    assert found.verdict.answer is Answer.CANNOT_TELL
    assert any("git knows no revision" in reason.what for reason in found.verdict.reasons)


def test_a_broken_deployment_record_keeps_a_contract_shut(folder: Path) -> None:
    environment = folder / ".cdkit" / "records" / "environments" / "production"
    environment.mkdir(parents=True)
    (environment / f"{'0' * 64}.json").write_bytes(b"{")
    assert contracted(folder, FakeGit(), "a" * 40).verdict.answer is Answer.CANNOT_TELL
