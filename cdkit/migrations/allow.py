"""Allowances in migrations: `-- cdkit: allow RULE (reason) [until YYYY-MM-DD]`; `#` in code."""

from collections.abc import Sequence
from datetime import date

from msgspec import structs

from cdkit.core import allow
from cdkit.migrations.text import Text


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


def _marks(path: str) -> tuple[str, ...]:
    """Return what a comment begins with in a file of this name."""
    ending = path.lower().rpartition(".")[2]
    return {"py": ("#",), "xml": ("<!--",), "yaml": ("#",), "yml": ("#",)}.get(ending, ("--",))
