"""dbmate: one file with `-- migrate:up` and `-- migrate:down`, in a transaction unless it says no.

Sources: dbmate's README, "Creating Migrations" and "Migration Options" (`transaction:false`),
"Usage" (DATABASE_URL, also of .env); its source, pkg/dbmate/migration.go (the marks stand at the
beginning of a line; a file without one of them, or with a statement before the first, is refused)
and db.go (names are digits, any text and .sql; the version is the digits; they run in the order of
names as text, and an older one that comes later runs all the same unless --strict is given). Seen
so with dbmate 2.36.0.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.dotenv import engine_by
from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look
from cdkit.migrations.sections import bears, down_of, in_folder_of, without_down
from cdkit.migrations.source import Complaint, Migration, Order, Script
from cdkit.migrations.text import holds

_WORD = b"migrate:"
_UP = pattern(rb"^--\s*migrate:up(?:\s|$)", re.MULTILINE)
_DOWN = pattern(rb"^--\s*migrate:down(?:\s|$)", re.MULTILINE)
_NEAR = pattern(rb"^(?:\xef\xbb\xbf)?[ \t]*--[ \t]*migrate:(up|down)\b", re.MULTILINE)
_STATEMENT = pattern(rb"^(?![ \t]*--)[ \t]*[^\s-]", re.MULTILINE)
_NAME = pattern(r"(\d+)[^/]*\.sql")


def _is_up(line: bytes) -> bool:
    return (found := _NEAR().match(line)) is not None and found[1] == b"up"


def _is_down(line: bytes) -> bool:
    return (found := _NEAR().match(line)) is not None and found[1] == b"down"


def _owns(path: str, look: Look) -> bool:
    if not is_sql(path):
        return False
    # In a folder of dbmate's a file without any mark is one that it refuses.
    data = look.read(path)
    if holds(data, _WORD) and _NEAR().search(data):
        return True
    return in_folder_of(_WORD, _UP, path, look) and bool(_version(path))


def _script(path: str, data: bytes) -> Script:
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=b"transaction:false" not in _options(data),
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return what makes the marker say `transaction:false`; None where it says anything else."""
    found = _UP().search(data)
    start = found.start() if found else 0
    end = data.find(b"\n", start)
    line = data[start : end if end >= 0 else len(data)].rstrip()
    return (start + len(line),) * 2 + (" transaction:false",) if line == b"-- migrate:up" else None


def _options(data: bytes) -> list[bytes]:
    found = _UP().search(data)
    return data[found.start() :].split(b"\n", 1)[0].split() if found else []


def _version(path: str) -> str:
    found = _NAME().fullmatch(path.rpartition("/")[2])
    return found[1] if found else ""


def _order(path: str) -> Order:
    """Names are compared as text, so that 10 comes before 9."""
    return ((0, 0, path.rpartition("/")[2]), (0, 0, path))


def _misnamed(path: str) -> tuple[str, str] | None:
    if _version(path):
        return None
    name = path.rpartition("/")[2]
    return (
        f"dbmate does not run {name}, and does not say so: it looks for <number>_<title>.sql",
        "rename it: `dbmate new` gives names like 20260131120000_title.sql",
    )


def _refused(migration: Migration) -> Iterator[Complaint]:
    """Yield why dbmate would refuse a file for how its parts stand, the first reason only."""
    data = migration.said.data
    up, down = _UP().search(data), _DOWN().search(data)
    if up is None:
        near = _NEAR().search(data)
        at = near.start() if near else 0
        yield _misplaced(migration, at, "no line begins with `-- migrate:up`", "begin a line so")
    elif down is None:
        what = "no line begins with `-- migrate:down`"
        yield _misplaced(migration, up.start(), what, "add the part, even an empty one")
    elif down.start() < up.start():
        what = "`-- migrate:down` stands before `-- migrate:up`"
        yield _misplaced(migration, down.start(), what, "put the up part first")
    elif early := _STATEMENT().search(data, 0, up.start()):
        what = "a statement stands before `-- migrate:up`"
        yield _misplaced(migration, early.start(), what, "put it below the mark")
    else:
        yield from _passed_over(migration, up.start())


def _passed_over(migration: Migration, at: int) -> Iterator[Complaint]:
    """Yield each option of the first part that says nothing to dbmate."""
    for option in _options(migration.said.data)[2:]:
        if option not in {b"transaction:false", b"transaction:true"}:
            yield Complaint(
                rule="misplaced-marker",
                path=migration.path,
                line=migration.said.line(at),
                what=f"dbmate passes over `{option.decode('utf-8', 'replace')[:40]}`, and runs it "
                "as if that did not stand there",
                remedy="write `transaction:false` or `transaction:true`, or take it out",
                severity=Severity.MEDIUM,
            )


def _misplaced(migration: Migration, at: int, what: str, remedy: str) -> Complaint:
    return Complaint(
        rule="misplaced-marker",
        path=migration.path,
        line=migration.said.line(at),
        what=f"{what}: dbmate refuses such a file",
        remedy=remedy,
    )


SOURCE = folder_source(
    FolderTool(
        name="dbmate",
        title="dbmate",
        owns=_owns,
        may_own=bears(_WORD),
        script=_script,
        order=_order,
        version=_version,
        twice="keeps one record of it: the second fails, or is taken for done",
        misnamed=_misnamed,
        refused=_refused,
        goes_back=True,
        engine=engine_by("DATABASE_URL", ":"),
        outside=_outside,
    )
)
