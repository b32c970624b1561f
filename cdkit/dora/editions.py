"""How DORA sorts answers, by the edition that said so: bands are data, and each names its year.

Sources: the DORA Quick Check, 2025 (dora.dev/quickcheck: six answers for lead time, frequency and
recovery); the Accelerate State of DevOps reports of 2023 and 2024 (four groups). In 2024 change
fail rates are not in the order of the groups (high 20 %, medium 10 %), so no group is said for
them.
"""

from collections.abc import Mapping

from msgspec import Struct

_HOUR, _DAY, _WEEK, _MONTH = 3600.0, 86400.0, 604800.0, 2629800.0
_FOREVER = float("inf")


class Edition(Struct, frozen=True, kw_only=True):
    """Bands by metric: (upper bound, name), the best first; for frequency days between two."""

    name: str
    source: str
    bands: Mapping[str, tuple[tuple[float, str], ...]]

    def band(self, metric: str, value: float | None) -> str:
        """Return the band of a value; an empty text where the edition has none for this metric."""
        if value is None:
            return ""
        known = self.bands.get(metric, ())
        return next((name for bound, name in known if value < bound), known[-1][1] if known else "")


_SIX = (
    (_HOUR, "less than one hour"),
    (_DAY, "less than one day"),
    (_WEEK, "one day to one week"),
    (_MONTH, "one week to one month"),
    (6 * _MONTH, "one to six months"),
    (_FOREVER, "more than six months"),
)

EDITIONS: dict[str, Edition] = {
    "2025-quick-check": Edition(
        name="2025-quick-check",
        source="DORA Quick Check, 2025",
        bands={
            "lead": _SIX,
            "recovery": _SIX,
            "between": (
                # The answers leave open where one ends: several a day are two or more.
                (_DAY * 0.501, "on demand (several a day)"),
                (_DAY * 0.999, "between once an hour and once a day"),
                (_WEEK, "between once a day and once a week"),
                (_MONTH, "between once a week and once a month"),
                (6 * _MONTH, "between once a month and once in six months"),
                (_FOREVER, "less than once in six months"),
            ),
        },
    ),
    "2024": Edition(
        name="2024",
        source="Accelerate State of DevOps, 2024",
        bands={
            "lead": (
                (_DAY, "elite"),
                (_WEEK, "high"),
                (_MONTH, "medium"),
                (_FOREVER, "low"),
            ),
            "between": (
                (_DAY * 0.999, "elite"),
                (_WEEK, "high"),
                (_MONTH, "medium"),
                (_FOREVER, "low"),
            ),
        },
    ),
    "2023": Edition(
        name="2023",
        source="Accelerate State of DevOps, 2023",
        bands={
            "lead": ((_DAY, "elite"), (_WEEK, "high"), (_MONTH, "medium"), (_FOREVER, "low")),
            "between": (
                (_DAY * 0.999, "elite"),
                (_WEEK, "high"),
                (_MONTH, "medium"),
                (_FOREVER, "low"),
            ),
            "fail": ((0.0500001, "elite"), (0.1, "high"), (0.15, "medium"), (_FOREVER, "low")),
            "recovery": ((_HOUR, "elite"), (_DAY, "high"), (_WEEK, "medium"), (_FOREVER, "low")),
        },
    ),
}
