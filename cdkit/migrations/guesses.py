"""Placeholders whose value nobody knows, where that may be more than the name it is read as.

`ADD COLUMN x ${type}` may add a column that must not be null, `DEFAULT ${value}` one that differs
in each row, `WHERE ${condition}` may mean every row: what is found there is not all of it.
"""

import re

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import tokens
from cdkit.migrations.text import Filled, Text
from cdkit.migrations.trouble import Trouble

_BEFORE = 400
"""Bytes before a placeholder in which the word before it is, comments between them included."""

_NAMING = frozenset(
    b"""
    table exists only column add drop rename alter modify change to constraint schema tablespace
    trigger rule index sequence view function type domain role user owner partition inherit of on
    collate statistics storage compression method cluster identity for by after references value
    policy extension group database server procedure routine aggregate collation operator
    publication subscription into from update join set not no
    """.split()
)
"""Words of ALTER behind which a name stands, or a number (PostgreSQL manual, "ALTER TABLE")."""

_CONDITIONS = frozenset(b"where and or having using when default".split())
_COMPARED = pattern(
    rb"\s*(?:[=<>!~+*/|%-]|(?:not\s|in\b|is\b|like\b|ilike\b|between\b|similar\b))", re.IGNORECASE
)
_ALTER = pattern(rb"(?:\s|--[^\n]*\n|/\*.*?\*/)*alter\b", re.IGNORECASE | re.DOTALL)
_LAST = pattern(rb"([\w$]+|[^\s\w])\s*\Z")
_COMMENT = pattern(rb"--[^\n]*(?:\n|\Z)|/\*.*?\*/", re.DOTALL)
_NAME = pattern(rb"\w+")
_DECIDES = pattern(rb"\{%|<%(?!=)|\{\{-?\s*(?:[#/]|(?:if|range|with|block|template|else|end)\b)")
_REMEDY = "render the migration first, or give the value in the tool's own configuration"


def guesses(text: Text) -> tuple[Trouble, ...]:
    """Return a trouble for each placeholder of a text that may be more than a name."""
    if not isinstance(text, Filled):
        return ()
    found = [at for at, _ in text.assumed if _may_be_more(text.data, at)]
    if not found:
        return ()
    # Only now: what stands in a string or a comment is a part of that.
    quoted = [(each.start, each.end) for each in tokens(text.data) if each.kind == "string"]
    quoted += [found.span() for found in _COMMENT().finditer(text.data)]
    plain = (at for at in found if not any(start < at < end for start, end in quoted))
    return tuple(_trouble("it stands where an expression, or more, may be", at) for at in plain)


def decisions(data: bytes) -> tuple[Trouble, ...]:
    """Return a trouble for each mark of a template that decides or loops within a comment.

    Elsewhere the grammar refuses it; there it looks as if what follows ran in any case.
    """
    if b"{%" not in data and b"<%" not in data and b"{{" not in data:
        return ()
    return tuple(
        _trouble("a template decides here what runs", comment.start() + found.start())
        for comment in _COMMENT().finditer(data)
        if (found := _DECIDES().search(comment[0]))
    )


def _trouble(what: str, at: int) -> Trouble:
    return Trouble(rule="unread-code", what=what, offset=at, remedy=_REMEDY)


def _may_be_more(data: bytes, at: int) -> bool:
    """Whether a name that stands for a placeholder is in a place where more could be."""
    name = _NAME().match(data, at)
    if name is None or re.match(rb"[\w.\"`(]", data[name.end() : name.end() + 1]):
        return False
    if re.match(rb"[\w.\"`']", data[at - 1 : at]):
        return False
    before = _COMMENT().sub(b" ", data[max(0, at - _BEFORE) : at])
    last = _LAST().search(before)
    word = last[1].lower() if last else b""
    if word in _CONDITIONS:
        return not _COMPARED().match(data, name.end())
    start = data.rfind(b";", 0, at) + 1
    if not _ALTER().match(data, start):
        return False
    return word == b")" or (word[:1].isalnum() and word not in _NAMING)
