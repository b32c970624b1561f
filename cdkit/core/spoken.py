"""Numbers and texts as people are told them."""

_UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))


def duration(seconds: float) -> str:
    """Return a time in its largest fitting unit, three digits of it: `1.5 hours`, `1 day`."""
    size, unit = next((one for one in _UNITS if abs(seconds) >= one[0]), _UNITS[-1])
    number = digits(seconds / size)
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def digits(value: float) -> str:
    """Return a number with three digits, or with all that stand before its point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def counted(number: float, one: str) -> str:
    """Return a count with its noun: `1 service`, `2 services`, `1.5 days`."""
    return f"{number:.15g} {one}" if number == 1 else f"{number:.15g} {one}s"


def cut(text: str, most: int) -> str:
    """Return a text of so many characters at most; of a longer one the beginning, and `…`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
