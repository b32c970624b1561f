"""The services that are data: what each is sent, and that each keeps the contract of a sink."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from cdkit.core import plugins
from cdkit.core.errors import RequestError
from cdkit.core.world import World
from cdkit.events import sinks
from cdkit.events.catalogue import find
from cdkit.events.cloudevents import CloudEvent, wrap
from cdkit.events.facts import facts_of
from cdkit.events.outbox import key_of
from cdkit.events.service import ServiceOptions
from cdkit.events.sink import Parcel, Receipt, Sink
from cdkit.events.targets import SinkTable, Target, kinds, resolve
from tests.events.places import world
from tests.events.receiver import Answer, receiving, talking
from tests.events.samples import CHAIN, sample

CASES = Path(__file__).parents[1] / "cases" / "events" / "services"
SINKS = plugins.collect(sinks, "SINK", Sink)
SERVICES = sorted(
    name.replace("_", "-")
    for name, sink in SINKS.items()
    if sink.options is ServiceOptions and not name.endswith("_deployment")
)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
TOKEN = "t0p-s3cret"
COMMIT = "c" * 40


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file: what is told to which service, and the request that it must get."""

    name: str
    settings: Mapping[str, str]
    event: Mapping[str, Any]
    request: Mapping[str, Any]
    template: str = ""
    signed: bool = False
    answer: str = "{}"

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]


def cases() -> list[Case]:
    return [
        Case(name=path.stem, **json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(CASES.glob("*.json"))
    ]


def event_of(given: Mapping[str, Any]) -> CloudEvent:
    event = sample(find(given.get("type", "service.deployed")), full=False)
    event["context"] |= {
        "id": "4d1c6ee2-7a0f-5d43-9a3c-0a55a8e3a001",
        "source": "https://github.example/acme/orders",
        "timestamp": "2026-11-23T12:00:00Z",
        "chainId": CHAIN,
    }
    if "artifact" not in event["context"]["type"]:
        event["subject"]["id"] = "orders"
    event["subject"]["content"] |= {"environment": {"id": "production"}} | given.get("content", {})
    event["customData"] = {
        "startedAt": "2026-11-23T11:58:00Z",
        "commit": COMMIT,
        "team": "payments",
        "run": {"id": "7", "url": "https://ci.example/7", "actor": "ada"},
        **given.get("custom", {}),
    }
    return wrap({**event, "customData": {k: v for k, v in event["customData"].items() if v}})


def parcel(event: CloudEvent) -> Parcel:
    return Parcel(event=event, key=key_of(event, "sink"))


def environ(url: str) -> dict[str, str]:
    names = (
        "SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL", "GRAFANA_URL", "DEVLAKE_URL", "JENKINS_URL",
    )  # fmt: skip
    tokens = (
        "DD_API_KEY", "NEW_RELIC_API_KEY", "GRAFANA_TOKEN", "PAGERDUTY_ROUTING_KEY",
        "DEVLAKE_TOKEN", "SLEUTH_TOKEN", "GITHUB_TOKEN", "GITLAB_TRIGGER_TOKEN", "JENKINS_TOKEN",
    )  # fmt: skip
    return {**dict.fromkeys(names, url), **dict.fromkeys(tokens, TOKEN), "SIGN": SECRET}


def target(case: Case, at: str, **more: Any) -> Target:  # noqa: ANN401 - any option
    given: dict[str, Any] = {"settings": dict(case.settings), "template": case.template, **more}
    given.setdefault("url", at)
    (made,) = resolve(
        [SinkTable(type=case.kind, secret_env="SIGN" if case.signed else "", **given)]
    )
    return made


def send(case: Case, at: str, where: World, **more: Any) -> Receipt:  # noqa: ANN401 - any option
    to = target(case, at, **more)
    (receipt,) = to.sink.send([parcel(event_of(case.event))], to.options, where)
    return receipt


BY_KIND = {case.kind: case for case in cases() if case.kind == case.name}
each_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
each_service = pytest.mark.parametrize("kind", SERVICES)


def test_every_service_has_a_case_and_every_case_a_service() -> None:
    assert sorted(BY_KIND) == SERVICES


@each_case
def test_a_service_gets_the_request_that_it_documents(case: Case, tmp_path: Path) -> None:
    with receiving(Answer(status=200, body=case.answer.encode())) as receiver:
        receipt = send(case, receiver.url, world(tmp_path, environ=environ(receiver.url)))
    assert (receipt.state, receipt.said) == ("delivered", "status 200")
    (request,) = receiver.requests
    assert request.path == case.request["path"]
    for name, value in case.request.get("headers", {}).items():
        assert request.headers[name] == value
    if request.headers["content-type"] == "application/json":
        body = json.loads(request.body)
    else:
        body = {name: value for name, (value,) in parse_qs(request.body.decode()).items()}
    assert body == json.loads(
        json.dumps(case.request["body"]).replace(
            '"<event>"', json.dumps(event_of(case.event).data.decode())
        )
    )


@each_case
def test_a_service_wants_the_events_that_it_can_say(case: Case) -> None:
    assert target(case, "https://a.example").wants(facts_of(event_of(case.event)))


@each_service
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (202, "delivered"),
        (302, "refused"),
        (400, "refused"),
        (401, "held"),
        (410, "gone"),
        (429, "down"),
        (500, "later"),
        (503, "down"),
    ],
)
def test_a_status_decides_what_becomes_of_an_event(
    kind: str, status: int, state: str, tmp_path: Path
) -> None:
    case = BY_KIND[kind]
    headers = {"Retry-After": "9"}
    with receiving(Answer(status=status, headers=headers, body=case.answer.encode())) as receiver:
        receipt = send(case, receiver.url, world(tmp_path, environ=environ(receiver.url)))
    assert receipt.state == state
    assert receipt.wait == (0 if state == "delivered" else 9)


