"""What caused an incident: as people write it, and which deployment that is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.dora.cause import attributed, cause_in
from cdkit.dora.source import Seen
from cdkit.dora.told import Changed, Deployed, Incident
from tests.worlds import NOW

A, B, C = "a" * 40, f"abc{'b' * 37}", f"abc{'c' * 37}"
DIGEST = f"sha256:{'7' * 64}"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", ""),
        ("We were down.", ""),
        (f"caused-by: {A}", A),
        (f"Down.\n\nCaused by: {A.upper()}\n", A),
        (f"- **Caused by:** `{A}`", A),
        (f"> caused-by: {DIGEST}", DIGEST),
        ("caused-by: 1820147308", "1820147308"),
        ("caused-by: acme/orders/1820147308.", "acme/orders/1820147308"),
        (f"caused-by: https://github.com/acme/orders/commit/{A}", A),
        ("caused-by: None", "none"),
        ("### Caused by\n\nabc1234\n\n### Impact\n\nall", "abc1234"),
        ("### Caused by\n\n_No response_\n", ""),
        ("### Caused by\n\n### Impact\n", ""),
        ("It was not caused by: abc1234", ""),
        ("caused-by:", ""),
    ],
)
def test_a_cause_stands_on_a_line_of_its_own(text: str, cause: str) -> None:
    assert cause_in(text) == cause


def test_a_label_goes_before_the_text() -> None:
    assert cause_in(f"caused-by: {A}", ["bug", "caused-by: none"]) == "none"


@given(st.text(max_size=300))
def test_whatever_people_write_nothing_crashes(text: str) -> None:
    assert "\n" not in cause_in(f"caused-by: {text}\n{text}", [text])


def seen(day: int, commit: str, service: str = "orders", digest: str = "") -> Seen:
    deployed = Deployed(
        service=service,
        environment="production",
        at=NOW - timedelta(days=day),
        digest=digest,
        commit=commit,
        id=f"e{day}",
    )
    return Seen(deployed=deployed, source="github", names=(str(1000 + day),))


def incident(cause: str, service: str = "", opened: datetime = NOW) -> Incident:
    return Incident(service=service, environment="production", opened_at=opened, cause=cause)


DEPLOYED = (seen(5, A, digest=DIGEST), seen(4, B), seen(3, C), seen(2, B), seen(1, A, "pay"))
CHANGES = (Changed(service="orders", commit="d" * 40, committed_at=NOW, deployment="e4"),)


@pytest.mark.parametrize(
    ("told", "cause", "service", "unknown"),
    [
        (incident("e5"), "e5", "orders", 0),
        (incident("1005"), "e5", "orders", 0),
        (incident(DIGEST), "e5", "orders", 0),
        (incident(C), "e3", "orders", 0),
        (incident(C[:7]), "e3", "orders", 0),
        (incident(B), "e2", "orders", 0),  # the last time that it was deployed
        (incident(B, opened=NOW - timedelta(days=3)), "e4", "orders", 0),
        (incident("d" * 40), "e4", "orders", 0),  # a commit that a deployment brought
        (incident("dddddddd"), "e4", "orders", 0),
        (incident(A), "e1", "pay", 0),
        (incident(A, "orders"), "e5", "orders", 0),
        (incident("abc"), "abc", "", 1),  # too short
        (incident("f" * 40), "f" * 40, "", 1),
        (incident("e1", opened=NOW - timedelta(days=3)), "e1", "", 1),  # after the incident
        (incident("none"), "none", "", 0),
        (incident(""), "", "", 0),
    ],
)
def test_a_cause_is_the_deployment_that_it_names(
    told: Incident, cause: str, service: str, unknown: int
) -> None:
    (found,), missing = attributed([told], DEPLOYED, CHANGES)
    assert (found.cause, found.service, missing) == (cause, service, unknown)


def test_seven_letters_that_fit_two_commits_fit_none() -> None:
    two = (seen(2, f"abcdef0{'1' * 33}"), seen(1, f"abcdef0{'2' * 33}"))
    (found,), missing = attributed([incident("abcdef0")], two, ())
    assert (found.cause, missing) == ("abcdef0", 1)


def test_where_there_is_one_service_an_incident_is_its() -> None:
    (found,), _ = attributed([incident("")], DEPLOYED[:2], ())
    assert found.service == "orders"
