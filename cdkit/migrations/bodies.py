"""What the body of a function does to rows, as far as its text tells.

It is looked at as words, not as a tree: a body that is unknown, or in a language other than SQL and
PL/pgSQL, is answered with "nobody knows" (None) where a caller needs to be sure.
"""

import re
from collections.abc import Collection

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import tokens
from cdkit.migrations.nouns import Name
from cdkit.migrations.schema import Routine, Schema

_READ = frozenset({"sql", "plpgsql"})
_COMMENT = pattern(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_REFUSES = pattern(r"\braise\s+(?!notice|info|log|debug|warning)|\bassert\b", re.IGNORECASE)
_SKIPS = pattern(r"\breturn\s+null\b", re.IGNORECASE)
_BEGIN = r"(?:\A|;|>>|\b(?:then|else|begin|loop|diagnostics)\b)\s*"
"""Where a statement of PL/pgSQL begins: elsewhere `NEW.a = 1` compares."""
_SETS = pattern(
    rf"(?i){_BEGIN}\"?new\"?\s*\.\s*(?:\"([^\"]+)\"|(\w+))"
    r"(?:\s*\[[^\]]*\]|\s*\.\s*\w+)*\s*:?=(?!=)"
)
_INTO = pattern(
    r"(?i)\b(insert\s+|merge\s+)?into\s+(?:strict\s+)?"
    r"([\w.\"\[\]]++(?:\s*,\s*[\w.\"\[\]]++)*+)"
)
"""INTO and the variables behind it; those of an INSERT are a table."""
_INTO_NEW = pattern(r"(?i)(?:\A|,)\s*\"?new\"?\s*(?:\.\s*(?:\"([^\"]+)\"|(\w+))|(?=,|\Z))")
_WHOLE = pattern(rf"(?i){_BEGIN}(?:for\s+)?\"?new\"?\s*(?::?=(?!=)|\s+in\b)")
_RETURNS = pattern(
    r"(?i)\breturn\s+(?!(?:new|null|old)\s*;|coalesce\s*\(\s*new\s*,\s*old\s*\)\s*;)"
)
_RETURNS_OLD = pattern(r"(?i)\breturn\s+old\s*;")
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
    found = [*_SETS().findall(_text(routine)), *_into_new(routine)]
    return frozenset(said or name.lower() for said, name in found) - {""}


def _into_new(routine: Routine) -> list[tuple[str, str]]:
    """Return the columns of the row that an INTO fills; two empty names for the row itself."""
    into = (each for each in _INTO().finditer(_text(routine)) if not each[1])
    return [name for each in into for name in _INTO_NEW().findall(each[2])]


def gives_another_row(routine: Routine, rows: Collection[str]) -> bool:
    """Whether it can put another row in the place of the one that is written.

    `rows` are the inserts and updates that it is for: OLD is what goes on with a DELETE, so it
    tells nothing where the body asks which of them it is.
    """
    text = _text(routine)
    if _WHOLE().search(text) or ("", "") in _into_new(routine) or _RETURNS().search(text):
        return True
    return bool(rows) and "tg_op" not in text.lower() and bool(_RETURNS_OLD().search(text))


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
