"""Writing what `--fix` makes of files, or showing it as a diff."""

from collections.abc import Iterable, Iterator

from cdkit.core.errors import CannotTell
from cdkit.core.escape import log_line
from cdkit.core.world import Files
from cdkit.migrations.fixing import Rewritten


def write(files: Iterable[Rewritten], door: Files) -> None:
    """Write files anew, each whole.

    Raises CannotTell where somebody has changed one since it was read: it stays as it is.
    """
    for each in files:
        if door.read(each.path) != each.before:
            raise CannotTell(
                "has changed since it was read, so nothing in it was fixed",
                where=each.path,
                remedy="run it again",
            )
        door.rewrite(each.path, each.after)


def diff(files: Iterable[Rewritten]) -> str:
    """Return a unified diff, as `git apply` takes it but for lines that a CI system would obey."""
    return "".join(line for each in files for line in _diff(each)).removesuffix("\n")


def _diff(file: Rewritten) -> Iterator[str]:
    import difflib

    before, after = (_lines(data) for data in (file.before, file.after))
    path = file.path.lstrip("/")
    for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"):
        if line.endswith("\n"):
            yield f"{log_line(line[:-1])}\n"
        else:
            yield f"{log_line(line)}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    return (
        data.decode("utf-8", "replace")
        .replace("\x1b", "\N{REPLACEMENT CHARACTER}")
        .splitlines(keepends=True)
    )
