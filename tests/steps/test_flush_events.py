"""The step flush-events: what earlier jobs could not deliver arrives, or is said not to have."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdkit.cli.inputs import resolve as resolve_inputs
from cdkit.cli.sharing import section_of
from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.doors.quick_http import QuickHttp
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Clock, Response, World
from cdkit.events.opening import open_outbox
from cdkit.events.targets import SinkTable
from cdkit.steps import emit_event
from cdkit.steps.flush_events import STEP, FlushEventsOptions, FlushEventsOutputs, run
from tests.events import places
from tests.events.places import RunningClock, envelope
from tests.events.receiver import Answer as HttpAnswer
from tests.events.receiver import Receiver, receiving

OUTBOX = ".cdkit/outbox.db"


@pytest.fixture
def world(tmp_path: Path) -> World:
    context = BuildContext(system="github", repository="acme/orders", run="7", attempt=1)
    return replace(places.world(tmp_path), context=context)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def sink(receiver: Receiver, **more: Any) -> SinkTable:  # noqa: ANN401 - any option
    return SinkTable(type="http", name="bus", url=receiver.url, **more)


def emit(world: World, receiver: Receiver, **options: Any) -> Outcome:  # noqa: ANN401 - any option
    usual: dict[str, Any] = {
        "environment": "production",
        "image": "ghcr.io/acme/orders@sha256:" + "ab" * 32,
        "sinks": (sink(receiver),),
        "budget": 0,
    }
    return emit_event.run(emit_event.EmitEventOptions(**(usual | options)), world)


def flush(world: World, receiver: Receiver, **options: Any) -> Outcome:  # noqa: ANN401 - any option
    usual: dict[str, Any] = {"sinks": (sink(receiver),), "budget": 5}
    return run(FlushEventsOptions(**(usual | options)), world)


def outputs(outcome: Outcome) -> tuple[str, str, str]:
    assert isinstance(outcome.outputs, FlushEventsOutputs)
    return outcome.outputs.delivered, outcome.outputs.pending, outcome.outputs.handed_on


def said(outcome: Outcome) -> str:
    reasons = [f"{r.what} {r.remedy}" for r in outcome.verdict.reasons]
    return "\n".join([*reasons, *outcome.notes, outcome.data])


def ids(receiver: Receiver) -> list[str]:
    return [request.headers["ce-id"] for request in receiver.requests]


def event_id(outcome: Outcome) -> str:
    assert isinstance(outcome.outputs, emit_event.EmitEventOutputs)
    return outcome.outputs.event


def test_what_waits_in_this_machines_outbox_arrives_under_its_id(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
    emitted = emit(world, receiver)
    outcome = flush(world, receiver)
    assert ids(receiver) == [event_id(emitted)] * 2
    assert (outcome.verdict.answer, outputs(outcome)) == (Answer.YES, ("1", "0", ""))


def test_what_was_handed_on_is_a_yes_there_and_arrives_here(
    world: World, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
    emitted = emit(world, receiver, hand_on="events.db")
    assert emitted.verdict.answer is Answer.YES
    assert isinstance(emitted.outputs, emit_event.EmitEventOutputs)
    assert (emitted.outputs.pending, emitted.outputs.handed_on) == ("0", "events.db")
    assert "1 event for bus handed on in events.db, since: status 503" in said(emitted)
    assert "cdkit flush-events events.db" in said(emitted)
    elsewhere = places.world(tmp_path / "elsewhere")
    elsewhere.files.write("in/events.db", world.files.read("events.db"))
    outcome = flush(elsewhere, receiver, outbox=("in/events.db",))
    assert outputs(outcome) == ("1", "0", "")
    assert ids(receiver) == [event_id(emitted)] * 2


def test_a_retry_after_the_handing_sends_nothing_again(world: World, receiver: Receiver) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
    emit(world, receiver, hand_on="events.db")
    again = emit(world, receiver, hand_on="events.db")
    assert (len(ids(receiver)), again.verdict.answer) == (1, Answer.YES)


def test_a_call_that_died_after_the_handing_says_what_is_to_be_kept_when_it_is_made_again(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503)]
    emit(world, receiver, hand_on="events.db")
    again = emit(world, receiver, hand_on="events.db")
    assert isinstance(again.outputs, emit_event.EmitEventOutputs)
    assert again.outputs.handed_on == "events.db"
    assert "not delivered to bus: an earlier try handed it on" in said(again)


def test_a_refused_event_is_cannot_tell_though_it_is_handed_on(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=422), HttpAnswer()]
    refused = emit(world, receiver, hand_on="events.db")
    assert refused.verdict.answer is Answer.CANNOT_TELL
    assert isinstance(refused.outputs, emit_event.EmitEventOutputs)
    assert refused.outputs.handed_on == "events.db"
    sent = flush(world, receiver, outbox=("events.db",), dead_letters="retry")
    assert (sent.verdict.answer, outputs(sent)) == (Answer.YES, ("1", "0", ""))
    assert len(set(ids(receiver))) == 1


def test_what_waits_for_a_sink_that_is_not_named_now_is_handed_on_too(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
    emit(world, receiver)
    emit(world, receiver, environment="staging", sinks=("file:out.ndjson",), hand_on="events.db")
    assert outputs(flush(world, receiver, outbox=("events.db",))) == ("1", "0", "")


def test_a_place_that_cannot_be_written_leaves_the_answer_and_the_fact(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503)]
    world.files.write("blocked", b"")
    outcome = emit(world, receiver, hand_on="blocked/events.db")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outcome.document is not None
    assert "cannot be written" in said(outcome)


def test_an_event_that_would_be_handed_on_to_its_own_outbox_stays_there(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
    outcome = emit(world, receiver, hand_on=f".cdkit/../{OUTBOX}")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "cannot be handed on to itself" in said(outcome)
    assert outputs(flush(world, receiver)) == ("1", "0", "")


def test_what_still_does_not_arrive_is_cannot_tell_and_is_shown(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503)]
    emitted = emit(world, receiver)
    outcome = flush(world, receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "1 not delivered to bus: status 503" in said(outcome)
    (table,) = outcome.tables
    (row,) = table.rows
    assert row[0] == event_id(emitted)
    assert row[2:5] == ("orders", "bus", "waits")


def test_what_still_does_not_arrive_can_be_handed_on_again(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503)]
    emit(world, receiver)
    outcome = flush(world, receiver, hand_on="next.db")
    assert (outcome.verdict.answer, outputs(outcome)) == (Answer.YES, ("0", "0", "next.db"))


@pytest.mark.parametrize(
    ("how", "sent", "answer", "left"),
    [
        ("keep", 1, Answer.CANNOT_TELL, "1"),
        ("retry", 2, Answer.YES, "0"),
        ("drop", 1, Answer.YES, "0"),
    ],
)
def test_dead_letters_are_kept_sent_again_or_forgotten(
    world: World, receiver: Receiver, how: str, sent: int, answer: Answer, left: str
) -> None:
    receiver.answers = [HttpAnswer(status=422), HttpAnswer()]
    emit(world, receiver)
    outcome = flush(world, receiver, dead_letters=how)
    assert len(ids(receiver)) == sent
    assert (outcome.verdict.answer, outputs(outcome)[1]) == (answer, left)
    assert ("dead" in said(outcome)) is (how != "retry")


def test_a_dead_letter_of_a_sink_that_is_not_required_is_a_note(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=422)]
    emit(world, receiver)
    outcome = flush(world, receiver, sinks=(sink(receiver, required=False),))
    assert outcome.verdict.answer is Answer.YES
    assert "1 dead letter of bus from earlier, kept" in "\n".join(outcome.notes)


def test_a_dead_letter_of_a_sink_that_is_not_named_here_is_cannot_tell(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=422)]
    emit(world, receiver)
    outcome = flush(world, receiver, sinks=("file:out.ndjson",))
    assert [(reason.answer, reason.what) for reason in outcome.verdict.reasons] == [
        (Answer.CANNOT_TELL, "1 dead letter of bus, which is not named here")
    ]


def test_an_event_that_is_refused_now_is_cannot_tell(world: World, receiver: Receiver) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer(status=422)]
    emit(world, receiver)
    outcome = flush(world, receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "bus refused 1: status 422" in said(outcome)


def test_a_sink_that_is_not_named_here_gets_nothing_and_that_is_said(
    world: World, receiver: Receiver
) -> None:
    receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
    emit(world, receiver)
    outcome = flush(world, receiver, sinks=("file:out.ndjson",))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "1 wait for bus, which is not named here" in said(outcome)
    assert len(ids(receiver)) == 1


def test_a_sink_that_is_not_required_only_warns(world: World, receiver: Receiver) -> None:
    receiver.answers = [HttpAnswer(status=503)]
    emit(world, receiver)
    outcome = flush(world, receiver, sinks=(sink(receiver, required=False),))
    assert outcome.verdict.answer is Answer.YES
    assert "warning: 1 not delivered to bus, which is not required" in said(outcome)
    assert "nothing waits for a sink that is required" in said(outcome)


def test_several_outboxes_are_delivered_from_and_one_that_is_missing_is_said(
    world: World, receiver: Receiver
) -> None:
    for number in (1, 2):
        opened, _ = open_outbox(world.files.absolute(f"{number}.db"), world.clock)
        with opened as outbox:
            outbox.put(envelope(str(number)), ["bus"])
    outcome = flush(world, receiver, outbox=("1.db", "missing.db", "2.db"))
    assert ids(receiver) == ["1", "2"]
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "the outbox missing.db is not there" in said(outcome)


def test_a_file_that_is_no_outbox_keeps_no_other_from_its_turn(
    world: World, receiver: Receiver
) -> None:
    database = sqlite3.connect(world.files.absolute("other.db"))
    database.execute("CREATE TABLE t (a)")
    database.close()
    opened, _ = open_outbox(world.files.absolute("1.db"), world.clock)
    with opened as outbox:
        outbox.put(envelope("1"), ["bus"])
    outcome = flush(world, receiver, outbox=("other.db", "1.db"))
    assert ids(receiver) == ["1"]
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "is a database of something else, not an outbox" in said(outcome)


def test_the_budget_is_one_for_all_outboxes(world: World, receiver: Receiver) -> None:
    receiver.answers = [HttpAnswer(status=503)]
    for number in (1, 2):
        opened, _ = open_outbox(world.files.absolute(f"{number}.db"), world.clock)
        with opened as outbox:
            outbox.put(envelope(str(number)), ["bus"])
    flush(world, receiver, outbox=("1.db", "2.db"), budget=10)
    assert world.clock.monotonic() <= 10


def test_a_damaged_outbox_is_set_aside_and_said(world: World, receiver: Receiver) -> None:
    world.files.write(OUTBOX, b"SQLite format 3\0" + b"x" * 90)
    outcome = flush(world, receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "was damaged, and was set aside as" in said(outcome)


def test_a_file_without_a_byte_is_no_outbox_in_which_nothing_waits(
    world: World, receiver: Receiver
) -> None:
    world.files.write(OUTBOX, b"")
    outcome = flush(world, receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "was damaged, and was set aside as" in said(outcome)


def test_an_empty_outbox_is_a_yes(world: World, receiver: Receiver) -> None:
    emit(world, receiver, budget=5)
    outcome = flush(world, receiver)
    assert (outcome.verdict.answer, outcome.data) == (Answer.YES, "0 delivered, 0 left")


def test_without_an_outbox_there_is_no_input(world: World, receiver: Receiver) -> None:
    with pytest.raises(NoInput, match=r"there is no outbox: \.cdkit/outbox\.db"):
        flush(world, receiver)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"sinks": ("stdout:",)}, "only standard output is named"),
        ({"budget": -1.0}, "a budget of -1 seconds"),
        ({"outbox": ("a.db",), "hand_on": "a.db"}, "would be handed on to itself"),
    ],
)
def test_a_wrong_request_is_refused(
    world: World, receiver: Receiver, options: dict[str, Any], what: str
) -> None:
    with pytest.raises(RequestError, match=what):
        flush(world, receiver, **options)


def test_a_folder_is_a_wrong_request_even_where_nothing_may_be_there(
    world: World, receiver: Receiver
) -> None:
    world.files.write("undelivered/events.db", b"")
    with pytest.raises(RequestError, match="is a folder and no outbox"):
        flush(world, receiver, outbox=("undelivered",), allow_empty=True)


def test_a_replay_delivers_nothing(world: World, receiver: Receiver) -> None:
    replayed = replace(world, replay=Replay(run="r", at="2026-11-01T00:00:00Z"))
    with pytest.raises(RequestError, match="a replay delivers nothing"):
        flush(replayed, receiver)


def test_the_sinks_of_emit_event_count_here_too() -> None:
    emitting = emit_event.EmitEventOptions(sinks=("file:there.ndjson",), budget=7)
    options = resolve_inputs(STEP, {}, {}, section_of(STEP, {"emit-event": emitting}))
    assert isinstance(options, FlushEventsOptions)
    assert (options.sinks, options.budget) == (("file:there.ndjson",), 300.0)


def test_the_own_section_counts_before_that_of_emit_event() -> None:
    told = {
        "emit-event": emit_event.EmitEventOptions(sinks=("file:there.ndjson",)),
        "flush-events": FlushEventsOptions(sinks=("file:own.ndjson",), budget=9),
    }
    options = section_of(STEP, told)
    assert (options.sinks, options.budget) == (("file:own.ndjson",), 9)


def test_a_row_that_is_no_event_is_set_aside_and_said_and_the_others_arrive(
    world: World, receiver: Receiver
) -> None:
    opened, _ = open_outbox(world.files.absolute("given.db"), world.clock)
    with opened as outbox:
        outbox.put(envelope("broken"), ["bus"])
        outbox._db.execute("UPDATE event SET data = x'ff'")
        outbox.put(envelope("sound"), ["bus"])
    outcome = flush(world, receiver, outbox=("given.db",))
    assert ids(receiver) == ["sound"]
    assert (outcome.verdict.answer, outputs(outcome)) == (Answer.CANNOT_TELL, ("1", "1", ""))
    assert "not sent, since of no right event: 1 of its deliveries" in said(outcome)
    assert [row[0] for row in outcome.tables[0].rows] == ["broken"]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE event SET data = replace(CAST(data AS TEXT), 'pkg:oci', 'evil:oci')",
        "UPDATE delivery SET key = 'the name of another'",
    ],
)
@pytest.mark.parametrize("letters", ["keep", "retry"])
def test_what_is_no_right_delivery_is_not_sent_even_as_a_dead_letter_to_try_again(
    world: World, receiver: Receiver, wrong: str, letters: str
) -> None:
    opened, _ = open_outbox(world.files.absolute("given.db"), world.clock)
    with opened as outbox:
        outbox.put(envelope("wrong"), ["bus"])
        outbox._db.execute(wrong)
    answers = [
        flush(world, receiver, outbox=("given.db",), dead_letters=letters).verdict.answer,
        flush(world, receiver, outbox=("given.db",), dead_letters="retry").verdict.answer,
    ]
    assert (receiver.requests, answers) == ([], [Answer.CANNOT_TELL] * 2)


def test_nothing_that_an_outbox_says_leads_elsewhere(world: World, receiver: Receiver) -> None:
    opened, _ = open_outbox(world.files.absolute("evil.db"), world.clock)
    with opened as outbox:
        outbox.put(envelope("1"), ["http://127.0.0.1:1", "file:/etc/passwd", "bus\n::error::x"])
    outcome = flush(world, receiver, outbox=("evil.db",))
    assert receiver.requests == []
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert json.dumps(said(outcome)).count("not named here") == 3


class Hanging(QuickHttp):
    """HTTP to one address of which takes ten seconds, and has no answer; to others it is real."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__({})
        self._url, self._clock = url, clock

    def request(self, method: str, url: str, **more: Any) -> Response:  # noqa: ANN401 - passed on
        if url != self._url:
            return super().request(method, url, **more)
        self._clock.sleep(10)
        raise CannotTell("no answer within 10 s", remedy="wait")


def test_a_sink_that_hangs_keeps_no_outbox_from_another_sink(
    world: World, receiver: Receiver
) -> None:
    hung = SinkTable(type="http", name="hung", url="http://127.0.0.1:9/")
    named = tuple(f"{number}.db" for number in range(10))
    receiver.answers = [HttpAnswer(status=503)]
    for path in named:
        emit(world, receiver, outbox=path, sinks=(hung, sink(receiver)), custom={"n": path})
    receiver.answers = [HttpAnswer()]
    slow = replace(world, clock=RunningClock())
    slow = replace(slow, quick_http=Hanging("http://127.0.0.1:9/", slow.clock))
    outcome = flush(slow, receiver, outbox=named, sinks=(hung, sink(receiver)), budget=120)
    assert outputs(outcome) == ("10", "10", "")
    assert "not delivered to hung: no answer within 10 s" in said(outcome)
    assert slow.clock.monotonic() <= 130
