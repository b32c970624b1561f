"""Better and worse are only said of what chance would rarely make."""

from __future__ import annotations

import pytest

from cdkit.dora.compare import Middle, counts_differ, medians_differ, shares_differ


def middle(median: float, n: int = 100, half: float = 10) -> Middle:
    return Middle(n=n, low=median - half, median=median, high=median + half)


def test_a_notch_is_narrower_the_more_is_known() -> None:
    assert middle(50, n=100).notch == pytest.approx(3.14)
    assert middle(50, n=400).notch == pytest.approx(1.57)


@pytest.mark.parametrize(("other", "differs"), [(56, False), (57, True), (43, True), (50, False)])
def test_medians_differ_where_their_notches_do_not_overlap(other: float, *, differs: bool) -> None:
    assert medians_differ(middle(50), middle(other)) is differs


@pytest.mark.parametrize(
    ("now", "before", "differs"),
    [
        ((23, 212), (14, 184), False),  # 10.8 % after 7.6 %: chance makes that one time in four
        ((46, 212), (14, 184), True),
        ((0, 40), (0, 40), False),
        ((40, 40), (40, 40), False),
        ((1, 5), (0, 0), False),
        ((5, 5), (0, 5), True),
    ],
)
def test_shares_differ_by_more_than_two_standard_errors(
    now: tuple[int, int], before: tuple[int, int], *, differs: bool
) -> None:
    assert shares_differ(now, before) is differs
    assert shares_differ(before, now) is differs


@pytest.mark.parametrize(
    ("now", "before", "differs"), [(212, 184, False), (212, 150, True), (0, 0, False), (4, 0, True)]
)
def test_counts_differ_by_more_than_two_standard_errors(
    now: int, before: int, *, differs: bool
) -> None:
    assert counts_differ(now, before) is differs
