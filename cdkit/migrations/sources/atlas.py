"""Atlas: versioned SQL files with checksums in atlas.sum, each in a transaction of its own.

Sources: Atlas's documentation, "Migration Directory Integrity", "Migration files: directives"
(`-- atlas:txmode none`, `-- atlas:delimiter`, `-- atlas:checkpoint`, at the top of the file),
"Pre-migration checks" (`-- atlas:txtar`), "migrate apply" (--tx-mode file, --exec-order linear);
its source, sql/migrate/dir.go (order, checksums; a txmode counts only above a blank line) and
cmdapi/migrate.go (it is `none` or `file`, and stands once: all else is refused); "Dev Database"
(addresses in atlas.hcl). A folder in another tool's format (goose, golang-migrate, dbmate, Flyway)
is read as that tool's; its atlas.sum is checked all the same.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Severity
from cdkit.migrations.atlas_sum import NAME
from cdkit.migrations.folder import FolderTool, migration_of, read_folder
from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import blanked, tokens
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.source import (
    Complaint,
    Down,
    Late,
    Migration,
    Order,
    Project,
    Request,
    Script,
    Source,
)
from cdkit.migrations.text import BOM, Text, line_end

_FOREIGN = pattern(r"\d+_.*\.(?:up|down)\.sql|[VUR][\d._]*__.*\.sql")
_FOREIGN_TEXT = pattern(rb"^\s*--\s*(?:\+goose\s+up|migrate:up)\b", re.IGNORECASE | re.MULTILINE)
_ADDRESS = pattern(rb"""^\s*(?:dev|url)\s*=\s*"([a-z+]+)://(\w*)""", re.MULTILINE)
_DIRECTIVE = pattern(rb"--[ \t]*atlas:(\w+)[ \t]*([^\r\n]*)")
_SECTION = pattern(rb"^-- (\S+) --[ \t]*\r?$", re.MULTILINE)


def _owns(path: str, look: Look) -> bool:
    name = path.rpartition("/")[2]
    if not name.endswith(".sql") or _FOREIGN().fullmatch(name):
        return False
    return look.is_file(join(parent(path), NAME)) and not _FOREIGN_TEXT().search(look.read(path))


def _directives(data: bytes) -> dict[str, str]:
    """Return the directives of a file: those in the comments at its top."""
    found: dict[str, str] = {}
    for line in data.split(b"\n"):
        if line.strip() and not line.lstrip().startswith(b"--"):
            break
        if said := _DIRECTIVE().match(line.strip()):
            found[said[1].decode()] = said[2].decode("utf-8", "replace").strip()
    return found


def _modes(data: bytes) -> tuple[list[str], bool]:
    """Return each txmode at the top of a file, and whether they speak of the file.

    They do so where a blank line parts them from the first statement; else of that alone.
    """
    modes: list[str] = []
    for line in data.split(b"\n"):
        if not line.startswith((b"--", b"#")):
            return modes, not line.strip()
        if (said := _DIRECTIVE().match(line.strip())) and said[1] == b"txmode":
            modes.append(said[2].decode("utf-8", "replace").strip())
    return modes, False


def _wrapped(data: bytes) -> bool | None:
    """Whether Atlas makes a transaction of a file; None where it refuses it."""
    modes, counts = _modes(data)
    return _WRAPPED.get(modes[0] if len(modes) == 1 else "") if modes and counts else True


_WRAPPED = {"none": False, "file": True}


def _refused(migration: Migration) -> Iterator[Complaint]:
    """Yield a txmode that Atlas refuses, or passes over."""
    modes, counts = _modes(migration.text.data)
    if modes and (not counts or _wrapped(migration.text.data) is None):
        named = ", ".join(f"`{each[:40]}`" for each in modes)
        yield Complaint(
            rule="misplaced-marker",
            path=migration.path,
            line=1,
            what=f"Atlas refuses the file: its txmode is {named}"
            if counts
            else f"Atlas passes over the txmode {named}: no blank line parts it from the statement",
            remedy="write `-- atlas:txmode none` (or `file`) once, at the top of the file, and a "
            "blank line below it",
            severity=None if counts or modes == ["file"] else Severity.MEDIUM,
        )


def _script(path: str, data: bytes) -> Script:
    said = _directives(data)
    wrapped = _wrapped(data)
    if "txtar" in said:
        return _archive(path, data, wrapped=wrapped)
    if "delimiter" in said:
        data = _parted(data, said["delimiter"])
    return Script(sql=data, in_transaction=wrapped)


