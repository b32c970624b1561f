"""Reviews and approvals, asked of a GitHub and a GitLab of our own on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.kinds import Evidence
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.steps.record_evidence import STEP, RecordEvidenceOptions
from tests.evidence.doubles import IMAGE
from tests.worlds import COMMIT, world

HEAD = "f" * 40


@dataclass
class Server:
    """A forge: what stands at which path, and what was asked for."""

    address: str = ""
    there: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    broken: int = 0


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            del format, args

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            secret = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
            found.asked.append((self.path, secret))
            told = found.there.get(path)
            if isinstance(told, list) and "page=2" in self.path:
                told = []
            status = found.broken or (404 if told is None else 200)
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield found
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def run(folder: Path, server: Server, system: str = "github", **options: str) -> Outcome:
    environ = {
        "GITHUB_API_URL": server.address,
        "GITHUB_TOKEN": "ghs_secret",
        "CI_API_V4_URL": f"{server.address}/api/v4",
        "CI_PROJECT_ID": "7",
        "GITLAB_TOKEN": "glpat_secret",
    }
    if options.pop("token", "") == "none":
        environ |= {"GITHUB_TOKEN": "", "GITLAB_TOKEN": ""}
    context = BuildContext(
        system=system, repository="acme/orders", run="42", actor="ann", commit=COMMIT
    )
    told = {"image": IMAGE, "review": "review"} | options
    outside = world(folder, environ=environ, context=context, http=RequestsHttp())
    return STEP.run(RecordEvidenceOptions(**told), outside)  # type: ignore[arg-type]


def only(outcome: Outcome) -> Evidence:
    assert isinstance(outcome.document, Evidence)
    return outcome.document


def reasons(outcome: Outcome) -> list[tuple[str, str]]:
    return [(one.answer.value, one.what) for one in only(outcome).verdict.reasons]


# GitHub

PULL = {
    "number": 5,
    "user": {"login": "ann"},
    "head": {"sha": HEAD, "ref": "feature"},
    "html_url": "https://github.example/acme/orders/pull/5",
    "merged_at": "2026-11-23T10:00:00Z",
    "merge_commit_sha": COMMIT,
}
PULLS = f"/repos/acme/orders/commits/{COMMIT}/pulls"
REVIEWS = "/repos/acme/orders/pulls/5/reviews"
COMMITS = "/repos/acme/orders/pulls/5/commits"
RUN = "/repos/acme/orders/actions/runs/42/approvals"


def review(who: str, state: str = "APPROVED", commit: str = HEAD, **more: object) -> dict[str, Any]:
    user = {"login": who, "type": more.pop("type", "User")}
    at = "2026-11-23T09:00:00Z"
    return {"user": user, "state": state, "commit_id": commit, "submitted_at": at, **more}


def may(who: str) -> str:
    return f"/repos/acme/orders/collaborators/{who}/permission"


def github(server: Server, *reviews: dict[str, Any], commits: tuple[str, ...] = ("ann",)) -> None:
    server.there = {
        PULLS: [PULL],
        REVIEWS: list(reviews),
        COMMITS: [{"author": {"login": who}} for who in commits],
        **{may(who): {"permission": "write"} for who in ("ann", "bob", "cem", "dan")},
    }


@pytest.mark.parametrize("permission", ["read", "none", ""])
def test_an_approval_of_somebody_who_may_not_write_there_is_none(
    server: Server, tmp_path: Path, permission: str
) -> None:
    """In a public repository anybody may approve: the author's second account too."""
    github(server, review("eve"))
    if permission:
        server.there[may("eve")] = {"permission": permission}
    assert reasons(run(tmp_path, server)) == [
        (
            "yes",
            "review: eve approved pull request 5, and may not write there: that does not count",
        ),
        ("no", "review: nobody approved pull request 5 as it was merged"),
    ]
    server.there[REVIEWS].append(review("bob"))
    assert [one.who for one in only(run(tmp_path, server)).approvals] == ["bob"]


def test_who_may_write_there_is_not_guessed(server: Server, tmp_path: Path) -> None:
    github(server, review("bob"))
    server.there[may("bob")] = b"<html>"
    assert only(run(tmp_path, server)).verdict.answer is Answer.CANNOT_TELL


