"""Allowances in migrations: `-- cdkit: allow RULE (reason) [until YYYY-MM-DD]`; `#` in code."""

from datetime import date

from cdkit.core import allow
from cdkit.migrations.text import Text


def allowances(text: Text, today: date) -> tuple[allow.Allowance, ...]:
    """Return what a file allows, whether it counts or not; `today` is the date in UTC."""
    if b"cdkit:" not in text.data:
        return ()
    lines = [line.decode("utf-8", "replace") for line in text.lines()]
    return allow.allowances(lines, path=text.path, marks=_marks(text.path), today=today)


def _marks(path: str) -> tuple[str, ...]:
    """Return what a comment begins with in a file of this name."""
    ending = path.lower().rpartition(".")[2]
    return {"py": ("#",), "xml": ("<!--",), "yaml": ("#",), "yml": ("#",)}.get(ending, ("--",))
