"""Numbers as people say them."""

from __future__ import annotations

import pytest

from cdkit.core.spoken import counted, duration


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 seconds"),
        (0.25, "0.25 seconds"),
        (1, "1 second"),
        (59.4, "59.4 seconds"),
        (60, "1 minute"),
        (5400, "1.5 hours"),
        (86400, "1 day"),
        (86400 * 12345, "12345 days"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_one_is_no_plural() -> None:
    assert [counted(n, "service") for n in (0, 1, 2)] == ["0 services", "1 service", "2 services"]
