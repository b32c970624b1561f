"""The door to PostgreSQL's own grammar: libpg_query, as the postgast wheel carries it.

The library is called through ctypes; the package around it is never imported (it would cost a
protobuf runtime). Run as a script, this file is the child that parses one hostile statement:
`python -I -S pg_query.py LIBRARY < statement`, so it imports nothing of ours at the top.
"""

import ctypes
import functools
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from cdkit.core.world import Processes

T = TypeVar("T")

SAFE_LENGTH = 512 * 1024
"""Statements up to this many bytes are parsed in this process.

Measured: a level of nesting takes at least two bytes of SQL (`a+a+…`) and about 100 bytes of C
stack (8 MiB hold 60,000 levels and not 100,000), so 512 KiB of SQL need about 26 MiB of stack.
"""
_STACK = 64 * 1024 * 1024
_SMALL = 16 * 1024
"""Up to this length a statement fits the smallest main stack in use (1 MiB, Windows)."""
_NAMES = {"win32": "pg_query.dll", "darwin": "libpg_query.dylib"}
_FAULTY = 3
_SAID = 300
"""Bytes of a message that are kept: it may quote all the rest of the text."""


class GrammarFault(Exception):
    """The grammar refuses a text: what the server would say, and the byte where (-1: unknown)."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class _Error(ctypes.Structure):
    _fields_ = (
        ("message", ctypes.c_char_p),
        ("funcname", ctypes.c_char_p),
        ("filename", ctypes.c_char_p),
        ("lineno", ctypes.c_int),
        ("cursorpos", ctypes.c_int),
        ("context", ctypes.c_char_p),
    )


class _Parsed(ctypes.Structure):
    _fields_ = (
        ("tree", ctypes.c_char_p),
        ("stderr", ctypes.c_char_p),
        ("error", ctypes.POINTER(_Error)),
    )


class _Plpgsql(ctypes.Structure):
    _fields_ = (("tree", ctypes.c_char_p), ("error", ctypes.POINTER(_Error)))


class _Piece(ctypes.Structure):
    _fields_ = (("location", ctypes.c_int), ("length", ctypes.c_int))


class _Split(ctypes.Structure):
    _fields_ = (
        ("pieces", ctypes.POINTER(ctypes.POINTER(_Piece))),
        ("count", ctypes.c_int),
        ("stderr", ctypes.c_char_p),
        ("error", ctypes.POINTER(_Error)),
    )


_FUNCTIONS: tuple[tuple[str, str, type[ctypes.Structure]], ...] = (
    ("pg_query_parse", "pg_query_free_parse_result", _Parsed),
    ("pg_query_parse_plpgsql", "pg_query_free_plpgsql_parse_result", _Plpgsql),
    ("pg_query_split_with_scanner", "pg_query_free_split_result", _Split),
)


def parse(sql: bytes) -> bytes:
    """Return the parse tree of some SQL as the JSON of libpg_query (`{"stmts": [...]}`).

    `sql` is UTF-8 without NUL (C ends a text there), and no statement in it is longer than
    SAFE_LENGTH bytes. Locations in the tree are byte offsets. Raises GrammarFault.
    """
    _refuse_nul(sql)
    return _roomy(len(sql), lambda: _parse(sql))


def parse_each(pieces: Iterable[bytes]) -> Iterator["bytes | GrammarFault"]:
    """Yield what `parse` gives for each piece, in order, a GrammarFault where it would raise it.

    The next piece is parsed in a thread while the caller works on the last: the library needs no
    lock of Python's.
    """
    begun: tuple[threading.Thread, list[bytes | BaseException]] | None = None
    for piece in pieces:
        following = _begin(piece)
        if begun:
            yield _ended(*begun)
        begun = following
    if begun:
        yield _ended(*begun)


def _begin(sql: bytes) -> "tuple[threading.Thread, list[bytes | BaseException]]":
    box: list[bytes | BaseException] = []
    _refuse_nul(sql)
    return _thread(box, lambda: _parse(sql)), box


def _ended(thread: threading.Thread, box: "list[bytes | BaseException]") -> "bytes | GrammarFault":
    thread.join()
    if isinstance(box[0], BaseException) and not isinstance(box[0], GrammarFault):
        raise box[0]
    return box[0]


def parse_plpgsql(sql: bytes) -> bytes:
    """Return the PL/pgSQL trees of CREATE FUNCTION or DO statements as JSON; as `parse` else."""
    _refuse_nul(sql)
    return _roomy(len(sql), lambda: _parse_plpgsql(sql))


def split(sql: bytes) -> tuple[tuple[int, int], ...]:
    """Return where each statement stands, as byte offset and length, by the scanner alone.

    Unlike `parse` it needs no stack and accepts what the grammar refuses. Raises GrammarFault
    where even the scanner gives up: an unterminated quote or comment. It leaves out pieces without
    any keyword, and what stands behind a parenthesis that is never closed.
    """
    _refuse_nul(sql)
    result = _library().pg_query_split_with_scanner(sql)
    try:
        _raise(result.error, sql)
        pieces = (result.pieces[index].contents for index in range(result.count))
        return tuple((piece.location, piece.length) for piece in pieces)
    finally:
        _library().pg_query_free_split_result(result)


def cut(sql: bytes, size: int) -> tuple[tuple[int, int], ...]:
    """Return ranges of whole statements, each of `size` bytes at most or one longer statement.

    As `split` finds them, at the price of few of them: what it leaves out may stand in a range or
    between two. Raises GrammarFault.
    """
    _refuse_nul(sql)
    result = _library().pg_query_split_with_scanner(sql)
    try:
        _raise(result.error, sql)
        found, at = [], 0
        while at < result.count:
            start = result.pieces[at].contents.location
            after = max(_first_beyond(result, at, start + size), at + 1)
            last = result.pieces[after - 1].contents
            found.append((start, last.location + last.length - start))
            at = after
        return tuple(found)
    finally:
        _library().pg_query_free_split_result(result)


def _first_beyond(result: _Split, low: int, end: int) -> int:
    """Return the first piece from `low` on that ends behind this byte."""
    high = result.count
    while low < high:
        middle = (low + high) // 2
        piece = result.pieces[middle].contents
        if piece.location + piece.length > end:
            high = middle
        else:
            low = middle + 1
    return low


def parse_apart(sql: bytes, processes: "Processes") -> bytes:
    """Do what `parse` does in a child process, for one statement of any length.

    Raises GrammarFault, and CannotTell where the child dies: the library has no guard against
    nesting that is deeper than its stack.
    """
    from cdkit.core.errors import CannotTell

    _refuse_nul(sql)
    argv = [sys.executable, "-I", "-S", __file__, library()]
    done = processes.run(argv, stdin=sql, timeout=120)
    if done.code == 0:
        return done.stdout
    if done.code == _FAULTY:
        offset, _, message = done.stderr.decode("utf-8", "replace").partition(" ")
        raise GrammarFault(message, int(offset))
    raise CannotTell(
        f"the PostgreSQL grammar gave up on a statement of {len(sql)} bytes",
        remedy="split the statement into smaller ones",
    )


@functools.cache
def library() -> str:
    """Return the path of the library inside the postgast wheel; raises CannotTell without it."""
    import os
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("postgast")
    name = _NAMES.get(sys.platform, "libpg_query.so")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if os.path.isfile(path := os.path.join(folder, name)):  # noqa: PTH113, PTH118 - start-up
            return path
    from cdkit.core.errors import CannotTell

    raise CannotTell(
        f"the PostgreSQL grammar is not installed: no {name} in a package postgast",
        remedy="pip install 'postgast>=0.2,<0.3', on a platform that it has a wheel for",
    )


@functools.cache
def _library() -> ctypes.CDLL:
    return _open(library())


def _open(path: str) -> ctypes.CDLL:
    opened = ctypes.CDLL(path)
    for name, free, result in _FUNCTIONS:
        call, release = getattr(opened, name), getattr(opened, free)
        call.argtypes, call.restype = [ctypes.c_char_p], result
        release.argtypes, release.restype = [result], None
    return opened


def _parse(sql: bytes) -> bytes:
    loaded = _library()
    result = loaded.pg_query_parse(sql)
    try:
        _raise(result.error, sql)
        return bytes(result.tree)
    finally:
        loaded.pg_query_free_parse_result(result)


def _parse_plpgsql(sql: bytes) -> bytes:
    loaded = _library()
    result = loaded.pg_query_parse_plpgsql(sql)
    try:
        _raise(result.error, sql)
        return bytes(result.tree)
    finally:
        loaded.pg_query_free_plpgsql_parse_result(result)


def _raise(error: "ctypes._Pointer[_Error]", sql: bytes) -> None:
    """Raise what the library says; it counts characters from 1, we count bytes from 0."""
    if bool(error):
        said = error.contents
        message = (said.message or b"")[:_SAID].decode("utf-8", "replace")
        before = sql.decode("utf-8", "surrogateescape")[: max(said.cursorpos - 1, 0)]
        offset = len(before.encode("utf-8", "surrogateescape")) if said.cursorpos else -1
        raise GrammarFault(message, offset)


def _refuse_nul(sql: bytes) -> None:
    if b"\0" in sql:
        raise GrammarFault("a NUL byte", sql.index(b"\0"))


def _roomy(length: int, call: Callable[[], T]) -> T:
    """Call on a stack that is deep enough for SQL of this length."""
    if length <= _SMALL:
        return call()
    box: list[T | BaseException] = []
    _thread(box, call).join()
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]


def _thread(box: list[T | BaseException], call: Callable[[], T]) -> threading.Thread:
    """Begin a call on a deep stack; its result, or what it raises, will stand in the box."""
    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=_into, args=(box, call), daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    return thread


def _into(box: list[T | BaseException], call: Callable[[], T]) -> None:
    try:
        box.append(call())
    except BaseException as fault:  # noqa: BLE001 - raised again by the thread that waits
        box.append(fault)


def _child(path: str) -> int:
    """Parse standard input with this library; the tree goes to stdout, a fault to stderr."""
    globals()["_library"] = functools.cache(lambda: _open(path))
    try:
        sys.stdout.buffer.write(_roomy(_STACK, lambda: _parse(sys.stdin.buffer.read())))
    except GrammarFault as fault:
        sys.stderr.write(f"{fault.offset} {fault.message}")
        return _FAULTY
    return 0


if __name__ == "__main__":
    sys.exit(_child(sys.argv[1]))
