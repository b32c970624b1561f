"""An outbox in which letters are damaged: read where it can be, else set aside, never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.events.opening import open_outbox
from cdkit.events.outbox import Outbox
from cdkit.events.stored import Count
from tests.events.places import RunningClock, envelope


@pytest.fixture
def path(tmp_path: Path) -> str:
    """An outbox with one event, all of it in the one file."""
    path = str(tmp_path / "outbox.db")
    with Outbox(path, RunningClock()) as outbox:
        outbox.put(envelope("1"), ["a"])
        outbox.fold()
    return path


@pytest.mark.parametrize(
    ("there", "then"),
    [
        (b"CREATE TABLE delivery", b"CREATE\xffTABLE delivery"),  # no SQL any more
        (b"tabledeliverydelivery", b"tabledeliverydeliver\xff"),
        (bytes([0, 0, 0, 4, 0, 0, 0, 0]), bytes([0, 0, 0, 99, 0, 0, 0, 0])),  # the format's number
    ],
)
def test_a_damaged_schema_is_set_aside_and_said(path: str, there: bytes, then: bytes) -> None:
    data = Path(path).read_bytes()
    assert there in data
    damaged = data.replace(there, then, 1)
    Path(path).write_bytes(damaged)
    outbox, aside = open_outbox(path, RunningClock())
    with outbox:
        assert (Path(aside).read_bytes(), outbox.counts()) == (damaged, {})


@pytest.mark.parametrize("column", ["said", "sink", "state", "key"])
def test_a_damaged_letter_in_one_row_keeps_no_other_from_its_turn(path: str, column: str) -> None:
    with Outbox(path, RunningClock()) as outbox:
        outbox._db.execute(f"UPDATE delivery SET {column} = CAST(x'61ff' AS TEXT)")  # noqa: S608 - our own names
        outbox.put(envelope("2"), ["b"])
    outbox, aside = open_outbox(path, RunningClock())
    with outbox:
        assert aside == ""
        assert [parcel.event.id for parcel in outbox.due("b", most=9)] == ["2"]
        assert sum(map(_left, outbox.counts().values())) == len(outbox.undelivered()) == 2


def _left(count: Count) -> int:
    return count.waiting + count.dead
