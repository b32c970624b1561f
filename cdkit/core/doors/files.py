"""The door to the file system: whole files, put in place whole."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from cdkit.core.errors import Missing, TooLarge, Unreadable, Unwritable
from cdkit.core.world import MIB

if TYPE_CHECKING:
    from pathlib import Path  # loads urllib: only what writes pays for it

_AT_ONCE = MIB
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Opening a pipe must not wait for somebody to write into it."""

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_LEFT_OUT = frozenset({".git", ".hg", ".svn"})


class DiskFiles:
    """The files below a root, which is the working directory of the command."""

    def __init__(self, root: "str | Path" = ".") -> None:
        self._root = str(root) or "."
        self._elsewhere = self._root != "."

    def absolute(self, path: str) -> str:
        """Return the absolute path, for handing to another program."""
        return str(self._path(path).absolute())

    def real(self, path: str) -> str:
        """Return the absolute path that is left where every link is followed."""
        return os.path.realpath(self._full(path) or ".")

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file."""
        return _quietly(lambda: os.path.isfile(self._full(path)))  # noqa: PTH113 - as below

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder."""
        return _quietly(lambda: os.path.isdir(self._full(path) or "."))  # noqa: PTH112 - as below

    def is_link(self, path: str) -> bool:
        """Whether there is a symbolic link."""
        return _quietly(lambda: os.path.islink(self._full(path)))  # noqa: PTH114 - asked of thousands

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""
        with _reading(path):
            return os.stat(self._full(path)).st_size  # noqa: PTH116 - asked of thousands

    def read(self, path: str, *, limit: int = 64 * MIB) -> bytes:
        """Return a whole file of at most `limit` bytes; without a buffer, which thousands feel."""
        try:
            handle = os.open(self._full(path), os.O_RDONLY | _NEVER_WAIT)
            try:
                return _whole(handle, path, limit)
            finally:
                os.close(handle)
        except (OSError, ValueError) as fault:
            raise _unread(path, fault) from fault

    def _full(self, path: str) -> str:
        return os.path.join(self._root, path) if self._elsewhere else path  # noqa: PTH118 - as above

    def _path(self, path: str) -> "Path":
        from pathlib import Path

        return Path(self._root, path)

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """Open a regular file; a pipe or a device is refused, since it may never end."""
        with _reading(path):
            full = self._full(path)
            if not stat.S_ISREG(os.stat(full).st_mode):  # noqa: PTH116 - as above
                raise Unreadable("is not a regular file", where=path, remedy="give a file")
            stream = open(full, "rb")  # noqa: PTH123, SIM115 - as above; the caller closes it
        with stream:
            yield stream

    def write(self, path: str, data: bytes, *, fresh: bool = False) -> None:
        """Write aside, sync, rename: another reader sees the old file or the new one, whole.

        Into a device or a pipe (/dev/null, /dev/stdout) it is written as it is: those are the
        machine's, and to put a file in their place would take them from everybody.
        """
        import tempfile

        with _writing(path):
            target = self._path(path)
            if _is_device(target):
                _write_into(target, data)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                beside = target.with_name(os.path.basename(aside))  # noqa: PTH119 - it is text
                beside.chmod(0o644)
                _put(beside, target, fresh=fresh)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(aside)  # noqa: PTH108 - as above

    @contextlib.contextmanager
    def create(self, path: str) -> Iterator[IO[bytes]]:
        """Open a new file for writing; what is there already is a fault."""
        with _writing(path):
            target = self._path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            stream = target.open("xb")
        with stream, _writing(path):
            yield stream

    def move(self, path: str, to: str) -> None:
        """Rename; a folder in the way is put aside first, and back where that fails."""
        import shutil

        with _writing(to):
            source, target = self._path(path), self._path(to)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.is_dir():
                source.replace(target)
                return
            aside = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}")
            target.rename(aside)
            try:
                source.rename(target)
            except BaseException:
                aside.rename(target)
                raise
            shutil.rmtree(aside, ignore_errors=True)

    def rewrite(self, path: str, data: bytes) -> None:
        """Write aside, rename, with the rights that the file had, and its owner where we may.

        Not synced: after a power cut the file may be the old one, and version control has both.
        """
        target = self._full(path)
        folder, name = os.path.split(target)
        aside = os.path.join(folder, f".{name[:100]}.{os.urandom(6).hex()}")  # noqa: PTH118 - as above
        with _writing(path):
            found = os.lstat(target)
            if not stat.S_ISREG(found.st_mode):
                raise OSError("is no regular file")
            handle = os.open(aside, _FRESH, stat.S_IMODE(found.st_mode))
            try:
                try:
                    _write_all(handle, data)
                finally:
                    os.close(handle)
                _give(aside, found)
                os.replace(aside, target)  # noqa: PTH105 - of thousands of files
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(aside)  # noqa: PTH108 - as above
                raise

    def append(self, path: str, text: str) -> None:
        """Add text at the end of a file, in UTF-8, in one write, synced."""
        with _writing(path):
            target = self._path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab") as stream:
                stream.write(text.encode("utf-8", "replace"))
                stream.flush()
                if target.is_file():  # a pipe or a device cannot be synced
                    os.fsync(stream.fileno())

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted."""
        with _reading(path):
            return tuple(sorted(os.listdir(self._full(path) or ".")))  # noqa: PTH208 - names, not paths

    def walk(self, path: str) -> Iterator[str]:
        """Yield every regular file below a folder, sorted; links are not followed.

        A folder that cannot be listed is a fault, raised when all else was yielded.
        """
        from pathlib import Path

        top = self._full(path)
        faults: list[OSError] = []
        for folder, folders, names in os.walk(top, onerror=faults.append):
            folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
            inside = Path(path, os.path.relpath(folder, top)).as_posix()
            before = "" if inside == "." else f"{inside}/"
            for name in sorted(names):
                if _is_plain(os.path.join(folder, name)):  # noqa: PTH118 - asked of thousands
                    yield f"{before}{name}"
        for fault in (one for one in faults if not isinstance(one, FileNotFoundError)):
            inside = os.path.relpath(fault.filename or top, top)
            raise _unread(Path(path, inside).as_posix(), fault) from fault

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the files that match a shell pattern, sorted; a plain path matches itself."""
        import glob
        from pathlib import Path

        if not glob.has_magic(pattern):
            return (pattern,) if self.is_file(pattern) else ()
        found = glob.glob(  # noqa: PTH207 - pathlib cannot match hidden files on Python 3.11
            pattern, root_dir=self._root, recursive=True, include_hidden=True
        )
        return tuple(sorted(Path(path).as_posix() for path in found if self.is_file(path)))

    def remove(self, path: str) -> None:
        """Remove a file or a whole folder."""
        import shutil

        target = self._path(path)
        with _writing(path):
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)

    @contextlib.contextmanager
    def temporary(self) -> Iterator[str]:
        """Give a new empty folder that is removed at the end."""
        import shutil
        import tempfile

        with _writing(tempfile.gettempdir()):
            folder = tempfile.mkdtemp(prefix="cdkit-")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_plain(path: str) -> bool:
    """Whether there is a regular file, and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _whole(handle: int, path: str, limit: int) -> bytes:
    """Read a regular file to its end, or to one byte more than the limit."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable("is not a regular file", where=path, remedy="give a file")
    if found.st_size > limit:
        raise _too_large(path, limit)
    data = os.read(handle, found.st_size + 1)
    if len(data) != found.st_size:  # one read gives at most 2 GiB, and /proc says that all is empty
        parts = [data]
        size = len(data)
        while size <= limit and (more := os.read(handle, min(_AT_ONCE, limit + 1 - size))):
            parts.append(more)
            size += len(more)
        data = b"".join(parts)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def _too_large(path: str, limit: int) -> TooLarge:
    return TooLarge(f"is larger than {limit // MIB} MiB", where=path, remedy="give the right file")


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _give(path: str, to: os.stat_result) -> None:
    """Give a new file another's owner and rights: root in a container must not keep a user's."""
    fresh = os.lstat(path)
    if (fresh.st_uid, fresh.st_gid) != (to.st_uid, to.st_gid):
        with contextlib.suppress(PermissionError):
            os.chown(path, to.st_uid, to.st_gid)
            fresh = os.lstat(path)  # a new owner may take rights away
    if fresh.st_mode != to.st_mode:  # what the mask took
        os.chmod(path, stat.S_IMODE(to.st_mode))  # noqa: PTH101 - of thousands of files


