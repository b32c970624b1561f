"""The step emit-event: what it builds, where it sends it, what it says, and what it refuses."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import RequestError, Unwritable
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.events.strict import check
from cdkit.events.targets import SinkTable
from cdkit.events.when import When
from cdkit.steps.emit_event import STEP, EmitEventOptions, EmitEventOutputs, run
from tests.events import places
from tests.events.receiver import Answer as HttpAnswer
from tests.events.receiver import Receiver, receiving
from tests.worlds import COMMIT

DIGEST = "sha256:" + "ab" * 32
IMAGE = f"ghcr.io/acme/orders@{DIGEST}"
CONTEXT = BuildContext(
    system="github",
    repository="acme/orders",
    repository_url="https://github.example/acme/orders",
    commit=COMMIT,
    run="7",
    attempt=1,
    job="deploy",
    url="https://github.example/acme/orders/actions/runs/7",
)
FILE = "file:events.ndjson"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return replace(places.world(tmp_path), context=CONTEXT)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def emit(world: World, **options: Any) -> Outcome:  # noqa: ANN401 - any option
    usual: dict[str, Any] = {"environment": "production", "image": IMAGE, "sinks": (FILE,)}
    return run(EmitEventOptions(**(usual | options)), world)


def written(world: World) -> list[dict[str, Any]]:
    lines = world.files.read("events.ndjson").decode().split("\n")
    return [json.loads(line) for line in lines[:-1]]


def outputs(outcome: Outcome) -> tuple[str, str]:
    assert isinstance(outcome.outputs, EmitEventOutputs)
    return outcome.outputs.delivered, outcome.outputs.pending


def event_id(outcome: Outcome) -> str:
    assert isinstance(outcome.outputs, EmitEventOutputs)
    return outcome.outputs.event


def said(outcome: Outcome) -> str:
    reasons = [f"{r.what} {r.remedy}" for r in outcome.verdict.reasons]
    return "\n".join([*reasons, *outcome.notes, outcome.data])


def test_a_deployment_is_written_as_a_right_event(world: World) -> None:
    outcome = emit(world)
    (event,) = written(world)
    assert check(event) == ()
    assert event["subject"] == {
        "id": "orders",
        "content": {
            "environment": {"id": "production"},
            "artifactId": f"pkg:oci/orders@{DIGEST}?repository_url=ghcr.io/acme/orders",
        },
    }
    assert event["context"]["source"] == "https://github.example/acme/orders"
    assert event["context"]["id"] == event_id(outcome)
    assert event["customData"]["commit"] == COMMIT
    assert event["customData"]["run"]["id"] == "7"


def test_what_was_delivered_everywhere_is_a_yes(world: World) -> None:
    outcome = emit(world)
    assert outcome.verdict.answer is Answer.YES
    assert outputs(outcome) == ("1", "0")
    assert outcome.data == f"service.deployed {event_id(outcome)} delivered to {FILE}"


def test_a_deployment_leaves_the_fact_of_what_runs_where(world: World) -> None:
    outcome = emit(world)
    document = outcome.document
    assert isinstance(document, Deployment)
    assert (document.image, document.environment, document.service, document.status) == (
        IMAGE,
        "production",
        "orders",
        "deployed",
    )
    assert (document.commit, document.event) == (COMMIT, event_id(outcome))
    assert [subject.digest for subject in outcome.subjects] == [{"sha256": "ab" * 32}]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("service.upgraded", "deployed"),
        ("service.rolledback", "deployed"),
        ("service.removed", "removed"),
    ],
)
def test_each_event_of_a_service_leaves_its_own_fact(world: World, name: str, status: str) -> None:
    document = emit(world, type=name).document
    assert isinstance(document, Deployment)
    assert document.status == status


@pytest.mark.parametrize("name", ["service.published", "artifact.deleted", "taskrun.started"])
def test_other_events_leave_no_fact(world: World, name: str) -> None:
    assert emit(world, type=name).document is None


@pytest.mark.parametrize("outcome", ["failure", "error"])
def test_a_deployment_that_failed_leaves_a_fact_of_that_alone(world: World, outcome: str) -> None:
    done = emit(world, custom={"outcome": outcome})
    assert isinstance(done.document, Deployment)
    assert (done.document.status, done.document.image) == ("failed", IMAGE)
    told = "the fact that was left says that it failed: what ran before counts as running"
    assert told in done.notes


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("service.deployed", "cancel"),
        ("service.removed", "failure"),
        ("artifact.published", "failure"),
    ],
)
def test_what_neither_runs_nor_failed_to_leaves_no_fact(
    world: World, name: str, outcome: str
) -> None:
    done = emit(world, type=name, custom={"outcome": outcome})
    assert done.document is None
    told = f"no fact of what runs where was left: {outcome}" in done.notes
    assert told is name.startswith("service.")


def test_a_removal_without_its_image_leaves_no_fact_and_says_so(world: World) -> None:
    done = emit(world, type="service.removed", image="", service="orders")
    assert (done.document, done.verdict.answer) == (None, Answer.YES)
    assert "no fact of what runs where was left: no image is named" in done.notes


def test_a_retry_is_the_same_event_and_is_not_sent_again(world: World) -> None:
    first = emit(world)
    world.clock.sleep(90)
    second = emit(world)
    assert event_id(first) == event_id(second)
    assert len(written(world)) == 1
    assert outputs(second) == ("1", "0")
    assert "a retry" in said(second)


def test_what_came_about_after_a_failure_in_the_same_job_is_told_too(world: World) -> None:
    emit(world, custom={"outcome": "failure"})
    done = emit(world, custom={"outcome": "success"})
    told = [event["customData"]["outcome"] for event in written(world)]
    assert told == ["failure", "success"]
    assert isinstance(done.document, Deployment)
    assert done.document.event == event_id(done)


def test_a_second_attempt_is_another_event(world: World) -> None:
    first = emit(world)
    again = replace(world, context=BuildContext(system="github", run="7", attempt=2))
    assert event_id(emit(again)) != event_id(first)
    assert len(written(world)) == 2


def test_two_sinks_both_get_the_event(world: World, receiver: Receiver) -> None:
    outcome = emit(world, sinks=(FILE, receiver.url))
    (request,) = receiver.requests
    assert request.headers["ce-id"] == event_id(outcome)
    assert json.loads(request.body) == written(world)[0]
    assert outputs(outcome) == ("2", "0")


def test_what_is_not_delivered_is_cannot_tell_and_says_how_to_go_on(world: World) -> None:
    with receiving(HttpAnswer(status=503)) as receiver:
        outcome = emit(world, sinks=(FILE, receiver.url), budget=5)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outputs(outcome) == ("1", "1")
    assert f"1 event not delivered to {receiver.url}: status 503" in said(outcome)
    assert "run this step again where the outbox is (.cdkit/outbox.db)" in said(outcome)


def test_a_deployment_is_a_fact_even_if_nobody_could_be_told(world: World) -> None:
    outcome = emit(world, sinks=("http://127.0.0.1:1",), budget=0)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert isinstance(outcome.document, Deployment)


def test_what_an_earlier_run_could_not_deliver_goes_first(world: World) -> None:
    answers = [HttpAnswer(status=503), HttpAnswer()]
    with receiving(*answers) as receiver:
        first = emit(world, sinks=(receiver.url,), budget=0)
        second = emit(world, environment="staging", sinks=(receiver.url,))
        ids = [request.headers["ce-id"] for request in receiver.requests]
    assert ids == [event_id(first), event_id(first), event_id(second)]
    assert (first.verdict.answer, second.verdict.answer) == (Answer.CANNOT_TELL, Answer.YES)


def test_an_older_event_that_still_waits_keeps_the_answer_from_yes(world: World) -> None:
    with receiving(HttpAnswer(status=500)) as receiver:
        emit(world, sinks=(receiver.url,), budget=0)
        receiver.answers = [HttpAnswer(status=500), HttpAnswer(), HttpAnswer(status=500)]
        outcome = emit(world, environment="staging", sinks=(receiver.url,), budget=0)
    assert f"delivered to {receiver.url}" in said(outcome)
    assert outcome.verdict.answer is Answer.CANNOT_TELL


def test_a_refused_event_is_cannot_tell(world: World) -> None:
    with receiving(HttpAnswer(status=422)) as receiver:
        outcome = emit(world, sinks=(receiver.url,))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert f"{receiver.url} refused the event: status 422" in said(outcome)


def test_a_refused_event_is_sent_once_more_when_the_step_is_run_again(world: World) -> None:
    with receiving(HttpAnswer(status=404), HttpAnswer()) as receiver:
        emit(world, sinks=(receiver.url,))
        assert emit(world, sinks=(receiver.url,)).verdict.answer is Answer.YES


def test_an_older_dead_letter_is_shown_and_decides_nothing(world: World) -> None:
    with receiving(HttpAnswer(status=422), HttpAnswer()) as receiver:
        emit(world, sinks=(receiver.url,))
        outcome = emit(world, environment="staging", sinks=(receiver.url,))
    assert outcome.verdict.answer is Answer.YES
    assert "refused 1 event in earlier runs" in said(outcome)
    assert outputs(outcome) == ("1", "1")


def test_an_older_event_that_is_refused_now_keeps_the_answer_from_yes(world: World) -> None:
    answers = [HttpAnswer(status=503), HttpAnswer(status=422), HttpAnswer()]
    with receiving(*answers) as receiver:
        emit(world, sinks=(receiver.url,), budget=0)
        outcome = emit(world, environment="staging", sinks=(receiver.url,))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert f"1 event of earlier runs for {receiver.url}, now kept as dead letters: status 422" in (
        said(outcome)
    )


def test_an_older_row_that_is_no_event_is_set_aside_and_said_and_ours_is_sent(
    world: World,
) -> None:
    with receiving(HttpAnswer(status=503), HttpAnswer()) as receiver:
        emit(world, sinks=(receiver.url,), budget=0)
        with (
            contextlib.closing(sqlite3.connect(world.files.absolute(".cdkit/outbox.db"))) as db,
            db,
        ):
            db.execute("UPDATE event SET data = x'ff'")
        outcome = emit(world, environment="staging", sinks=(receiver.url,))
        sent = [request.headers["ce-id"] for request in receiver.requests[1:]]
    assert (sent, outputs(outcome)) == ([event_id(outcome)], ("1", "1"))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "dead letters: what the outbox holds there is no event" in said(outcome)


def test_what_is_printed_is_one_line_whatever_a_sink_is_called(world: World) -> None:
    outcome = emit(world, sinks=(f"{FILE}\n::error::x",))
    assert outcome.data.splitlines()[0].endswith(f"delivered to {FILE} ::error::x")
    assert "\n" not in outcome.data


def test_a_sink_that_is_not_required_only_warns(world: World) -> None:
    extra = SinkTable(type="http", name="chat", url="http://127.0.0.1:1", required=False)
    outcome = emit(world, sinks=(FILE, extra), budget=0)
    assert outcome.verdict.answer is Answer.YES
    assert "warning: 1 event not delivered to chat, which is not required" in said(outcome)
    assert outputs(outcome) == ("1", "1")


def test_what_waits_for_a_sink_that_is_no_longer_named_is_said(world: World) -> None:
    emit(world, sinks=("http://127.0.0.1:1",), budget=0)
    assert "1 event for http://127.0.0.1:1, which is not named now" in said(emit(world))


def test_standard_output_gets_the_event_each_time(world: World) -> None:
    first = emit(world, sinks=("stdout:",)).data
    world.clock.sleep(90)
    assert json.loads(first)["subject"]["id"] == "orders"
    assert emit(world, sinks=("stdout:",)).data == first


def test_a_damaged_outbox_is_set_aside_said_and_the_event_still_goes_out(world: World) -> None:
    world.files.write(".cdkit/outbox.db", b"SQLite format 3\0" + b"x" * 90)
    outcome = emit(world)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "was damaged, and was set aside as" in said(outcome)
    assert [name for name in world.files.names(".cdkit") if ".corrupt-" in name]
    assert len(written(world)) == 1
    assert emit(world, environment="staging").verdict.answer is Answer.YES


def test_an_outbox_that_cannot_be_written_sends_nothing(world: World, receiver: Receiver) -> None:
    world.files.write("blocked", b"")
    with pytest.raises(Unwritable):
        emit(world, sinks=(receiver.url,), outbox="blocked/outbox.db")
    assert receiver.requests == []


def test_a_replay_is_marked_and_starts_nothing_elsewhere(world: World, receiver: Receiver) -> None:
    replayed = replace(world, replay=Replay(run="r", at="2026-11-01T00:00:00Z"))
    outcome = emit(replayed, sinks=(FILE, receiver.url))
    assert receiver.requests == []
    assert f"a replay: nothing was sent to {receiver.url}" in outcome.notes
    (event,) = written(world)
    assert event["customData"]["replay"] == {"run": "r", "at": "2026-11-01T00:00:00Z"}
    assert isinstance(outcome.document, Deployment)
    assert outcome.document.origin.replay == replayed.replay


def test_a_job_whose_name_is_no_text_does_not_stop_the_event(world: World) -> None:
    context = BuildContext(system="x", repository="a\udc80", run="7", job="deploy \udcff")
    emit(replace(world, context=context))
    (event,) = written(world)
    assert event["customData"]["run"]["job"] == "deploy \ufffd"


def test_content_and_chain_reach_the_event(world: World) -> None:
    chain = "4c8cb7dd-3448-41de-8768-eec704e2829b"
    emit(world, type="artifact.packaged", content={"sbom.uri": "/sbom"}, chain_id=chain)
    (event,) = written(world)
    assert event["subject"]["content"] == {"change": {"id": COMMIT}, "sbom": {"uri": "/sbom"}}
    assert event["context"]["chainId"] == chain


def test_without_a_chain_the_commit_names_one(world: World) -> None:
    emit(world)
    emit(world, environment="staging")
    first, second = (event["context"]["chainId"] for event in written(world))
    assert first == second


def test_an_event_can_be_linked_to_where_it_came_from(world: World) -> None:
    emit(world, links=("PATH=e-1",))
    (event,) = written(world)
    assert event["context"]["links"] == [{"linkType": "PATH", "from": {"contextId": "e-1"}}]


def test_a_sink_gets_only_what_its_filter_wants(world: World, receiver: Receiver) -> None:
    hook = SinkTable(type="http", name="hook", url=receiver.url, when=When(environment="staging"))
    first = emit(world, sinks=(FILE, hook))
    second = emit(world, sinks=(FILE, hook), environment="staging")
    assert [request.headers["ce-id"] for request in receiver.requests] == [event_id(second)]
    assert "not for hook: by `when`" in said(first)
    assert (outputs(first), first.verdict.answer) == (("1", "0"), Answer.YES)
    assert outputs(second) == ("2", "0")


def test_an_event_that_no_sink_wants_is_said_to_be_told_to_nobody(world: World) -> None:
    hook = SinkTable(type="stdout", when=When(type="incident.*"))
    assert "warning: no sink wants this event" in said(emit(world, sinks=(hook,)))


def test_a_receiver_gets_the_version_of_cdevents_that_it_reads(
    world: World, receiver: Receiver
) -> None:
    old = SinkTable(type="http", name="old", url=receiver.url, spec="0.4.1")
    outcome = emit(world, sinks=(FILE, old))
    (request,) = receiver.requests
    assert request.headers["ce-type"] == "dev.cdevents.service.deployed.0.2.0"
    assert json.loads(request.body)["context"]["version"] == "0.4.1"
    assert request.headers["ce-id"] == event_id(outcome) == written(world)[0]["context"]["id"]


def test_a_custom_type_is_emitted_about_its_subject(world: World) -> None:
    name = "dev.cdeventsx.acme-rollout.paused.0.1.0"
    emit(world, type=name, subject="rollout-1", content={"step.number": "3"})
    (event,) = written(world)
    assert event["context"]["type"] == name
    assert event["subject"] == {"id": "rollout-1", "content": {"step": {"number": "3"}}}


@pytest.mark.parametrize(
    ("options", "said_what"),
    [
        ({"environment": ""}, "service.deployed needs the option environment"),
        ({"image": ""}, "service.deployed needs the option image"),
        ({"type": "service.removed", "environment": ""}, "needs the option environment"),
        ({"image": "ghcr.io/acme/orders:latest"}, "carries no digest"),
        ({"type": "service.deploy"}, "is not an event type"),
        ({"type": "incident.detected"}, "nothing says what the event incident.detected is about"),
        ({"sinks": ()}, "no sink is named"),
        ({"sinks": ("pigeon:",)}, "is no kind of sink"),
        ({"chain_id": "chain"}, "context.chainId: is not a UUID"),
        ({"content": {"colour": "blue"}}, "subject.content.colour: does not belong there"),
        ({"custom": {"outcome": "great"}}, "the custom value outcome"),
        ({"custom": {"db-password": "x"}}, "is the name of a secret"),
        ({"custom": {"note": "see t0p-s3cret"}}, "holds the value of the variable DEPLOY_TOKEN"),
        ({"service": "orders\nx"}, "subject holds a character"),
        ({"service": "\ud800"}, "half a surrogate pair"),
        ({"custom": {"note": "x" * 70_000}}, "pass every intermediary"),
        ({"budget": -1.0}, "a budget of -1 seconds"),
        ({"budget": float("nan")}, "a budget of nan seconds"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_kept(
    world: World, options: dict[str, Any], said_what: str
) -> None:
    world = replace(world, environ={"DEPLOY_TOKEN": "t0p-s3cret"})
    with pytest.raises(RequestError) as caught:
        emit(world, **options)
    assert said_what in caught.value.what
    assert "t0p-s3cret" not in f"{caught.value}{caught.value.remedy}"
    assert not world.files.is_dir(".cdkit")


def test_no_secret_is_shown_or_kept(world: World) -> None:
    where = replace(world, environ={"HOOK": "http://127.0.0.1:1/t0p-s3cret", "TOK": "t0p-s3cret"})
    table = SinkTable(type="http", url_env="HOOK", headers={"Authorization": "TOK"})
    outcome = emit(where, sinks=(table,), budget=0)
    assert "t0p-s3cret" not in f"{outcome}"
    for name in where.files.walk(".cdkit"):
        assert b"t0p-s3cret" not in where.files.read(name)


@pytest.mark.parametrize(
    "options",
    [
        {"links": ("ARTIFACT=t0p-s3cret",)},
        {"service": "t0p-s3cret", "custom": {"service": "x"}},
        {"content": {"team": "t0p-s3cret"}, "custom": {"team": "x"}},
        {"type": "dev.cdeventsx.t0p-s3cret.done.0.1.0"},
        {"image": f"ghcr.io/acme/t0p-s3cret@{DIGEST}"},
        {"chain_id": "t0p-s3cret"},
        {"custom": {"note": base64.b64encode(b"t0p-s3cret:x").decode()}},
    ],
)
def test_a_secret_is_refused_wherever_it_stands(world: World, options: dict[str, Any]) -> None:
    where = replace(world, environ={"DEPLOY_TOKEN": "t0p-s3cret"})
    with pytest.raises(RequestError, match="holds the value of the variable DEPLOY_TOKEN"):
        emit(where, **options)


@pytest.mark.parametrize(
    "table",
    [
        SinkTable(type="http", url="https://bus.example", headers={"Authorization": "BUS"}),
        SinkTable(type="slack", url_env="BUS"),
        SinkTable(type="datadog", token_env="BUS"),
    ],
    ids=["header", "address", "token"],
)
def test_what_is_secret_to_a_sink_is_refused_whatever_its_variable_is_called(
    world: World, table: SinkTable
) -> None:
    where = replace(world, environ={"BUS": "t0p-s3cret\n"})
    with pytest.raises(RequestError, match="'note' holds the value of the variable BUS"):
        emit(where, sinks=(table,), custom={"note": "x t0p-s3cret"})
    assert not world.files.is_dir(".cdkit")


HOSTILE = st.text(min_size=1, max_size=30) | st.sampled_from(
    [
        "\n::error::x",
        "$(touch pwned)",
        "`x`",
        "'; DROP TABLE event; --",
        "\0",
        "\u202e",
        "%00",
        "{}",
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "environment": HOSTILE,
            "service": HOSTILE,
            "subject": HOSTILE,
            "custom": st.dictionaries(HOSTILE, HOSTILE, max_size=2),
            "content": st.dictionaries(HOSTILE, HOSTILE, max_size=2),
            "chain_id": HOSTILE,
            "type": HOSTILE,
            "image": HOSTILE,
        },
    )
)
def test_any_input_is_a_right_event_or_refused(world: World, options: dict[str, Any]) -> None:
    world.files.remove("events.ndjson")
    world.files.remove(".cdkit")
    try:
        emit(replace(world, context=BuildContext(system="terminal")), **options)
    except RequestError as fault:
        assert fault.remedy  # noqa: PT017
        return
    assert [check(event) for event in written(world)] in ([()], [])


def test_the_step_imports_nothing_heavy() -> None:
    code = (
        "import sys, cdkit.steps.emit_event\n"
        "heavy = {'requests', 'docker', 'jsonschema', 'git', 'yaml', 'urllib3', 'http'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_the_step_is_called_as_its_file() -> None:
    assert (STEP.name, STEP.options, STEP.run) == ("emit-event", EmitEventOptions, run)
