"""A folder of facts: the store of a laptop, and of a CI job that uploads what it leaves.

Its layout is the one of `cdkit/evidence/shelf.py`; files are written aside and put in place whole.
"""

from collections.abc import Iterator

from cdkit.core.errors import CdkitError
from cdkit.core.trust import Verifier
from cdkit.core.world import Files, World
from cdkit.evidence.shelf import ShelfStore, quietly
from cdkit.evidence.store import Store, StoreKind


class _Folder:
    """The files of a folder, as the door gives them."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.read = files.read
        self.names = files.names

    def write(self, path: str, data: bytes) -> None:
        """Write a file aside and put it in place, unless there is one."""
        self._files.write(path, data, fresh=True)

    def each(self, paths: list[str]) -> Iterator[tuple[str, bytes | CdkitError]]:
        """Yield one file after the other."""
        return ((path, quietly(lambda path=path: self._files.read(path))) for path in paths)  # type: ignore[misc]


def _open(records: str, world: World, verifier: Verifier | None) -> Store:
    return ShelfStore(records, _Folder(world.files), verifier)


STORE = StoreKind(name="folder", open=_open)
