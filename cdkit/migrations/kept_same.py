"""Which trigger keeps two columns the same, and leaves alone what comes to the old one.

It gives the old column a value only where the new one has been given one, so a version that does
not know the new one writes what it wrote before. What is told so is just the shape of our own safe
ways (`moved_over`), however it is spaced: anything else is taken for a trigger that rewrites.
"""

from cdkit.migrations.lazy import pattern

_NAME = r'(?:"(?:[^"]|"")+"|`[^`]+`|\w+)'
_PLPGSQL = pattern(
    r"(?is)\s*BEGIN\s+IF\s+TG_OP\s*=\s*'INSERT'\s+AND\s+"
    rf"NEW\.(?P<new>{_NAME})\s+IS\s+NOT\s+NULL\s+THEN\s+"
    rf"NEW\.(?P<old>{_NAME})\s*:=\s*NEW\.(?P=new)(?:::[\w.\"(), \[\]]+)?;\s*"
    r"ELSIF\s+TG_OP\s*=\s*'UPDATE'\s+AND\s+NEW\.(?P=new)\s+IS\s+DISTINCT\s+FROM\s+OLD\.(?P=new)"
    r"(?:\s+AND\s+(?:(?!\bOR\b|\bTHEN\b)[^;])+)?\s+THEN\s+"
    r"NEW\.(?P=old)\s*:=\s*NEW\.(?P=new)(?:::[\w.\"(), \[\]]+)?;\s*"
    r"ELSE\s+NEW\.(?P=new)\s*:=\s*NEW\.(?P=old)(?:::[\w.\"(), \[\]]+)?;\s*"
    r"END\s+IF;\s*RETURN\s+NEW;\s*END\s*;?\s*"
)
_MYSQL = pattern(
    rf"(?is)(?:.*\bFOR\s+EACH\s+ROW)?\s*SET\s+NEW\.(?P<old>{_NAME})\s*=\s*IF\(\s*"
    rf"NEW\.(?P<new>{_NAME})\s+(?P<unused>IS\s+NULL|<=>\s*OLD\.(?P=new))\s*,\s*"
    r"NEW\.(?P=old)\s*,\s*NEW\.(?P=new)\s*\)\s*,\s*"
    r"NEW\.(?P=new)\s*=\s*IF\(\s*NEW\.(?P=new)\s+(?P=unused)\s*,\s*"
    r"NEW\.(?P=old)\s*,\s*NEW\.(?P=new)\s*\)\s*;?\s*"
)


def kept_same(body: str) -> tuple[str, str] | None:
    """Return the old and the new column that the body of a trigger keeps the same, else None."""
    found = _PLPGSQL().fullmatch(body) or _MYSQL().fullmatch(body)
    if found is None:
        return None
    old, new = (found[name].strip('"`').replace('""', '"') for name in ("old", "new"))
    return old, new
