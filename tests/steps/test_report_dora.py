"""report-dora: what the records, git and files know, measured; what they do not, said."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdkit.core.documents.delivery import Delivery
from cdkit.core.documents.kinds import Deployment
from cdkit.core.documents.statement import state
from cdkit.core.errors import NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.core.world import Commit
from cdkit.evidence.store import open_store
from cdkit.steps import emit_event
from cdkit.steps.report_dora import STEP, ReportDoraOptions
from tests.evidence.doubles import REPOSITORY, origin
from tests.worlds import FakeGit, StandingClock, world


def deployed(
    folder: Path,
    day: int,
    *,
    environment: str = "production",
    at: int | None = None,
    service: str = "orders",
) -> None:
    digest = f"{day:064x}"
    document = Deployment(
        origin=origin("emit-event", recorded_at=f"2026-11-{at or day:02}T10:00:00Z"),
        image=f"{REPOSITORY}@sha256:{digest}",
        environment=environment,
        service=service,
        status="deployed",
        commit=f"{day:040x}",
        event=f"e{at or day}",
    )
    subject = Subject(name=REPOSITORY, digest={"sha256": digest})
    open_store(".cdkit/records", world(folder)).put(state(document, subject))


def emitted(folder: Path, day: int, **options: Any) -> None:  # noqa: ANN401 - any option
    clock = StandingClock(datetime(2026, 11, day, 10, tzinfo=UTC))
    there = replace(world(folder), clock=clock)
    image = f"{REPOSITORY}@sha256:{day:064x}"
    told = {"environment": "production", "records": ".cdkit/records", "image": image} | options
    outcome = emit_event.run(emit_event.EmitEventOptions(**told), there)
    assert outcome.document
    open_store(".cdkit/records", there).put(state(outcome.document, outcome.subjects[0]))


def commit(day: int, parent: int, hour: int = 8) -> Commit:
    at = datetime(2026, 11, day, hour, tzinfo=UTC)
    return Commit(name=f"{day:040x}", parents=(f"{parent:040x}",), authored_at=at, committed_at=at)


def run(folder: Path, *, git: FakeGit | None = None, **options: object) -> Outcome:
    told = {"records": ".cdkit/records", "minimum": 2} | options
    return STEP.run(ReportDoraOptions(**told), world(folder, git=git))  # type: ignore[arg-type]


def rows(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in outcome.tables[0].rows}


def lived(folder: Path) -> FakeGit:
    for day in (10, 12, 14, 16):
        deployed(folder, day)
    pairs = ((10, 12), (12, 14), (14, 16))
    return FakeGit(between={(f"{a:040x}", f"{b:040x}"): (commit(b, a),) for a, b in pairs})


def test_deployments_and_git_give_the_metrics_of_a_service(tmp_path: Path) -> None:
    outcome = run(tmp_path, git=lived(tmp_path))
    assert outcome.verdict.answer is Answer.YES
    told = rows(outcome)
    assert told["change lead time, from commit"][:3] == ("2 hours", "3", "less than one day")
    assert told["change lead time, from merge"][:2] == ("2 hours", "3")
    assert told["deployment frequency"][:2] == ("0.311 a week", "4")
    assert told["change fail rate"][:4] == (
        *("cannot tell", "4", ""),
        "nobody told of incidents, and the records know no deployment that failed",
    )
    assert told["failed deployment recovery time"][:4] == (
        *("cannot tell", "0", "", "0 known, and it takes 2"),
    )
    assert "orders: 3 of 4 deployments with known changes" in outcome.notes


@pytest.mark.parametrize("names", [(), ("changes.csv",)])
def test_of_deployments_in_a_table_git_is_not_asked_which_is_said(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    (tmp_path / "d.csv").write_text(
        "service,environment,at,commit\n"
        f"orders,production,2026-11-10T09:00:00Z,{10:040x}\n"
        f"orders,production,2026-11-12T09:00:00Z,{12:040x}\n"
    )
    (tmp_path / "changes.csv").write_text("service,committed_at\n")
    given: dict[str, object] = {"deployments": (f"{tmp_path}/d.csv",)}
    given |= {"changes": tuple(f"{tmp_path}/{name}" for name in names)}
    outcome = run(tmp_path, git=lived(tmp_path / "else"), **given)
    said = any(note.startswith("git was not asked what") for note in outcome.notes)
    assert said is (not names)


def test_the_records_tell_a_hotfix_and_a_roll_back_and_that_they_know_no_failed_one(
    tmp_path: Path,
) -> None:
    emitted(tmp_path, 10)
    emitted(tmp_path, 12, custom={"planned": "false"})
    emitted(tmp_path, 14, type="service.rolledback")
    emitted(tmp_path, 16, custom={"rollback-of": "x"})
    outcome = run(tmp_path)
    assert rows(outcome)["deployment rework rate"][:2] == ("75 %", "4")
    assert any("the records know no deployment that failed" in note for note in outcome.notes)


def test_a_failed_deployment_that_was_recorded_makes_the_rate(tmp_path: Path) -> None:
    for day in (10, 12, 14):
        emitted(tmp_path, day)
    emitted(tmp_path, 16, custom={"outcome": "failure"})
    outcome = run(tmp_path, incidents=(no_incidents(tmp_path),))
    assert rows(outcome)["change fail rate"][:2] == ("25 %", "4")
    assert not any("the records know no deployment" in note for note in outcome.notes)


def test_a_service_without_a_failed_record_keeps_the_rate_at_a_least(tmp_path: Path) -> None:
    for day in (10, 12):
        emitted(tmp_path, day)
        emitted(tmp_path, day, service="pay")
    emitted(tmp_path, 16, custom={"outcome": "failure"})
    outcome = run(tmp_path, incidents=(no_incidents(tmp_path),))
    told = {row[0]: row for row in outcome.tables[0].rows}
    assert (told["orders"][4], told["pay"][4]) == ("≥33.3 %", "cannot tell")
    assert any("the records know no deployment that failed" in note for note in outcome.notes)


def no_incidents(folder: Path) -> str:
    path = folder / "incidents.csv"
    path.write_text("service,environment,opened_at\n")
    return str(path)


def told_by_event(day: int, outcome: str = "success") -> dict[str, Any]:
    digest = f"sha256%3A{day:064x}"
    return {
        "context": {
            "id": f"e{day}",
            "type": "dev.cdevents.service.deployed.0.2.0",
            "timestamp": f"2026-11-{day:02}T10:00:00Z",
        },
        "subject": {
            "id": "orders",
            "content": {
                "environment": {"id": "production"},
                "artifactId": f"pkg:oci/orders@{digest}",
            },
        },
        "customData": {"outcome": outcome},
    }


def events(folder: Path, *told: dict[str, Any]) -> str:
    path = folder / "events.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    return str(path)


def test_a_table_of_incidents_without_one_tells_that_there_was_none(tmp_path: Path) -> None:
    path = events(tmp_path, *(told_by_event(day) for day in (10, 12, 14, 16)))
    incidents = (no_incidents(tmp_path),)
    told = rows(run(tmp_path, events=(path,), incidents=incidents, records="none"))
    assert told["change fail rate"][:2] == ("0 %", "4")


def test_records_and_incidents_alone_cannot_tell_that_nothing_failed(tmp_path: Path) -> None:
    outcome = run(tmp_path, git=lived(tmp_path), incidents=(no_incidents(tmp_path),))
    assert rows(outcome)["change fail rate"][:4] == (
        *("cannot tell", "4", "", "the records know no deployment that failed"),
    )
    assert any("the records know no deployment that failed" in note for note in outcome.notes)


def test_events_beside_the_records_tell_of_failed_deployments(tmp_path: Path) -> None:
    git, incidents = lived(tmp_path), (no_incidents(tmp_path),)
    path = events(tmp_path, told_by_event(16), told_by_event(15, "failure"))
    outcome = run(tmp_path, git=git, incidents=incidents, events=(path,))
    assert rows(outcome)["change fail rate"][:2] == ("20 %", "5")
    assert not any("leaves no record" in note for note in outcome.notes)


def test_a_table_of_deployments_beside_the_records_tells_of_failed_ones(tmp_path: Path) -> None:
    table = tmp_path / "deployments.csv"
    table.write_text(
        "service,environment,at,digest,outcome\n"
        f"orders,production,2026-11-15T10:00:00Z,sha256:{99:064x},failure\n"
    )
    outcome = run(
        tmp_path,
        git=lived(tmp_path),
        incidents=(no_incidents(tmp_path),),
        deployments=(str(table),),
    )
    assert rows(outcome)["change fail rate"][:2] == ("20 %", "5")
    assert not any("leaves no record" in note for note in outcome.notes)


def test_what_git_does_not_know_is_said(tmp_path: Path) -> None:
    git = lived(tmp_path)
    git.unknown = frozenset({f"{12:040x}"})
    git.between = {}
    outcome = run(tmp_path, git=git)
    assert rows(outcome)["change lead time, from commit"][0] == "cannot tell"


def test_below_the_minimum_nobody_can_tell(tmp_path: Path) -> None:
    told = rows(run(tmp_path, git=lived(tmp_path), minimum=5))
    assert {row[0] for row in told.values()} == {"cannot tell"}


def test_tables_are_joined_with_the_records(tmp_path: Path) -> None:
    git = lived(tmp_path)
    (tmp_path / "incidents.csv").write_text(
        "service,environment,opened_at,resolved_at,cause\n"
        f"orders,production,2026-11-14T11:00:00Z,2026-11-14T13:00:00Z,{14:040x}\n"
        "orders,production,2026-11-16T11:00:00Z,2026-11-16T12:00:00Z,\n"
    )
    told = rows(run(tmp_path, git=git, incidents=(str(tmp_path / "incidents.csv"),)))
    assert told["change fail rate"][:4] == (
        *("≥50 %", "4", "", "at least: the records know no deployment that failed"),
    )
    assert told["failed deployment recovery time"][:2] == ("2.5 hours", "2")


def stored(folder: Path) -> str:
    path = folder / "delivery.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE deployments AS SELECT 'orders' AS service, 'production' AS environment,"
            " TIMESTAMPTZ '2026-11-10 10:00:00Z' + to_days(CAST(n AS INTEGER)) AS at,"
            " 'd' || n AS digest FROM range(6) t(n)"
        )
        connection.execute(
            "CREATE TABLE incidents (service VARCHAR, environment VARCHAR, opened_at TIMESTAMPTZ)"
        )
    return f"duckdb://{path}"


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis's own affair
@pytest.mark.parametrize(("incidents", "fails"), [("incidents", "0 %"), ("none", "cannot tell")])
def test_an_engine_tells_the_numbers_and_their_course_and_why_nothing_is_listed(
    tmp_path: Path, incidents: str, fails: str
) -> None:
    tables = {"changes": "none", "incidents": incidents}
    outcome = run(tmp_path, engine=stored(tmp_path), table=tables, json="d.json")
    assert json.loads((tmp_path / "d.json").read_text())["course"]
    assert rows(outcome)["change fail rate"][:2] == (fails, "6")
    shown = outcome.exhibit
    assert isinstance(shown, Delivery)
    assert shown.unlisted.startswith("There is no list of deployments: an engine tells numbers")
    assert shown.unlisted in outcome.notes
    by_key = {one.key: one for one in shown.services[0].metrics}
    assert [part.n for part in by_key["frequency"].parts if part.value] == [6]


def test_an_incident_may_end_in_another_file_of_events(tmp_path: Path) -> None:
    purl = f"pkg:oci/orders@sha256:{'a' * 64}"
    told = {
        "1.ndjson": [("service.deployed", "orders", "10:00"), ("incident.detected", "i1", "10:30")],
        "2.ndjson": [("incident.resolved", "i1", "12:00")],
    }
    for name, events in told.items():
        lines = [
            json.dumps(
                {
                    "context": {
                        "id": f"{kind} {about}",
                        "type": f"dev.cdevents.{kind}.0.3.0",
                        "timestamp": f"2026-11-20T{at}:00Z",
                    },
                    "subject": {
                        "id": about,
                        "content": {
                            "environment": {"id": "production"},
                            "service": {"id": "orders"},
                            "artifactId": purl,
                        },
                    },
                }
            )
            for kind, about, at in events
        ]
        (tmp_path / name).write_text("\n".join(lines))
    outcome = run(tmp_path, events=("2.ndjson", "1.ndjson"), minimum=1, records="none")
    assert rows(outcome)["failed deployment recovery time"][:2] == ("2 hours", "1")


def test_the_numbers_are_written_for_machines(tmp_path: Path) -> None:
    git = lived(tmp_path)
    run(tmp_path, git=git, csv="d.csv", json="d.json", openmetrics="d.prom", edition="2023")
    found = list(csv.DictReader((tmp_path / "d.csv").read_text().splitlines()))
    assert [row["metric"] for row in found] == [
        *("lead", "lead_merge", "frequency", "fail", "recovery", "rework"),
    ]
    assert (found[0]["value"], found[0]["band"], found[0]["edition"]) == ("7200.0", "elite", "2023")
    whole = json.loads((tmp_path / "d.json").read_text())
    assert whole["measured"][0]["deployments"] == 4
    text = (tmp_path / "d.prom").read_text()
    labels = '{service="orders",environment="production"}'
    assert f"cdkit_dora_change_lead_time_seconds{labels} 7200.0\n" in text
    assert text.endswith("# EOF\n")
    assert "_recovery_seconds" not in text  # what nobody can tell is no zero


def test_where_nothing_was_deployed_there_is_nothing_to_measure(tmp_path: Path) -> None:
    deployed(tmp_path, 10, environment="staging")
    with pytest.raises(NoInput, match="nothing was deployed to production in the 90 days before"):
        run(tmp_path)


def test_a_record_that_cannot_be_read_is_cannot_tell(tmp_path: Path) -> None:
    deployed(tmp_path, 10)
    folder = tmp_path / ".cdkit/records/environments/production"
    (folder / f"{'0' * 64}.json").write_text("{")
    outcome = run(tmp_path, openmetrics="d.prom")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert isinstance(outcome.exhibit, Delivery)
    assert not outcome.exhibit.complete
    assert 'cdkit_dora_complete{environment="production"} 0\n' in (tmp_path / "d.prom").read_text()


@pytest.mark.parametrize(
    "options",
    [
        {"days": 0},
        {"days": 1e9},
        {"hours": -1},
        {"minimum": 0},
        {"until": "soon"},
        {"until": "0001-01-01"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    tmp_path: Path, options: dict[str, object]
) -> None:
    deployed(tmp_path, 10)
    with pytest.raises(RequestError):
        run(tmp_path, **options)  # type: ignore[arg-type]


def test_a_file_that_is_not_there_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInput):
        run(tmp_path, events=("events.ndjson",))


def test_it_exhibits_the_course_and_what_is_behind_the_numbers(tmp_path: Path) -> None:
    shown = run(tmp_path, git=lived(tmp_path)).exhibit
    assert isinstance(shown, Delivery)
    (orders,) = shown.services
    assert shown.together is None
    lead = next(one for one in orders.listings if one.metric == "lead")
    assert [(one.commit, one.lead) for one in lead.made] == [
        (f"{day:040x}", 7200.0) for day in (16, 14, 12)
    ]


def test_git_is_asked_for_the_time_before_too(tmp_path: Path) -> None:
    outcome = run(tmp_path, git=lived(tmp_path), days=2, until="2026-11-16T12:00:00Z")
    lead = rows(outcome)["change lead time, from commit"]
    assert lead[:2] == ("cannot tell", "1")
    shown = outcome.exhibit
    assert isinstance(shown, Delivery)
    before = shown.services[0].metrics[0].before
    assert before is not None
    assert before.n == 1


def test_a_time_before_all_software_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nothing was deployed in 3"):
        run(tmp_path, git=lived(tmp_path), until="0003-01-01T00:00:00Z")


def test_incidents_of_a_service_that_nobody_deployed_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "incidents.csv"
    path.write_text(
        "service,environment,opened_at,resolved_at,cause,id\n"
        "ordres,production,2026-11-15T00:00:00Z,,,1\n"
        "ordres,production,2026-11-16T00:00:00Z,,,2\n"
        "orders,production,2026-11-16T01:00:00Z,,none,3\n"
        "bills,staging,2026-11-16T00:00:00Z,,,4\n"
    )
    notes = run(tmp_path, git=lived(tmp_path), incidents=(str(path),)).notes
    said = [note for note in notes if "that nobody deployed" in note]
    assert said == [
        "2 incidents of services that nobody deployed count for none of these: 'ordres'"
    ]


def test_a_change_counts_where_it_came_first_and_not_again_after_a_roll_back(
    tmp_path: Path,
) -> None:
    for day, back in ((10, 10), (12, 12), (14, 10), (16, 16)):
        deployed(tmp_path, back, at=day)
    git = FakeGit(
        between={
            (f"{10:040x}", f"{12:040x}"): (commit(12, 10),),
            (f"{12:040x}", f"{10:040x}"): (),
            (f"{10:040x}", f"{16:040x}"): (commit(16, 12), commit(12, 10)),
        }
    )
    lead = rows(run(tmp_path, git=git))["change lead time, from commit"]
    assert lead[:2] == ("2 hours", "2")


def with_commits(folder: Path) -> FakeGit:
    for day in (10, 12, 14):
        deployed(folder, day)
        deployed(folder, day, service="pay")
    between = {
        (f"{10:040x}", f"{12:040x}"): (commit(12, 11, 8), commit(11, 10, 6)),
        (f"{12:040x}", f"{14:040x}"): (commit(14, 12, 9),),
    }
    return FakeGit(between=between, places={"services/pay": frozenset({f"{11:040x}"})})


def leads(outcome: Outcome) -> dict[str, str]:
    return {row[0]: row[1] for row in outcome.tables[0].rows}


def test_in_a_repository_of_several_services_only_what_changes_its_folders_counts(
    tmp_path: Path,
) -> None:
    git = with_commits(tmp_path)
    every = run(tmp_path, git=git, minimum=1)
    assert leads(every)["orders"] == leads(every)["pay"] == "2 hours"
    apart = run(tmp_path, git=git, minimum=1, paths={"pay": "services/pay/,libs", "ordres": "x"})
    assert leads(apart)["orders"] == "2 hours"
    assert leads(apart)["pay"] == "1.17 days"
    assert "pay: 1 of 3 deployments with known changes" in apart.notes
    assert (
        "paths are given for 'ordres', which by records, events and systems nobody deployed"
        in apart.notes
    )


@pytest.mark.parametrize(
    "more", [{"paths": {"pay": "a,,b"}}, {"paths": {"pay": "a"}, "changes": ("c.csv",)}]
)
def test_paths_that_narrow_nothing_are_a_wrong_request(tmp_path: Path, more: Any) -> None:  # noqa: ANN401
    with pytest.raises(RequestError) as caught:
        run(tmp_path, git=with_commits(tmp_path), **more)
    assert str(caught.value).startswith("paths: ")


def test_a_record_without_a_time_that_exists_is_not_left_out_in_silence(tmp_path: Path) -> None:
    deployed(tmp_path, 10)
    deployed(tmp_path, 12, at=31)
    outcome = run(tmp_path)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    (said,) = (one.what for one in outcome.verdict.reasons if one.answer is Answer.CANNOT_TELL)
    assert said == "a record of a deployment of 'orders' says no time: '2026-11-31T10:00:00Z'"


def test_what_records_and_events_both_tell_is_one_deployment_whatever_its_name(
    tmp_path: Path,
) -> None:
    for team in ("a", "b"):
        emitted(tmp_path, 10, service=f"team-{team}/api", sinks=("file:told.ndjson",))
    outcome = run(tmp_path, events=("told.ndjson",), minimum=1)
    assert [row[0] for row in outcome.tables[0].rows] == ["team-a/api", "team-b/api"]
    assert outcome.verdict.reasons[0].what.startswith("2 deployments of 2 services")
