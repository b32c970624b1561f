"""Whether a metric changed from one window to the next, or whether that may well be chance.

A difference is only called better or worse where chance alone would rarely make one so large (one
time in twenty): colours on noise are false alarms. Medians are compared by the notches of box
plots, which must not overlap: the median ± 1.57 times (third quartile - first) / √n (McGill, Tukey,
Larsen: "Variations of Box Plots", 1978). Shares by the test of two proportions with a pooled error;
counts by that of two Poisson counts over the same time.
"""

import math

from msgspec import Struct

_RARE = 1.96
"""Standard errors that chance exceeds one time in twenty."""

_NOTCH = 1.57


class Middle(Struct, frozen=True, kw_only=True):
    """The median of `n` times in seconds, and the quartiles on both sides of it."""

    n: int
    low: float
    median: float
    high: float

    @property
    def notch(self) -> float:
        """How far from the median its true value may well lie."""
        return _NOTCH * (self.high - self.low) / math.sqrt(self.n)


def medians_differ(one: Middle, other: Middle) -> bool:
    """Whether the notches of two medians do not overlap."""
    return abs(one.median - other.median) > one.notch + other.notch


def shares_differ(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two shares, each `some of all`, differ by more than chance would rarely make."""
    (some, of), (some_other, of_other) = one, other
    if not of or not of_other:
        return False
    pooled = (some + some_other) / (of + of_other)
    error = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_other))
    return error > 0 and abs(some / of - some_other / of_other) > _RARE * error


def counts_differ(one: int, other: int) -> bool:
    """Whether two counts over times of the same length differ by more than chance would make."""
    both = one + other
    return both > 0 and abs(one - other) > _RARE * math.sqrt(both)
