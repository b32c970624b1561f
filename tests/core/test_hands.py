"""Work in several processes, each time from a fresh interpreter: other tests leave threads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cdkit.core.doors.hands import ForkedHands
from cdkit.core.world import OwnHands

ROOT = Path(__file__).resolve().parents[2]
BEGIN = f"""
import gc, hashlib, json, os, signal, sys, threading
sys.path.insert(0, {str(ROOT)!r})
from cdkit.core.doors.hands import ForkedHands
from cdkit.core.errors import CannotTell

def answers(work, items, kind=list, hands=ForkedHands(2)):
    try:
        return list(hands.spread(work, items, kind))
    except CannotTell as fault:
        return [str(fault)]

def nobody_is_left():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False

def begin_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def who(numbers):
    for number in numbers:
        yield [number, os.getpid()]

def slowly(numbers):
    for one in who(numbers):
        hashlib.pbkdf2_hmac("sha256", b"", b"", 3000)
        yield one

"""
forked = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")


def _told(code: str) -> object:
    """Run code after BEGIN, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEGIN + textwrap.dedent(code)],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@forked
def test_every_item_is_done_once_and_by_others_too() -> None:
    told = _told("""
        made = answers(slowly, range(1000))
        print(json.dumps([sorted(number for number, _ in made) == list(range(1000)),
                          len({pid for _, pid in made}), nobody_is_left()]))
    """)
    assert told == [True, 2, True]


@forked
def test_this_process_does_its_own_part_in_its_own_way() -> None:
    told = _told("""
        def here(numbers):
            for number in numbers:
                yield [number, {1, 2}]  # which nobody could carry
        made = list(ForkedHands(2).spread(slowly, range(1000), list, here))
        own = [what for _, what in made if what == {1, 2}]
        print(json.dumps([sorted(number for number, _ in made) == list(range(1000)),
                          0 < len(own), nobody_is_left()]))
    """)
    assert told == [True, True, True]


@pytest.mark.parametrize(
    "reason",
    [
        "answers(who, range(100))",
        "answers(who, range(1000), hands=ForkedHands(1))",
        "begin_a_thread() or answers(who, range(1000))",
        "sys.settrace(lambda *_: None) or answers(who, range(1000))",
        "sys.setprofile(lambda *_: None) or answers(who, range(1000))",
    ],
    ids=["little work", "one processor", "a thread", "a debugger", "a profiler"],
)
def test_nothing_is_forked_where_it_is_not_worth_it_or_not_safe(reason: str) -> None:
    assert _told(f"""
        made = {reason}
        sys.settrace(None)
        sys.setprofile(None)
        print(json.dumps(sorted({{pid == os.getpid() for _, pid in made}})))
    """) == [True]


def test_what_fails_in_another_process_fails_here_as_it_is() -> None:
    told = _told("""
        def work(numbers):
            for number in numbers:
                yield [1 // (number - 500)]
        try:
            answers(work, range(1000))
        except ZeroDivisionError as fault:
            print(json.dumps([str(fault), nobody_is_left()]))
    """)
    assert told == ["integer division or modulo by zero", True]


@forked
@pytest.mark.parametrize(
    ("end", "how"),
    [("os.kill(os.getpid(), signal.SIGKILL)", "by signal 9"), ("os._exit(0)", "with 0")],
)
def test_a_process_that_ends_before_its_work_is_cannot_tell(end: str, how: str) -> None:
    told = _told(f"""
        parent = os.getpid()
        def work(numbers):
            for one in slowly(numbers):
                if os.getpid() != parent:
                    {end}
                yield one
        print(json.dumps([answers(work, range(1000))[-1], nobody_is_left()]))
    """)
    said = f"a process that did a part of the work ended {how} before it was done"
    assert told == [said, True]


@forked
def test_a_process_that_is_killed_while_it_answers_is_cannot_tell() -> None:
    told = _told("""
        def work(numbers):
            yield [os.getpid(), "x" * 10_000_000]
        made = ForkedHands(2).spread(work, range(1000), list)
        try:
            for pid, _ in made:
                if pid != os.getpid():
                    os.kill(pid, signal.SIGKILL)
        except CannotTell as fault:
            print(json.dumps([str(fault), nobody_is_left()]))
    """)
    said = "a process that did a part of the work ended by signal 9 before it was done"
    assert told == [said, True]


