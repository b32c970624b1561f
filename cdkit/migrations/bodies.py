"""What the body of a function does to rows, as far as its text tells.

It is looked at as words, not as a tree: a body that is unknown, or in a language other than SQL and
PL/pgSQL, is answered with "nobody knows" (None) where a caller needs to be sure.
"""

import re

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import tokens
from cdkit.migrations.nouns import Name
from cdkit.migrations.schema import Routine, Schema

_READ = frozenset({"sql", "plpgsql"})
_COMMENT = pattern(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_REFUSES = pattern(r"\braise\s+(?!notice|info|log|debug|warning)|\bassert\b", re.IGNORECASE)
_SKIPS = pattern(r"\breturn\s+null\b", re.IGNORECASE)
_SETS = pattern(r"\bnew\s*\.\s*(?:\"([^\"]+)\"|(\w+))\s*:?=(?!=)", re.IGNORECASE)
_WRITES = pattern(
    r"\b(?:insert\s+into|update|delete\s+from|merge\s+into)\s+(?:only\s+)?"
    r"(?:\"?(\w+)\"?\s*\.\s*)?\"?(\w+)\"?",
    re.IGNORECASE,
)
_BARE = pattern(r"(?<![\w.])(?<!\.\")\w+")
_DYNAMIC = pattern(r"\bexecute\b", re.IGNORECASE)


def _text(routine: Routine) -> str:
    return _COMMENT().sub(" ", routine.body)


def is_same_code(one: str, other: str, language: str) -> bool:
    """Whether two bodies of PostgreSQL are the same, but for what the server does not look at.

    Of SQL and PL/pgSQL that is white space, comments, and the case of names without quotes.
    """
    if one == other or language.lower() not in _READ:
        return one == other
    return _code(one) == _code(other)


_PLANNING = frozenset(
    {"stable", "immutable", "volatile", "cost", "rows", "parallel", "leakproof", "support"}
)
"""Options that tell how a function is planned, not what it returns (manual, CREATE FUNCTION)."""


def does_the_same(old: Routine, new: Routine) -> bool:
    """Whether a function of PostgreSQL does what another one does, called in the same way."""
    one, other = (
        (
            *(each.language, each.definer, each.parsed),
            tuple(option for option in each.options if option not in _PLANNING),
        )
        for each in (old.function, new.function)
    )
    given = zip(old.function.arguments, new.function.arguments, strict=False)
    if any(each.optional and each.default != now.default for each, now in given):
        return False
    return one == other and is_same_code(old.body, new.body, new.function.language)


def _code(body: str) -> list[bytes]:
    found = tokens(body.encode())
    quoted = (b'"', b"'", b"$")
    return [x.text if x.text.endswith(quoted) else x.text.lower() for x in found]


def is_read(routine: Routine) -> bool:
    """Whether the text tells what it does: no other language, no SQL made as it runs."""
    known = routine.function.language.lower() in _READ and bool(routine.body)
    return known and not _DYNAMIC().search(_text(routine))


def refuses(routine: Routine) -> bool:
    """Whether it can end in an error of its own making."""
    return bool(_REFUSES().search(_text(routine)))


def skips(routine: Routine) -> bool:
    """Whether it can return nothing, which before a write means that there is none."""
    return bool(_SKIPS().search(_text(routine)))


def sets(routine: Routine) -> frozenset[str]:
    """Return the columns of the row that it gives other values."""
    return frozenset(said or name.lower() for said, name in _SETS().findall(_text(routine)))


def finds_the_same(routine: Routine, path: str, schema: Schema) -> bool:
    """Whether bare names in it mean the same with a search path of its own.

    `path` are schemas with commas between. Either the schema of old comes first, or no name that
    is known there stands in the text without its schema. What an extension brings is not known.
    """
    first = next((each for each in path.split(",") if each not in {"pg_catalog", "pg_temp"}), "")
    if first == schema.home:
        return True
    if not is_read(routine) or any(x.kind == "extension" for x in schema.things.values()):
        return False
    bare = {word.lower() for word in _BARE().findall(_text(routine))}
    known = (*schema.tables, *schema.things)
    return not any(each.name.lower() in bare for each in known if each.schema == schema.home)


def writes_of(routine: Routine) -> tuple[Name, ...]:
    """Return the tables that it writes; `public` where it names no schema."""
    found = _WRITES().findall(_text(routine))
    named = (Name(schema.lower() or "public", table.lower()) for schema, table in found)
    return tuple(dict.fromkeys(name for name in named if name.name not in {"set", "of"}))
