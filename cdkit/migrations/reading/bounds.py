"""A CHECK that is one comparison with a number, as it is written."""

from cdkit.migrations.lazy import pattern

_BOUNDS = pattern(r"[`\"\[]?(\w+)[`\"\]]? ?([<>] ?=?) ?(-? ?\d+(?:\.\d+)?)")


def bounds(written: str) -> tuple[str, str, str]:
    """Return column, operator and number of a CHECK such as `a >= 0`; empty for others."""
    found = _BOUNDS().fullmatch(written.strip())
    if found is None:
        return "", "", ""
    return found[1].lower(), found[2].replace(" ", ""), found[3].replace(" ", "")
