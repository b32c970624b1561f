"""The door to more than one processor: the work of one process, shared out among forks of it."""

import functools
import gc
import os
import select
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from struct import Struct as Layout
from typing import NoReturn, TypeVar

import msgspec

from cdkit.core.errors import CannotTell
from cdkit.core.world import Heard, OwnHands

T = TypeVar("T")
R = TypeVar("R")

Work = Callable[[Sequence[T]], Iterable[R]]

_MOST = 8
"""Processes at most: beyond that reading their answers is what takes the time."""

_WORTH = 200
"""Items below which a fork costs more than it saves."""

_SHARES = 32
"""Stretches of the items for each process, so that none is left with the long ones at the end."""

_LONGEST = 64
"""Items in a stretch: what comes of it is kept in memory until all of it is done."""

_MOST_STRETCHES = 1000
"""Their numbers must find room in a pipe, whose least size is 4 KiB (pipe(7))."""

_NUMBER = Layout("<I")
_HEAD = Layout("<IQ")
_OVER = 0xFFFFFFFF
_AT_ONCE = 1024 * 1024
_STOPPING = [getattr(signal, one) for one in ("SIGTERM", "SIGHUP") if hasattr(signal, one)]
_ENDING = (signal.SIGINT, *_STOPPING)
_ROOM = 1031
"""F_SETPIPE_SZ (fcntl(2)), which Python knows by name on some builds only."""


class ForkedHands:
    """As many processes as there are processors, where forks are safe and the work is worth it.

    That is on Linux alone: macOS allows too little between fork and exec (CPython,
    "multiprocessing", contexts and start methods), and Windows has no fork. Not where threads run,
    whose locks a fork would take along, nor under a debugger or a measurement of coverage.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes

    def spread(
        self,
        work: Work[T, R],
        items: Sequence[T],
        kind: type[R],
        here: Work[T, R] | None = None,
    ) -> Generator[R, None, None]:
        """Yield what the work makes of all items, in any order.

        This process does its share whenever nothing has come from the others. Where the work raises
        in another one, it is done again in this one, so that the failure is the caller's as it
        stands. Raises CannotTell where a process ends before its work.
        """
        count = self._count(len(items))
        stretches = _stretches(items, count)
        with _children(count - 1, work, stretches) as (children, tasks):
            if not children:
                yield from OwnHands().spread(work, items, kind, here)
                return
            decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
            left = set(range(len(stretches)))
            for number, made in _reports(children, tasks):
                left.discard(number)
                yield from decoder.decode(made) if made else (here or work)(stretches[number])
            if left:
                raise _unended("without a word")

    @contextmanager
    def beside(self, work: Callable[[], Iterable[bytes]]) -> Iterator[Heard | None]:
        """Have work done in another process, and give what is heard of it; None where none is."""
        if not self._count(_WORTH):
            yield None
            return
        child = None
        with _shared_memory():
            with suppress(OSError):  # so many processes are not allowed
                child = _fork([], lambda answers: _tell(answers, work))
            try:
                yield _Heard(child) if child else None
            finally:
                if child:
                    _end(child)

    def _count(self, items: int) -> int:
        """Return how many processes to fork; none where this one does it all."""
        if items < _WORTH or not _may_fork():
            return 0
        count = self._processes or min(_MOST, len(os.sched_getaffinity(0)))
        return count if count > 1 else 0


class _Child:
    """A process, our end of its pipe, and what has come from it and is not whole yet."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.pipe = pipe
        self.heard = bytearray()
        self.is_over = False


class _Heard:
    """What comes from one process: its pieces in order."""

    def __init__(self, child: _Child) -> None:
        self._child = child
        self._pieces: deque[bytes | None] = deque()
        self._poll = select.poll()
        self._poll.register(child.pipe, select.POLLIN)

    def ready(self) -> bool:
        """Whether something of the next piece is there."""
        return bool(self._pieces or (not self._child.is_over and self._poll.poll(0)))

    def next(self) -> bytes | None:
        """Wait for the next piece; None for a failure, EOFError behind the last."""
        child = self._child
        while not self._pieces:
            if child.is_over:
                raise EOFError
            data = os.read(child.pipe, _AT_ONCE)
            child.heard += data
            self._pieces += [made or None for _, made in _frames(child)]
            if not data and not child.is_over:
                _fate(child)
                return None
        return self._pieces.popleft()


@contextmanager
def _shared_memory() -> Iterator[None]:
    """Let the collector look for no cycles: it writes to all that it sees, which copies it.

    (CPython, "gc", on freeze().) What is made meanwhile it sees when this is entered once more.
    """
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if before:
            gc.enable()


def _may_fork() -> bool:
    if sys.platform != "linux" or sys.gettrace() or sys.getprofile():
        return False
    try:
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - a library's threads too
            return False
    except OSError:
        return False
    monitoring = getattr(sys, "monitoring", None)  # Python 3.12: what coverage and debuggers use
    return not (monitoring and any(map(monitoring.get_tool, range(6))))


