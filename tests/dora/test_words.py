"""The metrics in words: what is said where only a part of it is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cdkit.dora.editions import EDITIONS
from cdkit.dora.told import Asked, Measured
from cdkit.dora.words import Line, lines

UNTIL = datetime(2026, 11, 27, tzinfo=UTC)
ASKED = Asked(environment="production", since=UNTIL - timedelta(days=90), until=UNTIL)
ORDERS = Measured(service="orders", deployments=90)


def fail_rate(measured: Measured, *, incidents: bool, only_recorded: bool = False) -> Line:
    asked = structs.replace(ASKED, incidents=incidents, only_recorded=only_recorded)
    found = lines(measured, asked, EDITIONS["2023"])
    return next(line for line in found if line.key == "fail")


def test_where_nobody_told_of_incidents_nothing_failed_is_no_answer() -> None:
    line = fail_rate(ORDERS, incidents=False)
    assert (line.shown, line.value, line.n, line.band) == ("cannot tell", None, 90, "")
    assert line.why == "nobody told of incidents"


def test_what_failed_without_incidents_is_a_least_in_no_band() -> None:
    line = fail_rate(structs.replace(ORDERS, failed=9), incidents=False)
    assert (line.shown, line.value, line.band) == ("≥10 %", 0.1, "")
    assert line.why == "at least: nobody told of incidents"


@pytest.mark.parametrize(("failed", "shown", "band"), [(0, "0 %", "elite"), (9, "10 %", "medium")])
def test_with_incidents_the_share_is_the_share(failed: int, shown: str, band: str) -> None:
    line = fail_rate(structs.replace(ORDERS, failed=failed), incidents=True)
    assert (line.shown, line.band, line.why) == (shown, band, "")


def test_what_failed_where_only_records_told_is_a_least_in_no_band() -> None:
    line = fail_rate(structs.replace(ORDERS, failed=9), incidents=True, only_recorded=True)
    assert (line.shown, line.value, line.band) == ("≥10 %", 0.1, "")
    assert line.why == "at least: the records know no deployment that failed"


def test_where_only_records_told_nothing_failed_is_no_answer() -> None:
    line = fail_rate(ORDERS, incidents=True, only_recorded=True)
    assert (line.shown, line.value, line.n, line.band) == ("cannot tell", None, 90, "")
    assert line.why == "the records know no deployment that failed"


def test_both_that_hide_a_failure_are_said() -> None:
    line = fail_rate(ORDERS, incidents=False, only_recorded=True)
    assert line.why == ("nobody told of incidents, and the records know no deployment that failed")


def test_too_few_are_told_before_what_else_is_missing() -> None:
    line = fail_rate(structs.replace(ORDERS, deployments=4), incidents=False)
    assert (line.shown, line.why) == ("cannot tell", "4 known, and it takes 5")


@pytest.mark.parametrize(
    ("deployments", "band"),
    [
        (2400, "on demand (several a day)"),
        (180, "on demand (several a day)"),
        (135, "between once an hour and once a day"),
        (90, "between once a day and once a week"),
        (10, "between once a week and once a month"),
        (2, "between once a month and once in six months"),
    ],
)
def test_how_often_is_sorted_by_the_six_answers_of_the_quick_check(
    deployments: int, band: str
) -> None:
    edition = EDITIONS["2025-quick-check"]
    assert edition.band("between", 90 * 86400 / deployments) == band
