"""goose: one file with `-- +goose Up` and `-- +goose Down`, in a transaction unless it says no.

Sources: goose's documentation, "Annotations" (NO TRANSACTION, StatementBegin, ENVSUB ON and OFF,
`${VAR}` and `${VAR:-default}` from the environment), "Provider" (out of order: an error, unless
allow-missing); goose's source, NumericComponent in migrate.go (a name is a number above 0, `_`, a
title, and .sql or .go) and internal/sqlparser. Migrations in Go are programs.
"""

import re

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source, natural
from cdkit.migrations.look import Look
from cdkit.migrations.placeholders import Slot, environment, fill
from cdkit.migrations.sections import down_of, without_down
from cdkit.migrations.source import Late, Order, Script
from cdkit.migrations.text import Text

_NAME = re.compile(r"0*[1-9]\d*_[^/]*\.(?:sql|go)")
_MARK = re.compile(rb"^\s*--\s*\+goose\s+up\b", re.IGNORECASE | re.MULTILINE)
_IN_GO = re.compile(rb"\bgoose\.Add(?:Named)?Migration")


def _annotation(line: bytes) -> bytes:
    """Return `up` of `-- +goose Up`, or nothing for any other line."""
    words = line.strip().lower().split()
    return b" ".join(words[2:]) if words[:2] == [b"--", b"+goose"] else b""


def _is_up(line: bytes) -> bool:
    return _annotation(line) == b"up"


def _is_down(line: bytes) -> bool:
    return _annotation(line) == b"down"


def _owns(path: str, look: Look) -> bool:
    if path.endswith(".go"):
        return not path.endswith("_test.go") and bool(_IN_GO.search(look.read(path)))
    return path.lower().endswith(".sql") and bool(_MARK.search(look.read(path)))


def _script(path: str, data: bytes) -> Script:
    alone = any(_annotation(line) == b"no transaction" for line in data.split(b"\n"))
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=not alone,
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


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
    return str(int(name.partition("_")[0])) if _NAME.fullmatch(name) else ""


def _order(path: str) -> Order:
    version = _version(path)
    return ((0, int(version), path),) if version else ((1, 0, ""), *natural(path))


def _misnamed(path: str) -> tuple[str, str] | None:
    name = path.rpartition("/")[2]
    if _NAME.fullmatch(name):
        return None
    what = f"goose does not run {name}: it looks for <number>_<title>.sql"
    return what, f"rename it: `goose create` gives names like {'20260131120000_title.sql'}"


SOURCE = folder_source(
    FolderTool(
        name="goose",
        title="goose",
        owns=_owns,
        script=_script,
        order=_order,
        fill=_fill,
        version=_version,
        twice="refuses to start (duplicate version)",
        misnamed=_misnamed,
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
    )
)