def test_who_committed_what_another_wrote_is_an_author_too(server: Server, tmp_path: Path) -> None:
    github(server, review("bob"), review("cem"))
    server.there[COMMITS] = [
        {"author": {"login": "ann"}, "committer": {"login": "bob"}},
        {"author": {"login": "ann"}, "committer": {"login": "web-flow"}},
    ]
    found = only(run(tmp_path, server))
    assert [one.who for one in found.approvals] == ["cem"]
    assert found.said["author"] == "ann, bob"


def test_an_approval_of_what_was_merged_is_evidence(server: Server, tmp_path: Path) -> None:
    github(server, review("bob"))
    found = only(run(tmp_path, server))
    assert found.verdict.answer is Answer.YES
    (approval,) = found.approvals
    assert (approval.who, approval.commit, approval.how) == ("bob", HEAD, "github-review")
    assert approval.at == "2026-11-23T09:00:00Z"
    assert found.said == {"author": "ann", "change": PULL["html_url"]}
    assert {secret for _, secret in server.asked} == {"Bearer ghs_secret"}


@pytest.mark.parametrize(
    ("reviews", "commits", "told"),
    [
        ((), ("ann",), [("no", "review: nobody approved pull request 5 as it was merged")]),
        (
            (review("ann"),),
            ("ann",),
            [
                ("yes", "review: ann approved pull request 5, and made it: that does not count"),
                ("no", "review: nobody approved pull request 5 as it was merged"),
            ],
        ),
        (
            (review("bob"),),
            ("ann", "bob"),
            [
                ("yes", "review: bob approved pull request 5, and made it: that does not count"),
                ("no", "review: nobody approved pull request 5 as it was merged"),
            ],
        ),
        (
            (review("bob", commit="e" * 40),),
            ("ann",),
            [
                (
                    "yes",
                    "review: bob approved an earlier commit of pull request 5: that does not count",
                ),
                ("no", "review: nobody approved pull request 5 as it was merged"),
            ],
        ),
        (
            (review("bob"), review("bob", "DISMISSED")),
            ("ann",),
            [("no", "review: nobody approved pull request 5 as it was merged")],
        ),
        (
            (review("bob"), review("cem", "CHANGES_REQUESTED")),
            ("ann",),
            [
                ("no", "review: cem asked for changes in pull request 5"),
                ("yes", f"review: bob approved pull request 5 at {HEAD[:12]}"),
            ],
        ),
        (
            (review("helper[bot]", type="Bot"),),
            ("ann",),
            [("no", "review: nobody approved pull request 5 as it was merged")],
        ),
    ],
)
def test_what_does_not_count_is_said(
    server: Server,
    tmp_path: Path,
    reviews: tuple[dict[str, Any], ...],
    commits: tuple[str, ...],
    told: list[tuple[str, str]],
) -> None:
    github(server, *reviews, commits=commits)
    outcome = run(tmp_path, server)
    assert reasons(outcome) == told
    assert outcome.verdict.answer is Answer.NO


def test_of_one_person_the_last_review_counts_and_a_comment_is_none(
    server: Server, tmp_path: Path
) -> None:
    github(server, review("bob", "CHANGES_REQUESTED"), review("bob"), review("bob", "COMMENTED"))
    assert run(tmp_path, server).verdict.answer is Answer.YES


def test_a_commit_that_came_in_by_no_pull_request_was_not_reviewed(
    server: Server, tmp_path: Path
) -> None:
    server.there = {PULLS: [PULL | {"merged_at": None}]}
    assert reasons(run(tmp_path, server)) == [
        ("no", f"review: the commit {COMMIT[:12]} came in by no pull request: nobody reviewed it")
    ]


def test_without_a_token_nobody_is_asked(server: Server, tmp_path: Path) -> None:
    outcome = run(tmp_path, server, token="none")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert server.asked == []
    assert "pull-requests: read" in outcome.verdict.reasons[0].remedy


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_cannot_tell_and_says_which_permission_it_takes(
    server: Server, tmp_path: Path, status: int
) -> None:
    server.broken = status
    outcome = run(tmp_path, server)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert f"answers {status}" in outcome.verdict.reasons[0].what
    assert "ghs_secret" not in str(outcome)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'[{"number": "five"}]', b"[[[["])
def test_an_answer_that_is_none_cannot_tell(server: Server, tmp_path: Path, body: bytes) -> None:
    server.there = {PULLS: body}
    assert run(tmp_path, server).verdict.answer is Answer.CANNOT_TELL


