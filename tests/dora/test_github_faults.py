"""GitHub that refuses, fails, lies or leads elsewhere: never a yes, never another host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdkit.core.errors import RequestError
from cdkit.core.verdict import Answer, Reason
from cdkit.dora.source import Found, resolve
from tests.dora.asking_github import TOKEN, A, ask, done, outside, question, settled
from tests.dora.forges import GitHub, Given, running


@pytest.fixture
def github() -> Iterator[GitHub]:
    system = GitHub()
    with running(system):
        yield system


# What goes wrong


def only(found: Found) -> Reason:
    (reason,) = found.reasons
    assert reason.answer is Answer.CANNOT_TELL
    assert TOKEN not in str(found)
    return reason


@pytest.mark.parametrize(
    ("status", "what", "remedy"),
    [
        (401, "answers 401 (Bad credentials)", "the token is wrong or has expired"),
        (403, "answers 403 (Bad credentials)", "deployments: read"),
        (404, "answers 404 (Bad credentials)", "check the repository's name"),
        (400, "answers 400 (Bad credentials)", "see what the system says"),
    ],
)
def test_who_is_not_let_in_is_told_what_it_takes(
    github: GitHub, tmp_path: Path, status: int, what: str, remedy: str
) -> None:
    github.next.append(Given(status=status, body={"message": "Bad credentials"}))
    reason = only(ask(tmp_path, github))
    assert what in reason.what
    assert remedy in reason.remedy
    assert str(reason.where) == "github acme/orders"


def test_a_repository_that_is_not_there_is_none_without_deployments(
    github: GitHub, tmp_path: Path
) -> None:
    reason = only(ask(tmp_path, github, settled(repository="acme/nothing")))
    assert reason.what == "GitHub refuses: Could not resolve"
    assert "check the repository's name" in reason.remedy


def test_half_an_answer_beside_a_fault_is_none(github: GitHub, tmp_path: Path) -> None:
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    fault = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    told = {"data": {"repository": {"page": page}}, "errors": [fault]}
    github.next.append(Given(body=told))
    assert "deployments: read" in only(ask(tmp_path, github)).remedy


@pytest.mark.parametrize(
    ("given", "waited"),
    [
        (Given(status=429, headers={"Retry-After": "90"}), 90),
        (Given(status=403, headers={"Retry-After": "61"}), 61),
        (
            Given(
                status=403,
                headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795435320"},
            ),
            120,
        ),
        (Given(status=403, body={"message": "You have exceeded a secondary rate limit."}), 60),
        (Given(body={"errors": [{"type": "RATE_LIMITED", "message": "exceeded"}]}), 60),
        (Given(status=502), 1),
        (Given(status=500), 1),
    ],
)
def test_what_passes_is_waited_for(
    github: GitHub, tmp_path: Path, given: Given, waited: float
) -> None:
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when))
    github.next.append(given)
    there = outside(tmp_path, github)
    (source,) = resolve(["github"])
    found = source.gather(question(), there)
    assert (len(found.deployments), found.reasons) == (1, ())
    assert there.clock.monotonic() == waited


def test_a_limit_that_outlasts_the_time_is_no_answer(github: GitHub, tmp_path: Path) -> None:
    github.next.append(Given(status=429, headers={"Retry-After": "3000"}))
    reason = only(ask(tmp_path, github))
    assert reason.what.endswith("wants no questions for another 3000 s, and 300 s are left")
    assert "--budget" in reason.remedy


def test_a_server_that_goes_on_failing_is_asked_five_times(github: GitHub, tmp_path: Path) -> None:
    github.next.extend([Given(status=500)] * 10)
    assert "answers 500" in only(ask(tmp_path, github)).what
    assert len(github.asked) == 5


def test_a_server_that_failed_is_not_said_to_want_a_pause(github: GitHub, tmp_path: Path) -> None:
    github.next.extend([Given(status=500)] * 10)
    assert "answers 500" in only(ask(tmp_path, github, budget=4)).what
    assert len(github.asked) == 3  # pauses of one and of two seconds; one of four is too long


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        {"data": None},
        {"data": {"repository": None}},
        {"data": {"repository": {"page": {"pageInfo": {"hasNextPage": False}}}}},
        {"data": {"repository": {"page": {"pageInfo": {"hasNextPage": False}, "nodes": [{}]}}}},
        {"data": {"repository": {"page": {"pageInfo": {"hasNextPage": True}, "nodes": []}}}},
    ],
)
def test_an_answer_that_is_none_cannot_tell(github: GitHub, tmp_path: Path, body: object) -> None:
    github.next.append(Given(body=body))
    found = ask(tmp_path, github)
    only(found)
    assert found.deployments == ()


def test_a_body_that_is_cut_off_cannot_tell(github: GitHub, tmp_path: Path) -> None:
    github.next.extend([Given(body=b'{"data":', cut=True)] * 10)
    reason = only(ask(tmp_path, github))
    assert "cut its answer short" in reason.what
    assert str(reason.where) == "github"


def test_a_time_without_a_zone_is_none(github: GitHub, tmp_path: Path) -> None:
    github.deploy("2026-11-20T10:00:00", A, done("2026-11-20T10:00:00Z"))
    assert "createdAt" in only(ask(tmp_path, github)).what


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_clock_ever_shows_is_none(github: GitHub, tmp_path: Path, when: str) -> None:
    github.deploy("2026-11-20T10:00:00Z", A, done(when))
    assert only(ask(tmp_path, github)).what.endswith("is told, and nothing was deployed then")


def test_a_list_that_repeats_itself_has_no_end(github: GitHub, tmp_path: Path) -> None:
    one = {"pageInfo": {"hasNextPage": True, "endCursor": "100"}, "nodes": []}
    github.next.extend([Given(body={"data": {"repository": {"page": one}}})] * 3)
    assert only(ask(tmp_path, github)).what == "GitHub says the same page again and again"


def issues(github: GitHub, tmp_path: Path, *given: Given) -> Reason:
    """Return the reason why incidents cannot be told; the deployments are told all the same."""
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when))
    github.next.append(Given(body=page_of(github)))
    github.next.extend(given)
    found = ask(tmp_path, github)
    assert [one.deployed.commit for one in found.deployments] == [A]
    return only(found)


def page_of(github: GitHub) -> dict[str, object]:
    page = {"pageInfo": {"hasNextPage": False}, "nodes": github.deployments}
    return {"data": {"repository": {"page": page}}}


def issue(number: int) -> dict[str, object]:
    return {"number": number, "created_at": "2026-11-20T10:00:00Z"}


def test_issues_that_nobody_may_read_are_not_none(github: GitHub, tmp_path: Path) -> None:
    reason = issues(github, tmp_path, Given(status=403, body={"message": "Resource not"}))
    assert "issues: read" in reason.remedy


def test_nobody_knows_of_incidents_whose_label_cannot_be_asked_for(
    github: GitHub, tmp_path: Path
) -> None:
    fails = [Given(status=500)] * 5
    assert "/labels/incident answers 500" in issues(github, tmp_path, Given(body=[]), *fails).what


def test_pull_requests_that_fail_are_more_than_a_note(github: GitHub, tmp_path: Path) -> None:
    fails = [Given(status=500)] * 5
    reason = issues(github, tmp_path, Given(body=[issue(1)]), *fails)
    assert "/graphql answers 500" in reason.what


def test_pull_requests_that_nobody_may_read_are_done_without(
    github: GitHub, tmp_path: Path
) -> None:
    github.next.extend([Given(body=page_of(github)), Given(body=[issue(1)]), Given(status=403)])
    found = ask(tmp_path, github)
    assert (len(found.incidents), found.reasons) == (1, ())
    assert found.notes[0].startswith("squashed changes have the time of their merge, since")


def test_a_next_page_on_another_host_is_not_fetched(github: GitHub, tmp_path: Path) -> None:
    with running(other := GitHub()):
        link = {"Link": f'<{other.url}/repos/acme/orders/issues?page=2>; rel="next"'}
        reason = issues(github, tmp_path, Given(body=[issue(1)], headers=link))
    assert "the token goes to no other host" in reason.what
    assert other.asked == []


def test_a_redirect_to_another_host_is_not_followed(github: GitHub, tmp_path: Path) -> None:
    with running(other := GitHub()):
        moved = Given(status=301, headers={"Location": f"{other.url}/repositories/7/issues?a=b"})
        reason = issues(github, tmp_path, moved)
    assert reason.what.endswith(
        f"leads to {other.url}/repositories/7/issues, and the token goes to no other host"
    )
    assert other.asked == []


def test_a_repository_that_was_renamed_is_found(github: GitHub, tmp_path: Path) -> None:
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when))
    github.next.append(Given(body=page_of(github)))
    github.next.append(Given(status=301, headers={"Location": "/repos/acme/orders/issues?labels="}))
    assert ask(tmp_path, github).reasons == ()


def test_a_redirect_in_a_circle_ends(github: GitHub, tmp_path: Path) -> None:
    moved = Given(status=302, headers={"Location": "/repos/acme/orders/issues"})
    assert "leads on and on" in issues(github, tmp_path, *[moved] * 4).what


def test_issues_that_repeat_themselves_have_no_end(github: GitHub, tmp_path: Path) -> None:
    link = {"Link": '</repos/acme/orders/issues>; rel="next"'}
    same = Given(body=[issue(1)], headers=link)
    assert "says the same page again" in issues(github, tmp_path, same, same).what


def test_a_clock_that_differs_is_told(github: GitHub, tmp_path: Path) -> None:
    github.date = "Mon, 23 Nov 2026 12:10:00 GMT"
    notes = ask(tmp_path, github).notes
    assert "github acme/orders: its clock is 0:10:00 ahead of this one's" in notes


def test_without_a_token_nobody_is_asked(github: GitHub, tmp_path: Path) -> None:
    (source,) = resolve(["github"])
    found = source.gather(question(), outside(tmp_path, github, GITHUB_TOKEN=" "))
    (reason,) = found.reasons
    assert reason.what == "GITHUB_TOKEN holds no token"
    assert github.asked == []


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_REPOSITORY": ""},
        {"GITHUB_REPOSITORY": "acme/orders/../x"},
        {"GITHUB_API_URL": "http://api.github.example"},
        {"GITHUB_API_URL": "https://user:word@api.github.example"},
        {"GITHUB_API_URL": "nonsense"},
    ],
)
def test_a_place_that_cannot_be_asked_is_refused(
    github: GitHub, tmp_path: Path, environ: dict[str, str]
) -> None:
    (source,) = resolve(["github"])
    with pytest.raises(RequestError):
        source.gather(question(), outside(tmp_path, github, **environ))
    assert github.asked == []


def test_the_token_goes_along_and_nowhere_else(github: GitHub, tmp_path: Path) -> None:
    ask(tmp_path, github)
    assert {q.headers["authorization"] for q in github.asked} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN in q.path or TOKEN in str(q.query) for q in github.asked)
