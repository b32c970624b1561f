"""Delivery against a real receiver that fails in every way, with a clock that costs no time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.world import World
from cdkit.events.deliver import Delivered, deliver
from cdkit.events.outbox import Outbox
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.sqlite import sending
from cdkit.events.targets import SinkTable, Target, resolve
from tests.events.places import RunningClock, envelope, world
from tests.events.receiver import Answer, Receiver, receiving


class Scene:
    """An outbox, a world, and one HTTP sink."""

    def __init__(self, folder: Path, receiver: Receiver, outbox: Outbox, **more: Any) -> None:  # noqa: ANN401
        self.receiver = receiver
        self.outbox = outbox
        self.world: World = world(folder, clock=RunningClock())
        self.targets: tuple[Target, ...] = resolve(
            [SinkTable(type="http", name="hook", url=receiver.url, **more)]
        )

    def put(self, *names: str) -> None:
        for name in names:
            self.outbox.put(envelope(name), ["hook"])

    def deliver(self, budget: float = 60) -> Delivered:
        (done,) = deliver(self.outbox, self.targets, self.world, budget=budget)
        return done

    @property
    def slept(self) -> list[float]:
        clock = self.world.clock
        assert isinstance(clock, RunningClock)
        return clock.slept

    @property
    def ids(self) -> list[str]:
        return [request.headers["ce-id"] for request in self.receiver.requests]


@contextmanager
def scene(folder: Path, *statuses: int | Answer, **more: Any) -> Iterator[Scene]:  # noqa: ANN401
    answers = [s if isinstance(s, Answer) else Answer(status=s) for s in statuses]
    with receiving(*answers) as receiver:
        clock = RunningClock()
        with Outbox(str(folder / "outbox.db"), clock) as outbox:
            made = Scene(folder, receiver, outbox, **more)
            outbox._clock = made.world.clock
            yield made


def test_what_waits_arrives_oldest_first(tmp_path: Path) -> None:
    with scene(tmp_path) as it:
        it.put("c", "a", "b")
        done = it.deliver()
        assert (done.arrived, done.waiting, done.dead) == (3, 0, 0)
        assert it.ids == ["c", "a", "b"]


def test_what_arrived_is_not_sent_again(tmp_path: Path) -> None:
    with scene(tmp_path) as it:
        it.put("a")
        it.deliver()
        it.deliver()
        assert it.ids == ["a"]


def test_a_sink_that_is_down_is_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    with scene(tmp_path, 503, Answer(cut=True), 429, 502, 202) as it:
        it.put("a")
        done = it.deliver()
        assert (done.arrived, it.ids) == (1, ["a"] * 5)
        assert it.slept == [1, 2, 4, 8]


def test_a_sink_that_is_down_is_not_asked_for_each_event(tmp_path: Path) -> None:
    with scene(tmp_path, 503, 202) as it:
        it.put("a", "b", "c")
        it.deliver()
        assert it.ids == ["a", "a", "b", "c"]


def test_one_event_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with scene(tmp_path, 500, 202, 202, 202) as it:
        it.put("a", "b", "c")
        done = it.deliver()
        assert it.ids == ["a", "b", "c", "a"]
        assert (done.arrived, done.waiting) == (3, 0)


def test_when_time_is_up_the_rest_waits(tmp_path: Path) -> None:
    with scene(tmp_path, 503) as it:
        it.put("a", "b")
        done = it.deliver(budget=10)
        assert (done.waiting, done.said) == (2, "status 503")
        assert sum(it.slept) <= 10
        assert it.slept == [1, 2, 4]


def test_retry_after_is_obeyed_within_the_budget(tmp_path: Path) -> None:
    with scene(tmp_path, Answer(status=429, headers={"Retry-After": "20"}), 202) as it:
        it.put("a")
        assert it.deliver().arrived == 1
        assert it.slept == [20]


def test_retry_after_beyond_the_budget_ends_the_run_at_once(tmp_path: Path) -> None:
    with scene(tmp_path, Answer(status=429, headers={"Retry-After": "3600"}), 202) as it:
        it.put("a")
        assert it.deliver().waiting == 1
        assert it.slept == []


def test_retry_after_is_obeyed_by_the_next_run_for_every_event(tmp_path: Path) -> None:
    with scene(tmp_path, Answer(status=429, headers={"Retry-After": "3600"}), 202) as it:
        it.put("a")
        it.deliver()
        it.put("b")
        done = it.deliver()
        assert (it.ids, done.waiting) == (["a"], 2)
        assert done.said == "it asked to be left alone for 3600 s more"
        it.world.clock.sleep(3600)
        assert it.deliver().arrived == 2


def test_a_refused_event_is_a_dead_letter_and_the_next_goes_on(tmp_path: Path) -> None:
    with scene(tmp_path, 400, 202) as it:
        it.put("a", "b")
        done = it.deliver()
        assert (done.arrived, done.waiting, done.dead) == (1, 0, 1)
        assert (it.ids, done.said) == (["a", "b"], "status 400")


@pytest.mark.parametrize(("status", "waiting", "dead"), [(410, 1, 1), (401, 2, 0), (403, 2, 0)])
def test_a_sink_that_only_people_can_mend_is_left_alone(
    tmp_path: Path, status: int, waiting: int, dead: int
) -> None:
    with scene(tmp_path, status) as it:
        it.put("a", "b")
        done = it.deliver()
        assert (it.ids, it.slept) == (["a"], [])
        assert (done.waiting, done.dead) == (waiting, dead)


def test_a_login_that_was_mended_lets_the_event_through(tmp_path: Path) -> None:
    with scene(tmp_path, 401, 202) as it:
        it.put("a")
        it.deliver()
        assert it.deliver().arrived == 1


def test_a_batch_goes_as_one_request(tmp_path: Path) -> None:
    with scene(tmp_path, mode="batch") as it:
        it.put(*map(str, range(150)))
        assert it.deliver().arrived == 150
        assert len(it.receiver.requests) == 2


def test_of_a_batch_that_is_refused_each_goes_by_itself(tmp_path: Path) -> None:
    with scene(tmp_path, 400, 400, 202, mode="batch") as it:
        it.put("bad", "good", "better")
        done = it.deliver()
        assert (done.arrived, done.waiting, done.dead) == (2, 0, 1)
        assert [len(json.loads(one.body)) for one in it.receiver.requests] == [3, 1, 1, 1]


def test_what_follows_a_refused_batch_goes_together_again(tmp_path: Path) -> None:
    with scene(tmp_path, 500, 202, mode="batch") as it:
        it.put(*map(str, range(150)))
        assert it.deliver().arrived == 150
        sizes = [len(json.loads(one.body)) for one in it.receiver.requests]
        assert sizes == [100, *[1] * 100, 50]


def test_a_sink_that_takes_no_more_after_a_refused_batch_is_not_asked_for_each(
    tmp_path: Path,
) -> None:
    with scene(tmp_path, 500, 503, mode="batch") as it:
        it.put("a", "b", "c")
        assert it.deliver(budget=0.5).waiting == 3
        assert len(it.receiver.requests) == 2


def test_a_sink_that_hangs_does_not_hold_up_another(tmp_path: Path) -> None:
    with scene(tmp_path, 503) as it:
        it.put("a")
        (other,) = resolve(["file:out.ndjson"])
        it.outbox.put(envelope("a"), [other.name])
        first, second = deliver(it.outbox, [*it.targets, other], it.world, budget=5)
        assert (first.waiting, second.arrived) == (1, 1)


def test_while_another_process_sends_we_wait_and_then_say_so(tmp_path: Path) -> None:
    with scene(tmp_path) as it:
        it.put("a")
        with sending(it.outbox.path, it.world.clock, patience=0):
            done = it.deliver(budget=5)
        assert (done.waiting, it.ids) == (1, [])
        assert done.said == "another process is sending from the same outbox"
        assert sum(it.slept) == pytest.approx(5)


def test_a_sink_that_is_not_required_and_hangs_takes_the_time_of_no_other(tmp_path: Path) -> None:
    it, turns = world(tmp_path, clock=RunningClock()), list[str]()

    def slowly(name: str) -> Callable[[Sequence[Parcel], Any, World], list[Receipt]]:
        def send(parcels: Sequence[Parcel], options: Any, where: World) -> list[Receipt]:  # noqa: ANN401
            del options
            turns.append(name)
            where.clock.sleep(100)
            return [Receipt(key=one.key, state="down") for one in parcels]

        return send

    tables = (
        SinkTable(type="http", name="may", url="http://127.0.0.1:1", required=False),
        SinkTable(type="http", name="must", url="http://127.0.0.1:2"),
        SinkTable(type="file", name="here", path="out.ndjson"),
    )
    targets = [
        replace(one, sink=replace(one.sink, send=slowly(one.name))) for one in resolve(tables)
    ]
    with Outbox(str(tmp_path / "outbox.db"), it.clock) as outbox:
        outbox.put(envelope("a"), [one.name for one in targets])
        done = deliver(outbox, targets, it, budget=150)
    assert turns == ["here", "must"]
    assert [one.target for one in done] == ["may", "must", "here"]
