"""Placeholders whose value nobody knows, where that may be more than the name it is read as.

`ADD COLUMN x ${type}` may add a column that must not be null, `DEFAULT ${value}` one that differs
in each row, `WHERE ${condition}` may mean every row: what is found there is not all of it.
"""

from bisect import bisect_right
from itertools import islice

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import Token, tokens
from cdkit.migrations.text import Filled, Text
from cdkit.migrations.trouble import Trouble

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
_COMPARING = frozenset(b"not in is like ilike between similar".split())
_DECIDES = pattern(
    rb"\{%|<%(?!=)|\{\{-?\s{0,9}(?:[#/]|(?:if|range|with|block|template|else|end)\b)"
)
_MARKS = pattern(rb"[$#]\{|\{\{|\{%|<%|%\(|\{[A-Za-z_]|<\?|\?>|\$%")
"""Of a shell, JavaScript or Ruby, Handlebars, Jinja, ERB, Python, PHP and others of their own."""
_BLADE = pattern(rb"@(?:if|else|elseif|endif|unless|foreach|endforeach|for|endfor|include)\b")
TEMPLATE = "this is a template, not SQL"
_REMEDY = "render the migration first, or give the value in the tool's own configuration"
_MOST = 100
"""Told of one file: one is enough for "cannot tell"."""

_END = Token("mark", 0, 0, b";")


def is_template(text: bytes, at: int) -> bool:
    """Whether there is a mark of a template where a grammar refuses a text."""
    around = text[max(at - 3, 0) : at + 4]
    return bool(_MARKS().search(around) or _BLADE().match(text, at))


def guesses(text: Text) -> tuple[Trouble, ...]:
    """Return a trouble for each placeholder of a text that may be more than a name.

    What stands in a string or a comment is a part of that.
    """
    unknown = text.unknown if isinstance(text, Filled) else {}
    if not unknown:
        return ()
    found: list[int] = []
    first = before = here = _END
    for token in (*tokens(text.data), _END):
        if unknown.get(here.start) == here.end and _may_be_more(before, here, token, first):
            found.append(here.start)
        if len(found) == _MOST:
            break
        first = token if here.text == b";" else first
        before, here = here, token
    return tuple(_trouble("it stands where an expression, or more, may be", at) for at in found)


def _may_be_more(before: Token, here: Token, behind: Token, first: Token) -> bool:
    """Whether the name that stands for a placeholder is in a place where more could be."""
    if here.kind != "name" or (behind.start == here.end and behind.text in {b".", b"("}):
        return False
    word = before.text.lower()
    if word in _CONDITIONS:
        compared = behind.kind == "mark" and behind.text in b"=<>!~+*/|%-"
        return not compared and behind.text.lower() not in _COMPARING
    if first.text.lower() != b"alter":
        return False
    return word == b")" or (before.kind in {"name", "number"} and word not in _NAMING)


def decisions(data: bytes) -> tuple[Trouble, ...]:
    """Return a trouble for each mark of a template that decides or loops within a comment.

    Elsewhere the grammar refuses it; there it looks as if what follows ran in any case.
    """
    if b"%" not in data and b"{" not in data:  # which a large text tells at once
        return ()
    marks = [found.start() for found in _DECIDES().finditer(data)]
    there = [(token.start, token.end) for token in tokens(data)] if marks else []
    before = ((at, bisect_right(there, (at, len(data))) - 1) for at in marks)
    commented = (at for at, index in before if index < 0 or there[index][1] <= at)
    told = islice(commented, _MOST)
    return tuple(_trouble("a template decides here what runs", at) for at in told)


def _trouble(what: str, at: int) -> Trouble:
    return Trouble(rule="unread-code", what=what, offset=at, remedy=_REMEDY)
