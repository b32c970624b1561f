"""goose: one file with `-- +goose Up` and `-- +goose Down`, in a transaction unless it says no.

Sources: goose's documentation, "Annotations" (NO TRANSACTION, StatementBegin, ENVSUB ON and OFF,
`${VAR}` and `${VAR:-default}` from the environment), "Provider" (out of order: an error, unless
allow-missing), "Environment variables" (GOOSE_DRIVER, also of .env); goose's source,
NumericComponent in migrate.go (a name is a number above 0, `_`, a title, and .sql or .go) and
internal/sqlparser. Migrations in Go are programs.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.dotenv import engine_by
from cdkit.migrations.folder import FolderTool, folder_source, natural
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look
from cdkit.migrations.placeholders import Slot, environment, fill
from cdkit.migrations.sections import (
    Lines,
    bears,
    begun,
    cut,
    down_of,
    in_folder_of,
    lines_of,
    unended,
    without_down,
)
from cdkit.migrations.source import Complaint, Late, Migration, Order, Script
from cdkit.migrations.text import BOM, Text, holds, line_end

_NAME = pattern(r"0*[1-9]\d*_[^/]*\.(?:sql|go)")
_WORD = b"+goose"
_MARK = pattern(rb"^\s*--\s*\+goose\s+up\b", re.IGNORECASE | re.MULTILINE)
_ANY = pattern(rb"^[ \t]*--[ \t]*\+goose[ \t]+(\S[^\n]*?)\s*$", re.IGNORECASE | re.MULTILINE)
_STATEMENT = pattern(rb"^(?![ \t]*--)[ \t]*[^\s-]", re.MULTILINE)
_KNOWN = frozenset(
    {b"up", b"down", b"statementbegin", b"statementend", b"no transaction"}
    | {b"envsub on", b"envsub off"}
)
_IN_GO = pattern(rb"\bgoose\.Add(?:Named)?Migration")


def _annotation(line: bytes) -> bytes:
    """Return `up` of `-- +goose Up` and of `--+goose Up`, or nothing for any other line."""
    if b"+" not in line:
        return b""
    line = line.strip().lower()
    words = line.removeprefix(b"--").split() if line.startswith(b"--") else []
    return b" ".join(words[1:]) if words[:1] == [_WORD] else b""


def _is_up(line: bytes) -> bool:
    return _annotation(line) == b"up"


def _is_down(line: bytes) -> bool:
    return _annotation(line) == b"down"


def _owns(path: str, look: Look) -> bool:
    if path.endswith(".go"):
        return not path.endswith("_test.go") and bool(_IN_GO().search(look.read(path)))
    if not path.lower().endswith(".sql"):
        return False
    # In a folder of goose's a numbered file without any mark is one that it refuses.
    data = look.read(path)
    if holds(data, _WORD) and _MARK().search(data):
        return True
    paired = path.endswith((".up.sql", ".down.sql"))
    return not paired and in_folder_of(_WORD, _MARK, path, look) and bool(_version(path))


def _script(path: str, data: bytes) -> Script:
    alone = any(_annotation(line) == b"no transaction" for line in data.split(b"\n"))
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=not alone,
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return the annotation as a first line; goose finds none behind a byte-order mark."""
    return None if data.startswith(BOM) else (0, 0, f"-- +goose NO TRANSACTION{line_end(data)}")


def _fill(text: Text) -> Text:
    """Fill what `ENVSUB ON` lets the environment fill."""
    if b"envsub" not in text.data.lower():
        return text
    slots: list[Slot] = []
    position, begin = 0, -1
    for line in text.data.split(b"\n"):
        match _annotation(line):
            case b"envsub on" if begin < 0:
                begin = position
            case b"envsub off" if begin >= 0:
                slots += environment(text.data, begin, position)
                begin = -1
        position += len(line) + 1
    if begin >= 0:
        slots += environment(text.data, begin, len(text.data))
    return fill(text, slots)


def _version(path: str) -> str:
    name = path.rpartition("/")[2]
    return str(int(name.partition("_")[0])) if _NAME().fullmatch(name) else ""


def _order(path: str) -> Order:
    version = _version(path)
    return ((0, int(version), path),) if version else ((1, 0, ""), *natural(path))


