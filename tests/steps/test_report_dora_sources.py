"""report-dora --from: what GitHub and GitLab tell, joined with records and git, measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from cdkit.core.documents.kinds import Deployment
from cdkit.core.documents.statement import state
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.dora.source import SourceTable
from cdkit.evidence.store import open_store
from cdkit.steps.report_dora import STEP, ReportDoraOptions
from tests.dora.forges import GitHub, GitLab, Given, Question, System, running
from tests.evidence.doubles import REPOSITORY, origin
from tests.worlds import FakeGit, StandingClock, world


@pytest.fixture
def github() -> Iterator[GitHub]:
    with running(system := GitHub()):
        yield system


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with running(system := GitLab()):
        yield system


def run(folder: Path, system: System, *sources: str | SourceTable, **options: object) -> Outcome:
    clock = StandingClock()
    environ = {"GITHUB_REPOSITORY": "acme/orders", "GITHUB_API_URL": system.url}
    environ |= {"CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "acme/orders", "GITHUB_TOKEN": "ghs_x"}
    environ |= {"CI_API_V4_URL": f"{system.url}/api/v4", "GITLAB_TOKEN": "glpat-x"}
    there = world(folder, environ=environ, git=FakeGit(at=None))
    there = dataclasses.replace(there, clock=clock, http=RequestsHttp(clock))
    told = {"records": ".cdkit/records", "minimum": 2, "sources": sources, **options}
    return STEP.run(ReportDoraOptions(**told), there)  # type: ignore[arg-type]


def sha(day: int) -> str:
    return f"{day:02x}" * 20


def deployed(system: GitHub, *days: int, state: str = "SUCCESS", run: int = 0) -> None:
    for day in days:
        at = f"2026-11-{day:02}T10:0"
        system.deploy(f"{at}0:00Z", sha(day), (state, f"{at}5:00Z"), run=run + day)


def compared(system: GitHub, since: int, until: int, hour: int) -> None:
    when = {"date": f"2026-11-{until:02}T{hour:02}:05:00Z"}
    system.compared[f"{sha(since)}...{sha(until)}"] = [
        {"sha": sha(until), "commit": {"author": when, "committer": when}}
        | {"parents": [{"sha": sha(since)}]}
    ]


def recorded(folder: Path, day: int, run: str) -> None:
    document = Deployment(
        origin=structs.replace(
            origin("emit-event", recorded_at=f"2026-11-{day:02}T10:04:00Z"), run=run
        ),
        image=f"{REPOSITORY}@sha256:{day:064x}",
        environment="production",
        service="orders",
        status="deployed",
        commit=sha(day),
        event=f"e{day}",
    )
    subject = Subject(name=REPOSITORY, digest={"sha256": f"{day:064x}"})
    open_store(".cdkit/records", world(folder)).put(state(document, subject))


def rows(outcome: Outcome, table: int = 0) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in outcome.tables[table].rows}


def test_github_alone_gives_the_metrics(github: GitHub, tmp_path: Path) -> None:
    deployed(github, 10, 12, 14, 16)
    deployed(github, 18, state="FAILURE")
    for since, until in ((10, 12), (12, 14), (14, 16)):
        compared(github, since, until, hour=8)
    github.issue(
        3, "2026-11-14T11:05:00Z", "2026-11-14T12:05:00Z", body=f"caused-by: {sha(14)[:12]}"
    )
    github.issue(4, "2026-11-16T11:00:00Z", "2026-11-16T12:05:00Z")
    outcome = run(tmp_path, github, "github")
    assert outcome.verdict.answer is Answer.YES
    told = rows(outcome)
    assert told["change lead time, from commit"][:2] == ("2 hours", "3")
    assert told["change fail rate"][:2] == ("60 %", "5")
    assert told["failed deployment recovery time"][:2] == ("2 hours", "2")
    assert outcome.tables[1].heading == "what the numbers rest on"
    assert outcome.tables[1].rows == (("github", "5", "3 (60 %)", "2", "1 (50 %)"),)
    assert "the checkout lacks the commits of 3 deployments: a source told them" in (outcome.notes)


def test_a_squash_took_as_long_as_its_first_commit(github: GitHub, tmp_path: Path) -> None:
    deployed(github, 10, 12)
    compared(github, 10, 12, hour=8)
    written: dict[str, object] = {"oid": "d" * 40, "authoredDate": "2026-11-10T10:05:00Z"}
    written |= {"committedDate": "2026-11-10T10:05:00Z", "parents": {"totalCount": 1}}
    main = {"oid": sha(12), "authoredDate": "2026-11-12T08:05:00Z", "parents": {"totalCount": 1}}
    github.pulls = [
        {"updatedAt": "2026-11-12T08:05:00Z", "mergedAt": "2026-11-12T08:05:00Z"}
        | {"mergeCommit": main, "id": "PR_1"}
        | {"commits": {"totalCount": 1, "nodes": [{"commit": written}]}}
    ]
    told = rows(run(tmp_path, github, "github", minimum=1))
    assert told["change lead time, from commit"][:2] == ("2 days", "1")
    assert told["change lead time, from merge"][:2] == ("2 hours", "1")


def test_the_same_commit_again_is_no_deployment_and_an_earlier_one_is_a_roll_back(
    github: GitHub, tmp_path: Path
) -> None:
    for day, commit in ((10, 1), (11, 1), (12, 2), (13, 1), (14, 3)):
        when = f"2026-11-{day:02}T10:00:00Z"
        github.deploy(when, sha(commit), ("SUCCESS", when))
    outcome = run(tmp_path, github, "github")
    assert rows(outcome)["change fail rate"][:2] == ("33.3 %", "3")
    (told,) = [note for note in outcome.notes if note.startswith("orders: ")]
    assert "1 roll-back" in told
    assert told.endswith("1 deployed again, not counted")


def test_what_was_recorded_and_what_github_made_for_the_job_is_one(
    github: GitHub, tmp_path: Path
) -> None:
    deployed(github, 10, 12, run=100)
    recorded(tmp_path, 10, "110")
    recorded(tmp_path, 12, "112")
    outcome = run(tmp_path, github, "github")
    assert outcome.outputs.deployments == "2"  # type: ignore[attr-defined]
    assert outcome.tables[1].rows == (("records", "2", "0 (0 %)", "0", "none"),)


def test_a_repository_that_is_named_in_two_ways_is_counted_once(
    github: GitHub, tmp_path: Path
) -> None:
    deployed(github, 10, 12)
    github.issue(3, "2026-11-14T11:00:00Z", body="caused-by: none")
    outcome = run(tmp_path, github, "github", "github:acme/orders")
    assert outcome.tables[1].rows == (("github", "2", "0 (0 %)", "1", "1 (100 %)"),)


def test_several_services_of_one_repository_are_told_apart(github: GitHub, tmp_path: Path) -> None:
    for day, name in ((10, "pay"), (11, "orders"), (12, "pay")):
        when = f"2026-11-{day:02}T10:00:00Z"
        github.deploy(when, sha(day), ("SUCCESS", when), environment=f"{name}-production")
    table = SourceTable(type="github", environments=("{service}-production",))
    outcome = run(tmp_path, github, table)
    told = [note for note in outcome.notes if "with known changes" in note]
    assert told == [
        "orders: 0 of 1 deployment with known changes",
        "pay: 0 of 2 deployments with known changes",
    ]


@pytest.mark.parametrize(
    "name", ["a\0b", "\x1b[31mred", "::error::x", "'; DROP TABLE x; --", "x" * 300]
)
def test_a_hostile_name_is_a_name(github: GitHub, tmp_path: Path, name: str) -> None:
    when = "2026-11-12T10:00:00Z"
    github.deploy(when, sha(1), ("SUCCESS", when), payload={"service": name})
    assert [table.heading for table in run(tmp_path, github, "github").tables[:1]] == [name]


def test_an_incident_of_no_known_service_is_said(github: GitHub, tmp_path: Path) -> None:
    for day, name in ((10, "pay"), (11, "orders")):
        when = f"2026-11-{day:02}T10:00:00Z"
        github.deploy(when, sha(day), ("SUCCESS", when), payload={"service": name})
    github.issue(3, "2026-11-14T11:00:00Z")
    github.issue(4, "2026-11-14T11:00:00Z", body=f"caused-by: {sha(10)}")
    assert "github: nobody knows the service of 1 incident: not counted" in (
        run(tmp_path, github, "github").notes
    )


def test_incidents_that_cannot_be_read_are_not_none(github: GitHub, tmp_path: Path) -> None:
    deployed(github, 10, 12)
    page = {"pageInfo": {"hasNextPage": False}, "nodes": github.deployments}
    github.next.append(Given(body={"data": {"repository": {"page": page}}}))
    github.next.append(Given(status=403, body={"message": "Resource not accessible"}))
    outcome = run(tmp_path, github, "github")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outcome.outputs.deployments == "2"  # type: ignore[attr-defined]


def test_a_cause_that_nobody_knows_is_said(github: GitHub, tmp_path: Path) -> None:
    deployed(github, 10, 12)
    github.issue(3, "2026-11-14T11:00:00Z", body="caused-by: 4711")
    outcome = run(tmp_path, github, "github")
    assert "github: 1 incident with a cause that is no deployment known here" in outcome.notes
    assert outcome.tables[1].rows == (("github", "2", "0 (0 %)", "1", "0 (0 %)"),)


def test_commits_that_nobody_knows_are_said(github: GitHub, tmp_path: Path) -> None:
    deployed(github, 10, 12, 14)
    outcome = run(tmp_path, github, "github")
    assert outcome.verdict.answer is Answer.YES
    assert outcome.notes[-1].startswith("git does not know what 2 deployments brought")


def test_commits_that_a_source_fails_to_tell_are_no_silence(github: GitHub, tmp_path: Path) -> None:
    deployed(github, 10, 12, 14, 16)
    plain = github.answer

    def answer(question: Question) -> Given:
        return Given(status=403) if "/compare/" in question.path else plain(question)

    github.answer = answer  # type: ignore[method-assign]
    outcome = run(tmp_path, github, "github")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    (reason,) = [one for one in outcome.verdict.reasons if one.answer is Answer.CANNOT_TELL]
    assert "answers 403" in reason.what
    assert "contents: read" in reason.remedy
    assert sum("/compare/" in one.path for one in github.asked) == 1


def test_where_nobody_tells_of_incidents_the_rate_is_known_from_below(
    github: GitHub, tmp_path: Path
) -> None:
    github.labels.clear()
    deployed(github, 10, 12, 14)
    deployed(github, 16, state="FAILURE")
    outcome = run(tmp_path, github, "github")
    assert rows(outcome)["change fail rate"][:4] == (
        *("≥25 %", "4", "", "at least: nobody told of incidents"),
    )
    assert outcome.notes[-1].startswith("nobody tells of incidents, so nobody knows which")


def test_gitlab_alone_gives_the_metrics(gitlab: GitLab, tmp_path: Path) -> None:
    for day in (10, 12, 14):
        gitlab.deploy(f"2026-11-{day:02}T12:05:00+02:00", sha(day), pipeline=day)
    for since, until in ((10, 12), (12, 14)):
        when = f"2026-11-{until:02}T07:05:00Z"
        gitlab.ranges[f"{sha(since)}..{sha(until)}"] = [
            {"id": sha(until), "parent_ids": [sha(since)]}
            | {"authored_date": when, "committed_date": when}
        ]
    gitlab.there["merge_requests"] = [
        {"iid": day, "merged_at": f"2026-11-{day:02}T08:05:00Z", "sha": sha(day)}
        | {"updated_at": f"2026-11-{day:02}T08:05:00Z"}
        for day in (12, 14)
    ]
    told = rows(run(tmp_path, gitlab, "gitlab"))
    assert told["change lead time, from commit"][:2] == ("3 hours", "2")
    assert told["change lead time, from merge"][:2] == ("2 hours", "2")


def squashed(system: GitLab, *days: int) -> None:
    """Deploy a squash a day, each of a merge request with a commit of two hours before."""
    for day in (days[0] - 1, *days):
        system.deploy(f"2026-11-{day:02}T10:05:00Z", sha(day), pipeline=day)
    for day in days:
        at = f"2026-11-{day:02}T09:05:00Z"
        system.ranges[f"{sha(day - 1)}..{sha(day)}"] = [
            {"id": sha(day), "parent_ids": [sha(day - 1)]}
            | {"authored_date": at, "committed_date": at}
        ]
        system.there["merge_requests"].append(
            {"iid": day, "merged_at": at, "sha": "9" * 40, "squash_commit_sha": sha(day)}
            | {"updated_at": at}
        )
        written = f"2026-11-{day:02}T08:05:00Z"
        system.there[f"merge_requests/{day}/commits"] = [
            {"id": f"{day:040x}", "parent_ids": [sha(day - 1)]}
            | {"authored_date": written, "committed_date": written}
        ]


def test_a_squash_of_gitlab_took_as_long_as_its_first_commit(
    gitlab: GitLab, tmp_path: Path
) -> None:
    squashed(gitlab, 12, 13)
    gitlab.there["merge_requests"].append(
        {"iid": 99, "merged_at": "2026-11-13T09:05:00Z", "squash_commit_sha": "8" * 40}
        | {"updated_at": "2026-11-13T09:05:00Z"}
    )
    told = rows(run(tmp_path, gitlab, "gitlab"))
    assert told["change lead time, from commit"][:2] == ("2 hours", "2")
    asked = [q.path for q in gitlab.asked if "/merge_requests/" in q.path]
    assert [path.rpartition("/merge_requests/")[2] for path in asked] == [
        *("12/commits", "13/commits"),  # and not of what was not deployed
    ]


def test_a_squash_that_cannot_be_looked_into_is_no_silence(gitlab: GitLab, tmp_path: Path) -> None:
    squashed(gitlab, 12, 13)
    plain = gitlab.answer

    def answer(question: Question) -> Given:
        fails = question.path.endswith("/12/commits")
        return Given(body=b"[{") if fails else plain(question)

    gitlab.answer = answer  # type: ignore[method-assign]
    outcome = run(tmp_path, gitlab, "gitlab")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    (reason,) = [one for one in outcome.verdict.reasons if one.answer is Answer.CANNOT_TELL]
    assert "/merge_requests/12/commits answers something else than it should" in reason.what


def test_where_nothing_was_deployed_the_other_environments_are_named(
    github: GitHub, tmp_path: Path
) -> None:
    github.deploy("2026-11-12T10:00:00Z", sha(1), environment="prod")
    with pytest.raises(NoInput) as fault:
        run(tmp_path, github, "github")
    assert "github acme/orders: the environments of its last 1 deployment: prod" in (
        fault.value.remedy
    )


def test_deployments_none_of_which_ended_cannot_be_told(github: GitHub, tmp_path: Path) -> None:
    github.deploy("2026-11-12T10:00:00Z", sha(1))
    outcome = run(tmp_path, github, "github")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outcome.verdict.reasons[0].what == ("1 deployment, and nobody said of any how it ended")


@pytest.mark.parametrize(
    ("sources", "what"),
    [
        (("nope",), "'nope' is no kind of source"),
        (("",), "'' is no kind of source"),
        (("_forge",), "'_forge' is no kind of source"),
        (("github", "github"), "the source github is named twice"),
        (("github:acme",), "'acme' is no repository of GitHub's"),
        (
            (SourceTable(type="github", settings={"label": "x"}),),
            "a github source has no setting 'label'",
        ),
        (
            (SourceTable(type="github", environments=("{env}",)),),
            "'{env}' is no pattern of a name",
        ),
    ],
)
def test_a_source_that_is_none_is_refused(
    github: GitHub, tmp_path: Path, sources: tuple[str | SourceTable, ...], what: str
) -> None:
    with pytest.raises(RequestError) as fault:
        run(tmp_path, github, *sources)
    assert fault.value.what == what
    assert github.asked == []


def test_an_engine_outside_passes_over_no_source_in_silence(tmp_path: Path, github: GitHub) -> None:
    deployed(github, 2, 3)
    with pytest.raises(RequestError) as refused:
        run(tmp_path, github, "github", engine="postgres://nowhere/db")
    assert str(refused.value.where) == "sources"
    assert github.asked == []