def _stretches(items: Sequence[T], count: int) -> list[Sequence[T]]:
    length = min(_LONGEST, max(1, len(items) // (max(1, count) * _SHARES)))
    length = max(length, -(-len(items) // _MOST_STRETCHES))
    return [items[at : at + length] for at in range(0, len(items), length)]


@contextmanager
def _children(
    count: int, work: Work[T, R], stretches: Sequence[Sequence[T]]
) -> Iterator[tuple[list[_Child], int]]:
    """Fork, and see that nobody is left at the end; none where the machine allows none.

    Beside the processes stands the pipe that holds the numbers of the stretches.
    """
    children: list[_Child] = []
    if count < 1:
        yield children, -1
        return
    tasks = _tasks(len(stretches))
    try:
        try:
            for _ in range(count):
                labour = functools.partial(_labour, tasks, work, stretches)
                children.append(_fork(children, labour))
        except OSError:  # so many processes are not allowed: those that there are do it
            pass
        yield children, tasks
    finally:
        os.close(tasks)
        for child in children:
            _end(child)


def _tasks(count: int) -> int:
    """Return a pipe that holds the numbers of all stretches: who is free takes the next one."""
    theirs, ours = os.pipe()
    os.write(ours, b"".join(map(_NUMBER.pack, range(count))))
    os.close(ours)
    return theirs


def _fork(others: list[_Child], labour: Callable[[int], None]) -> _Child:
    ours, theirs = os.pipe()
    # A signal between the fork and the child's own handlers would make it go on as the parent.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        pid = os.fork()
        if pid == 0:
            _serve(theirs, [ours, *(other.pipe for other in others)], before, labour)
    except OSError:
        os.close(ours)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(theirs)
    return _Child(pid, ours)


def _serve(
    answers: int, foreign: list[int], mask: Iterable[int], labour: Callable[[int], None]
) -> NoReturn:
    """Be a child: nothing of the parent's may run or be flushed here, whatever happens."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent has it too, and ends us
        for number in _STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for pipe in foreign:  # else nobody would notice that the parent is gone
            os.close(pipe)
        _make_room(answers)
        labour(answers)
        code = 0
    finally:
        os._exit(code)


def _labour(tasks: int, work: Work[T, R], stretches: Sequence[Sequence[T]], answers: int) -> None:
    encoder = msgspec.msgpack.Encoder()
    while taken := os.read(tasks, _NUMBER.size):
        (number,) = _NUMBER.unpack(taken)
        try:
            made = encoder.encode(list(work(stretches[number])))
        except Exception:  # noqa: BLE001 - the parent does it again, and has it raised there
            made = b""
        _send(answers, _HEAD.pack(number, len(made)) + made)
    _send(answers, _HEAD.pack(_OVER, 0))


def _tell(answers: int, work: Callable[[], Iterable[bytes]]) -> None:
    try:
        for made in work():
            _send(answers, _HEAD.pack(0, len(made)) + made)
    except Exception:  # noqa: BLE001 - the parent does it again, and has it raised there
        _send(answers, _HEAD.pack(0, 0))
    _send(answers, _HEAD.pack(_OVER, 0))


def _make_room(pipe: int) -> None:
    """Let a pipe hold more than 64 KiB, so that nobody waits while the parent does other things."""
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(pipe, _ROOM, _AT_ONCE)


def _send(pipe: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _reports(children: list[_Child], tasks: int) -> Iterator[tuple[int, bytes]]:
    """Yield the number of each stretch that is done, and what was made of it.

    That is empty where this process has to do it: after a fault, and where nothing has come yet.
    """
    poll = select.poll()
    waiting = {child.pipe: child for child in children}
    for pipe in waiting:
        poll.register(pipe, select.POLLIN)
    while waiting:
        ready = poll.poll(0)
        if not ready and (taken := os.read(tasks, _NUMBER.size)):
            yield *_NUMBER.unpack(taken), b""
            continue
        for pipe, _ in ready or poll.poll():
            child = waiting[pipe]
            data = os.read(pipe, _AT_ONCE)
            child.heard += data
            yield from _frames(child)
            if child.is_over:
                poll.unregister(pipe)
                del waiting[pipe]
            elif not data:
                raise _unended(_fate(child))


def _frames(child: _Child) -> Iterator[tuple[int, bytes]]:
    """Take what has come whole from what has come."""
    while len(child.heard) >= _HEAD.size:
        number, size = _HEAD.unpack_from(child.heard)
        end = _HEAD.size + size
        if number == _OVER:
            child.is_over = True
        if len(child.heard) < end or child.is_over:
            return
        made = bytes(child.heard[_HEAD.size : end])
        del child.heard[:end]
        yield number, made


def _fate(child: _Child) -> str:
    child.is_over = True
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
    except ChildProcessError:
        return "without a word"
    return f"by signal {-code}" if code < 0 else f"with {code}"


def _unended(how: str) -> CannotTell:
    return CannotTell(
        f"a process that did a part of the work ended {how} before it was done",
        remedy="run it again; where it was killed for want of memory, give it more",
    )


def _end(child: _Child) -> None:
    """Kill a process that has not ended, and let go of it."""
    os.close(child.pipe)
    if not child.is_over:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    with suppress(ChildProcessError):  # told already, or whoever called us ignores its children
        os.waitpid(child.pid, 0)
