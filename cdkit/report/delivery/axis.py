"""Axes of the charts: where they end, and what stands beside them."""

import math

from cdkit.core.documents.delivery import Metric

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


def axis(metric: Metric) -> tuple[tuple[float, str], ...]:
    """Return three values from zero up to above the highest, each with its words.

    Every axis begins at zero, so that a small change never looks like a large one. No value that is
    known gives none.
    """
    known = [part.value for part in metric.parts if part.value is not None]
    known += [metric.now.value] if metric.now.value is not None else []
    if not known or not math.isfinite(sum(known)):
        return ()
    size, letter = _unit(metric, max(known))
    top = _above(max(known) / size)
    return tuple((top * share * size, f"{top * share:g}{letter}") for share in (0.0, 0.5, 1.0))


def _unit(metric: Metric, highest: float) -> tuple[float, str]:
    """Return the size of the unit that stands beside the axis, and its letters."""
    if metric.unit == "s":
        size, letter = next((one for one in _UNITS if highest >= one[0]), _UNITS[-1])
        return size, f"\u2009{letter}"
    return (0.01, "\u2009%") if metric.unit == "1" else (1.0, "")


def _above(value: float) -> float:
    """Return a round number that is at least this one."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _ROUND if step * power >= value * 0.999)
