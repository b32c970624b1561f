"""The step read-event: only what is right, signed, fresh, new and wanted is gone by."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from cdkit.core.context import BuildContext
from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import NoInput, RequestError, Unreadable
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.events.cloudevents import CloudEvent, structured
from cdkit.events.signature import sign
from cdkit.events.started import started_by
from cdkit.events.targets import SinkTable, resolve
from cdkit.steps import emit_event
from cdkit.steps.read_event import ReadEventOptions, ReadEventOutputs, run
from tests.events import places
from tests.events.receiver import receiving
from tests.events.samples import CHAIN, DIGEST
from tests.events.test_services import event_of, parcel
from tests.worlds import NOW

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(KEY[::-1]).decode()
EVENT = event_of({})
SENT = int(NOW.timestamp())
SEEN = ".cdkit/seen-events.ndjson"


class Overtaken(DiskFiles):
    """Files to which another run adds its line just before ours."""

    def append(self, path: str, text: str) -> None:
        """Add two lines."""
        super().append(path, json.dumps([EVENT.source, EVENT.id, "other"]) + "\n" + text)


@pytest.fixture
def world(tmp_path: Path) -> World:
    context = BuildContext(system="github", repository="acme/deploys", run="70", attempt=1)
    made = places.world(tmp_path, environ={"CDKIT_EVENT_SECRET": SECRET, "GITHUB_TOKEN": "t"})
    return replace(made, context=context)


def signed(
    event: CloudEvent = EVENT, *, at: int = SENT, key: bytes = KEY, text: str = ""
) -> dict[str, Any]:
    body = text or event.data.decode()
    headers = sign([key], id="msg_1", moment=at, body=body.encode())
    return {
        "event": body,
        "webhook_id": "msg_1",
        "webhook_timestamp": str(at),
        "webhook_signature": headers["webhook-signature"].reveal(),  # type: ignore[union-attr]
    }


def read(world: World, **options: Any) -> Outcome:  # noqa: ANN401 - any option
    return run(ReadEventOptions(**options), world)


def faults(outcome: Outcome) -> list[str]:
    prefix = "the event is not to be gone by: "
    return [reason.what.removeprefix(prefix) for reason in outcome.verdict.reasons]


def test_a_signed_event_hands_its_fields_to_the_job(world: World) -> None:
    outcome = read(world, **signed())
    assert outcome.verdict.answer is Answer.YES
    assert outcome.outputs == ReadEventOutputs(
        event=EVENT.id,
        type="service.deployed",
        subject="orders",
        environment="production",
        service="orders",
        image=f"ghcr.io/acme/orders@{DIGEST}",
        artifact=f"pkg:oci/orders@{DIGEST}?repository_url=ghcr.io/acme/orders",
        commit="c" * 40,
        repository="acme/orders",
        outcome="success",
        chain_id=CHAIN,
    )
    assert json.loads(outcome.data) == json.loads(EVENT.data)


@pytest.mark.parametrize("kind", ["github-dispatch", "github-workflow"])
def test_what_a_sink_of_ours_starts_a_workflow_with_is_read_there(world: World, kind: str) -> None:
    needs = {"repository": "acme/deploys", **({"workflow": "x.yml"} if "workflow" in kind else {})}
    with receiving() as receiver:
        table = SinkTable(
            type=kind, url=receiver.url, secret_env="CDKIT_EVENT_SECRET", settings=needs
        )
        (target,) = resolve([table])
        (receipt,) = target.sink.send([parcel(EVENT)], target.options, world)
    assert receipt.state == "delivered"
    world.files.write("payload.json", receiver.requests[0].body)
    started = replace(
        world,
        environ={**world.environ, "GITHUB_EVENT_PATH": world.files.absolute("payload.json")},
    )
    outcome = read(started)
    assert outcome.verdict.answer is Answer.YES
    assert isinstance(outcome.outputs, ReadEventOutputs)
    assert outcome.outputs.event == EVENT.id


def test_a_file_may_hold_the_event_in_its_envelope(world: World) -> None:
    world.files.write("event.json", structured(EVENT)[1])
    outcome = read(world, file="event.json", unsigned=True, secret_env="NONE")
    assert outcome.verdict.answer is Answer.YES
    assert outcome.notes[0] == "not signed: whoever may start this run may say it"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"webhook_signature": ""}, "it is not signed"),
        ({"webhook_id": ""}, "it is not signed"),
        ({"webhook_id": "msg_2"}, "its signature is not the one of this secret"),
        ({"webhook_timestamp": str(SENT + 1)}, "its signature is not the one of this secret"),
        ({"webhook_signature": "v1,AAAA"}, "its signature is not the one of this secret"),
        ({"webhook_signature": "v1a,AAAA v2,x"}, "its signature is not the one of this secret"),
        ({"webhook_signature": "v1, \ud800"}, "its signature is not the one of this secret"),
        ({"event": event_of({"custom": {"team": "other"}}).data.decode()}, "its signature is not"),
    ],
)
def test_what_the_signature_does_not_cover_is_a_no(
    world: World, change: dict[str, str], fault: str
) -> None:
    outcome = read(world, **(signed() | change))
    assert outcome.verdict.answer is Answer.NO
    assert faults(outcome)[0].startswith(fault)
    assert outcome.outputs == ReadEventOutputs()
    assert outcome.data == ""


def test_another_secret_is_a_no(world: World) -> None:
    assert read(world, **signed(key=KEY[::-1])).verdict.answer is Answer.NO


def test_in_a_rotation_either_secret_holds(world: World) -> None:
    both = replace(world, environ={"CDKIT_EVENT_SECRET": f"{OTHER} {SECRET}"})
    assert read(both, **signed()).verdict.answer is Answer.YES


def test_without_a_secret_an_unsigned_event_must_be_asked_for(world: World) -> None:
    bare = replace(world, environ={})
    with pytest.raises(RequestError, match="CDKIT_EVENT_SECRET with the secret"):
        read(bare, event=EVENT.data.decode())
    assert read(bare, event=EVENT.data.decode(), unsigned=True).verdict.answer is Answer.YES


def test_with_a_secret_unsigned_lets_nothing_unsigned_in(world: World) -> None:
    outcome = read(world, event=EVENT.data.decode(), unsigned=True)
    assert (outcome.verdict.answer, faults(outcome)) == (Answer.NO, ["it is not signed"])


@pytest.mark.parametrize(
    ("ago", "fault"),
    [
        (3601, "it was sent 3601 s ago, more than 3600 s"),
        (-301, "it comes from the future, 301 s ahead"),
    ],
)
def test_an_event_of_another_time_is_a_no(world: World, ago: int, fault: str) -> None:
    assert faults(read(world, **signed(at=SENT - ago))) == [fault]


@pytest.mark.parametrize("ago", [3600, 0, -300])
def test_an_event_within_its_time_is_a_yes(world: World, ago: int) -> None:
    assert read(world, **signed(at=SENT - ago)).verdict.answer is Answer.YES


def test_an_unsigned_events_age_is_its_own(world: World) -> None:
    old = replace(world, environ={})
    old.clock.sleep(3601)
    outcome = read(old, event=EVENT.data.decode(), unsigned=True)
    assert faults(outcome) == ["it was sent 3601 s ago, more than 3600 s"]


def test_an_event_that_another_run_has_read_is_a_no(world: World) -> None:
    assert read(world, **signed()).verdict.answer is Answer.YES
    later = replace(world, context=BuildContext(system="github", run="71", attempt=1))
    outcome = read(later, **signed(at=SENT + 1))
    assert faults(outcome) == ["another run has read it already"]


def test_that_no_earlier_run_is_remembered_is_said_once(world: World) -> None:
    first, second = read(world, **signed()), read(world, **signed())
    assert [note[:30] for note in first.notes] == ["no earlier run is remembered, "]
    assert second.notes == ()


def test_that_nobody_checks_who_has_read_it_is_said(world: World) -> None:
    outcome = read(world, **signed(), seen="")
    assert [note[:42] for note in outcome.notes] == ["not checked whether another run has read i"]


def test_what_a_run_then_emits_is_linked_to_the_event_that_started_it(world: World) -> None:
    read(world, **signed())
    told = emit_event.EmitEventOptions(
        type="change.created", subject="1", sinks=("file:out.ndjson",), records="none"
    )
    emit_event.run(told, world)
    other = replace(world, context=structs.replace(world.context, run="71"))
    emit_event.run(told, other)
    lines = map(json.loads, world.files.read("out.ndjson").splitlines())
    first, second = (line.get("data", line) for line in lines)
    assert first["context"]["links"] == [{"linkType": "PATH", "from": {"contextId": EVENT.id}}]
    assert first["context"]["chainId"] == CHAIN
    assert "links" not in second["context"]
    assert second["context"].get("chainId") != CHAIN


def test_an_event_that_is_not_believed_starts_nothing(world: World) -> None:
    read(world, **signed(key=KEY[::-1]))
    assert started_by(world) is None


def test_a_damaged_note_of_what_started_the_run_is_said(world: World) -> None:
    world.files.write(".cdkit/started-by.json", b"{")
    with pytest.raises(Unreadable, match="is no note of what started this run"):
        started_by(world)


def test_the_same_run_may_read_it_again(world: World) -> None:
    read(world, **signed())
    again = BuildContext(system="github", repository="acme/deploys", run="70", attempt=2)
    assert read(replace(world, context=again), **signed()).verdict.answer is Answer.YES


def test_without_a_ci_system_each_call_is_a_run_of_its_own(world: World) -> None:
    here = replace(world, context=BuildContext(system=""))
    assert read(here, **signed()).verdict.answer is Answer.YES
    assert faults(read(here, **signed())) == ["another run has read it already"]


def test_a_line_that_a_death_left_torn_hides_no_later_one(world: World) -> None:
    world.files.append(SEEN, '["https://github.com/acme/ord')
    assert read(world, **signed()).verdict.answer is Answer.YES
    later = replace(world, context=BuildContext(system="github", run="71", attempt=1))
    assert faults(read(later, **signed())) == ["another run has read it already"]


def test_a_last_line_without_its_end_is_remembered_too(world: World) -> None:
    world.files.append(SEEN, json.dumps([EVENT.source, EVENT.id, "other"]))
    assert faults(read(world, **signed())) == ["another run has read it already"]
    world.files.write(SEEN, b'["a","b","c"]')
    assert read(world, **signed()).verdict.answer is Answer.YES
    assert [told[2] for told in remembered(world)] == ["c", "github/acme/deploys/70"]


@pytest.mark.parametrize("line", ["\0\0\0\n", '["a","b"]\n', '["a","b",1]\n', "{}\n", "\udcff\n"])
def test_a_memory_that_is_damaged_remembers_nothing_for_certain(world: World, line: str) -> None:
    world.files.append(SEEN, '["a","b","c"]\n' + line)
    with pytest.raises(Unreadable) as caught:
        read(world, **signed())
    assert str(caught.value).startswith(f"{SEEN}:2: is no line that remembers an event")


def test_of_two_that_read_at_once_one_goes_on(world: World) -> None:
    files = Overtaken(world.files.absolute(""))
    outcome = read(replace(world, files=files), **signed())
    assert faults(outcome) == ["another run has read it already"]


def test_what_was_not_believed_is_not_remembered(world: World) -> None:
    read(world, **signed(), type="incident.*")
    later = replace(world, context=BuildContext(system="github", run="71", attempt=1))
    assert read(later, **signed()).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    "pattern",
    [
        {"type": "artifact.*"},
        {"environment": "staging"},
        {"repository": "evil/*"},
        {"outcome": "failure"},
    ],
)
def test_an_event_that_is_not_wanted_is_a_no(world: World, pattern: dict[str, str]) -> None:
    outcome = read(world, **signed(), **pattern)
    assert outcome.verdict.answer is Answer.NO
    assert faults(outcome)[0].startswith("it is not what is wanted: ")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "it is no JSON"),
        ("[" * 50_000, "it is no JSON"),
        ("[]", "is no event"),
        ('{"context": {}}', "context.type is missing"),
        (EVENT.data.decode().replace("pkg:oci", "evil"), "is not a package URL"),
        (EVENT.data.decode().replace("0.3.0", "9.9.9"), "is no type of CDEvents"),
        (EVENT.data.decode().replace('"orders"', '"orders\\n::x"', 1), "character"),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_no_right_event_is_a_no(world: World, text: str, fault: str) -> None:
    outcome = read(world, **signed(text=text))
    assert outcome.verdict.answer is Answer.NO
    assert fault in "".join(faults(outcome))


def test_a_run_that_no_event_started_has_no_input(world: World) -> None:
    with pytest.raises(NoInput, match="nothing says which event started this run"):
        read(world)
    for payload in (b"{}", b"[]", b'{"client_payload": {"a": 1}}', b'{"inputs": {"cdevent": ""}}'):
        world.files.write("payload.json", payload)
        path = world.files.absolute("payload.json")
        started = replace(world, environ={**world.environ, "GITHUB_EVENT_PATH": path})
        with pytest.raises(NoInput, match="was started by no event"):
            read(started)


@pytest.mark.parametrize("payload", [b"{", b"[" * 50_000], ids=["cut", "deep"])
def test_a_payload_that_is_no_json_cannot_be_read(world: World, payload: bytes) -> None:
    world.files.write("payload.json", payload)
    path = world.files.absolute("payload.json")
    with pytest.raises(Unreadable):
        read(replace(world, environ={**world.environ, "GITHUB_EVENT_PATH": path}))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"event": "{}", "file": "x"}, "both event and file are given"),
        ({"max_age": 0.0}, "a max-age of 0 seconds"),
        ({"max_age": float("nan")}, "a max-age of nan seconds"),
        ({"type": ","}, "empty pattern"),
    ],
)
def test_a_wrong_request_is_refused(world: World, options: dict[str, Any], what: str) -> None:
    with pytest.raises(RequestError, match=what):
        read(world, **options)


def test_a_secret_that_is_none_is_a_wrong_request(world: World) -> None:
    with pytest.raises(RequestError, match="is none such as whsec_"):
        read(replace(world, environ={"CDKIT_EVENT_SECRET": "hunter2"}), **signed())


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=40)
    | st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["context", "subject", "data", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ).map(json.dumps),
    stamp=st.text(max_size=12),
    signature=st.text(max_size=40),
)
def test_no_input_that_nobody_signed_is_ever_a_yes(
    world: World, text: str, stamp: str, signature: str
) -> None:
    try:
        outcome = read(
            world,
            event=text or " ",
            webhook_id="msg_1",
            webhook_timestamp=stamp,
            webhook_signature=signature,
        )
    except (RequestError, NoInput):
        return
    assert outcome.verdict.answer is Answer.NO


def remembered(world: World) -> Iterator[Any]:
    for line in world.files.read(SEEN).splitlines():
        yield json.loads(line)


def test_what_is_remembered_is_source_id_and_run(world: World) -> None:
    read(world, **signed())
    assert list(remembered(world)) == [[EVENT.source, EVENT.id, "github/acme/deploys/70"]]
