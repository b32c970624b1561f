"""The outbox: what it took it keeps, whatever happens to it or to us."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cdkit.core.errors import RequestError, Unreadable, Unwritable
from cdkit.events.opening import open_outbox
from cdkit.events.outbox import Outbox, key_of
from cdkit.events.sink import Receipt, State
from cdkit.events.sqlite import CorruptOutbox, sending
from cdkit.events.stored import Count, Delivery
from tests.events.places import RunningClock, envelope

SOMEBODYS = b"this is no database, and long enough to be looked at" * 4


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "inner" / "outbox.db")


def ids(outbox: Outbox, sink: str = "a", most: int = 10) -> list[str]:
    return [parcel.event.id for parcel in outbox.due(sink, most=most)]


def settle(outbox: Outbox, name: str, state: State, sink: str = "a") -> None:
    outbox.settle([Receipt(key=key_of(envelope(name), sink), state=state, said=state)])


def test_what_was_put_waits_in_its_order(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        for name in ("z", "a", "m"):
            outbox.put(envelope(name), ["a"])
        assert ids(outbox) == ["z", "a", "m"]
        assert ids(outbox, most=2) == ["z", "a"]


def test_what_was_put_is_there_for_the_next_process(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
    with Outbox(path, clock) as outbox:
        (parcel,) = outbox.due("a", most=1)
    assert parcel.event == envelope()


def test_an_event_has_a_delivery_for_each_sink(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a", "b"])
        settle(outbox, "1", "delivered", "a")
        assert (ids(outbox, "a"), ids(outbox, "b")) == ([], ["1"])


def test_the_first_of_two_events_with_one_id_stays(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        first = outbox.put(envelope(subject="orders"), ["a"])
        second = outbox.put(envelope(subject="other"), ["a"])
        assert (first.known, second.known) == (False, True)
        assert second.event.subject == "orders"
        assert ids(outbox) == ["1"]


def test_a_retry_of_what_arrived_is_not_sent_again(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        settle(outbox, "1", "delivered")
        outbox.put(envelope(), ["a", "b"])
        assert (ids(outbox, "a"), ids(outbox, "b")) == ([], ["1"])


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ("delivered", "delivered"),
        ("later", "waiting"),
        ("down", "waiting"),
        ("held", "waiting"),
        ("refused", "dead"),
        ("gone", "dead"),
    ],
)
def test_a_receipt_decides_whether_an_event_waits(
    path: str, clock: RunningClock, state: State, kept: str
) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        outbox.begin(outbox.due("a", most=1))
        settle(outbox, "1", state)
        assert outbox.delivery(envelope(), "a") == Delivery(state=kept, tries=1, said=state)


def test_a_dead_letter_waits_again_when_it_is_emitted_anew(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        settle(outbox, "1", "refused")
        assert ids(outbox) == []
        outbox.put(envelope(), ["a"])
        assert ids(outbox) == ["1"]


def test_what_was_being_sent_when_its_sender_died_is_in_doubt(
    path: str, clock: RunningClock
) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        outbox.begin(outbox.due("a", most=1))
    with Outbox(path, clock) as outbox:
        (parcel,) = outbox.due("a", most=1)
        assert parcel.doubtful


def test_what_failed_for_sure_is_in_no_doubt(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        outbox.begin(outbox.due("a", most=1))
        settle(outbox, "1", "later")
        assert [parcel.doubtful for parcel in outbox.due("a", most=1)] == [False]


def test_counts_tell_what_is_not_delivered(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        for name in "1234":
            outbox.put(envelope(name), ["a", "b"])
        settle(outbox, "1", "delivered")
        settle(outbox, "2", "refused")
        assert outbox.counts() == {"a": Count(waiting=2, dead=1), "b": Count(waiting=4)}


def test_a_pause_holds_for_its_time(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.pause("a", 60)
        clock.sleep(20)
        assert (outbox.paused("a"), outbox.paused("b")) == (40, 0)
        clock.sleep(40)
        assert outbox.paused("a") == 0


def test_a_clock_that_jumped_back_does_not_pause_for_years(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox.pause("a", 60)
        clock.jump = -timedelta(days=400)
        assert outbox.paused("a") == 0


def test_what_arrived_long_ago_is_forgotten_and_nothing_else(
    path: str, clock: RunningClock
) -> None:
    with Outbox(path, clock) as outbox:
        for name in ("old", "waiting", "dead"):
            outbox.put(envelope(name), ["a"])
        settle(outbox, "old", "delivered")
        settle(outbox, "dead", "refused")
        clock.sleep(31 * 24 * 3600)
        outbox.put(envelope("new"), ["a"])
        settle(outbox, "new", "delivered")
        outbox.forget()
        states = {
            name: outbox.delivery(envelope(name), "a") is not None
            for name in ("old", "waiting", "dead", "new")
        }
    assert states == {"old": False, "waiting": True, "dead": True, "new": True}


def test_every_write_is_synced_to_disk(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        assert outbox._pragma("synchronous") == 2  # FULL
        assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    "data",
    [b"\0" * 8192, b"SQLite format 3\0" + b"x" * 90],
    ids=["zeros", "head-only"],
)
def test_a_file_of_which_only_a_page_is_left_is_set_aside_and_said(
    path: str, clock: RunningClock, data: bytes
) -> None:
    Path(path).parent.mkdir()
    Path(path).write_bytes(data)
    outbox, aside = open_outbox(path, clock)
    with outbox:
        assert aside == f"{path}.corrupt-20261123T120000Z"
        assert Path(aside).read_bytes() == data
        outbox.put(envelope(), ["a"])
        assert ids(outbox) == ["1"]


def test_an_outbox_that_is_overwritten_from_its_start_on_is_set_aside(
    path: str, clock: RunningClock
) -> None:
    with Outbox(path, clock) as outbox, sending(path, clock, patience=0):
        outbox.put(envelope(), ["a"])
    Path(path).write_bytes(SOMEBODYS)
    outbox, aside = open_outbox(path, clock)
    with outbox:
        assert Path(aside).read_bytes() == SOMEBODYS


def test_a_file_that_never_was_an_outbox_is_not_touched(path: str, clock: RunningClock) -> None:
    Path(path).parent.mkdir()
    Path(path).write_bytes(SOMEBODYS)
    with pytest.raises(Unreadable, match="is no outbox, or one that is damaged from its first"):
        open_outbox(path, clock)
    assert Path(path).read_bytes() == SOMEBODYS
    assert [each.name for each in Path(path).parent.iterdir()] == [Path(path).name]


def test_a_damaged_outbox_is_set_aside_and_said(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        for number in range(200):
            outbox.put(envelope(str(number)), ["a"])
    data = bytearray(Path(path).read_bytes())
    data[4096 * 3 : 4096 * 5] = os.urandom(4096 * 2)
    Path(path).write_bytes(data)
    outbox, aside = open_outbox(path, clock)
    with outbox:
        assert (Path(aside).read_bytes(), outbox.counts()) == (bytes(data), {})


def test_two_damaged_outboxes_of_one_second_are_both_kept(path: str, clock: RunningClock) -> None:
    Path(path).parent.mkdir()
    names = []
    for _ in range(2):
        Path(path).write_bytes(b"SQLite format 3\0" + b"x" * 90)
        outbox, aside = open_outbox(path, clock)
        outbox.__exit__(None, None, None)
        names.append(aside)
    assert names == [f"{path}.corrupt-20261123T120000Z", f"{path}.corrupt-20261123T120000Z-2"]


def test_damage_that_shows_later_is_cannot_tell(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        for number in range(200):
            outbox.put(envelope(str(number)), ["a"])
    with Outbox(path, clock) as outbox:
        outbox._db.execute("PRAGMA shrink_memory")
        data = Path(path).read_bytes()
        Path(path).write_bytes(data[:4096] + b"x" * (len(data) - 4096))
        with pytest.raises(CorruptOutbox, match="is a damaged outbox"):
            outbox.due("a", most=10_000)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"garbage", "malformed"),
        (b'{"context": {}}', "id"),
        (b"[" * 50_000, "recursion"),
        (b'{"context": []}', "list indices"),
        (envelope().data.replace(b'"1"', b'"' + b"1" * 10_000_000 + b'"'), "only 65536 pass"),
        (b'{"context": "\xff"}', "utf-8"),
        (7, "int"),
    ],
    ids=["garbage", "empty", "deep", "list", "10 MB", "no UTF-8", "a number"],
)
def test_a_row_that_is_no_event_is_a_dead_letter_that_says_why_and_the_others_are_due(
    path: str, clock: RunningClock, data: bytes | int, why: str
) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope("broken"), ["a"])
        outbox._db.execute("UPDATE event SET data = ?", (data,))
        outbox.put(envelope("sound"), ["a"])
        assert [parcel.event.id for parcel in outbox.due("a", most=1)] == ["sound"]
        first, second = outbox.undelivered()
    assert (first.event.id, first.delivery.state) == ("broken", "dead")
    assert re.match(f"it holds what is no event: .*{why}", first.delivery.said)
    assert (second.event.id, second.delivery.state) == ("sound", "waiting")


@pytest.mark.parametrize(
    "strange",
    [
        "UPDATE delivery SET said = x'ff'",
        "UPDATE delivery SET key = x'ff'",
        "UPDATE event SET id = x'ff'",
        "INSERT INTO pause VALUES ('a', 'soon')",
    ],
)
def test_an_outbox_whose_rows_are_of_other_types_is_as_good_as_damaged(
    path: str, clock: RunningClock, strange: str
) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        outbox._db.execute(strange)
    with pytest.raises(CorruptOutbox, match="is a damaged outbox"):
        Outbox(path, clock)


def test_what_was_delivered_is_looked_at_only_in_an_outbox_that_was_given(
    path: str, clock: RunningClock
) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        outbox._db.execute("UPDATE delivery SET said = x'ff', state = 'delivered'")
    with Outbox(path, clock) as outbox:
        assert outbox.counts() == {}
    with pytest.raises(CorruptOutbox, match="is a damaged outbox"):
        Outbox(path, clock, given=True)


def test_a_row_that_is_no_event_is_mended_by_the_event_that_it_was(
    path: str, clock: RunningClock
) -> None:
    with Outbox(path, clock) as outbox:
        outbox.put(envelope(), ["a"])
        outbox._db.execute("UPDATE event SET data = 'torn'")
        assert outbox.put(envelope(), ["a"]).event == envelope()
        assert [parcel.event for parcel in outbox.due("a", most=1)] == [envelope()]


def test_a_database_of_something_else_is_left_alone(path: str, clock: RunningClock) -> None:
    Path(path).parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = Path(path).read_bytes()
    with pytest.raises(RequestError, match="a database of something else"):
        open_outbox(path, clock)
    assert Path(path).read_bytes() == before


def test_an_outbox_of_a_newer_cdkit_is_left_alone(path: str, clock: RunningClock) -> None:
    with Outbox(path, clock) as outbox:
        outbox._db.execute("PRAGMA user_version = 9")
    with pytest.raises(Unreadable, match="version 9"):
        open_outbox(path, clock)


def test_a_folder_that_is_a_file_is_unwritable(tmp_path: Path, clock: RunningClock) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unwritable, match="cannot be written"):
        open_outbox(str(tmp_path / "file" / "outbox.db"), clock)


def test_an_outbox_that_is_a_folder_is_unwritable(tmp_path: Path, clock: RunningClock) -> None:
    with pytest.raises(Unwritable, match="cannot be written"):
        open_outbox(str(tmp_path), clock)


FULL = """
import resource, signal, sys
from tests.events.places import RunningClock, envelope
from cdkit.core.errors import Unwritable
from cdkit.events.outbox import Outbox
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
outbox = Outbox(sys.argv[1], RunningClock())
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for number in range(2000):
    try:
        outbox.put(envelope(str(number)), ["a"])
    except Unwritable as fault:
        print(fault.what)
        break
    print(number)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of a file's size are POSIX")
def test_when_there_is_no_room_nothing_acknowledged_is_lost(path: str, clock: RunningClock) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True
    )
    *acknowledged, last = done.stdout.split("\n")[:-1]
    assert "cannot be written" in last
    with Outbox(path, clock) as outbox:
        assert ids(outbox, most=10_000) == acknowledged
    assert acknowledged


def test_only_one_may_send_at_a_time(path: str, clock: RunningClock) -> None:
    with sending(path, clock, patience=0) as first, sending(path, clock, patience=3) as second:
        assert (first, second) == (True, False)
    assert sum(clock.slept) == pytest.approx(3)
    with sending(path, clock, patience=0) as third:
        assert third


def test_the_right_to_send_ends_with_the_process_that_had_it(
    path: str, clock: RunningClock
) -> None:
    code = (
        "import os, sys; from cdkit.events.sqlite import sending; "
        "from tests.events.places import RunningClock\n"
        "with sending(sys.argv[1], RunningClock(), patience=0) as ours:\n"
        "    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    with sending(path, clock, patience=0) as ours:
        assert ours
