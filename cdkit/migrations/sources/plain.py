"""Plain SQL files: numbered, Flyway's, golang-migrate's pairs of up and down, Prisma's folders.

Nothing in such a file says who runs it, so whether a transaction is around it is not known.
Names: golang-migrate, MIGRATIONS.md; Flyway documentation, "Migrations" (prefix U undoes).
"""

import re

from cdkit.migrations.source import Script, Source

_MARKED = (b"-- migrate:up", b"-- +goose Up", b"-- +goose up")
_DOWN = re.compile(
    r"(?:[._-](?:down|undo|rollback|revert)\.sql|(?:^|/)U\d[\d._]*__[^/]*\.sql"
    r"|(?:^|/)(?:down|revert|verify)/[^/]*\.sql|(?:^|/)down\.sql)$",
    re.IGNORECASE,
)


def _recognises(path: str, data: bytes) -> bool:
    return path.endswith(".sql") and not any(mark in data for mark in _MARKED)


def _read(data: bytes) -> Script:
    return Script(sql=data)


def _is_down(path: str) -> bool:
    return bool(_DOWN.search(path))


SOURCE = Source(recognises=_recognises, read=_read, is_down=_is_down)