@each_service
def test_a_retry_says_the_same(kind: str, tmp_path: Path) -> None:
    case = BY_KIND[kind]
    with receiving(Answer(status=503)) as receiver:
        where = world(tmp_path, environ=environ(receiver.url))
        send(case, receiver.url, where)
        send(case, receiver.url, where)
    first, second = receiver.requests
    assert (first.path, first.body) == (second.path, second.body)


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>Log in</title>", b"\n<html lang='en'>"])
@each_service
def test_a_page_for_people_is_no_answer_of_a_service(
    kind: str, page: bytes, tmp_path: Path
) -> None:
    with receiving(Answer(status=200, body=page)) as receiver:
        receipt = send(BY_KIND[kind], receiver.url, world(tmp_path, environ=environ(receiver.url)))
    if kind == "json":  # which may be told to anything
        assert receipt.state == "delivered"
    else:
        assert (receipt.state, "a page for people" in receipt.said) == ("held", True)


@each_service
def test_a_service_that_hangs_is_down(kind: str, tmp_path: Path) -> None:
    with talking(b"", pause=30) as url:
        receipt = send(BY_KIND[kind], url, world(tmp_path, environ=environ(url)), timeout=0.2)
    assert receipt.state == "down"


@each_service
def test_nothing_secret_is_said(kind: str, tmp_path: Path) -> None:
    case = BY_KIND[kind]
    for answer in (Answer(status=400, body=TOKEN.encode()), Answer(cut=True)):
        with receiving(answer) as receiver:
            url = f"{receiver.url}/s3cret-path"
            where = world(tmp_path, environ=environ(url))
            receipt = send(case, url, where)
            assert "s3cret" not in f"{receipt} {target(case, url).name} {where.talk}"


@pytest.mark.parametrize("kind", sorted({*SERVICES} - {"json"}))  # which has no key of its own
def test_a_key_that_is_missing_holds_the_event(kind: str, tmp_path: Path) -> None:
    (made,) = resolve([SinkTable(type=kind, settings=dict(BY_KIND[kind].settings))])
    (receipt,) = made.sink.send(
        [parcel(event_of(BY_KIND[kind].event))], made.options, world(tmp_path)
    )
    assert (receipt.state, "is not set" in receipt.said) == ("held", True)