def test_reviews_without_an_end_cannot_tell(server: Server, tmp_path: Path) -> None:
    github(server)
    server.there[REVIEWS] = json.dumps([review("bob")] * 100).encode()
    outcome = run(tmp_path, server)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "has more than 2000 entries" in outcome.verdict.reasons[0].what


def gate(state: str, who: str, environment: str = "production") -> dict[str, Any]:
    return {"state": state, "user": {"login": who}, "environments": [{"name": environment}]}


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ([gate("approved", "bob")], Answer.YES),
        ([gate("approved", "ann")], Answer.NO),
        ([gate("approved", "bob"), gate("rejected", "cem")], Answer.NO),
        ([], Answer.NO),
    ],
)
def test_who_approved_the_deployment_of_the_run(
    server: Server, tmp_path: Path, given: list[dict[str, Any]], answer: Answer
) -> None:
    server.there = {RUN: given}
    outcome = run(tmp_path, server, review="", approval="approval")
    assert outcome.verdict.answer is answer
    assert [one.who for one in only(outcome).approvals] == ["bob"] * (
        gate("approved", "bob") in given
    )


# GitLab

REQUESTS = f"/api/v4/projects/7/repository/commits/{COMMIT}/merge_requests"
APPROVALS = "/api/v4/projects/7/merge_requests/3/approvals"
RULES = "/api/v4/projects/7/approvals"
MADE = "/api/v4/projects/7/merge_requests/3/commits"


def gitlab(server: Server, *who: str, reset: bool = True, state: str = "merged") -> None:
    request = {"iid": 3, "author": {"username": "ann"}, "state": state, "sha": HEAD}
    server.there = {
        REQUESTS: [request],
        APPROVALS: {
            "approved_by": [{"user": {"username": one, "name": one.title()}} for one in who]
        },
        RULES: {"reset_approvals_on_push": reset},
        MADE: [{"author_name": "Ann", "committer_name": "Ann"}],
    }


def test_gitlab_is_asked_who_approved_the_merge_request(server: Server, tmp_path: Path) -> None:
    gitlab(server, "bob", "ann")
    found = only(run(tmp_path, server, "gitlab"))
    assert found.verdict.answer is Answer.YES
    assert [one.who for one in found.approvals] == ["bob"]
    assert {secret for _, secret in server.asked} == {"glpat_secret"}


def test_approvals_that_survive_a_push_are_of_nobody_knows_which_commit(
    server: Server, tmp_path: Path
) -> None:
    gitlab(server, "bob", reset=False)
    assert run(tmp_path, server, "gitlab").verdict.answer is Answer.CANNOT_TELL


def test_a_merge_request_that_only_its_author_approved(server: Server, tmp_path: Path) -> None:
    gitlab(server, "ann")
    assert reasons(run(tmp_path, server, "gitlab")) == [
        ("yes", "review: ann approved merge request 3, and made it: that does not count"),
        ("no", "review: nobody approved merge request 3"),
    ]


@pytest.mark.parametrize("as_what", ["author_name", "committer_name"])
def test_who_added_a_commit_to_a_merge_request_made_it_too(
    server: Server, tmp_path: Path, as_what: str
) -> None:
    gitlab(server, "bob", "cem")
    server.there[MADE].append({as_what: "Bob"})
    found = only(run(tmp_path, server, "gitlab"))
    assert [one.who for one in found.approvals] == ["cem"]
    assert found.said["author"] == "ann, bob"


def test_a_commit_without_a_merged_request(server: Server, tmp_path: Path) -> None:
    gitlab(server, "bob", state="opened")
    assert run(tmp_path, server, "gitlab").verdict.answer is Answer.NO


# Elsewhere


@pytest.mark.parametrize("system", ["jenkins", "terminal"])
def test_elsewhere_nobody_can_be_asked(server: Server, tmp_path: Path, system: str) -> None:
    outcome = run(tmp_path, server, system)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "GitHub" in outcome.verdict.reasons[0].remedy


@pytest.mark.parametrize(
    "options",
    [
        {"review": "identity"},
        {"review": "Re View"},
        {"review": "a", "approval": "a"},
        {"review": "", "approval": ""},
    ],
)
def test_a_kind_that_is_none_is_refused(
    server: Server, tmp_path: Path, options: dict[str, str]
) -> None:
    with pytest.raises(RequestError):
        run(tmp_path, server, **options)
    assert server.asked == []
