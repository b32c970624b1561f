"""GitHub, GitLab and PagerDuty on loopback, as far as report-dora asks them.

They page as the real ones do: GraphQL by cursor, lists by `Link`. What is to go wrong is put
before their answers (`next`).
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer; one that is `cut` says it is longer than it is."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class System(ThreadingHTTPServer):
    """A system with an API: what it answers stands in `answer`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.next: deque[Given] = deque()
        self.asked: list[Question] = []
        self.date = "Mon, 23 Nov 2026 12:00:00 GMT"
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""

    def answer(self, question: Question) -> Given:
        """Return the answer to a question."""
        del question
        return Given(status=404, body={"message": "Not Found"})

    def page(self, question: Question, entries: Sequence[Mapping[str, Any]]) -> Given:
        """Return a page of a list, with a `Link` to the next one where there is one."""
        size = int(question.query.get("per_page", "30"))
        number = int(question.query.get("page", "1"))
        there = entries[(number - 1) * size : number * size]
        headers = {}
        if number * size < len(entries):
            query = urlencode({**question.query, "page": str(number + 1)})
            first = urlencode({**question.query, "page": "1"})
            where = f"{self.url}{question.path}"
            headers["Link"] = f'<{where}?{first}>; rel="first", <{where}?{query}>; rel="next"'
        return Given(body=there, headers=headers)


