"""atlas.sum: the checksums of a folder's migrations, which Atlas checks before it does anything.

Source: Atlas, sql/migrate/dir.go (NewHashFile, HashFile.Sum, UnmarshalText): one SHA-256 runs over
the names and bytes of all files in the order of their names, and each line holds what it is after
that file; the first line is the SHA-256 of all names and sums. A file that begins with
`atlas:sum ignore` counts by its name alone and has no line.
"""

from collections.abc import Iterator

from cdkit.core.errors import CdkitError
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, join
from cdkit.migrations.source import Complaint

NAME = "atlas.sum"
_IGNORED = pattern(rb"[ -~]*atlas:sum +(?:ignore|none)")
_REMEDY = "undo the edit; or, where it is meant, run `atlas migrate hash` and look at its diff"


def mismatches(folder: str, look: Look) -> Iterator[Complaint]:
    """Yield where a folder differs from its atlas.sum, the first place only; nothing without one.

    What comes behind the first difference differs too, since the sums run on.
    """
    if NAME not in look.names(folder):
        return
    path = join(folder, NAME)
    try:
        listed = _listed(look.read(path))
        here = _sums(folder, look)
    except CdkitError as fault:
        yield _complaint(path, f"cannot be checked: {fault.what}", fault.remedy)
        return
    if listed is None:
        yield _complaint(path, "is no list of checksums as Atlas writes it", _REMEDY)
        return
    total, lines = listed
    if total != _sum(lines):
        yield _complaint(path, "does not hold together: its first line is not the sum of the rest")
        return
    yield from _differences(folder, lines, here)


def _differences(
    folder: str, lines: list[tuple[str, str]], here: list[tuple[str, str]]
) -> Iterator[Complaint]:
    known, there = dict(lines), dict(here)
    for name, _ in lines:
        if name not in there:
            what = f"{name} stands in atlas.sum, and is not there: Atlas refuses the folder"
            yield _complaint(join(folder, NAME), what, _REMEDY, rule="missing-migration")
            return
    for name, value in here:
        if name not in known:
            what = "is not in atlas.sum: Atlas refuses the folder"
            yield _complaint(join(folder, name), what, "run `atlas migrate hash`")
            return
        if known[name] != value:
            what = "is not what atlas.sum was written for: Atlas refuses the folder"
            yield _complaint(join(folder, name), what)
            return


def _complaint(
    path: str, what: str, remedy: str = _REMEDY, *, rule: str = "checksum-mismatch"
) -> Complaint:
    return Complaint(rule=rule, path=path, what=what, remedy=remedy, whole=True)


def _listed(data: bytes) -> tuple[str, list[tuple[str, str]]] | None:
    """Return the sum of all and each file's; None where that is not what stands there."""
    first, *rest = data.decode("utf-8", "replace").splitlines() or [""]
    if not first.startswith("h1:"):
        return None
    lines = []
    for line in rest:
        name, mark, value = line.partition("h1:")
        if not mark:
            return None
        lines.append((name.strip(), value))
    return first.removeprefix("h1:"), lines


def _sums(folder: str, look: Look) -> list[tuple[str, str]]:
    import base64
    import hashlib

    running = hashlib.sha256()
    found = []
    for name in sorted(look.names(folder), key=_bytes):
        path = join(folder, name)
        if not name.endswith(".sql") or not look.is_file(path):
            continue
        data = look.read(path)
        running.update(_bytes(name))
        if _IGNORED().match(data):
            continue
        running.update(data)
        found.append((name, base64.b64encode(running.digest()).decode()))
    return found


def _bytes(name: str) -> bytes:
    """Return a name as the file system has it, which need not be UTF-8."""
    return name.encode("utf-8", "surrogateescape")


def _sum(lines: list[tuple[str, str]]) -> str:
    import base64
    import hashlib

    total = hashlib.sha256()
    for name, value in lines:
        total.update(_bytes(name) + _bytes(value))
    return base64.b64encode(total.digest()).decode()
