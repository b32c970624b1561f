"""The door to threads: many waits at once, with a bound, and never in the way of Ctrl-C."""

import queue
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_LOOK = 0.5
"""Seconds between two looks at the world: where a wait without an end cannot be interrupted
(Windows), this is how long Ctrl-C takes."""


def each(work: Callable[[T], R], items: Iterable[T], *, at_once: int) -> Iterator[tuple[T, R]]:
    """Do the work for every item in up to `at_once` threads; yield `(item, result)` as they come.

    The first exception of any of them is raised here, and no further item is begun; so too where
    the caller stops listening or is interrupted. What is under way then is left to itself: it runs
    in daemon threads, which nobody waits for.
    """
    waiting = deque(items)
    if min(at_once, len(waiting)) <= 1:
        yield from ((item, work(item)) for item in waiting)
        return
    done: queue.SimpleQueue[tuple[T, R] | BaseException] = queue.SimpleQueue()
    count = len(waiting)
    for number in range(min(at_once, count)):
        threading.Thread(
            target=_labour, args=(work, waiting, done), name=f"cdkit-{number}", daemon=True
        ).start()
    try:
        for _ in range(count):
            yield _next(done)
    finally:
        waiting.clear()


def _labour(
    work: Callable[[T], R],
    waiting: deque[T],
    done: "queue.SimpleQueue[tuple[T, R] | BaseException]",
) -> None:
    while True:
        try:
            item = waiting.popleft()
        except IndexError:
            return
        try:
            done.put((item, work(item)))
        except BaseException as fault:  # noqa: BLE001 - raised again in the caller's thread
            done.put(fault)
            return


def _next(done: "queue.SimpleQueue[tuple[T, R] | BaseException]") -> tuple[T, R]:
    while True:
        try:
            found = done.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if isinstance(found, BaseException):
            raise found
        return found


class Turns:
    """One at a time for each name: who comes second finds what the first has left."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def of(self, name: str) -> AbstractContextManager[None]:
        """Return a block that only one thread is in at a time for this name."""
        return self._turn(name)

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks[name]
        with lock:
            yield
