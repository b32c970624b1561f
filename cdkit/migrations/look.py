"""Looking into a tree of files: each read and each listing is done once."""

import functools
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from cdkit.core.errors import CannotTell
from cdkit.core.world import Files

T = TypeVar("T")

DEPTH = 6
"""How many folders down migrations are looked for."""


class Look:
    """The files that sources look at. Paths are as the user wrote them, `/` between parts."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._read: dict[str, bytes] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._is_file: dict[str, bool] = {}
        self._made: dict[tuple[str | bytes, ...], object] = {}

    def once(self, key: tuple[str | bytes, ...], make: Callable[[], T]) -> T:
        """Return what `make` makes of files, made once for each key."""
        try:
            made = self._made[key]
        except KeyError:
            made = self._made[key] = make()
        # The key says whose it is, so that it is what was made under it.
        return cast("T", made)

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises Missing, Unreadable or TooLarge."""
        found = self._read.get(path)
        if found is None:
            found = self._read[path] = self.files.read(path)
        return found

    def is_file(self, path: str) -> bool:
        """Whether there is a file, or a link to one."""
        if path not in self._is_file:
            self._is_file[path] = self.files.is_file(path)
        return self._is_file[path]

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder, or a link to one."""
        return self.files.is_dir(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted; hidden ones are left out, no folder has none."""
        if folder not in self._names:
            there = self.files.names(folder) if self.files.is_dir(folder) else ()
            self._names[folder] = tuple(name for name in there if not name.startswith("."))
        return self._names[folder]

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the folders in a folder, sorted."""
        paths = (join(folder, name) for name in self.names(folder))
        return tuple(path for path in paths if not self.is_file(path) and self.is_dir(path))

    def below(self, folder: str, depth: int = DEPTH) -> Iterator[str]:
        """Yield the files in a folder, and `depth` folders below it; links are followed.

        A link that leads nowhere is yielded too: who reads it says so.
        """
        for name in self.names(folder):
            path = join(folder, name)
            if self.is_file(path) or (not self.is_dir(path) and self.files.is_link(path)):
                yield path
        for path in self.folders(folder) if depth else ():
            yield from self.below(path, depth - 1)


def join(folder: str, name: str) -> str:
    """Return the path of something in a folder, written as the folder is."""
    return name if folder in {"", "."} else f"{folder.rstrip('/')}/{name}"


@functools.lru_cache(maxsize=1024)  # each source asks it of the same file, one after the other
def parent(path: str) -> str:
    """Return the folder that a path is in: `.` where it names none."""
    folder, slash, _ = path.rpartition("/")
    return folder or ("/" if slash else ".")


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders that a path is in, the nearest first, up to the working directory."""
    folder = path
    while folder not in {".", "/"}:
        folder = parent(folder)
        yield folder


class Alone(Look):
    """A look at one file and nothing beside it."""

    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        self._data = data
        self._made = {}

    def read(self, path: str) -> bytes:
        """Return the file; Missing for any other."""
        if path != self._path:
            raise CannotTell("is not there", where=path, remedy="look at the file alone")
        return self._data

    def is_file(self, path: str) -> bool:
        """Whether it is the file."""
        return path == self._path

    def is_dir(self, path: str) -> bool:
        """Whether it is the folder of the file."""
        return path == parent(self._path)

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the file's name in its folder, nothing in any other."""
        return (self._path.rpartition("/")[2],) if folder == parent(self._path) else ()

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return no folder."""
        del folder
        return ()
