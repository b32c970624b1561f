"""The door to threads: many waits at once, with a bound, and never in the way of Ctrl-C."""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, Self, TypeVar

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
    listed = list(items)
    if min(at_once, len(listed)) <= 1:
        yield from ((item, work(item)) for item in listed)
        return
    with Crew(work, at_once=at_once) as crew:
        for item in listed:
            crew.begin(item)
        yield from crew.results()


class Crew(Generic[T, R]):
    """Threads that do the work for items which come one by one, up to `at_once` of them.

    They begin while the caller still looks for more. At the end of the block no further item is
    begun, and what is under way is left to itself (see `each`).
    """

    def __init__(self, work: Callable[[T], R], *, at_once: int) -> None:
        self._work = work
        self._at_once = at_once
        self._threads = 0
        self._given = 0
        self._waiting: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[T, R] | BaseException] = queue.SimpleQueue()
        self._is_over = False

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the threads go."""
        self._is_over = True
        for _thread in range(self._threads):
            self._waiting.put(None)

    def begin(self, item: T) -> None:
        """Have the work done for an item, as soon as a thread is free."""
        self._waiting.put((item,))
        self._given += 1
        if self._threads < self._at_once:
            self._threads += 1
            name = f"cdkit-{self._threads}"
            threading.Thread(target=self._labour, name=name, daemon=True).start()

    def results(self) -> Iterator[tuple[T, R]]:
        """Yield `(item, result)` of all that was begun, as they come; raise the first exception."""
        while self._given:
            self._given -= 1
            yield _next(self._done)

    def _labour(self) -> None:
        while (given := self._waiting.get()) and not self._is_over:
            (item,) = given
            try:
                self._done.put((item, self._work(item)))
            except BaseException as fault:  # noqa: BLE001 - raised again in the caller's thread
                self._done.put(fault)
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
