"""Allowances in migrations: `-- cdkit: allow RULE (reason) [until YYYY-MM-DD]`."""

from datetime import date

from cdkit.core import allow
from cdkit.migrations.text import Text


def allowances(text: Text, today: date) -> tuple[allow.Allowance, ...]:
    """Return what a file allows, whether it counts or not; `today` is the date in UTC."""
    if b"cdkit:" not in text.data:
        return ()
    lines = [line.decode("utf-8", "replace") for line in text.lines()]
    return allow.allowances(lines, path=text.path, marks=("--",), today=today)
