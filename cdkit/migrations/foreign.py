"""SQL of another database, where a reader would pass over it: it looks into few expressions.

Sources: PostgreSQL manual, 4.1.2.9 "Type Casts", INSERT ("ON CONFLICT"), CREATE INDEX, DO, 20.11;
MySQL manual, "CREATE TABLE Statement" (table options).
"""

import re

from cdkit.migrations.lazy import pattern
from cdkit.migrations.trouble import Trouble

_POSTGRES = (
    rb"::[ \t]{0,9}[a-z_\"]|\bdo\s{1,9}(?:language\s{1,9}\w{1,63}\s{1,9})?\$\w{0,63}\$"
    rb"|\busing\s{1,9}(?:gin|gist|spgist|brin)\b"
    rb"|\bset\s{1,9}(?:local\s{1,9}|session\s{1,9})?"
    rb"(?:lock_timeout|statement_timeout|search_path|client_min_messages)\b"
)
_MARKS = {
    # SQLite knows ON CONFLICT as PostgreSQL does.
    "MySQL": {"PostgreSQL": pattern(rb"(?i)" + _POSTGRES + rb"|\bon\s{1,9}conflict\b")},
    "SQLite": {
        "PostgreSQL": pattern(rb"(?i)" + _POSTGRES),
        "MySQL": pattern(rb"(?i)\)[ \t\r\n]{0,99}engine\s{0,9}=\s{0,9}\w"),
    },
}
_HINTS = {
    "PostgreSQL": (
        *(b"::", b"$", b"gin", b"gist", b"brin", b"_timeout", b"search_path", b"min_messages"),
        b"conflict",
    ),
    "MySQL": (b"engine",),
}
"""What a text must hold to be worth the look: found in C, where a pattern takes ten times that."""
_SERVERS = {"PostgreSQL": "postgres", "MySQL": "mysql:8.0"}
_HIDING = frozenset({"string", "name", "comment"})


def foreign(sql: bytes, reader: str, scanner: re.Pattern[bytes]) -> tuple[Trouble, ...]:
    """Return a trouble where a text holds what only another database understands; one a file.

    `reader` is whose SQL it is read as (`MySQL`, `SQLite`), `scanner` tells its strings and
    comments, in which anything may stand.
    """
    lower = sql.lower()
    for name, marks in _MARKS[reader].items():
        if not any(hint in lower for hint in _HINTS[name]):
            continue
        found = [match.start() for match in marks().finditer(sql)]
        if not found:
            continue
        for token in scanner.finditer(sql):
            if token.lastgroup in _HIDING:
                found = [at for at in found if not token.start() <= at < token.end()]
            if not found:
                break
            if token.start() > found[0]:
                return (_trouble(name, reader, found[0]),)
        if found:
            return (_trouble(name, reader, found[0]),)
    return ()


def _trouble(name: str, reader: str, at: int) -> Trouble:
    return Trouble(
        rule="syntax-error",
        what=f"this is SQL of {name}, and it was read as {reader}'s",
        offset=at,
        remedy=f"name the server: `--server {_SERVERS[name]}`",
    )
