"""Texts that are no SQL of PostgreSQL, or that its scanner would work on for ever."""

import re

from cdkit.migrations.guesses import TEMPLATE
from cdkit.migrations.lexer import blanked
from cdkit.migrations.trouble import Trouble

_RUN = rb"[-+*/<>=~!@#%^&|`?]{129,}"
"""What the scanner takes for one operator (PostgreSQL manual, 4.1.3), or for the rest of a comment
that begins. It looks at all of that again behind each sign that it takes for itself."""
_LONG = b"+" * 129
_SIGNS = bytes(ord("+") if chr(byte) in "-+*/<>=~!@#%^&|`?" else 0 for byte in range(256))
"""Maps every sign of an operator to one and the same: a run of them is found in C."""
_HARMLESS = 4096
"""The square of so many bytes is soon worked off."""
_AGAIN = 64
"""So many looks at one run are borne."""
_MANY = 20
"""So many syntax errors of a file are told one by one."""

_FOREIGN = {
    "MySQL": (
        rb"`\w+`|\bauto_increment\b|\bengine\s*=\s*\w|\bunsigned\b|\b(?:modify|change)\s+column\b"
        rb"|\b(?:algorithm|lock|charset)\s*=\s*\w|^\s*delimiter\b|\bon\s+update\s+current_timestamp"
    ),
    "SQL Server": (
        rb"^\s*go\s*$|\[\w+\]\.\[|\bnvarchar\b|\bidentity\s*\(\d|\bsp_rename\b|\bclustered\b"
        rb"|\bdatetime2\b|\buniqueidentifier\b|^\s*print\s+N?'|\bset\s+(?:ansi_nulls|nocount)\b"
    ),
}
"""Words by which other databases' SQL is known (MySQL 8.0 manual, ch. 13 and 15; Transact-SQL)."""
_REMEDIES = {
    "MySQL": "name the server: `--server mysql:8.0` (or `mariadb:11`)",
    "SQL Server": "this cdkit reads no Transact-SQL; leave these files out",
}


def without_long_operators(sql: bytes) -> tuple[bytes, tuple[Trouble, ...]]:
    """Return SQL with the runs of operator signs made blank that take the square of their length.

    Each is a trouble, so that nothing which stood there passes for read.
    """
    if len(sql) < _HARMLESS or _LONG not in sql.translate(_SIGNS):
        return sql, ()
    spans = [run.span() for run in re.finditer(_RUN, sql) if _looks(run.group()) > _AGAIN]
    troubles = [
        Trouble(
            rule="unread-code",
            what=f"{end - start} operator signs in a row: nobody reads that",
            offset=start,
            remedy="put blanks between the signs, or take them out",
        )
        for start, end in spans
    ]
    return blanked(sql, spans), tuple(troubles)


def _looks(run: bytes) -> int:
    """Return how often a scanner looks at a run: each `+`, `-` and nested comment is one by itself.

    A comment that begins ends the operators, so a line of dashes is looked at once.
    """
    operators = re.split(rb"--|/\*", run, maxsplit=1)[0]
    return operators.count(b"+") + operators.count(b"-") + run.count(b"/*")


def folded(sql: bytes, troubles: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """Tell in one what thousands of syntax errors of a file have in common.

    All of them where they are those of another database's SQL, else all but the first.
    """
    troubles = _of_templates(troubles)
    errors = [each for each in troubles if each.rule == "syntax-error"]
    if not errors:
        return troubles
    rest = tuple(each for each in troubles if each.rule != "syntax-error")
    if name := _foreign(sql, errors):
        what = f"this is SQL of {name}, and it was read as PostgreSQL's: {_count(len(errors))}"
        return _in_order(
            *rest,
            Trouble(
                rule="syntax-error", what=what, offset=errors[0].offset, remedy=_REMEDIES[name]
            ),
        )
    if len(errors) <= _MANY:
        return troubles
    what = f"and {len(errors) - _MANY} more syntax errors in this file, from here on"
    more = Trouble(
        rule="syntax-error", what=what, offset=errors[_MANY].offset, remedy=errors[_MANY].remedy
    )
    return _in_order(*rest, *errors[:_MANY], more)


def _of_templates(troubles: tuple[Trouble, ...]) -> tuple[Trouble, ...]:
    """Tell once that a file is a template, however many of its marks the grammar refuses."""
    marks = [each for each in troubles if each.what.startswith(TEMPLATE)]
    if not marks[1:]:
        return troubles
    lead = marks[0]
    more = f"{len(marks) - 1} more places" if marks[2:] else "one more place"
    what = f"{lead.what}; and so at {more}"
    told = Trouble(rule=lead.rule, what=what, offset=lead.offset, remedy=lead.remedy)
    return _in_order(*(each for each in troubles if each not in marks), told)


def _in_order(*troubles: Trouble) -> tuple[Trouble, ...]:
    return tuple(sorted(troubles, key=lambda one: one.offset))


def _count(errors: int) -> str:
    return "one syntax error" if errors == 1 else f"{errors} syntax errors"


def _foreign(sql: bytes, errors: list[Trouble]) -> str:
    """Return whose SQL the lines around most of the first errors are; nothing where unclear."""
    spots = [_around(sql, each.offset) for each in errors[:_MANY]]
    for name, pattern in _FOREIGN.items():
        known = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
        if 2 * sum(known.search(spot) is not None for spot in spots) > len(spots):
            return name
    return ""


def _around(sql: bytes, offset: int) -> bytes:
    """Return the statement that an error is in, as far as semicolons near it tell."""
    start = max(sql.rfind(b";", max(offset - 2000, 0), offset) + 1, offset - 2000, 0)
    end = sql.find(b";", offset, offset + 2000)
    return sql[start : end if end >= 0 else offset + 2000]
