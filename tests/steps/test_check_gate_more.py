"""check-gate: staying, coming back, breaking the glass, replaying an old decision, the VSA."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Document, Replay
from cdkit.core.documents.fact import read_fact
from cdkit.core.documents.kinds import Contract, Decision, Deployment, Findings, Tool
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import RequestError
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.evidence.store import open_store
from cdkit.steps.check_gate import STEP, CheckGateOptions
from tests.evidence.doubles import (
    IMAGE,
    IMAGE_KEY,
    PASSED,
    REPOSITORY,
    SUBJECT,
    evidence,
    identity,
    origin,
)
from tests.gate.asking import suite
from tests.worlds import COMMIT, NOW, FakeGit, world

POLICY = b"""version: 1
stages:
  - name: deployment
    enter:
      - evidence: identity
      - evidence: unit
        max-age: 2h
      - evidence: migrations
    stay:
      - evidence: slo
    environment: production
"""
PERSON = BuildContext(system="github", actor="ann", run="7", branch="main")
OTHER = Subject(name=REPOSITORY, digest={"sha256": "b" * 64})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_bytes(POLICY)
    for document in (identity(), evidence(), migrations()):
        put(tmp_path, document)
    return tmp_path


def put(folder: Path, document: Document, *subjects: Subject) -> Path:
    store = open_store(".cdkit/records", world(folder))
    return folder / store.put(state(document, *(subjects or (SUBJECT,))))


def migrations(*contracts: Contract) -> Findings:
    return Findings(
        origin=origin("lint-migrations"),
        evidence="migrations",
        verdict=PASSED,
        tool=Tool(name="cdkit"),
        examined={"files": 1},
        contracts=contracts,
    )


def deployment(letter: str, at: str, environment: str = "production") -> Deployment:
    return Deployment(
        origin=origin("emit-event", recorded_at=at),
        image=f"{REPOSITORY}@sha256:{letter * 64}",
        environment=environment,
        service="orders",
        status="deployed",
        commit=COMMIT,
    )


def run(
    folder: Path,
    *,
    hours: float = 0,
    context: BuildContext | None = None,
    git: FakeGit | None = None,
    replay: Replay | None = None,
    **options: object,
) -> Outcome:
    told = {"image": IMAGE, "policy": "policy.yaml"} | options
    now = NOW + timedelta(hours=hours)
    outside = world(folder, now=now, context=context, git=git, replay=replay)
    return STEP.run(CheckGateOptions(**told), outside)  # type: ignore[arg-type]


def decision(outcome: Outcome) -> Decision:
    assert isinstance(outcome.document, Decision)
    return outcome.document


def keep(folder: Path, outcome: Outcome) -> Outcome:
    put(folder, decision(outcome), *outcome.subjects)
    return outcome


def why(outcome: Outcome) -> list[str]:
    return [r.what for r in outcome.verdict.reasons if r.answer is not Answer.YES]


# Staying


def test_staying_asks_what_the_stage_asks_of_what_is_in_it(folder: Path) -> None:
    shut = run(folder, stay=True)
    assert [one.requirement for one in decision(shut).requirements] == ["slo (deployment)"]
    assert shut.verdict.answer is Answer.CANNOT_TELL
    put(folder, evidence("slo"))
    opened = run(folder, stay=True)
    assert opened.verdict.answer is Answer.YES
    assert decision(opened).question == "stay"


# Coming back


def test_what_was_let_in_comes_back_long_after_its_evidence_is_too_old(folder: Path) -> None:
    keep(folder, run(folder))
    put(folder, deployment("a", "2026-11-23T12:10:00Z"), SUBJECT)
    put(folder, deployment("b", "2026-11-23T13:00:00Z"), OTHER)
    put(folder, migrations(), OTHER)
    assert run(folder, hours=900).verdict.answer is Answer.CANNOT_TELL
    back = run(folder, hours=900, roll_back=True)
    assert back.verdict.answer is Answer.YES
    assert decision(back).question == "return"


def test_what_was_never_let_in_does_not_come_back(folder: Path) -> None:
    put(folder, deployment("a", "2026-11-23T12:10:00Z"), SUBJECT)
    back = run(folder, roll_back=True)
    assert why(back) == ["no decision says that this image was let into deployment before"]


@pytest.mark.parametrize(("apart", "answer"), [({}, Answer.YES), ({("c" * 40, COMMIT)}, Answer.NO)])
def test_git_is_asked_whether_it_contains_what_a_contract_waited_for(
    folder: Path, apart: set[tuple[str, str]], answer: Answer
) -> None:
    keep(folder, run(folder))
    put(folder, deployment("a", "2026-11-23T12:10:00Z"), SUBJECT)
    put(folder, deployment("b", "2026-11-23T13:00:00Z"), OTHER)
    taken = Contract(migration="3", release="v3", commit="c" * 40, objects=("orders.note",))
    put(folder, migrations(taken), OTHER)
    git = FakeGit(apart=frozenset(apart))
    assert run(folder, roll_back=True, git=git).verdict.answer is answer


def test_another_environments_deployments_do_not_matter(folder: Path) -> None:
    keep(folder, run(folder))
    put(folder, deployment("a", "2026-11-23T12:10:00Z"), SUBJECT)
    put(folder, deployment("b", "2026-11-23T13:00:00Z", "staging"), OTHER)
    assert run(folder, roll_back=True).verdict.answer is Answer.YES


# Tests that are gone, from the store


def test_the_tests_of_what_runs_in_production_are_the_baseline(folder: Path) -> None:
    put(folder, deployment("b", "2026-11-20T12:00:00Z"), OTHER)
    put(folder, suite(*"abcdefgh").document, OTHER)
    shut = run(folder)
    assert why(shut)[0].startswith("unit: 5 of 8 tests are gone that ran for sha256:bbbb")


def test_a_replayed_deployment_is_no_baseline(folder: Path) -> None:
    replayed = deployment("b", "2026-11-20T12:00:00Z")
    mark = msgspec.structs.replace(replayed.origin, replay=Replay(run="r", at="then"))
    put(folder, msgspec.structs.replace(replayed, origin=mark), OTHER)
    put(folder, suite(*"abcdefgh").document, OTHER)
    assert run(folder).verdict.answer is Answer.YES


# Breaking the glass


def test_a_person_breaks_the_glass_and_the_fact_says_so(folder: Path) -> None:
    outcome = run(folder, hours=900, break_glass="INC-7", context=PERSON)
    assert outcome.verdict.answer is Answer.YES
    found = decision(outcome)
    assert (found.incident, found.until) == ("INC-7", "2026-12-31T04:00:00Z")
    assert found.origin.actor == "ann"
    assert [one.answer.value for one in found.requirements].count("cannot-tell") == 1


def test_a_ticket_is_opened_and_one_that_does_not_arrive_stops_nothing(folder: Path) -> None:
    outcome = run(folder, hours=900, break_glass="INC-7", context=PERSON)
    (line,) = (folder / ".cdkit/events.ndjson").read_text().splitlines()
    event = json.loads(line)
    event = event.get("data", event)
    assert event["context"]["type"].startswith("dev.cdevents.ticket.created.")
    assert event["subject"]["id"] == "INC-7"
    content = event["subject"]["content"]
    assert (content["creator"], content["uri"], content["priority"]) == ("ann", "INC-7", "high")
    assert any(note.startswith("a ticket was opened: ") for note in outcome.notes)
    (folder / "full").mkdir()
    lost = run(folder, hours=900, break_glass="INC-8", context=PERSON, ticket=("file:full",))
    assert lost.verdict.answer is Answer.YES
    assert any(note.startswith("the ticket: ") for note in lost.notes)


def test_the_glass_stays_whole_where_the_gate_is_open(folder: Path) -> None:
    found = decision(run(folder, break_glass="INC-7", context=PERSON))
    assert (found.incident, found.until) == ("", "")


def test_at_a_terminal_nobody_breaks_it(folder: Path) -> None:
    outcome = run(folder, hours=900, break_glass="INC-7")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert decision(outcome).incident == ""


@pytest.mark.parametrize(
    "options",
    [
        {"stay": True, "roll_back": True},
        {"stay": True, "break_glass": "INC-7"},
        {"at": "2026-11-23T11:00:00Z", "break_glass": "INC-7"},
        {"at": "2026-11-23T11:00:00Z", "record": "r.json"},
        {"at": "yesterday"},
        {"at": "2026-11-23T11:00:00"},
        {"at": "2030-01-01T00:00:00Z"},
    ],
)
def test_questions_that_make_no_sense_are_refused(folder: Path, options: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        run(folder, **options)  # type: ignore[arg-type]


# As of another time


def test_an_old_decision_is_made_again_from_the_facts_of_then(folder: Path) -> None:
    first = keep(folder, run(folder))
    put(folder, evidence(verdict=None, counts=None, recorded_at="2026-11-23T13:00:00Z", run="2"))
    assert run(folder, hours=9).verdict.answer is Answer.CANNOT_TELL
    again = run(folder, hours=9, at="2026-11-23T12:00:00Z")
    assert decision(again).requirements == decision(first).requirements
    assert decision(again).verdict == decision(first).verdict
    assert again.subjects == ()
    assert decision(again).origin.replay is not None
    assert again.notes[-1] == "the last decision of then (2026-11-23T12:00:00Z) said yes"


def test_another_policy_than_then_is_told(folder: Path) -> None:
    keep(folder, run(folder))
    (folder / "policy.yaml").write_bytes(POLICY + b"# changed\n")
    again = run(folder, hours=1, at="2026-11-23T12:00:00Z")
    assert again.notes[-1].endswith("said yes, by another policy: policy.yaml")


# The verification summary

VSA = {
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "predicateType": {"const": "https://slsa.dev/verification_summary/v1"},
        "predicate": {
            "required": [
                *("verifier", "resourceUri", "policy", "verificationResult", "verifiedLevels"),
            ],
            "properties": {
                "verifier": {"required": ["id"]},
                "resourceUri": {"pattern": "^pkg:oci/orders@sha256:a{64}"},
                "policy": {"required": ["uri", "digest"]},
                "verificationResult": {"enum": ["PASSED", "FAILED"]},
                "inputAttestations": {"items": {"required": ["digest"]}},
            },
        },
    },
}
"""What SLSA v1.1 says a verification summary must have."""


def summary(folder: Path, **options: object) -> dict[str, object]:
    ((path, told),) = run(folder, vsa="vsa.json", **options).written  # type: ignore[arg-type]
    assert path == "vsa.json"
    statement = json.loads(encode_statement(told))
    Draft202012Validator(VSA).validate(statement)
    assert statement["subject"] == [{"name": REPOSITORY, "digest": {"sha256": "a" * 64}}]
    found: dict[str, object] = statement["predicate"]
    return found


def test_a_yes_is_a_summary_that_passed(folder: Path) -> None:
    found = summary(folder)
    assert (found["verificationResult"], found["verifiedLevels"]) == (
        "PASSED",
        ["CDKIT_ENTER_DEPLOYMENT"],
    )
    assert len(found["inputAttestations"]) == 3  # type: ignore[arg-type]


def test_all_else_is_a_summary_that_failed(folder: Path) -> None:
    found = summary(folder, hours=900)
    assert (found["verificationResult"], found["verifiedLevels"]) == ("FAILED", ["FAILED"])


def test_a_gate_that_was_forced_has_a_level_of_its_own(folder: Path) -> None:
    found = summary(folder, hours=900, break_glass="INC-7", context=PERSON)
    assert found["verifiedLevels"] == ["CDKIT_ENTER_DEPLOYMENT_BREAK_GLASS"]


def test_only_a_yes_is_attached_to_the_image(folder: Path) -> None:
    let_in = run(folder, attach=True)
    (told,) = let_in.attached
    assert json.loads(bytes(told.predicate))["verifiedLevels"] == ["CDKIT_ENTER_DEPLOYMENT"]
    assert let_in.written == ()
    refused = run(folder, hours=900, attach=True, vsa="vsa.json")
    assert refused.attached == ()
    assert "nothing is attached to the image: only a yes is" in refused.notes
    assert len(refused.written) == 1
    assert run(folder, vsa="vsa.json").attached == ()


def test_what_was_forced_is_attached_at_its_own_level(folder: Path) -> None:
    (told,) = run(folder, hours=900, break_glass="INC-7", context=PERSON, attach=True).attached
    levels = json.loads(bytes(told.predicate))["verifiedLevels"]
    assert levels == ["CDKIT_ENTER_DEPLOYMENT_BREAK_GLASS"]


@pytest.mark.parametrize(("name", "value"), [("vsa", "vsa.json"), ("attach", True)])
def test_a_decision_of_another_time_is_no_summary(folder: Path, name: str, value: object) -> None:
    asked = {name: value, "at": "2026-11-23T11:30:00Z"}
    with pytest.raises(RequestError, match="lets nothing in"):
        run(folder, **asked)  # type: ignore[arg-type]


def test_a_replay_leaves_no_summary_and_says_so(folder: Path) -> None:
    replay = Replay(run="r", at="2026-11-23T12:00:00Z")
    for document in (identity(), evidence(), migrations()):
        marked = msgspec.structs.replace(document.origin, replay=replay)
        put(folder, msgspec.structs.replace(document, origin=marked))
    outcome = run(folder, attach=True, vsa="vsa.json", replay=replay)
    assert outcome.verdict.answer is Answer.YES
    assert (outcome.written, outcome.attached) == ((), ())
    assert any("a replay leaves no verification summary" in note for note in outcome.notes)


def test_may_it_stay_is_not_attached(folder: Path) -> None:
    with pytest.raises(RequestError, match="another question"):
        run(folder, stay=True, attach=True)


def test_the_decision_that_is_written_is_the_fact(folder: Path) -> None:
    run(folder, decision="d.json")
    fact = read_fact((folder / "d.json").read_bytes(), where="d.json")
    assert fact.keys == {IMAGE_KEY}
    assert fact.kind == "decision"
