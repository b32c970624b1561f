"""tern: one file, `---- create above / drop below ----` in its middle, in a transaction each.

Sources: tern's README, "Migrations" and "Disabling transactions"; its source, migrate/migrate.go
(names are digits, `_`, a title and .sql; two of one number are an error, and so is a number that is
left out; `---- tern: disable-tx ----` on a line of its own sends each statement by itself;
`{{.name}}` is data of tern.conf).
"""

import re
from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source, is_sql, natural
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look
from cdkit.migrations.placeholders import fill, templates
from cdkit.migrations.sections import bears, down_of, without_down
from cdkit.migrations.source import Complaint, Late, Migration, Order, Project, Request, Script
from cdkit.migrations.text import BOM, Text, holds, line_end

_NAME = pattern(r"(\d+)_.+\.sql")
_SEPARATOR = b"---- create above / drop below ----"
_ALONE = b"---- tern: disable-tx ----"
_MARK = pattern(rb"^%s$" % _ALONE, re.MULTILINE)
_NEAR = pattern(rb"^[ \t]*--+[ \t]*tern[ \t]*:[^\n]*", re.MULTILINE | re.IGNORECASE)


def _never(_line: bytes) -> bool:
    return False


def _is_down(line: bytes) -> bool:
    return line.strip() == _SEPARATOR


def _owns(path: str, look: Look) -> bool:
    data = look.read(path) if is_sql(path) else b""
    return _SEPARATOR in data or _ALONE in data


def _script(path: str, data: bytes) -> Script:
    return Script(
        sql=without_down(data, up=_never, down=_is_down),
        in_transaction=_MARK().search(data) is None,
        down=down_of(path, data, up=_never, down=_is_down),
    )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return the line that says so, as the first one; tern knows none with CR or a BOM."""
    end = line_end(data)
    return (0, 0, f"{_ALONE.decode()}{end}") if end == "\n" and data[:3] != BOM else None


def _refused(migration: Migration) -> Iterator[Complaint]:
    """Yield each mark that is nearly one, which tern passes over."""
    data = migration.said.data
    for near in _NEAR().finditer(data) if holds(data, b"tern") else ():
        if near[0] != _ALONE:
            yield Complaint(
                rule="misplaced-marker",
                path=migration.path,
                line=migration.said.line(near.start()),
                what=f"tern passes over `{near[0].strip().decode('utf-8', 'replace')[:60]}`",
                remedy=f"write `{_ALONE.decode()}` on a line of its own, and nothing else there",
                severity=Severity.MEDIUM,
            )


def _version(path: str) -> str:
    found = _NAME().fullmatch(path.rpartition("/")[2])
    return str(int(found[1])) if found else ""


def _order(path: str) -> Order:
    version = _version(path)
    return ((0, int(version), path),) if version else ((1, 0, ""), *natural(path))


def _fill(text: Text) -> Text:
    return fill(text, templates(text.data)) if b"{{" in text.data else text


def _misnamed(path: str) -> tuple[str, str] | None:
    if _version(path):
        return None
    name = path.rpartition("/")[2]
    return f"tern does not run {name}: it looks for <number>_<title>.sql", "rename it"


_PLAIN = folder_source(
    FolderTool(
        name="tern",
        title="tern",
        owns=_owns,
        may_own=bears(_SEPARATOR, _ALONE),
        script=_script,
        order=_order,
        fill=_fill,
        version=_version,
        twice="refuses to start (duplicate migration)",
        misnamed=_misnamed,
        late=Late(
            says="tern goes on from the number that the database has, and never runs it",
            severity=Severity.HIGH,
            remedy="give it the number after the newest one",
        ),
        goes_back=True,
        refused=_refused,
        outside=_outside,
    )
)


def _read(request: Request) -> Project:
    """Read a folder; tern numbers its migrations from 1 on without a gap."""
    project = _PLAIN.read(request)
    there = {int(version): one for one in project.migrations if (version := _version(one.path))}
    gaps = (
        Complaint(
            rule="missing-migration",
            path=there[number].path,
            what=f"there is no migration {number - 1} before it: tern refuses to start",
            about=str(number),
            remedy="number the migrations from 1 on without a gap",
            whole=True,
        )
        for number in sorted(there)
        if number > 1 and number - 1 not in there
    )
    return structs.replace(project, complaints=(*project.complaints, *gaps))


SOURCE = structs.replace(_PLAIN, read=_read)