class _Handler(BaseHTTPRequestHandler):
    server: System
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536

    def _any(self) -> None:
        parts = urlsplit(self.path)
        question = Question(
            method=self.command,
            path=parts.path,
            query={name: value[0] for name, value in parse_qs(parts.query).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length", 0))),
        )
        server = self.server
        server.asked.append(question)
        given = server.next.popleft() if server.next else server.answer(question)
        body = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
        self.send_response_only(given.status)
        length = len(body) + 10 * given.cut
        for name, value in {"Date": server.date, **given.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = given.cut

    do_GET = do_POST = _any  # noqa: N815 - what http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


class GitHub(System):
    """A repository `acme/orders` of GitHub's."""

    def __init__(self) -> None:
        super().__init__()
        self.deployments: list[dict[str, Any]] = []
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.listed: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.labels = {"incident"}
        self.nodes: dict[str, list[dict[str, Any]]] = {}
        self.pulls: list[dict[str, Any]] = []
        self.compared: dict[str, list[dict[str, Any]]] = {}

    def deploy(
        self,
        at: str,
        commit: str,
        *statuses: tuple[str, str],
        environment: str = "production",
        task: str = "deploy",
        payload: object = "",
        run: int = 0,
    ) -> str:
        """Add a deployment with its statuses (state, when), and return its id."""
        name = f"DE_kwDOHjNddM5sf{len(self.deployments):05}"
        log = f"https://github.com/acme/orders/actions/runs/{run}/job/30547" if run else None
        told = [{"state": s, "createdAt": when, "logUrl": log} for s, when in statuses]
        self.statuses[name] = told[::-1]  # the newest first
        self.deployments.append(
            {
                "id": name,
                "createdAt": at,
                "commitOid": commit,
                "environment": environment,
                "latestEnvironment": environment,
                "task": task,
                "payload": json.dumps(payload),
                "creator": {"login": "mona"},
                "statuses": {"totalCount": len(told), "nodes": told[::-1][:30]},
            }
        )
        return name

    def issue(self, number: int, opened: str, closed: str | None = None, **more: object) -> None:
        """Add an incident."""
        told: dict[str, Any] = {"number": number, "created_at": opened, "closed_at": closed}
        told |= {"body": None}
        told |= {"labels": [{"id": 1, "name": "incident", "color": "red"}], "state_reason": None}
        self.issues.append(told | more)

    def answer(self, question: Question) -> Given:
        if question.path == "/graphql":
            return self._graphql(json.loads(question.body))
        _, _, path = question.path.partition("/repos/acme/orders")
        if path == "/issues":
            label = question.query.get("labels", "")
            names = [{one["name"] for one in issue["labels"]} for issue in self.issues]
            pairs = zip(self.issues, names, strict=True)
            return self.page(question, [issue for issue, those in pairs if label in those])
        if path.startswith("/labels/") and unquote(path[8:]) in self.labels:
            return Given(body={"id": 1, "name": unquote(path[8:]), "color": "red"})
        if path.startswith("/compare/") and (found := self.compared.get(path[9:])) is not None:
            given = self.page(question, found)
            return Given(body={"total_commits": len(found), "commits": given.body})
        return super().answer(question)

    def _graphql(self, asked: dict[str, Any]) -> Given:
        given = asked["variables"]
        start, size = int(given["after"] or 0), 100
        if "node(" in asked["query"]:
            entries = self.statuses.get(given["id"]) or self.nodes[given["id"]]
        elif (given["owner"], given["name"]) != ("acme", "orders"):
            fault = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve"}
            return Given(body={"data": {"repository": None}, "errors": [fault]})
        elif "deployments(" in asked["query"]:
            names = given.get("environments")
            if not start:
                those = [d for d in self.deployments if not names or d["environment"] in names]
                self.listed = sorted(those, key=lambda one: str(one["createdAt"]), reverse=True)
            entries = self.listed
        else:
            entries, size = self.pulls, 50
        info = {"hasNextPage": start + size < len(entries), "endCursor": str(start + size)}
        page = {"pageInfo": info, "nodes": entries[start : start + size]}
        return Given(body={"data": {"repository": {"page": page}}})


class GitLab(System):
    """A project with the number 7 of GitLab's."""

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[str, list[dict[str, Any]]] = {"deployments": [], "issues": []}
        self.there |= {"merge_requests": [], "environments": []}
        self.ranges: dict[str, list[dict[str, Any]]] = {}

    def deploy(
        self,
        finished: str | None,
        commit: str,
        *,
        status: str = "success",
        environment: str = "production",
        job: str = "deploy",
        pipeline: int = 0,
        updated: str = "",
    ) -> int:
        """Add a deployment, and return its number; one without a job where it has no pipeline."""
        number = 41 + len(self.there["deployments"])
        web = f"https://gitlab.example/acme/orders/-/pipelines/{pipeline}"
        made = {"id": 900, "name": job, "finished_at": finished}
        made |= {"pipeline": {"id": pipeline, "web_url": web}}
        changed = updated or finished
        self.there["deployments"].append(
            {
                "id": number,
                "iid": 1,
                "ref": "main",
                "sha": commit,
                "created_at": changed,
                "updated_at": changed,
                "status": status,
                "environment": {"id": 9, "name": environment, "external_url": None},
                "deployable": made if pipeline else None,
                "user": {"id": 1, "name": "Mona", "username": "mona"},
            }
        )
        return number

    def answer(self, question: Question) -> Given:
        name = unquote(question.path.removeprefix("/api/v4/projects/7/"))
        if name == "repository/commits":
            return self.page(question, self.ranges.get(question.query["ref_name"], []))
        if name not in self.there:
            return Given(status=404, body={"message": "404 Project Not Found"})
        entries = self.there[name]
        if name == "deployments" and "environment" in question.query:
            wanted = question.query["environment"]
            entries = [one for one in entries if one["environment"]["name"] == wanted]
        if after := question.query.get("updated_after"):
            entries = [one for one in entries if _is_later(one["updated_at"], after)]
        if after := question.query.get("created_after"):
            entries = [one for one in entries if _is_later(one["created_at"], after)]
        return self.page(question, entries)


class PagerDuty(System):
    """An account of PagerDuty's."""

    def __init__(self) -> None:
        super().__init__()
        self.incidents: list[dict[str, Any]] = []

    def answer(self, question: Question) -> Given:
        query = question.query
        those = [
            one
            for one in self.incidents
            if _is_later(one["created_at"], query["since"])
            and not _is_later(one["created_at"], query["until"])
        ]
        start = int(query["offset"])
        end = start + int(query["limit"])
        page = {"incidents": those[start:end], "offset": start, "more": end < len(those)}
        return Given(body=page | {"total": None})


def _is_later(at: str, than: str) -> bool:
    return datetime.fromisoformat(at) >= datetime.fromisoformat(than)


@contextlib.contextmanager
def running(system: System) -> Iterator[None]:
    """Run a system until the block ends."""
    thread = threading.Thread(target=system.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        system.shutdown()
        system.server_close()
        thread.join()
