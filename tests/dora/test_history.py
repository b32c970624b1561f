"""The course over time and what stands behind the numbers: the same judgement, looked at closer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cdkit.core.documents.delivery import Delivery, Listing, Metric
from cdkit.dora.engine import measure
from cdkit.dora.history import History, history
from cdkit.dora.told import Asked, Changed, Deployed, Incident, Told
from tests.dora.lives import ASKED, LIVES, UNTIL, delivered, example, told

WEEK = timedelta(days=7)
START = datetime(2026, 1, 1, tzinfo=UTC)
SHORT = Asked(
    environment="production",
    since=START,
    until=START + timedelta(days=28),
    minimum=1,
    incidents=True,
)


def put(days: float, digest: str, *, service: str = "orders", **more: object) -> Deployed:
    usual: dict[str, object] = {"environment": "production", "id": f"{service}-{days}"}
    at = START + timedelta(days=days)
    return Deployed(service=service, at=at, digest=digest, **(usual | more))  # type: ignore[arg-type]


def near(seconds: float | None) -> object:
    """Return what is equal to a time but for the last digit, or to none."""
    return None if seconds is None else pytest.approx(seconds, abs=1e-6)


def looked(known: Told, asked: Asked = SHORT) -> History:
    return history(known, asked, sorted({one.service for one in known.deployments}))


def listing(of: History, metric: str, who: str | None = "orders") -> Listing:
    return next(one for one in of.listings[who] if one.metric == metric)


def metric(of: Delivery, key: str, service: str = "") -> Metric:
    whole = next((one for one in of.services if one.name == service), of.together)
    assert whole is not None
    return next(one for one in whole.metrics if one.key == key)


def test_a_window_says_what_the_measurement_of_it_says() -> None:
    known = told(LIVES[2], LIVES[4])
    found = history(known, ASKED, ())
    window = timedelta(days=ASKED.days)
    earlier = structs.replace(ASKED, since=ASKED.since - window, until=ASKED.since)
    for place, asked in enumerate((ASKED, earlier)):
        by_service, together = measure(known, asked)
        assert together is not None
        named = {one.service: one for one in by_service} | {None: together}
        assert {who for who, of in found.windows.items() if of[place].deployments} == set(named)
        for who, one in named.items():
            of = found.windows[who][place]
            assert (of.deployments, of.rollbacks, of.rework) == (
                *(one.deployments, one.rollbacks, one.rework),
            )
            assert (of.lead.median if of.lead else None) == near(one.commit_lead.p50)
            assert (of.merged.n if of.merged else 0) == one.merge_lead.n
            if place == 0:  # what failed then may have been mended since, which it could not know
                assert of.failed == one.failed
                assert (of.recovery.median if of.recovery else None) == near(one.recovery.p50)


def test_the_parts_of_the_time_are_the_window_cut_in_pieces() -> None:
    known = told(LIVES[2])
    found = history(known, ASKED, ())
    assert (found.step, found.step_name, found.count) == (7, "week", 13)
    for place, part in enumerate(found.parts["catalogue"]):
        since = UNTIL - WEEK * (13 - place)
        asked = structs.replace(ASKED, since=since, until=since + WEEK)
        (one,), _ = measure(known, asked)
        assert part.deployments == one.deployments
        assert (part.lead.median if part.lead else None) == near(one.commit_lead.p50)


@pytest.mark.parametrize(
    ("days", "step", "count"),
    [(1, 1, 1), (14, 1, 14), (27, 1, 27), (30, 7, 5), (90, 7, 13), (365, 28, 14), (3650, 365, 10)],
)
def test_a_part_is_as_long_as_there_is_room_for(days: int, step: int, count: int) -> None:
    asked = structs.replace(ASKED, since=UNTIL - timedelta(days=days))
    found = history(told(LIVES[4]), asked, ())
    assert (found.step, found.count) == (step, count)


def test_the_slowest_changes_come_first_and_the_others_are_counted() -> None:
    made = tuple(put(day, f"d{day}") for day in (1, 2, 3))
    changes = tuple(
        Changed(
            service="orders",
            commit=f"c{day}",
            committed_at=START + timedelta(days=day, hours=-hours),
            deployment=f"orders-{day}",
        )
        for day, hours in ((1, 4), (2, 9), (2, 2), (3, 6))
    )
    found = listing(looked(Told(deployments=made, changes=changes)), "lead")
    assert [(one.digest, one.changes, one.lead) for one in found.made] == [
        ("d2", 2, 9 * 3600),
        ("d3", 1, 6 * 3600),
        ("d1", 1, 4 * 3600),
    ]
    assert (found.of, found.order) == (3, "the slowest first")


def test_a_failure_says_why_and_what_mended_it() -> None:
    incident = Incident(
        service="orders",
        environment="production",
        opened_at=START + timedelta(days=3, hours=1),
        resolved_at=START + timedelta(days=3, hours=4),
        cause="c",
        id="INC-1",
    )
    made = (
        *(put(1, "a"), put(2, "b"), put(2.5, "a"), put(3, "c")),
        put(5, "d", outcome="failure", team="checkout"),
    )
    found = listing(looked(Told(deployments=made, incidents=(incident,))), "fail")
    assert [(one.digest, one.failed, one.incidents, one.recovery) for one in found.made] == [
        ("d", "its deployment failed", (), None),
        ("c", "an incident", ("INC-1",), 4 * 3600),
        ("b", "it was gone back from", (), 12 * 3600),
    ]
    assert found.made[0].team == "checkout"


def test_what_failed_itself_is_no_deployment_of_a_change_behind_the_frequency() -> None:
    made = (put(1, "a"), put(2, "b", outcome="failure"), put(2.5, "b"))
    told = looked(Told(deployments=made))
    assert [one.digest for one in listing(told, "frequency").made] == ["b", "a"]
    assert listing(told, "frequency").of == 2
    now, _ = told.windows["orders"]
    assert (now.deployments, now.unsuccessful) == (3, 1)


def test_what_a_hotfix_followed_had_failed_and_says_so() -> None:
    made = (put(1, "a"), put(1.25, "b", planned=False), put(4, "c"), put(9, "d", planned=False))
    found = listing(looked(Told(deployments=made)), "fail")
    assert [(one.digest, one.failed, one.recovery) for one in found.made] == [
        ("a", "a hotfix followed", 6 * 3600)
    ]


def test_what_nobody_mended_stands_before_the_slowest_recovery() -> None:
    made = (put(1, "a"), put(2, "b"), put(2.5, "a"), put(5, "d", outcome="failure"))
    found = listing(looked(Told(deployments=made)), "recovery")
    assert [one.digest for one in found.made] == ["d", "b"]


def test_rework_is_what_was_gone_back_to_and_what_was_not_planned() -> None:
    made = (put(1, "a"), put(2, "b"), put(3, "a"), put(4, "e", planned=False))
    found = listing(looked(Told(deployments=made)), "rework")
    assert [(one.digest, one.kind, one.planned) for one in found.made] == [
        ("e", "change", False),
        ("a", "back", None),
    ]


def test_what_was_before_the_window_stands_behind_no_number_of_it() -> None:
    found = looked(Told(deployments=(put(-3, "a"), put(2, "b"))))
    assert [one.digest for one in listing(found, "frequency").made] == ["b"]


def test_of_many_the_last_are_listed() -> None:
    made = tuple(put(n / 10, f"d{n}") for n in range(200))
    found = listing(looked(Told(deployments=made)), "frequency")
    assert (len(found.made), found.of) == (50, 200)
    assert found.made[0].digest == "d199"


def test_only_the_services_that_are_shown_are_looked_behind() -> None:
    made = (put(1, "a"), put(1, "b", service="payments"))
    found = history(Told(deployments=made), SHORT, ["payments"])
    assert set(found.listings) == {"payments", None}
    assert listing(found, "frequency", None).of == 2


def test_the_list_of_all_services_is_in_one_order() -> None:
    made = (put(1, "a"), put(2, "b", service="payments"), put(3, "c"), put(4, "d", service="x"))
    found = listing(looked(Told(deployments=made)), "frequency", None)
    assert [one.service for one in found.made] == ["x", "orders", "payments", "orders"]


def test_a_service_is_compared_with_no_time_that_nobody_told_of() -> None:
    of = example()
    search = metric(of, "frequency", "search")  # first deployed 61 days ago
    assert (search.before, search.change, search.turn) == (None, "", "")
    assert [part.value for part in search.parts[:4]] == [None] * 4
    assert search.parts[4].few  # it began in that week
    assert not search.parts[5].few
    orders = metric(of, "frequency", "orders")
    assert orders.before is not None
    assert (orders.before.shown, orders.before.n) == ("6.61 a week", 85)


def test_a_change_for_the_better_is_one_that_is_no_chance() -> None:
    of = example()
    lead = metric(of, "lead", "orders")
    assert (lead.change, lead.turn) == ("shorter", "better")
    assert lead.before is not None
    assert lead.before.shown == "1.94 days"
    fail = metric(of, "fail")
    assert (fail.now.shown, fail.change, fail.turn) == ("10.8 %", "no clear change", "same")


def test_a_time_of_which_nobody_told_incidents_is_not_one_without() -> None:
    made = tuple(put(day, f"d{day}") for day in range(-30, 28))
    wrong = tuple(
        Incident(
            service="orders",
            environment="production",
            opened_at=START + timedelta(days=day, hours=1),
            resolved_at=START + timedelta(days=day, hours=2),
        )
        for day in (1, 5, 9, 13, 17, 20, 22, 24)
    )
    fail = metric(delivered(Told(deployments=made, incidents=wrong), SHORT), "fail", "orders")
    assert (fail.now.n, fail.before, fail.turn) == (28, None, "")
    earlier = structs.replace(wrong[0], opened_at=START - timedelta(days=40))
    known = Told(deployments=made, incidents=(earlier, *wrong))
    fail = metric(delivered(known, SHORT), "fail", "orders")
    assert (fail.change, fail.turn) == ("higher", "worse")


def test_before_anybody_told_of_an_incident_nothing_failed_is_a_gap() -> None:
    made = tuple(put(day, f"d{day}") for day in range(28))
    wrong = Incident(
        service="orders", environment="production", opened_at=START + timedelta(days=15, hours=1)
    )
    of = delivered(Told(deployments=made, incidents=(wrong,)), SHORT)
    (fail, rework) = (metric(of, key, "orders") for key in ("fail", "rework"))
    assert [part.value for part in fail.parts] == [None, None, 1 / 7, 0.0]
    assert {part.value for part in rework.parts} == {0.0}


def test_more_deployments_are_better_and_longer_times_are_worse() -> None:
    often = tuple(put(n / 4, f"d{n}") for n in range(4 * 28))
    seldom = tuple(put(-28 - 1 + n, f"e{n}") for n in range(29))
    slow = tuple(
        Changed(
            service="orders",
            commit=f"c{one.id}",
            committed_at=one.at - timedelta(hours=(5 if one.at >= START else 2) + n / 100),
            deployment=one.id,
        )
        for n, one in enumerate((*often, *seldom))
    )
    of = delivered(Told(deployments=(*seldom, *often), changes=slow), SHORT)
    frequency, lead = metric(of, "frequency", "orders"), metric(of, "lead", "orders")
    assert (frequency.change, frequency.turn) == ("more", "better")
    assert (lead.change, lead.turn) == ("longer", "worse")


def test_a_week_without_a_deployment_is_a_zero_and_one_without_a_change_is_not() -> None:
    of = delivered(Told(deployments=(put(-30, "a"), put(1, "b"), put(27, "c"))), SHORT)
    frequency, fail = metric(of, "frequency", "orders"), metric(of, "fail", "orders")
    assert [part.value for part in frequency.parts][1:3] == [0.0, 0.0]
    assert [part.value for part in fail.parts][1:3] == [None, None]


def test_a_part_that_rests_on_few_says_so() -> None:
    of = delivered(told(LIVES[4]))
    known = [part for part in metric(of, "lead", "billing").parts if part.value is not None]
    assert known
    assert all(part.few == (part.n < 5) for part in known)


def test_who_made_a_deployment_is_told_with_the_run() -> None:
    made = (put(1, "a", who="amira", url="https://ci.example.com/1"), put(2, "b"))
    found = listing(looked(Told(deployments=made)), "frequency")
    assert [(one.who, one.url) for one in found.made] == [
        ("", ""),
        ("amira", "https://ci.example.com/1"),
    ]


def test_long_foreign_text_is_cut() -> None:
    long = {"commit": "c" * 5000, "id": "i" * 5000, "team": "t" * 5000}
    (one,) = listing(looked(Told(deployments=(put(1, "a" * 5000, **long),))), "frequency").made
    assert {len(text) for text in (one.digest, one.commit, one.id, one.team)} == {120}
