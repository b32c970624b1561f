"""The metrics, by hand-made lives of services: each definition, and its edge cases."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cdkit.core.errors import RequestError, Unreadable
from cdkit.dora.engine import judged, measure
from cdkit.dora.told import Asked, Changed, Deployed, Incident, Measured, Told

START = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = Asked(environment="production", since=START, until=START + timedelta(days=90), minimum=1)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def put(days: float, digest: str, *, service: str = "orders", **more: object) -> Deployed:
    usual: dict[str, object] = {"environment": "production", "id": f"{service}-{days}"}
    return Deployed(service=service, at=at(days), digest=digest, **(usual | more))  # type: ignore[arg-type]


def change(days: float, deployment: str = "", merged: float | None = None) -> Changed:
    return Changed(
        service="orders",
        commit=f"c{days}",
        committed_at=at(days),
        merged_at=None if merged is None else at(merged),
        deployment=deployment,
    )


def incident(opened: float, resolved: float | None = None, cause: str = "") -> Incident:
    return Incident(
        service="orders",
        environment="production",
        opened_at=at(opened),
        resolved_at=None if resolved is None else at(resolved),
        cause=cause,
    )


def only(told: Told, asked: Asked = ASKED) -> Measured:
    (one,), together = measure(told, asked)
    assert together is None
    return one


def hours(value: float | None) -> float:
    assert value is not None
    return value / 3600


# Deployments


def test_a_deployment_is_of_a_change() -> None:
    found = only(Told(deployments=(put(1, "a"), put(2, "b"), put(4, "c"))))
    assert (found.deployments, found.rollbacks, found.redeployments) == (3, 0, 0)
    assert hours(found.between.p50) == 36
    assert found.per_day(ASKED.days) == 3 / 90


def test_the_same_again_is_no_deployment() -> None:
    found = only(Told(deployments=(put(1, "a"), put(2, "a"), put(3, "a"))))
    assert (found.deployments, found.redeployments) == (1, 2)


def test_going_back_is_a_roll_back_and_what_was_left_had_failed() -> None:
    found = only(Told(deployments=(put(1, "a"), put(2, "b"), put(2.25, "a"), put(5, "c"))))
    assert (found.deployments, found.rollbacks, found.failed) == (3, 1, 1)
    assert found.fail_rate == 1 / 3
    assert hours(found.recovery.p50) == 6
    assert (found.rework, found.rework_rate) == (1, 1 / 4)


def test_what_is_said_to_be_a_roll_back_is_one_whatever_is_known_to_have_run() -> None:
    found = only(Told(deployments=(put(1, "b"), put(1.25, "a", rollback=True), put(2, "c"))))
    assert (found.deployments, found.rollbacks, found.failed) == (2, 1, 1)
    assert hours(found.recovery.p50) == 6


def test_where_no_digest_is_known_the_commit_tells_what_ran() -> None:
    lives = (put(1, "", commit="a"), put(2, "", commit="b"), put(3, "", commit="b"))
    found = only(Told(deployments=(*lives, put(4, "", commit="a"), put(5, "", commit=""))))
    assert (found.deployments, found.redeployments, found.rollbacks) == (3, 1, 1)


def test_what_ran_before_the_window_tells_a_roll_back_too() -> None:
    found = only(Told(deployments=(put(-9, "a"), put(-8, "b"), put(1, "a"))))
    assert (found.deployments, found.rollbacks) == (0, 1)
    assert found.fail_rate is None


def test_other_environments_and_times_do_not_count() -> None:
    others = (put(1, "x", environment="staging"), put(95, "y"), put(-1, "a"))
    found = only(Told(deployments=(*others, put(2, "b"))))
    assert found.deployments == 1


def test_a_deployment_that_failed_is_one_that_failed_and_changes_nothing() -> None:
    broken = put(2, "b", outcome="failure")
    found = only(Told(deployments=(put(1, "a"), broken, put(2.5, "c"), put(3, "a"))))
    assert (found.deployments, found.failed, found.rollbacks) == (3, 2, 1)
    assert found.recovery.n == 2


def test_what_was_put_out_again_before_it_was_left_had_failed_too() -> None:
    lives = (put(1, "a"), put(2, "b"), put(2.1, "b"), put(2.2, "c", outcome="failure"))
    found = only(Told(deployments=(*lives, put(2.5, "a"))))
    assert (found.deployments, found.redeployments, found.rollbacks) == (3, 1, 1)
    assert found.failed == 2  # b, that was left, and c, that never came up
    assert hours(found.recovery.p95) == pytest.approx(11.76)


def test_a_hotfix_that_failed_itself_mends_nothing() -> None:
    hotfix = put(2.5, "c", planned=False, outcome="failure")
    told = Told(
        deployments=(put(1, "a"), put(2, "b"), hotfix, put(3, "d", planned=False)),
        incidents=(incident(2.1, cause="b"),),
    )
    found = only(told)
    assert (found.failed, found.still_failing) == (2, 0)
    assert hours(found.recovery.p95) == pytest.approx(23.4)


def test_of_two_deployments_of_one_second_the_later_name_came_later() -> None:
    both = (put(2, "b", id="2"), put(2, "a", id="1"))
    told = Told(
        deployments=(put(1, "a", id="0"), *both),
        changes=(change(1.5),),
        incidents=(incident(2.1, 2.2),),
    )
    for deployments in (told.deployments, told.deployments[::-1]):
        with judged(Told(deployments=deployments, incidents=told.incidents), ASKED) as connection:
            kinds = connection.execute("SELECT id, kind FROM deployments ORDER BY n").fetchall()
            blamed = connection.execute(
                "SELECT d.id FROM causes c JOIN deployments d USING (n)"
            ).fetchall()
        assert kinds == [("0", "change"), ("1", "again"), ("2", "change")]
        assert blamed == [("2",)]


def test_a_hotfix_is_rework_and_mends_what_failed() -> None:
    told = Told(
        deployments=(put(1, "a"), put(2, "b"), put(2.5, "c", planned=False)),
        incidents=(incident(2.1, cause="b"),),
    )
    found = only(told)
    assert (found.failed, found.rework) == (1, 1)
    assert hours(found.recovery.p50) == pytest.approx(12)


def test_what_failed_itself_was_deployed_by_nobody_however_often_it_was_tried() -> None:
    tried = [put(2 + n / 100, "b", outcome="failure") for n in range(30)]
    found = only(Told(deployments=(put(1, "a"), *tried, put(3, "b"))))
    assert (found.deployments, found.unsuccessful, found.failed) == (32, 30, 30)
    assert found.per_day(ASKED.days) == 2 / 90


def test_what_ran_before_mends_a_deployment_that_failed_when_it_is_put_out_again() -> None:
    broken = put(2, "b", outcome="failure")
    found = only(Told(deployments=(put(1, "a"), broken, put(2.25, "a"), put(9, "c"))))
    assert (found.deployments, found.redeployments, found.failed) == (3, 1, 1)
    assert hours(found.recovery.p50) == 6


@pytest.mark.parametrize(("after", "failed"), [(0.25, 1), (1.0, 1), (1.01, 0)])
def test_what_a_hotfix_followed_within_a_day_had_failed(after: float, failed: int) -> None:
    hotfix = put(2 + after, "c", planned=False)
    found = only(Told(deployments=(put(1, "a"), put(2, "b"), hotfix, put(8, "d"))))
    assert (found.deployments, found.rework, found.failed) == (4, 1, failed)
    if failed:
        assert hours(found.recovery.p50) == pytest.approx(24 * after)


@pytest.mark.parametrize(
    ("told", "failed"),
    [
        (incident(2.1, 2.4, cause="none"), 0),
        (incident(1.8, 2.4, cause="none"), 0),
        (incident(1.8, None, cause="none"), 0),
        (incident(1.2, 2.4, cause="none"), 0),
        (incident(0.9, 2.4, cause="none"), 1),  # so long ago that it is no reason for a hotfix
        (incident(1.8, 1.9, cause="none"), 1),  # over before the deployment
        (incident(2.3, 2.4, cause="none"), 1),  # of after the hotfix
        (incident(2.1, 2.4, cause="b"), 1),
        (incident(2.1, 2.4), 1),
        (incident(1.9, 2.4), 1),  # the first one's, which failed in its place
    ],
)
def test_a_hotfix_that_an_incident_explains_blames_no_other(told: Incident, failed: int) -> None:
    lives = (put(1, "a"), put(1.5, "x"), put(2, "b"), put(2.125, "c", planned=False))
    found = only(Told(deployments=lives, incidents=(told,)))
    assert found.failed == failed


def test_a_hotfix_for_what_another_deployment_broke_blames_that_alone() -> None:
    lives = (put(1, "a"), put(2, "b"), put(2.2, "c"), put(2.4, "d", planned=False))
    found = only(Told(deployments=lives, incidents=(incident(2.1, 2.4, cause="b"),)))
    assert (found.failed, found.rework) == (1, 1)  # d mended b, and c is not to blame


# Incidents


def test_the_cause_that_is_named_counts_whatever_the_time() -> None:
    told = Told(
        deployments=(put(1, "a"), put(2, "b"), put(3, "c")),
        incidents=(incident(60, 60.5, cause="a"),),
    )
    found = only(told)
    assert (found.failed, found.incidents, found.incidents_linked) == (1, 1, 1)
    assert hours(found.recovery.p50) == pytest.approx(59.5 * 24)


@pytest.mark.parametrize(("opened", "name", "failed"), [(1.9, 2, 1), (2.5, 2, 1), (3.5, 3, 2)])
def test_of_two_deployments_by_the_name_of_a_cause_it_is_the_last_one_before_the_incident(
    opened: float, name: int, failed: int
) -> None:
    told = Told(
        deployments=(put(1, "a"), put(2, "b", outcome="failure"), put(3, "b"), put(9, "c")),
        incidents=(incident(opened, opened + 0.5, cause="b"),),
    )
    with judged(told, ASKED) as connection:
        linked = connection.execute("SELECT DISTINCT n FROM causes").fetchall()
    assert (linked, only(told).failed) == ([(name,)], failed)


def test_an_incident_of_an_unknown_cause_is_neither_a_deployments_nor_nobodys() -> None:
    told = Told(deployments=(put(2, "a"),), incidents=(incident(2.1, 2.2, cause="zz"),))
    found = only(told)
    assert (found.failed, found.incidents_linked, found.restore.n) == (0, 0, 0)
    assert found.incidents_unknown == 1


@pytest.mark.parametrize(("opened", "linked"), [(2.5, 1), (3.0, 1), (3.01, 0), (1.99, 0)])
def test_without_a_cause_the_last_deployment_within_a_day_is_taken(
    opened: float, linked: int
) -> None:
    told = Told(deployments=(put(2, "a"),), incidents=(incident(opened, opened + 0.1),))
    found = only(told)
    assert (found.incidents_linked, found.failed) == (linked, linked)
    assert found.restore.n == 1 - linked


def test_an_incident_that_no_deployment_caused_is_restored_apart() -> None:
    told = Told(deployments=(put(2, "a"),), incidents=(incident(2.1, 2.2, cause="none"),))
    found = only(told)
    assert (found.failed, found.incidents_linked) == (0, 0)
    assert hours(found.restore.p50) == pytest.approx(2.4)


def test_two_incidents_of_one_deployment_are_one_failure() -> None:
    told = Told(deployments=(put(2, "a"),), incidents=(incident(2.1, 2.2), incident(2.3, 2.9)))
    found = only(told)
    assert (found.failed, found.incidents_linked) == (1, 2)


def test_what_is_not_mended_yet_is_counted_apart() -> None:
    found = only(Told(deployments=(put(2, "a"),), incidents=(incident(2.1),)))
    assert (found.failed, found.still_failing, found.recovery.n) == (1, 1, 0)


# Lead time


def test_a_change_leads_from_its_commit_and_from_its_merge() -> None:
    told = Told(
        deployments=(put(5, "a"),), changes=(change(1, "orders-5", merged=4), change(3, "orders-5"))
    )
    found = only(told)
    assert (found.commit_lead.n, found.merge_lead.n, found.with_changes) == (2, 1, 1)
    assert hours(found.commit_lead.p50) == 72
    assert hours(found.merge_lead.p50) == 24


def test_by_time_a_change_came_with_the_first_deployment_after_its_merge() -> None:
    told = Told(
        deployments=(put(2, "a"), put(5, "b"), put(9, "c")),
        changes=(change(1, merged=3), change(5), change(10)),
    )
    found = only(told)
    assert found.commit_lead.n == 2  # the last one is not out yet
    assert hours(found.commit_lead.p50) == 48  # four days, and none: the same second counts


def test_no_year_of_changes_came_with_the_first_deployment_that_is_known() -> None:
    changes = (change(-300), change(1.5), change(2.5))
    found = only(Told(deployments=(put(2, "a"), put(3, "b")), changes=changes))
    assert (found.commit_lead.n, found.with_changes) == (1, 1)
    assert hours(found.commit_lead.p50) == 12


def test_a_change_never_came_with_a_roll_back() -> None:
    told = Told(
        deployments=(put(1, "a"), put(2, "b"), put(3, "a"), put(4, "c")), changes=(change(2.5),)
    )
    assert hours(only(told).commit_lead.p50) == 36


def test_a_change_came_once_however_many_deployments_bear_its_name() -> None:
    twice = (put(2, "a", id="d"), put(4, "b", id="d"))
    found = only(Told(deployments=twice, changes=(change(1, "d"),)))
    assert (found.commit_lead.n, found.with_changes) == (1, 1)
    assert hours(found.commit_lead.p50) == 24


def test_a_change_of_before_the_window_is_no_change_of_its_first_deployment() -> None:
    told = Told(
        deployments=(put(-10, "a"), put(-5, "b"), put(1, "c")), changes=(change(-6), change(-4))
    )
    found = only(told)
    assert (found.commit_lead.n, found.with_changes) == (1, 1)
    assert hours(found.commit_lead.p50) == 120


# Several services


def test_services_stand_for_themselves_and_together_are_said_to_be_a_roll_up() -> None:
    told = Told(deployments=(put(1, "a"), put(2, "b"), put(1, "a", service="stock"), put(3, "c")))
    found, together = measure(told, ASKED)
    assert [(one.service, one.deployments) for one in found] == [("orders", 3), ("stock", 1)]
    assert together is not None
    assert (together.services, together.deployments) == (2, 4)


def test_where_nothing_was_deployed_nothing_is_measured() -> None:
    assert measure(Told(), ASKED) == ((), None)


# Files


def test_tables_are_read_as_csv_ndjson_and_parquet(tmp_path: Path) -> None:
    import duckdb

    rows = [("orders", "production", at(n).isoformat(), f"d{n}") for n in range(1, 6)]
    table = tmp_path / "deployments.csv"
    head = "service,environment,at,digest\n"
    table.write_text(head + "".join(",".join(row) + "\n" for row in rows))
    lines = tmp_path / "deployments.ndjson"
    names = ("service", "environment", "at", "digest")
    lines.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    parquet = tmp_path / "deployments.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{table}') TO '{parquet}'")  # noqa: S608 - our own paths
    for path in (table, lines, parquet):
        assert only(Told(deployment_files=(str(path),))).deployments == 5


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("d.csv", "service,at\na,2026-01-02T00:00:00Z\n", "has no column 'environment'"),
        ("d.csv", "service,environment,at\na,production,soon\n", "cannot be read"),
        ("d.ndjson", "{", "cannot be read"),
        ("d.parquet", "PAR1", "cannot be read"),
    ],
)
def test_a_table_that_is_none_is_told(tmp_path: Path, name: str, text: str, what: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(Unreadable, match=what):
        measure(Told(deployment_files=(str(path),)), ASKED)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.xlsx"
    path.write_text("x")
    with pytest.raises(RequestError, match="is of a kind that is not read"):
        measure(Told(deployment_files=(str(path),)), ASKED)


def test_a_file_is_read_by_its_name_and_never_as_a_pattern(tmp_path: Path) -> None:
    head = "service,environment,at\n"
    odd = tmp_path / "it's [a-z]?*.csv"
    odd.write_text(f"{head}orders,production,2026-01-02T00:00:00Z\n")
    (tmp_path / "it's a1.csv").write_text(f"{head}stock,production,2026-01-02T00:00:00Z\n")
    assert only(Told(deployment_files=(str(odd),))).service == "orders"


def test_a_column_that_comes_late_in_a_file_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "deployments.ndjson"
    row = '{"service": "orders", "environment": "test", "at": "2026-01-01T00:00:00Z"}\n'
    late = (
        '{"service": "orders", "environment": "production", "at": "2026-01-02", "planned": false}'
    )
    path.write_text(row * 21_000 + late)
    assert only(Told(deployment_files=(str(path),))).rework == 1


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (",2026-01-02T00:00:00Z,success", "1 row without 'environment'"),
        ("production,,success", "1 row without 'at'"),
        ("production,2026-01-02T00:00:00Z,FAILED", "the outcome 'FAILED' is neither of"),
    ],
)
def test_a_row_that_cannot_be_placed_is_not_passed_over(
    tmp_path: Path, row: str, what: str
) -> None:
    path = tmp_path / "d.csv"
    good = "orders,production,2026-01-01T00:00:00Z,success"
    path.write_text(f"service,environment,at,outcome\n{good}\norders,{row}\n")
    with pytest.raises(Unreadable, match=what) as told:
        measure(Told(deployment_files=(str(path),)), ASKED)
    assert str(told.value.where) == str(path)


def test_a_change_and_an_incident_without_a_time_are_told(tmp_path: Path) -> None:
    changes = tmp_path / "changes.csv"
    changes.write_text("service,committed_at,merged_at\norders,,2026-01-01T00:00:00Z\n")
    incidents = tmp_path / "incidents.csv"
    incidents.write_text("service,environment,opened_at\norders,production,\n")
    life = (put(1, "a"),)
    with pytest.raises(Unreadable, match="1 row without 'committed_at'"):
        measure(Told(deployments=life, change_files=(str(changes),)), ASKED)
    with pytest.raises(Unreadable, match="1 row without 'opened_at'"):
        measure(Told(deployments=life, incident_files=(str(incidents),)), ASKED)


def test_what_was_judged_can_be_looked_at() -> None:
    told = Told(
        deployments=(put(1, "a"), put(2, "b", commit="c2"), put(3, "a")),
        changes=(change(1.5),),
        incidents=(incident(2.5, 2.75),),
    )
    with judged(told, ASKED) as connection:
        text = """SELECT d.service, d.commit_id, d.made_at, f.restored, c.opened_at, l.from_commit
            FROM failures f JOIN deployments d USING (n) JOIN causes c USING (n)
            JOIN leads l USING (n)"""
        assert connection.execute(text).fetchall() == [
            ("orders", "c2", at(2), at(2.75), at(2.5), 43_200.0)
        ]


# Against a plain reckoning


def reckoned(told: Told) -> tuple[int, int, int]:
    """Return deployments, roll-backs and re-deployments, in plain Python."""
    seen: list[str] = []
    made = back = again = 0
    for one in sorted(told.deployments, key=lambda each: each.at):
        if seen and one.digest == seen[-1]:
            again += 1
            continue
        made, back = (made, back + 1) if one.digest in seen else (made + 1, back)
        seen.append(one.digest)
    return made, back, again


@pytest.mark.parametrize("seed", range(20))
def test_it_counts_as_a_plain_reckoning_does(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a made-up life
    digests = [chance.choice("abcdefghij") for _ in range(40)]
    told = Told(deployments=tuple(put(n + 1, one) for n, one in enumerate(digests)))
    found = only(told)
    assert (found.deployments, found.rollbacks, found.redeployments) == reckoned(told)
