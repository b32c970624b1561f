"""Writes that take a row away, or change it, where another one has the same key.

Sources: MySQL manual, "REPLACE Statement" (the old row is deleted for any PRIMARY KEY or UNIQUE
index) and "INSERT ... ON DUPLICATE KEY UPDATE Statement" (of several unique indexes that match,
one row alone is updated); SQLite, "The ON CONFLICT Clause" (REPLACE, of every unique index). ON
CONFLICT (…) DO UPDATE of PostgreSQL and SQLite names its key, and fails at another.
"""

import re

from cdkit.migrations.net import code_that
from cdkit.migrations.nouns import Name
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Thing

_TAKING = {
    "mysql": "REPLACE or ON DUPLICATE KEY UPDATE",
    "mariadb": "REPLACE or ON DUPLICATE KEY UPDATE",
    "sqlite": "INSERT OR REPLACE",
}
_UPSERT = r"\breplace\s+(?:\w+\s+)?(?:into\s+)?{0}|\binto\s+{0}[^;]*\bon\s+duplicate\s+key"


def taken_by(table: Name, context: Context) -> str:
    """Say which writes of the running version take another row, in silence, for a new key.

    With the name of the trigger or routine that has such a one; an empty text where none does so.
    """
    words = _TAKING.get(context.server.engine, "")
    if not words:
        return ""
    name = rf"(?:[`\"\[]?\w+[`\"\]]?\s*\.\s*)?[`\"\[]?{re.escape(table.name.lower())}[`\"\]]?(?!\w)"
    upsert = re.compile(_UPSERT.format(name))

    def takes(thing: Thing, body: str) -> bool:
        named = table.name.lower() in body and thing.kind != "view"
        return named and bool(upsert.search(body))

    code = code_that(takes, context)
    which = f"that of the {code}" if code else f"{words} of it"
    return f", and {which} changes another row in silence"
