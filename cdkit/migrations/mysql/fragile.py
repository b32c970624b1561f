"""What in the expression of a stored column of MySQL or MariaDB can refuse a write.

In strict mode, which is the default of both, an INSERT is refused where a date or a number cannot
be read (errors 1411, 1292), or where something is divided by zero (1365): so MariaDB 10.11 does.
"""

from cdkit.migrations.lazy import pattern

_QUOTED = pattern(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`")
_DATE = pattern(r"(?i)\bstr_to_date\s*\(")
_CAST = pattern(
    r"(?i)\b(?:cast\s*\([^;]*?\bas\s+|convert\s*\([^;]*?,\s*)"
    r"(signed|unsigned|decimal|float|double|date|datetime|time|year)\b"
)
_DIVIDES = pattern(r"(?i)(?:/|%|\bdiv\b|\bmod\b)\s*(?!\s*[\d.]*[1-9])")


def fragile(expression: str) -> str:
    """Return what in an expression can fail for some values of its columns; empty for nothing."""
    text = _QUOTED().sub("q", expression)
    if _DATE().search(text):
        return "a date read from a text"
    if found := _CAST().search(text):
        return f"a cast to {found[1].lower()}"
    return "a division by what may be zero" if _DIVIDES().search(text) else ""
