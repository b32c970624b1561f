from __future__ import annotations

import threading

import pytest

from cdkit.core.doors.workers import Turns, each


def test_every_item_is_done_once_and_comes_with_its_result() -> None:
    done: list[int] = []

    def double(number: int) -> int:
        done.append(number)
        return 2 * number

    assert dict(each(double, range(100), at_once=8)) == {n: 2 * n for n in range(100)}
    assert sorted(done) == list(range(100))


def test_as_many_work_at_once_as_are_allowed_and_no_more() -> None:
    together = threading.Barrier(4)  # opens only when four are in it at once
    inside, most, guard = 0, 0, threading.Lock()

    def meet(_: int) -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        together.wait(timeout=60)
        with guard:
            inside -= 1

    assert len(list(each(meet, range(16), at_once=4))) == 16
    assert most == 4


@pytest.mark.parametrize("at_once", [0, 1])
def test_one_at_a_time_needs_no_thread(at_once: int) -> None:
    found = list(each(lambda _: threading.current_thread(), "ab", at_once=at_once))

    assert found == [("a", threading.main_thread()), ("b", threading.main_thread())]


@pytest.mark.parametrize("at_once", [1, 4])
def test_nothing_to_do_is_done(at_once: int) -> None:
    assert list(each(str, (), at_once=at_once)) == []


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_the_first_failure_is_raised_and_the_rest_is_not_begun(
    at_once: int, fault: type[BaseException]
) -> None:
    begun: list[int] = []
    raised = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise fault
        raised.wait(timeout=60)

    with pytest.raises(fault):
        list(each(work, range(100), at_once=at_once))
    raised.set()

    assert 0 in begun
    assert set(begun) <= set(range(at_once))


def test_a_caller_that_stops_listening_ends_the_work() -> None:
    begun: list[int] = []
    go = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            go.wait(timeout=60)
        return number

    # The caller is interrupted while both threads are busy, and waits for neither.
    found = each(work, range(100), at_once=2)
    assert next(found) == (0, 0)
    found.close()  # type: ignore[attr-defined]  # a generator, as Ctrl-C finds it
    go.set()

    assert len(begun) <= 3


def test_turns_are_taken_one_at_a_time_for_a_name_and_at_once_for_two() -> None:
    turns = Turns()
    order: list[str] = []
    second = threading.Thread(target=lambda: _take(turns, "a", order))

    with turns.of("a"):
        second.start()
        with turns.of("b"):
            order.append("first")
    second.join(timeout=60)

    assert order == ["first", "second"]


def _take(turns: Turns, name: str, order: list[str]) -> None:
    with turns.of(name):
        order.append("second")
