"""The command of a tool that changes a big table in small steps: gh-ost, pt-online-schema-change.

Sources: gh-ost, "Requirements and limitations" (no foreign keys) and "Command line flags"; Percona,
"pt-online-schema-change" (`--alter` takes the clauses alone, a dropped foreign key's name with an
underscore before it; `--alter-foreign-keys-method` must be said where others refer to the table).
"""

import re
import shlex

from cdkit.migrations.anew import AlterTable
from cdkit.migrations.operation import MovePartition
from cdkit.migrations.schema import Schema

_LONGEST = 1000
"""Letters of a statement that are still given back as a command."""

_ASKED = re.compile(r",?\s*\b(?:ALGORITHM|LOCK)\s*=?\s*[A-Z]+\b", re.IGNORECASE)
_DROPS_KEY = re.compile(r"\bDROP\s+FOREIGN\s+KEY\b", re.IGNORECASE)
"""pt-online-schema-change wants an underscore before the key's name then, or two."""
_FOREIGN = re.compile(r"\bFOREIGN\s+KEY\b", re.IGNORECASE)
_INDEX = re.compile(
    r"CREATE (?P<kind>(?:UNIQUE |FULLTEXT |SPATIAL )?INDEX) (?P<name>\S+) ON \S+ ?(?P<rest>\(.*)",
    re.IGNORECASE,
)


def online(operation: AlterTable, schema: Schema) -> str:
    """Return the command that does the same; an empty text where no tool takes it.

    gh-ost takes no table that has foreign keys, nor one that they lead to.
    """
    clauses = _clauses(" ".join(operation.statement.source.split()))
    parts = any(isinstance(part, MovePartition) for part in operation.parts)
    if not clauses or parts or _DROPS_KEY.search(clauses):
        return ""
    table, alter = shlex.quote(operation.table.name), shlex.quote(clauses)
    held, led_to = schema.table(operation.table), any(schema.leading_to(operation.table))
    has_keys = held is not None and any(x.references for x in held.constraints.values())
    if led_to or has_keys or _FOREIGN.search(clauses):
        there = shlex.quote(f"D=…,t={operation.table.name}")
        keys = "--alter-foreign-keys-method auto " if led_to else ""
        return f"pt-online-schema-change --alter {alter} {keys}{there} --execute"
    return f"gh-ost --database=… --table={table} --alter={alter} --execute"


def _clauses(source: str) -> str:
    """Return a statement as the clauses of an ALTER TABLE, which are all that a tool wants."""
    if len(source) > _LONGEST or any(mark in source for mark in ("--", "#", "/*")):
        return ""
    if source[:8].upper() == "OPTIMIZE":
        # What OPTIMIZE TABLE does to InnoDB (MySQL manual, "OPTIMIZE TABLE Statement").
        return "ENGINE=InnoDB"
    if made := _INDEX.fullmatch(_ASKED.sub("", source).strip(" ,;")):
        return f"ADD {made['kind']} {made['name']} {made['rest']}"
    start = source.upper().find(" TABLE ")
    if start < 0 or source[:5].upper() != "ALTER":
        return ""
    return _ASKED.sub("", source[start + 7 :].strip().partition(" ")[2]).strip(" ,")