@forked
def test_answers_may_be_larger_than_any_pipe() -> None:
    told = _told("""
        def work(numbers):
            for number in numbers:
                yield "x" * 100_000
        made = answers(work, range(300), str)
        print(json.dumps([len(made), {len(one) for one in made} == {100_000}]))
    """)
    assert told == [300, True]


@forked
def test_nobody_is_left_where_the_caller_stops_listening() -> None:
    assert _told("""
        made = ForkedHands(2).spread(who, range(1000), list)
        next(made)
        made.close()
        print(json.dumps(nobody_is_left()))
    """)


@forked
def test_so_many_processes_that_no_more_are_allowed_are_none() -> None:
    told = _told("""
        def refuse():
            raise BlockingIOError
        os.fork = refuse
        made = answers(who, range(1000))
        print(json.dumps([len(made), {pid for _, pid in made} == {os.getpid()}]))
    """)
    assert told == [1000, True]


SLOW = """
def work(numbers):
    for number in numbers:
        threading.Event().wait(0.05)
        yield number
for one in ForkedHands(2).spread(work, range(1000), int):
    print(one, flush=True)
"""


@forked
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_who_is_ended_takes_everybody_along(number: signal.Signals) -> None:
    main = subprocess.Popen(
        [sys.executable, "-c", BEGIN + SLOW], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert main.stdout is not None
    assert main.stdout.readline()
    main.send_signal(number)
    # The pipe ends when nobody holds it any more. Were they to go on, that would take 25 s.
    main.communicate(timeout=20)


def test_one_process_gives_what_the_work_gives() -> None:
    def work(numbers: object) -> list[int]:
        assert isinstance(numbers, range)
        return [number * 2 for number in numbers]

    assert list(OwnHands().spread(work, range(3), int)) == [0, 2, 4]
    assert list(ForkedHands(2).spread(work, range(3), int)) == [0, 2, 4]


@forked
def test_what_is_done_beside_comes_in_pieces_in_order() -> None:
    told = _told("""
        def work():
            yield str(os.getpid()).encode()
            yield from (b"x" * size for size in (1, 5_000_000, 2))
        with ForkedHands(2).beside(work) as heard:
            made = [heard.next() for _ in range(4)]
            try:
                heard.next()
            except EOFError:
                made.append(b"end")
        print(json.dumps([int(made[0]) != os.getpid(), [len(one) for one in made[1:]],
                          heard.ready(), nobody_is_left(), gc.isenabled()]))
    """)
    assert told == [True, [1, 5_000_000, 2, 3], False, True, True]


@forked
@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)", "1 // 0", "raise CannotTell('no')"],
)
def test_what_fails_beside_is_to_be_done_here(end: str) -> None:
    told = _told(f"""
        def work():
            yield b"some"
            {end}
            yield b"more"
        with ForkedHands(2).beside(work) as heard:
            print(json.dumps([(heard.next() or b"").decode(), heard.next()]))
    """)
    assert told == ["some", None]


@forked
def test_nobody_is_left_beside_where_the_caller_goes() -> None:
    assert _told("""
        def work():
            while True:
                yield b"x" * 100_000
        with ForkedHands(2).beside(work) as heard:
            heard.next()
        print(json.dumps(nobody_is_left()))
    """)


@pytest.mark.parametrize(
    "reason",
    ["hands = ForkedHands(1)", "begin_a_thread()", "sys.settrace(lambda *_: None)", "os.fork = no"],
)
def test_nobody_is_beside_where_it_is_not_safe_or_not_allowed(reason: str) -> None:
    assert _told(f"""
        def no():
            raise BlockingIOError
        hands = ForkedHands(2)
        {reason}
        with hands.beside(lambda: [b"x"]) as heard:
            sys.settrace(None)
            print(json.dumps(heard is None))
    """)


def test_one_process_has_nobody_beside() -> None:
    with OwnHands().beside(lambda: [b"x"]) as heard:
        assert heard is None