@pytest.mark.parametrize("kind", sorted({*SERVICES} - {"otlp"}))
def test_a_secret_travels_encrypted_only(kind: str, tmp_path: Path) -> None:
    url = "http://service.example"
    more = {"url": "", "url_env": "JENKINS_URL"} if "json" in kind else {}
    receipt = send(BY_KIND[kind], url, world(tmp_path, environ=environ(url)), **more)
    if kind in {"slack", "teams"}:
        more = {"url": "", "url_env": "SLACK_WEBHOOK_URL"}
        receipt = send(BY_KIND[kind], url, world(tmp_path, environ=environ(url)), **more)
    assert (receipt.state, "unencrypted" in receipt.said) == ("held", True)


def test_a_collector_without_a_login_may_be_told_in_the_open(tmp_path: Path) -> None:
    case, where = BY_KIND["otlp"], world(tmp_path, environ={"OTEL": "http://a.invalid", "T": TOKEN})
    more = {"url": "", "url_env": "OTEL"}
    assert send(case, "", where, **more).state == "down"  # it was tried
    assert send(case, "", where, **more, headers={"X-Key": "T"}).state == "held"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b"", "delivered"),
        (b"{}", "delivered"),
        (b'{"partialSuccess": {}}', "delivered"),
        (b'{"partialSuccess": {"rejectedSpans": "1"}}', "refused"),
        (b'{"partialSuccess": {"rejectedSpans": []}}', "refused"),
        (b"<html>", "held"),
        (b"ok", "refused"),
        (b"[" * 50_000, "refused"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_span_that_a_collector_dropped_is_no_delivery(
    tmp_path: Path, body: bytes, state: str
) -> None:
    with receiving(Answer(status=200, body=body)) as receiver:
        receipt = send(BY_KIND["otlp"], receiver.url, world(tmp_path))
    assert receipt.state == state


HOSTILE = '<!channel> [x](https://evil.example) "}], {title} `a` \u202e ::error::'


@each_service
def test_hostile_text_changes_no_structure(kind: str, tmp_path: Path) -> None:
    case = BY_KIND[kind]
    given = {**case.event, "custom": {**case.event.get("custom", {}), "team": HOSTILE}}
    plain = {**case.event, "custom": {**case.event.get("custom", {}), "team": "plain"}}
    shapes = []
    for event in (given, plain):
        with receiving(Answer(body=case.answer.encode())) as receiver:
            to = target(case, receiver.url)
            where = world(tmp_path, environ=environ(receiver.url))
            to.sink.send([parcel(event_of(event))], to.options, where)
        shapes.append(_shape(receiver.requests[0].body))
    assert shapes[0] == shapes[1]


def _shape(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    def shape(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {name: shape(part) for name, part in value.items()}
        return [shape(part) for part in value] if isinstance(value, list) else type(value).__name__

    try:
        return shape(json.loads(body))
    except json.JSONDecodeError:
        return sorted(parse_qs(body.decode()))


def test_slack_wakes_nobody_by_what_an_event_says(tmp_path: Path) -> None:
    with receiving() as receiver:
        case = BY_KIND["slack"]
        to = target(case, receiver.url)
        event = event_of({"custom": {"team": "<!channel> & co"}})
        to.sink.send([parcel(event)], to.options, world(tmp_path))
    assert b"team &lt;!channel&gt; &amp; co" in receiver.requests[0].body


def test_teams_shows_no_link_that_an_event_says(tmp_path: Path) -> None:
    with receiving() as receiver:
        to = target(BY_KIND["teams"], receiver.url)
        event = event_of({"content": {"environment": {"id": "[a](https://evil.example)"}}})
        to.sink.send([parcel(event)], to.options, world(tmp_path))
    body = json.loads(receiver.requests[0].body)
    text = body["attachments"][0]["content"]["body"][0]["text"]
    assert text == r"orders was deployed to \[a\]\(https://evil.example\)"


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("datadog", {"custom": {"outcome": "failure"}}, False),
        ("datadog", {"type": "service.removed"}, False),
        ("datadog", {"type": "incident.resolved"}, True),
        ("devlake", {"custom": {"outcome": "failure"}}, True),
        ("devlake", {"custom": {"outcome": "cancel"}}, False),
        ("sleuth", {"custom": {"outcome": "failure"}}, False),
        ("newrelic", {"type": "artifact.published"}, False),
        ("slack", {"type": "artifact.published"}, True),
    ],
)
def test_a_service_is_not_told_what_it_would_count_wrongly(
    kind: str,
    given: dict[str, Any],
    wanted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    event = event_of(given) if "artifact" not in given.get("type", "") else _published()
    assert target(BY_KIND[kind], "https://a.example").wants(facts_of(event)) is wanted


def _published() -> CloudEvent:
    return wrap(sample(find("artifact.published"), full=False))


@pytest.mark.parametrize(
    ("kind", "given", "lacks"),
    [
        ("devlake", {"custom": {"commit": ""}}, "'commit'"),
        ("devlake", {"content": {"environment": {"id": "blue"}}}, "'setting.environment'"),
        ("sleuth", {"custom": {"commit": ""}}, "'commit'"),
    ],
)
def test_an_event_that_lacks_what_a_service_needs_is_a_dead_letter_that_says_so(
    kind: str, given: dict[str, Any], lacks: str, tmp_path: Path
) -> None:
    to = target(BY_KIND[kind], "http://127.0.0.1:1")
    where = world(tmp_path, environ=environ(""))
    (receipt,) = to.sink.send([parcel(event_of(given))], to.options, where)
    assert receipt.state == "refused"
    assert receipt.said == f"the event does not say {lacks}, which {kind} needs"


@pytest.mark.parametrize(
    "body",
    [b'{"errors": [{"message": "no"}]}', b"<error>", b"[]", b"{}", b"[" * 50_000],
    ids=lambda value: repr(value)[:40],
)
def test_an_error_that_graphql_calls_200_is_a_refusal(body: bytes, tmp_path: Path) -> None:
    with receiving(Answer(status=200, body=body)) as receiver:
        receipt = send(
            BY_KIND["newrelic"], receiver.url, world(tmp_path, environ=environ(receiver.url))
        )
    assert receipt.state == "refused"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (SinkTable(type="newrelic"), "a newrelic sink needs the setting 'entity'"),
        (SinkTable(type="slack", settings={"colour": "x"}), "has no setting 'colour'"),
        (SinkTable(type="slack", token_env="X"), "a slack sink has no key"),
        (SinkTable(type="slack", template="{}"), "a slack sink has its own template"),
        (SinkTable(type="slack", url="https://a.example", url_env="X"), "has two addresses"),
        (SinkTable(type="slack", url="ftp://a.example"), "not an http or https address"),
        (SinkTable(type="slack", timeout=0), "timeout is 0 s"),
        (SinkTable(type="json", url="https://a.example"), "template is not JSON"),
        (SinkTable(type="json", url="https://a.example", template="{"), "template is not JSON"),
        (SinkTable(type="json", template="{}"), "a json sink needs an address"),
        (
            SinkTable(type="json", url="https://a.example", template='"{titel}"'),
            "has the hole 'titel', which no event fills",
        ),
        (SinkTable(type="json", url="https://a.example", template='"{key.token}"'), "no event"),
    ],
)
def test_options_that_cannot_work_are_refused(table: SinkTable, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve([table])
    assert said in caught.value.what


def test_a_short_form_names_the_variable_of_what_is_secret(tmp_path: Path) -> None:
    with receiving() as receiver:
        (made,) = resolve(["slack:OTHER_HOOK"])
        where = world(tmp_path, environ={"OTHER_HOOK": receiver.url})
        (receipt,) = made.sink.send([parcel(event_of({}))], made.options, where)
    assert (made.name, receipt.state) == ("slack:$OTHER_HOOK", "delivered")


def test_two_of_a_kind_are_told_apart() -> None:
    tables = [
        SinkTable(type="newrelic", settings={"entity": "a"}),
        SinkTable(type="newrelic", settings={"entity": "b"}),
    ]
    names = {made.name for made in resolve(tables)}
    assert len(names) == 2
    assert all(name.startswith("newrelic#") for name in names)


def test_every_type_is_written_with_hyphens() -> None:
    assert {"github-dispatch", "gitlab-trigger", "http", "file", "stdout"} <= set(kinds())
    assert msgspec.to_builtins(resolve(["slack:"])[0].options)["url-env"] == ""
