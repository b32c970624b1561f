"""What an event leaves in the store: who asks what runs, and what an event came from, finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.documents.statement import state
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import parse_pinned
from cdkit.core.step import Outcome
from cdkit.core.world import Clock, Response, World
from cdkit.events.catalogue import find
from cdkit.evidence.store import open_store
from cdkit.gate.read import read_policy
from cdkit.report.passport.page import passport
from cdkit.steps.deployed import deployed_anywhere, deployed_in
from cdkit.steps.dossier import gather
from cdkit.steps.emit_event import EmitEventOptions, EmitEventOutputs, run
from cdkit.steps.event_links import earlier_of
from cdkit.steps.gate_facts import last_releases
from cdkit.steps.inventory import audit
from cdkit.steps.running import running_of
from tests.events import places
from tests.report.reading import Page
from tests.steps.test_emit_event import CONTEXT, written
from tests.worlds import COMMIT

OLD, NEW = (f"ghcr.io/acme/orders@sha256:{sign * 64}" for sign in "ab")
RECORDS = "kept"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return replace(places.world(tmp_path), context=CONTEXT)


def told(world: World, image: str, **options: Any) -> Outcome:  # noqa: ANN401 - any option
    usual: dict[str, Any] = {
        "environment": "production",
        "image": image,
        "sinks": ("file:events.ndjson",),
        "records": RECORDS,
    }
    outcome = run(EmitEventOptions(**(usual | options)), world)
    if outcome.document is not None:
        open_store(RECORDS, world).put(state(outcome.document, *outcome.subjects))
    world.clock.sleep(60)
    return outcome


def name(outcome: Outcome) -> str:
    assert isinstance(outcome.outputs, EmitEventOutputs)
    return outcome.outputs.event


def links(world: World) -> list[list[dict[str, Any]]]:
    return [event["context"].get("links", []) for event in written(world)]


def relation(kind: str, to: Outcome) -> dict[str, Any]:
    return {"linkType": "RELATION", "linkKind": kind, "target": {"contextId": name(to)}}


_ASKING: dict[str, Callable[[World], str]] = {
    "where": lambda world: deployed_anywhere(RECORDS, world).deployments[0].image,
    "in": lambda world: deployed_in("production", RECORDS, world).deployments[0].image,
    "against": lambda world: (
        running_of(
            since="", against="production", service="orders", records=RECORDS, world=world
        ).revision
    ),
    "releases": lambda world: (
        last_releases("production", (), open_store(RECORDS, world), world)[0].image
    ),
    "audit": lambda world: (
        audit("production", None, RECORDS, world=world).deployments[-1].deployment.image
    ),
    "passport": lambda world: gather(OLD, RECORDS, world).stays[-1].until,
}


@pytest.mark.parametrize("asking", _ASKING)
def test_a_deployment_that_failed_changes_nothing_of_what_runs(world: World, asking: str) -> None:
    told(world, OLD)
    before = _ASKING[asking](world)
    later = replace(world, context=replace_commit(world))
    told(later, NEW, custom={"outcome": "failure"})
    assert _ASKING[asking](world) == before
    told(later, NEW)
    assert _ASKING[asking](world) != before


def replace_commit(world: World) -> BuildContext:
    return msgspec.structs.replace(world.context, commit="d" * 40)


def test_a_deployment_is_linked_to_the_event_that_published_its_artifact(world: World) -> None:
    packaged = told(world, NEW, type="artifact.packaged")
    published = told(world, NEW, type="artifact.published")
    told(world, NEW, type="artifact.signed", content={"signature": "MEUC"})
    told(world, NEW)
    assert links(world)[-1] == [relation("ARTIFACT", published)]
    assert name(packaged) != name(published)


def test_a_deployment_from_another_repository_belongs_to_the_chain_of_its_artifact(
    world: World,
) -> None:
    deploys = structs.replace(CONTEXT, repository="acme/deploys", repository_url="")
    elsewhere = replace(world, context=deploys)
    alone = told(elsewhere, NEW)
    told(world, NEW, type="artifact.published", environment="")
    assert name(told(elsewhere, NEW)) == name(alone)  # what was found is no part of the id
    later = replace(world, context=structs.replace(deploys, run="8"))
    told(later, NEW)
    told(later, NEW, chain_id=(own := "11111111-1111-4111-8111-111111111111"))
    before, artifact, after, given = (event["context"]["chainId"] for event in written(world))
    assert (before != artifact, after == artifact, given) == (True, True, own)


def test_an_artifact_is_linked_to_the_merge_of_its_commit(world: World) -> None:
    merged = told(world, "", type="change.merged", environment="", subject="17")
    told(world, NEW, type="artifact.published")
    assert links(world)[-1] == [relation("CHANGE", merged)]


def test_another_artifact_and_another_commit_are_linked_to_nothing(world: World) -> None:
    told(world, OLD, type="artifact.published")
    told(replace(world, context=replace_commit(world)), "", type="change.merged", environment="")
    told(world, NEW, type="artifact.published")
    told(world, f"ghcr.io/acme/orders@sha256:{'c' * 64}")
    assert links(world) == [[], [], [], []]


def test_links_that_are_given_are_all(world: World) -> None:
    told(world, NEW, type="artifact.published")
    told(world, NEW, links=("PATH=x",))
    assert links(world)[-1] == [{"linkType": "PATH", "from": {"contextId": "x"}}]


def test_without_records_nothing_is_looked_for(world: World) -> None:
    told(world, NEW, type="artifact.published")
    told(world, NEW, records="none")
    assert links(world)[-1] == []


def test_the_event_of_the_same_run_counts_before_a_newer_one(world: World) -> None:
    here = told(world, NEW, type="artifact.published")
    other = msgspec.structs.replace(world.context, run="8")
    told(replace(world, context=other), NEW, type="artifact.published")
    told(world, NEW)
    assert links(world)[-1] == [relation("ARTIFACT", here)]


def test_a_retry_that_finds_no_record_any_more_is_the_same_event(world: World) -> None:
    told(world, NEW, type="artifact.published")
    first = told(world, NEW)
    second = told(world, NEW, records="elsewhere")
    third = told(world, NEW, records="elsewhere", outbox="another.db")
    assert name(first) == name(second) == name(third)


def test_what_keeps_a_link_from_being_found_is_a_note_and_the_event_goes(world: World) -> None:
    folder = f"{RECORDS}/subjects/sha256/{'b' * 64}"
    world.files.write(f"{folder}/{'0' * 64}.json", b"{}")
    outcome = told(world, NEW)
    (note,) = (note for note in outcome.notes if "linked" in note)
    assert note.startswith("not linked to the event of its artifact, as far as one is: a record")
    assert links(world) == [[]]


def test_what_was_only_replayed_is_linked_by_that_replay_alone(world: World) -> None:
    replay = Replay(run="r", at="2026-11-23T12:00:00Z")
    told(replace(world, replay=replay), NEW, type="artifact.published")
    told(world, NEW)
    told(replace(world, replay=replay), NEW)
    assert [len(each) for each in links(world)] == [0, 0, 1]


def test_a_record_whose_id_is_none_of_ours_links_to_nothing(world: World) -> None:
    outcome = told(world, OLD, type="artifact.published")
    assert outcome.document is not None
    strange = msgspec.structs.replace(outcome.document, event="x\n::error::y")
    subject = msgspec.structs.replace(outcome.subjects[0], digest={"sha256": "b" * 64})
    open_store(RECORDS, world).put(state(strange, subject))
    told(world, NEW)
    assert links(world)[-1] == []


def test_no_policy_can_ask_for_an_announcement() -> None:
    policy = b"version: 1\nstages: [{name: production, enter: [{evidence: announcement}]}]\n"
    with pytest.raises(RequestError, match="is no evidence"):
        read_policy(policy, where="policy.yaml")


def test_the_commit_of_a_change_is_what_its_announcement_is_about(world: World) -> None:
    outcome = told(world, "", type="change.merged", environment="")
    assert [subject.digest for subject in outcome.subjects] == [{"gitCommit": COMMIT}]


class _Hanging:
    """A registry that takes its time to say nothing."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked = 0

    def request(self, method: str, url: str, *, timeout: float = 30, **_: object) -> Response:
        self.asked += 1
        self.clock.sleep(timeout)
        raise CannotTell(f"{method} {url}: no answer", remedy="wait")


def test_a_registry_that_hangs_holds_the_event_up_for_five_seconds_at_most(world: World) -> None:
    hanging = _Hanging(world.clock)
    before = world.clock.monotonic()
    there = replace(world, http=hanging)
    place = "oci://localhost:1/acme/orders"
    found = earlier_of(find("service.deployed"), parse_pinned(NEW, where=""), "", place, there)
    assert (found.links, world.clock.monotonic() - before) == ((), 5.0)
    assert hanging.asked == 1
    (note,) = found.notes
    assert note.startswith("not linked to the event of its artifact")


def test_the_passport_tells_what_was_announced_and_what_failed(world: World) -> None:
    published = told(world, NEW, type="artifact.published")
    told(world, NEW, custom={"outcome": "error"})
    text = Page(passport(gather(NEW, RECORDS, world))).text
    assert "It was announced: artifact.published" in text
    assert f"artifact.published: {name(published)}" in text
    assert "Failed: orders in production" in text
