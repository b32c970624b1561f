"""Allowances in migrations: `-- cdkit: allow RULE (reason) [until YYYY-MM-DD]`; `#` in code."""

import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import structs

from cdkit.core import allow
from cdkit.core.finding import Finding
from cdkit.migrations.catalogue import likely, rules
from cdkit.migrations.contract import first_line
from cdkit.migrations.engine import Dialect
from cdkit.migrations.lazy import pattern
from cdkit.migrations.remarks import WORD, heard
from cdkit.migrations.settle import EVERYWHERE
from cdkit.migrations.source import Migration
from cdkit.migrations.text import Text

_WORDS = ("allow", "phase", "irreversible")
_NEAR = 80
"""Bytes before a word in which the mark of its comment is looked for."""
_SAID = pattern(re.escape(WORD) + rb"[ \t]*([^\W\d]+)[ \t]*([\w-]*)")


@functools.lru_cache(maxsize=2)  # for each of the migrations in a file
def allowances(text: Text, today: date) -> tuple[allow.Allowance, ...]:
    """Return what a file allows, whether it counts or not; `today` is the date in UTC."""
    if b"cdkit:" not in text.data:
        return ()
    lines = [line.decode("utf-8", "replace") for line in text.lines()]
    return allow.allowances(lines, path=text.path, marks=_marks(text.path), today=today)


def of_change(
    allowed: Sequence[allow.Allowance], old: Sequence[allow.Allowance], *, refuse: bool
) -> tuple[allow.Allowance, ...]:
    """Mark the allowances that the change under judgement brings itself; `refuse` them if asked.

    Those that a released file had already (the same rule and reason) are not of the change.
    """
    there = {(each.rule, each.reason, each.until) for each in old}
    why = "the change under judgement brings it itself (`allowances: refuse`)" if refuse else ""
    return tuple(
        each
        if (each.rule, each.reason, each.until) in there
        else structs.replace(each, owner="this change", fault=each.fault or why)
        for each in allowed
    )


def begins_of(migrations: Iterable[Migration]) -> dict[str, list[int]]:
    """Return the lines where the migrations begin of each file that holds several, and a word."""
    found: dict[str, list[int]] = {}
    for each in migrations:
        if each.key and WORD in each.said.data:
            found.setdefault(each.said.path, []).append(first_line(each))
    return {path: sorted(lines) for path, lines in found.items()}


def lines_of(migration: Migration, begins: Mapping[str, Sequence[int]]) -> range:
    """Return the lines of which the words in a file are about this migration."""
    lines = begins.get(migration.said.path, ())
    if len(lines) <= 1:
        return EVERYWHERE
    at = bisect_right(lines, first_line(migration))
    start = lines[at - 1] if at > 1 else 0
    return range(start, lines[at] if at < len(lines) else EVERYWHERE.stop)


def misspelled(text: Text, lines: range, dialect: Dialect) -> Iterator[str]:
    """Yield what comments in these lines were to say, and do not.

    That is a word that is nearly one of ours, a rule that there is not, and an allowance in a
    comment of another kind than those that count.
    """
    if WORD in text.data:
        said = _misspelled(heard(text, dialect))
        yield from (f"{text.path}:{line}: {what}" for line, what in said if line in lines)


@functools.lru_cache(maxsize=2)  # as above
def _misspelled(text: Text) -> tuple[tuple[int, str], ...]:
    from difflib import get_close_matches

    mark, data = _marks(text.path)[0], text.data
    told = []
    for found in _SAID().finditer(data):
        word, rule = (part.decode("utf-8", "replace") for part in found.groups())
        near = get_close_matches(word.lower(), _WORDS, n=1)
        before, what = data[max(0, found.start() - _NEAR) : found.start()].rstrip(), ""
        if near and word != near[0]:
            what = f"`cdkit: {word}` says nothing; write `cdkit: {near[0]}`"
        elif word == "allow" and not before.endswith(mark.encode()):
            what = f"an allowance does not count in such a comment; begin it by `{mark}`"
        elif word == "allow" and rule not in rules():
            what = f"there is no rule {rule!r}: {likely(rule)}"
        told += [(text.line(found.start()), what)] if what else []
    return tuple(told)


_OURS = pattern(r"-- (cdkit: [^`\n]*)")


def in_its_comments(finding: Finding) -> Finding:
    """Return a finding whose remedy writes our words as a comment of the file that it is about."""
    fix = finding.fix
    if fix is None or not ("-- cdkit:" in fix.replacement or "-- cdkit:" in fix.summary):
        return finding
    mark = _marks(finding.locations[0].path)[0]
    if mark == "--":
        return finding
    written = r"<!-- \1 -->" if mark == "<!--" else rf"{mark} \1"
    summary, replacement = (_OURS().sub(written, x) for x in (fix.summary, fix.replacement))
    changed = structs.replace(fix, summary=summary, replacement=replacement)
    return structs.replace(finding, fix=changed)


def _marks(path: str) -> tuple[str, ...]:
    """Return what a comment begins with in a file of this name."""
    ending = path.lower().rpartition(".")[2]
    return {"py": ("#",), "xml": ("<!--",), "yaml": ("#",), "yml": ("#",)}.get(ending, ("--",))
