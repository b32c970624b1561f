"""The cases of `pin-images`: folders below tests/cases/image/pins/<format>/<case>/.

`before/` is a tree of files; `after/` is what becomes of it where every image is DIGEST and every
action is COMMIT; `mutable.txt` lists what `--check` must find, `path:line: reference`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cdkit.core.digest import Digest
from cdkit.core.doors.files import DiskFiles
from cdkit.image.pins.document import Lines
from cdkit.image.pins.find import FileUses, paths_of, search
from cdkit.image.pins.judge import State, judge_use
from cdkit.image.pins.pin import Answer, Pinned, pin_file, wanted
from tests.worlds import FakeGit

CASES = Path(__file__).resolve().parents[2] / "cases/image/pins"
DIGEST = Digest("sha256", "d" * 64)
COMMIT = "c" * 40
SERVER = "https://github.com"


def cases() -> list[Path]:
    """Return every case's folder."""
    return sorted(path.parent for path in CASES.glob("*/*/before"))


def name(case: Path) -> str:
    """Return what pytest calls a case."""
    return case.relative_to(CASES).as_posix()


def found_in(folder: Path) -> tuple[FileUses, ...]:
    """Return what is found in the files of a folder; a file that cannot be read is a failure."""
    files = DiskFiles(folder)
    result = search(paths_of((), files, FakeGit()), files, {})
    assert [str(fault) for fault in result.unread] == []
    return result.files


def mutable(found: FileUses) -> Iterator[str]:
    """Yield the references of a file that can move, as `mutable.txt` lists them."""
    lines = Lines(found.source)
    for use in found.uses:
        if judge_use(use).state is State.MUTABLE:
            yield f"{found.source.path}:{lines.place(use.start).line}: {use.text}"


def pinned(found: FileUses) -> Pinned:
    """Pin a file as if every image were DIGEST and every action COMMIT."""
    wishes = [wanted(judge_use(use), update=False, server=SERVER) for use in found.uses]
    asked = [wish for wish in wishes if wish]
    answers: Mapping[str, Answer] = {
        wish.name: DIGEST if wish.reference else COMMIT for wish in asked
    }
    return pin_file(found, asked, answers)
