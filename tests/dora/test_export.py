"""The numbers for machines: each format is read back by a reader that is not ours."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cdkit.dora.editions import EDITIONS
from cdkit.dora.export import as_csv, as_json, as_openmetrics
from cdkit.dora.told import Asked, Measured, Spread
from tests.dora.lives import example

UNTIL = datetime(2026, 11, 27, tzinfo=UTC)
ASKED = Asked(
    environment="production", since=UNTIL - timedelta(days=90), until=UNTIL, incidents=True
)
EDITION = EDITIONS["2023"]
ORDERS = Measured(
    service="orders",
    deployments=90,
    failed=9,
    commit_lead=Spread(n=40, p50=7200.0, p90=9000.0, p95=9900.0),
    recovery=Spread(n=2, p50=60.0, p90=60.0, p95=60.0),
)
TOGETHER = Measured(service="all services together", services=2, deployments=180)


def families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def samples(*measured: Measured, asked: Asked = ASKED) -> list[Sample]:
    text = as_openmetrics(measured, asked, EDITION)
    return [one for family in families(text) for one in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    (one,) = [s for s in found if s.name == name and labels.items() <= s.labels.items()]
    return float(one.value)


def test_openmetrics_has_types_units_and_help() -> None:
    text = as_openmetrics([ORDERS], ASKED, EDITION)
    told = {one.name: one for one in families(text)}
    assert {name: (one.type, one.unit) for name, one in told.items()} == {
        "cdkit_dora_change_lead_time_seconds": ("gauge", "seconds"),
        "cdkit_dora_deployments_per_day": ("gauge", ""),
        "cdkit_dora_change_fail_ratio": ("gauge", "ratio"),
        "cdkit_dora_deployment_rework_ratio": ("gauge", "ratio"),
        "cdkit_dora_samples": ("gauge", ""),
    }
    assert all(one.documentation.endswith(".") for one in told.values())
    assert text.endswith("\n# EOF\n")


def test_openmetrics_has_the_numbers_and_no_zero_for_what_nobody_can_tell() -> None:
    found = samples(ORDERS)
    assert value(found, "cdkit_dora_change_lead_time_seconds", service="orders") == 7200
    assert value(found, "cdkit_dora_change_fail_ratio", environment="production") == 0.1
    assert value(found, "cdkit_dora_samples", metric="recovery") == 2
    assert "cdkit_dora_failed_deployment_recovery_seconds" not in {one.name for one in found}


def test_openmetrics_has_no_fail_rate_that_is_but_a_least() -> None:
    found = samples(ORDERS, asked=structs.replace(ASKED, incidents=False))
    assert "cdkit_dora_change_fail_ratio" not in {one.name for one in found}
    assert value(found, "cdkit_dora_samples", metric="fail") == 90


@pytest.mark.parametrize("complete", [False, True])
def test_it_is_told_whether_all_could_be_read(*, complete: bool) -> None:
    shown = structs.replace(example(), complete=complete)
    text = as_openmetrics([ORDERS], ASKED, EDITION, shown)
    found = [one for family in families(text) for one in family.samples]
    assert value(found, "cdkit_dora_complete", environment="production") == complete
    assert json.loads(as_json([ORDERS], ASKED, EDITION, shown))["complete"] is complete


def test_openmetrics_marks_a_roll_up_so_that_no_sum_counts_it_twice() -> None:
    found = samples(ORDERS, TOGETHER)
    rolled = {s.labels.get("rollup") for s in found if s.labels["service"] != "orders"}
    assert rolled == {"2 services"}
    assert {s.labels.get("rollup") for s in found if s.labels["service"] == "orders"} == {None}


def test_a_service_of_the_name_of_the_roll_up_is_another_series() -> None:
    found = samples(Measured(service=TOGETHER.service, deployments=9), TOGETHER)
    told = [s for s in found if s.name == "cdkit_dora_deployments_per_day"]
    assert sorted(s.value for s in told) == [0.1, 2.0]


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_openmetrics_keeps_any_name(name: str) -> None:
    asked = Asked(environment=name, since=ASKED.since, until=ASKED.until, incidents=True)
    found = samples(Measured(service=name, deployments=9), asked=asked)
    assert {(s.labels["service"], s.labels["environment"]) for s in found} == {(name, name)}


def test_csv_leaves_what_nobody_can_tell_empty_and_says_why() -> None:
    found = {
        row["metric"]: row for row in csv.DictReader(io.StringIO(as_csv([ORDERS], ASKED, EDITION)))
    }
    assert (found["lead"]["value"], found["lead"]["n"], found["lead"]["band"]) == (
        *("7200.0", "40", "elite"),
    )
    assert (found["recovery"]["value"], found["recovery"]["why"]) == (
        *("", "2 known, and it takes 5"),
    )


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx"])
def test_csv_starts_no_formula_in_a_spreadsheet(name: str) -> None:
    text = as_csv([Measured(service=name, deployments=9)], ASKED, EDITION)
    assert {row["service"] for row in csv.DictReader(io.StringIO(text))} == {f"'{name}"}


def test_json_has_the_course_of_each_metric() -> None:
    shown = example()
    whole = json.loads(as_json([ORDERS], ASKED, EDITION, shown))
    assert whole["measured"][0]["deployments"] == 90
    assert whole["course"]["step-days"] == 7
    assert [one["service"] for one in whole["course"]["services"]] == [
        *("billing", "catalogue", "orders", "payments", "search", "all services together"),
    ]
    lead = whole["course"]["services"][2]["metrics"][0]
    assert (lead["key"], lead["turn"], lead["before"]["shown"]) == ("lead", "better", "1.94 days")
    assert (len(lead["values"]), len(lead["of"])) == (13, 13)