def _is_device(target: "Path") -> bool:
    """Whether there is a device, a pipe or a socket, itself or behind a link.

    So is a link that the machine has to what is open, whatever that is: /dev/stdout, /dev/fd/3.
    """
    is_the_machines = target.absolute().parts[1:2] in {("dev",), ("proc",)}
    if is_the_machines and target.is_symlink():
        return True
    return target.exists() and not (target.is_file() or target.is_dir())


def _write_into(target: "Path", data: bytes) -> None:
    """Write without waiting for somebody to read at a pipe's other end, but all that there is."""
    handle = os.open(target, os.O_WRONLY | os.O_APPEND | _NEVER_WAIT)
    try:
        os.set_blocking(handle, True)
        _write_all(handle, data)
    finally:
        os.close(handle)


def _put(aside: "Path", target: "Path", *, fresh: bool) -> None:
    if not fresh:
        aside.replace(target)
        return
    try:
        os.link(aside, target)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links: the window is small, the content the same
        if not target.exists():
            aside.replace(target)


def _quietly(test: Callable[[], bool]) -> bool:
    """Ask about a path whose very name may be impossible (a NUL, 300 characters)."""
    try:
        return test()
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as fault:
        raise _unread(path, fault) from fault


def _unread(path: str, fault: Exception) -> Missing | Unreadable:
    if isinstance(fault, FileNotFoundError):
        return Missing("there is no such file", where=path, remedy="check the path")
    return Unreadable(
        f"cannot be read: {_said(fault)}", where=path, remedy="check the path and its rights"
    )


@contextlib.contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as fault:
        raise Unwritable(
            f"cannot be written: {_said(fault)}",
            where=path,
            remedy="check that the folder exists, is writable and has room",
        ) from fault


def _said(fault: Exception) -> str:
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
