"""Safe ways in MySQL and MariaDB to give a column another name, type or NOT NULL, by releases.

Sources: MySQL manual, "CREATE TRIGGER Statement", "Trigger Syntax and Examples" (SET NEW.column in
a BEFORE trigger; several for one event since 5.7), "UPDATE Statement" (LIMIT); a real MariaDB does
what is written here in tests/migrations/test_ways_on_mariadb.py.
"""

from msgspec import structs

from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.inverse import Speech, definition
from cdkit.migrations.nouns import Column, Name
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import RELEASE, what_goes_along

_BATCH = 10_000
_LONGEST = 64
"""Letters of a name (MySQL manual, "Identifier Length Limits")."""


def moved_over(
    table: Name, old: Column, new: Column, schema: Schema, dialect: Dialect, server: Server
) -> str:
    """Return how a column moves to another name or type in three releases.

    Triggers keep both the same as long as versions run that know only one of them. An empty text
    where the new column cannot be written down, or is worked out from others.
    """
    speech = Speech(dialect=dialect, server=server)
    written = definition(new, speech)
    if not written or old.generated or old.serial or None in new.type.modifiers:
        return ""
    said, first, second = speech.name(table), dialect.quoted(old.name), dialect.quoted(new.name)
    bare = old.not_null and not old.default
    return (
        f"{RELEASE} 1: both columns are there, triggers keep them the same\n"
        f"ALTER TABLE {said} ADD COLUMN {second} {new.type} NULL;\n"
        f"{_triggers(table, old.name, new.name, speech)}\n"
        "-- the rows that are there: again and again, until it changes none\n"
        f"UPDATE {said} SET {first} = {first}\n"
        f"  WHERE {second} IS NULL AND {first} IS NOT NULL LIMIT {_BATCH};\n"
        f"{RELEASE} 2: a version that uses the new column alone"
        f"{', but writes the old one too, which has no default' * bare}, running everywhere\n"
        f"{RELEASE} 3: the old one goes\n{what_goes_along(table, old.name, schema)}"
        + "".join(f"DROP TRIGGER {name};\n" for name in _names(table, old.name, new.name, speech))
        + f"ALTER TABLE {said} DROP COLUMN {first}, MODIFY {written}{_comment(new)};"
    )


def filled_later(table: Name, column: Column, dialect: Dialect, server: Server) -> str:
    """Return how a column comes that must not be null, in three releases; empty for no way."""
    speech = Speech(dialect=dialect, server=server)
    written = definition(column, speech)
    if not written:
        return ""
    said, name = speech.name(table), dialect.quoted(column.name)
    return (
        f"{RELEASE} 1:\nALTER TABLE {said} ADD COLUMN {name} {column.type} NULL;\n"
        f"{RELEASE} 2: a version that always writes it; the rows that are there are filled\n"
        f"{RELEASE} 3:\nALTER TABLE {said} MODIFY {written}{_comment(column)};"
    )


def _triggers(table: Name, old: str, new: str, speech: Speech) -> str:
    """Return the triggers: what comes to one of two columns comes to the other, the new one first.

    Each is one statement, so that no DELIMITER is needed.
    """
    first, second = (f"NEW.{speech.dialect.quoted(name)}" for name in (old, new))
    before = f"OLD.{speech.dialect.quoted(new)}"
    asked = (f"{second} IS NULL", f"{second} <=> {before}")
    return "\n".join(
        f"CREATE TRIGGER {name} BEFORE {event} ON {speech.name(table)} FOR EACH ROW\n"
        f"  SET {first} = IF({unused}, {first}, {second}),\n"
        f"    {second} = IF({unused}, {first}, {second});"
        for name, event, unused in zip(
            _names(table, old, new, speech), ("INSERT", "UPDATE"), asked, strict=True
        )
    )


def _names(table: Name, old: str, new: str, speech: Speech) -> tuple[str, str]:
    shown = f"{table.name}_{old}_{new}"[: _LONGEST - len("_insert")]
    insert, update = (
        speech.name(structs.replace(table, name=f"{shown}_{event}"))
        for event in ("insert", "update")
    )
    return insert, update


def _comment(column: Column) -> str:
    text = column.comment.replace("\\", "\\\\").replace("'", "''")
    return f" COMMENT '{text}'" if text else ""