def _misnamed(path: str) -> tuple[str, str] | None:
    name = path.rpartition("/")[2]
    if _NAME().fullmatch(name):
        return None
    what = f"goose does not run {name}: it looks for <number>_<title>.sql"
    return what, f"rename it: `goose create` gives names like {'20260131120000_title.sql'}"


def _refused(migration: Migration) -> Iterator[Complaint]:
    """Yield what goose refuses, or cuts in two: it ends a statement where a line ends in `;`."""
    data = migration.text.data
    first = _MARK().search(data)
    if first is None:
        yield _complaint(migration, 0, "has no `-- +goose Up`: goose refuses such a file")
        return
    if early := _STATEMENT().search(data, 0, first.start()):
        what = "a statement stands before `-- +goose Up`: goose refuses such a file"
        yield _complaint(migration, early.start(), what)
        return
    lines = [] if _is_plain(data) else list(lines_of(data, _annotation))
    for at, what in _unordered(lines):
        yield _complaint(migration, at, what)
    for at in unended(lines):
        what = "no semicolon ends this at the end of a line: goose refuses such a file"
        yield _complaint(migration, at, what)
    held, opened = begun(lines)
    if opened >= 0:
        yield _complaint(migration, opened, "StatementBegin has no StatementEnd: goose refuses it")
    for at in cut(data, held):
        what = "goose ends the statement at the first semicolon in this body"
        yield _complaint(migration, at, what)


def _is_plain(data: bytes) -> bool:
    """Whether a file is as nearly all are: one part each, which end in a semicolon."""
    before, *rest = _ANY().split(data)
    marks = [mark.lower() for mark in rest[::2]]
    ended = all(part.rstrip()[-1:] in {b";", b""} for part in rest[1::2])
    return ended and not before.strip() and marks in ([b"up"], [b"up", b"down"])


def _unordered(lines: Lines) -> Iterator[tuple[int, str]]:
    """Yield each annotation that goose refuses where it stands, and what is wrong with it."""
    part, opened, risen = b"", False, False
    for at, _, said in lines:
        match said:
            case b"up" if risen:
                yield at, "a second `-- +goose Up`: goose refuses such a file"
            case b"down" if part != b"up" or opened:
                where = "inside a statement" if opened else f"behind `{part.decode() or 'nothing'}`"
                yield at, f"`-- +goose Down` stands {where}: goose refuses such a file"
            case b"statementbegin" if opened or not part:
                yield at, "StatementBegin stands before a part, or in a statement: goose refuses it"
            case b"statementend" if not opened:
                yield at, "StatementEnd has no StatementBegin: goose refuses it"
            case _ if said and said not in _KNOWN:
                what = "is no annotation: newer versions of goose refuse it, others pass over it"
                yield at, f"`+goose {said.decode('utf-8', 'replace')}` {what}"
        part, risen = (said if said in {b"up", b"down"} else part), risen or said == b"up"
        opened = said == b"statementbegin" or (opened and said != b"statementend")


def _complaint(migration: Migration, at: int, what: str) -> Complaint:
    return Complaint(
        rule="misplaced-marker",
        path=migration.path,
        line=migration.text.line(at),
        what=what,
        remedy="put one `-- +goose Up` first and one `-- +goose Down` behind it, a semicolon at "
        "the end of each statement, and bodies between `-- +goose StatementBegin` and "
        "`-- +goose StatementEnd`",
    )


SOURCE = folder_source(
    FolderTool(
        name="goose",
        title="goose",
        owns=_owns,
        may_own=bears(_WORD),
        script=_script,
        order=_order,
        fill=_fill,
        version=_version,
        twice="refuses to start (duplicate version)",
        misnamed=_misnamed,
        refused=_refused,
        code=lambda path: (
            "run it on a scratch database with the statements logged"
            if path.endswith(".go")
            else ""
        ),
        late=Late(
            says="goose refuses it as missing (out of order)",
            severity=Severity.HIGH,
            remedy="give it a number after the newest released one (`goose fix`); `-allow-missing` "
            "would run it late",
        ),
        goes_back=True,
        engine=engine_by("GOOSE_DRIVER"),
        outside=_outside,
    )
)