def _archive(path: str, data: bytes, *, wrapped: bool | None) -> Script:
    """Read a file of several files: `migration.sql` runs, `down.sql` takes back."""
    marks = list(_SECTION().finditer(data))
    ends = [*(mark.start() for mark in marks[1:]), len(data)]
    inside = {mark[1]: (mark.end(), end) for mark, end in zip(marks, ends, strict=False)}
    if b"migration.sql" not in inside:
        # No archive after all: whatever stands in it is judged.
        return Script(sql=data, in_transaction=wrapped)

    def only(name: bytes) -> bytes:
        start, end = inside.get(name, (0, 0))
        return blanked(data, ((0, start), (end, len(data))))

    down = None
    if b"down.sql" in inside:
        down = Down(text=Text(path, data), sql=only(b"down.sql"), in_transaction=wrapped)
    return Script(sql=only(b"migration.sql"), in_transaction=wrapped, down=down)


def _parted(data: bytes, delimiter: str) -> bytes:
    """Put semicolons where a delimiter of the file's own parts statements.

    A delimiter between quotes parts nothing; the directive's own line stays a comment.
    """
    mark = delimiter.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").encode()
    if not mark or mark == b";":
        return data
    first = data.find(b"\n", data.find(b"atlas:delimiter")) + 1
    # What a token covers is no delimiter, unless the delimiter is that token.
    quoted = [x for x in tokens(data) if x.kind == "string" and x.text[:1] == b"'"]
    parted = bytearray(data)
    position = data.find(mark, first) if first else -1
    while position >= 0:
        end = position + len(mark)
        index = bisect_left(quoted, position, key=lambda token: token.start) - 1
        if index < 0 or quoted[index].end <= position:
            parted[position:end] = b";" + re.sub(rb"[^\n]", b" ", mark[1:])
        position = data.find(mark, end)
    return bytes(parted)


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return the directive as a first line; None where the file has one, or is an archive."""
    if data.startswith(BOM) or {"txmode", "txtar"} & _directives(data).keys():
        return None
    end = line_end(data)
    # A directive speaks of the file where a blank line parts it from the first statement.
    return 0, 0, f"-- atlas:txmode none{end}{'' if _modes(data)[1] else end}"


def _order(path: str) -> Order:
    return ((0, 0, path.rpartition("/")[2]),)


def _engine(root: str, look: Look) -> str:
    """Return the database that atlas.hcl names, where all its addresses name the same one."""
    for folder in (root, *ancestors(root)):
        path = join(folder, "atlas.hcl")
        if look.is_file(path):
            named = {_engine_of(said) for said in _ADDRESS().findall(look.read(path))}
            return next(iter(named)) if len(named) == 1 else ""
    return ""


def _engine_of(said: tuple[bytes, bytes]) -> str:
    """Return the engine of `docker://mysql/8/dev`, `mysql://…`, `docker+postgres://…`."""
    scheme, image = (each.decode() for each in said)
    name = image if scheme == "docker" else scheme.partition("+")[2] or scheme
    return "sqlite" if name == "libsql" else name


_TOOL = FolderTool(
    name="atlas",
    title="Atlas",
    owns=_owns,
    script=_script,
    order=_order,
    outside=_outside,
    engine=_engine,
    refused=_refused,
    late=Late(
        says="Atlas refuses it (`--exec-order linear`)",
        severity=Severity.HIGH,
        remedy="`atlas migrate rebase` puts it after the newest one",
    ),
)


def _read(request: Request) -> Project:
    project = read_folder(_TOOL, request)
    checkpoints = [x for x in project.migrations if "checkpoint" in _directives(x.text.data)]
    newest = max(checkpoints, key=lambda one: one.order, default=None)
    before = [x for x in project.migrations if newest and x.order < newest.order]
    if newest is None or not before:
        return project
    # A database that runs has what a checkpoint sums up from the files before it.
    out = {one.path for one in checkpoints}
    kept = tuple(one for one in project.migrations if one.path not in out)
    note = "checkpoints are for new databases, and not judged: " + ", ".join(sorted(out))
    return structs.replace(
        project,
        migrations=kept,
        downs=project.downs | out,
        stand_ins=tuple(checkpoints),
        notes=(*project.notes, note),
    )


def _root(path: str, folder: str, look: Look) -> str | None:
    if path.rpartition("/")[2] == NAME:
        beside = (each for each in look.below(parent(path), 0) if each.endswith(".sql"))
        first = next(beside, "")
        return parent(path) if first and _owns(first, look) else None
    del folder
    return parent(path) if _owns(path, look) else None


SOURCE = Source(
    title="Atlas",
    root=_root,
    read=_read,
    may_own=lambda beside, _, look: look.is_file(join(beside, NAME)),
    migrations=lambda path, data: (migration_of(_TOOL, Text(path, data)),),
    marks=(NAME,),
    outside=_outside,
)
