"""Handing an outbox on: nothing is lost on the way, nothing gets another id."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, RequestError
from cdkit.events.handing import hand_on, refuse_unsound
from cdkit.events.outbox import Outbox, key_of
from cdkit.events.sink import Receipt, State
from cdkit.events.stored import Count
from tests.events.places import RunningClock, envelope

CLOCK = RunningClock()


def settle(outbox: Outbox, name: str, state: State, sink: str = "a") -> None:
    outbox.settle([Receipt(key=key_of(envelope(name), sink), state=state, said=state)])


@pytest.fixture
def own(tmp_path: Path) -> str:
    """An outbox with one event of each kind."""
    path = str(tmp_path / "own.db")
    with Outbox(path, CLOCK) as outbox:
        for name in ("waits", "arrived", "refused", "doubtful"):
            outbox.put(envelope(name), ["a"])
        settle(outbox, "arrived", "delivered")
        settle(outbox, "refused", "refused")
        (parcel,) = [p for p in outbox.due("a", most=9) if p.event.id == "doubtful"]
        outbox.begin([parcel])
    return path


def states(path: str) -> dict[str, str]:
    with Outbox(path, CLOCK) as outbox:
        return {one.event.id: one.delivery.state for one in outbox.undelivered()}


def test_what_is_not_delivered_stands_in_the_other_outbox_as_it_stood_here(
    own: str, tmp_path: Path
) -> None:
    other = str(tmp_path / "sub" / "other.db")
    with Outbox(own, CLOCK) as outbox:
        left = hand_on(outbox, other, CLOCK)
    assert [one.event.id for one in left] == ["waits", "refused", "doubtful"]
    assert states(other) == {"waits": "waiting", "refused": "dead", "doubtful": "sending"}


def test_what_was_handed_on_is_not_sent_from_here(own: str, tmp_path: Path) -> None:
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, str(tmp_path / "other.db"), CLOCK)
        assert outbox.due("a", most=9) == []
        assert outbox.counts() == {"a": Count(waiting=0, dead=1)}
        outbox.put(envelope("waits"), ["a"])
        assert outbox.due("a", most=9) == []


def test_the_file_is_whole_by_itself(own: str, tmp_path: Path) -> None:
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, str(tmp_path / "other.db"), CLOCK)
    assert [p.name for p in tmp_path.glob("other.db*")] == ["other.db"]


def test_a_second_handing_adds_to_the_same_file(own: str, tmp_path: Path) -> None:
    other = str(tmp_path / "other.db")
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, other, CLOCK)
        outbox.put(envelope("later"), ["a", "b"])
        hand_on(outbox, other, CLOCK)
    assert set(states(other)) == {"waits", "refused", "doubtful", "later"}


def test_a_crash_before_it_is_noted_leaves_it_in_both(own: str, tmp_path: Path) -> None:
    other = str(tmp_path / "other.db")
    with Outbox(own, CLOCK) as outbox, Outbox(other, CLOCK) as copy:
        copy.adopt(outbox.undelivered())
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, other, CLOCK)
    assert states(other) == {"waits": "waiting", "refused": "dead", "doubtful": "sending"}


@pytest.mark.parametrize("name", ["own.db", "sub/../own.db", "link.db"])
def test_an_outbox_is_not_handed_on_to_itself_by_any_name(
    own: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.db").symlink_to(own)
    with Outbox(own, CLOCK) as outbox:
        with pytest.raises(RequestError, match="cannot be handed on to itself"):
            hand_on(outbox, str(tmp_path / name), CLOCK)
        assert [parcel.event.id for parcel in outbox.due("a", most=9)] == ["waits", "doubtful"]


def test_a_dead_letter_there_that_waits_here_waits_there_again(own: str, tmp_path: Path) -> None:
    other = str(tmp_path / "other.db")
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, other, CLOCK)
        outbox.put(envelope("refused"), ["a"])
        hand_on(outbox, other, CLOCK)
    assert states(other)["refused"] == "waiting"


def test_a_dead_letter_is_handed_on_once_until_more_is_said_of_it(own: str, tmp_path: Path) -> None:
    first, second, third = (str(tmp_path / f"{number}.db") for number in range(3))
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, first, CLOCK)
        outbox.put(envelope("later"), ["a"])
        hand_on(outbox, second, CLOCK)
        outbox.put(envelope("refused"), ["a"])  # it waits again
        hand_on(outbox, third, CLOCK)
    assert set(states(first)) == {"waits", "refused", "doubtful"}
    assert states(second) == {"later": "waiting"}
    assert states(third) == {"refused": "waiting"}


def test_a_dead_letter_that_is_refused_again_is_handed_on_again(own: str, tmp_path: Path) -> None:
    first, second = (str(tmp_path / f"{number}.db") for number in range(2))
    with Outbox(own, CLOCK) as outbox:
        hand_on(outbox, first, CLOCK)
        settle(outbox, "refused", "refused")
        hand_on(outbox, second, CLOCK)
    assert states(second) == {"refused": "dead"}


def test_where_nothing_is_left_nothing_is_written(tmp_path: Path) -> None:
    with Outbox(str(tmp_path / "own.db"), CLOCK) as outbox:
        assert hand_on(outbox, str(tmp_path / "other.db"), CLOCK) == ()
    assert not (tmp_path / "other.db").exists()


def test_a_damaged_file_in_the_place_takes_nothing_over(own: str, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"SQLite format 3\0" + b"x" * 90)
    with Outbox(own, CLOCK) as outbox:
        with pytest.raises(CannotTell, match="was damaged, and was set aside"):
            hand_on(outbox, str(other), CLOCK)
        assert [parcel.event.id for parcel in outbox.due("a", most=9)] == ["waits", "doubtful"]


def test_an_event_that_is_wrong_is_a_dead_letter_and_the_others_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "own.db")
    with Outbox(path, CLOCK) as outbox:
        outbox.put(envelope("right"), ["a"])
        outbox.put(envelope("wrong"), ["a"])
    database = sqlite3.connect(path)
    database.execute(
        "UPDATE event SET data = replace(CAST(data AS TEXT), 'pkg:oci', 'evil:oci') "
        "WHERE id = 'wrong'"
    )
    database.commit()
    database.close()
    with Outbox(path, CLOCK) as outbox:
        assert refuse_unsound(outbox) == 1
        assert [parcel.event.id for parcel in outbox.due("a", most=9)] == ["right"]
        (wrong,) = [one for one in outbox.undelivered() if one.event.id == "wrong"]
    assert wrong.delivery.said.startswith("no right event: subject.content.artifactId: is not a")


@pytest.mark.parametrize(
    "more",
    [
        "CREATE TRIGGER t AFTER UPDATE ON delivery BEGIN DELETE FROM event; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE extra (a)",
    ],
)
def test_a_file_with_more_in_it_than_an_outbox_has_is_refused(tmp_path: Path, more: str) -> None:
    path = str(tmp_path / "own.db")
    with Outbox(path, CLOCK):
        pass
    database = sqlite3.connect(path)
    database.execute(more)
    database.commit()
    database.close()
    with pytest.raises(RequestError, match="holds what no outbox has: 'CREATE"):
        Outbox(path, CLOCK)
