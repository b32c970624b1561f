"""What every sink must do, and what each does of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cdkit.core import plugins
from cdkit.core.world import World
from cdkit.events import sinks
from cdkit.events.cloudevents import structured
from cdkit.events.outbox import key_of
from cdkit.events.service import ServiceOptions
from cdkit.events.sink import Parcel, Receipt, Sink
from tests.events.places import envelope, world
from tests.events.receiver import Answer, Receiver, receiving, talking
from tests.parts.loopback import free_port

SINKS = plugins.collect(sinks, "SINK", Sink)
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ENVIRON = {"HOOK_SECRET": SECRET, "HOOK_TOKEN": "t0p-s3cret", "HOOK_URL": ""}


def parcel(name: str = "1", *, doubtful: bool = False, subject: str = "orders") -> Parcel:
    event = envelope(name, subject=subject)
    return Parcel(event=event, key=key_of(event, "sink"), doubtful=doubtful)


def send(
    kind: str, options: Mapping[str, Any], parcels: Sequence[Parcel], where: World
) -> list[Receipt]:
    sink = SINKS[kind]
    converted = msgspec.convert(dict(options), sink.options)
    sink.check(converted)
    return list(sink.send(parcels, converted, where))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere that a sink can send to, with a way to read what has arrived there."""

    kind: str
    options: Mapping[str, Any]
    arrived: Callable[[list[Receipt]], list[dict[str, Any]]]


def http_place(receiver: Receiver, mode: str) -> Place:
    def arrived(_: list[Receipt]) -> list[dict[str, Any]]:
        bodies = [json.loads(request.body) for request in receiver.requests]
        if mode == "binary":
            return bodies
        whole = [event for body in bodies for event in (body if mode == "batch" else [body])]
        return [event["data"] for event in whole]

    options = {
        "url": f"{receiver.url}/hook/s3cret-path?key=s3cret-query",
        "mode": mode,
        "secret-env": "HOOK_SECRET",
        "headers": {"Authorization": "HOOK_TOKEN"},
    }
    return Place(kind="http", options=options, arrived=arrived)


@pytest.fixture(params=["file", "stdout", "http-binary", "http-structured", "http-batch"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:  # noqa: ANN401 - a generator
    name: str = request.param
    if name == "file":
        out = tmp_path / "out.ndjson"
        yield Place(
            kind="file",
            options={"path": "out.ndjson"},
            arrived=lambda _: [json.loads(line) for line in out.read_text().split("\n")[:-1]],
        )
    elif name == "stdout":
        yield Place(
            kind="stdout",
            options={},
            arrived=lambda receipts: [json.loads(receipt.text) for receipt in receipts],
        )
    else:
        with receiving() as receiver:
            yield http_place(receiver, name.partition("-")[2])


def test_every_sink_of_the_folder_is_held_to_the_contract() -> None:
    services = {name for name, sink in SINKS.items() if sink.options is ServiceOptions}
    deployments = {"github_deployment", "gitlab_deployment"}
    assert deployments <= services
    brokers = {"sns", "sqs", "eventbridge", "s3", "nats", "kafka", "mqtt", "codepipeline"}
    assert set(SINKS) == {"file", "stdout", "http"} | services | brokers


def test_each_event_arrives_whole_and_has_its_receipt(place: Place, tmp_path: Path) -> None:
    parcels = [parcel("1"), parcel("2", subject='\u00e9 \u20ac \u2028 "quoted" <&> ::x::')]
    receipts = send(place.kind, place.options, parcels, world(tmp_path, environ=ENVIRON))
    assert [(r.key, r.state) for r in receipts] == [(p.key, "delivered") for p in parcels]
    assert place.arrived(receipts) == [json.loads(p.event.data) for p in parcels]


def test_no_event_needs_no_receipt(place: Place, tmp_path: Path) -> None:
    assert send(place.kind, place.options, [], world(tmp_path, environ=ENVIRON)) == []


def test_a_sink_shows_no_secret(place: Place, tmp_path: Path) -> None:
    where = world(tmp_path, environ=ENVIRON)
    receipts = send(place.kind, place.options, [parcel()], where)
    options = msgspec.convert(dict(place.options), SINKS[place.kind].options)
    shown = f"{SINKS[place.kind].place(options)} {[r.said for r in receipts]} {where.talk}"
    assert "s3cret" not in shown
    assert SECRET not in shown


HTTP_STATES = [
    (200, "delivered"),
    (202, "delivered"),
    (204, "delivered"),
    (301, "refused"),
    (307, "refused"),
    (400, "refused"),
    (404, "refused"),
    (413, "refused"),
    (415, "refused"),
    (422, "refused"),
    (401, "held"),
    (403, "held"),
    (407, "held"),
    (410, "gone"),
    (408, "down"),
    (425, "down"),
    (429, "down"),
    (502, "down"),
    (503, "down"),
    (504, "down"),
    (500, "later"),
    (507, "later"),
]


@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
@pytest.mark.parametrize(("status", "state"), HTTP_STATES)
def test_a_status_decides_what_becomes_of_an_event(
    tmp_path: Path, mode: str, status: int, state: str
) -> None:
    with receiving(Answer(status=status)) as receiver:
        options = {"url": receiver.url, "mode": mode}
        (receipt,) = send("http", options, [parcel()], world(tmp_path))
    assert (receipt.state, receipt.said[: len(f"status {status}")]) == (state, f"status {status}")


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("1e9", 0),
        ("9" * 400, 999_999_999),
        ("", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(
    tmp_path: Path, header: str, wait: float
) -> None:
    with receiving(Answer(status=429, headers={"Retry-After": header})) as receiver:
        (receipt,) = send("http", {"url": receiver.url}, [parcel()], world(tmp_path))
    assert (receipt.state, receipt.wait) == ("down", wait)


def test_a_receiver_that_cuts_the_connection_is_down(tmp_path: Path) -> None:
    with receiving(Answer(cut=True)) as receiver:
        (receipt,) = send("http", {"url": receiver.url}, [parcel()], world(tmp_path))
    assert receipt.state == "down"


def test_a_receiver_that_takes_and_then_says_nothing_is_down(tmp_path: Path) -> None:
    with talking(b"", pause=30) as url:
        options = {"url": url, "timeout": 0.2}
        (receipt,) = send("http", options, [parcel()], world(tmp_path))
    assert (receipt.state, "no answer within 0.2 s" in receipt.said) == ("down", True)


def test_a_receiver_that_answers_drop_by_drop_is_down_when_its_time_is_up(tmp_path: Path) -> None:
    drops = [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
    with talking(*drops, pause=0.05) as url:
        options = {"url": url, "timeout": 0.3}
        (receipt,) = send("http", options, [parcel()], world(tmp_path))
    assert (receipt.state, "no answer within 0.3 s" in receipt.said) == ("down", True)


def test_a_receiver_that_refuses_the_connection_is_down(tmp_path: Path) -> None:
    options = {"url": f"http://127.0.0.1:{free_port()}"}
    (receipt,) = send("http", options, [parcel()], world(tmp_path))
    assert (receipt.state, "refused" in receipt.said) == ("down", True)


def test_a_receiver_that_cannot_be_trusted_gets_nothing(tmp_path: Path) -> None:
    with talking(b"no TLS at all") as url:
        options = {"url": url.replace("http://", "https://"), "headers": {"A": "HOOK_TOKEN"}}
        (receipt,) = send("http", options, [parcel()], world(tmp_path, environ=ENVIRON))
    assert receipt.state == "down"
    assert "t0p-s3cret" not in receipt.said


def test_a_200_that_is_cut_off_is_no_delivery(tmp_path: Path) -> None:
    with talking(b"HTTP/1.1 200 OK\r\nContent-Le") as url:
        (receipt,) = send("http", {"url": url}, [parcel()], world(tmp_path))
    assert receipt.state == "down"


def test_a_retry_has_the_same_ids_and_a_time_of_its_own(tmp_path: Path) -> None:
    where = world(tmp_path, environ=ENVIRON)
    with receiving(Answer(status=503), Answer()) as receiver:
        options = {"url": receiver.url, "secret-env": "HOOK_SECRET"}
        send("http", options, [parcel()], where)
        where.clock.sleep(5)
        send("http", options, [parcel()], where)
    first, second = receiver.requests
    for name in ("ce-id", "ce-source", "webhook-id"):
        assert first.headers[name] == second.headers[name]
    times = [int(request.headers["webhook-timestamp"]) for request in receiver.requests]
    assert times[1] - times[0] == 5
    assert first.body == second.body


@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
def test_a_signature_is_one_of_standard_webhooks(tmp_path: Path, mode: str) -> None:
    other = base64.b64encode(b"x" * 24).decode()
    environ = {"S": f"{SECRET} whsec_{other}"}
    with receiving() as receiver:
        options = {"url": receiver.url, "secret-env": "S", "mode": mode}
        send("http", options, [parcel()], world(tmp_path, environ=environ))
    (request,) = receiver.requests
    name, moment = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    assert "." not in name
    signed = f"{name}.{moment}.".encode() + request.body
    expected = [
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in (KEY, b"x" * 24)
    ]
    assert request.headers["webhook-signature"].split(" ") == expected


def test_headers_come_from_the_environment(tmp_path: Path) -> None:
    with receiving() as receiver:
        options = {"url": receiver.url, "headers": {"X-Token": "HOOK_TOKEN"}}
        send("http", options, [parcel()], world(tmp_path, environ=ENVIRON))
    assert receiver.requests[0].headers["x-token"] == "t0p-s3cret"


def test_the_address_can_come_from_the_environment(tmp_path: Path) -> None:
    with receiving() as receiver:
        where = world(tmp_path, environ={"HOOK": f"{receiver.url}/s3cret\n"})
        (receipt,) = send("http", {"url-env": "HOOK"}, [parcel()], where)
    assert (receipt.state, receiver.requests[0].path) == ("delivered", "/s3cret")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url-env": "NOWHERE"}, "NOWHERE is not set"),
        ({"url": "http://127.0.0.1:1", "headers": {"A": "NOWHERE"}}, "NOWHERE is not set"),
        ({"url": "http://127.0.0.1:1", "secret-env": "HOOK_TOKEN"}, "holds no secret such as"),
        ({"url": "http://127.0.0.1:1", "headers": {"A": "BROKEN"}}, "holds what no header may"),
        ({"url": "http://a.example", "headers": {"A": "HOOK_TOKEN"}}, "must begin with https://"),
        ({"url": "http://a.example", "secret-env": "HOOK_SECRET"}, "must begin with https://"),
        ({"url": "http://localhost.a.example", "headers": {"A": "HOOK_TOKEN"}}, "https://"),
        ({"url-env": "BROKEN"}, "not an http or https address"),
    ],
)
def test_what_must_be_mended_here_holds_the_event(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    environ = ENVIRON | {"BROKEN": "a\nb"}
    (receipt,) = send("http", options, [parcel()], world(tmp_path, environ=environ))
    assert (receipt.state, said in receipt.said) == ("held", True)


def test_a_batch_is_one_request(tmp_path: Path) -> None:
    with receiving() as receiver:
        parcels = [parcel(str(number)) for number in range(20)]
        send("http", {"url": receiver.url, "mode": "batch"}, parcels, world(tmp_path))
    (request,) = receiver.requests
    assert json.loads(request.body) == [json.loads(structured(p.event)[1]) for p in parcels]


@pytest.mark.parametrize("status", [400, 413, 500])
def test_of_a_batch_that_is_refused_each_is_to_go_by_itself(tmp_path: Path, status: int) -> None:
    with receiving(Answer(status=status)) as receiver:
        parcels = [parcel("bad"), parcel("good")]
        receipts = send("http", {"url": receiver.url, "mode": "batch"}, parcels, world(tmp_path))
    assert [receipt.state for receipt in receipts] == ["apart", "apart"]
    assert len(receiver.requests) == 1


def lines(folder: Path) -> list[str]:
    return (folder / "out.ndjson").read_text().split("\n")


def to_file(folder: Path, *parcels: Parcel) -> list[str]:
    return [r.state for r in send("file", {"path": "out.ndjson"}, parcels, world(folder))]


def test_lines_are_added_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "out.ndjson").write_text('{"older": 1}\n')
    to_file(tmp_path, parcel())
    assert lines(tmp_path) == ['{"older": 1}', parcel().event.data.decode(), ""]


def test_an_event_whose_earlier_try_arrived_is_not_added_again(tmp_path: Path) -> None:
    to_file(tmp_path, parcel("1"), parcel("2"))
    assert to_file(tmp_path, parcel("1", doubtful=True)) == ["delivered"]
    assert len(lines(tmp_path)) == 3


def test_an_event_whose_earlier_try_did_not_arrive_is_added(tmp_path: Path) -> None:
    to_file(tmp_path, parcel("2"))
    to_file(tmp_path, parcel("1", doubtful=True))
    assert [json.loads(line)["context"]["id"] for line in lines(tmp_path)[:-1]] == ["2", "1"]


def test_another_event_that_names_the_id_is_no_proof_of_arrival(tmp_path: Path) -> None:
    to_file(tmp_path, parcel("2", subject="1"))
    to_file(tmp_path, parcel("1", doubtful=True))
    assert len(lines(tmp_path)) == 3


@pytest.mark.parametrize("cut", [1, 30, -60, -1, None])
def test_a_torn_line_of_the_same_event_is_completed(tmp_path: Path, cut: int | None) -> None:
    whole = parcel("1", subject="caf\u00e9").event.data
    (tmp_path / "out.ndjson").write_bytes(b"{}\n" + whole[:cut])
    assert to_file(tmp_path, parcel("1", doubtful=True, subject="caf\u00e9")) == ["delivered"]
    assert lines(tmp_path) == ["{}", whole.decode(), ""]


def test_a_line_torn_inside_a_character_is_ended(tmp_path: Path) -> None:
    whole = parcel("1", subject="caf\u00e9").event.data
    torn = whole[: whole.index("\u00e9".encode()) + 1]
    (tmp_path / "out.ndjson").write_bytes(torn)
    to_file(tmp_path, parcel("1", doubtful=True, subject="caf\u00e9"))
    assert (tmp_path / "out.ndjson").read_bytes() == torn + b"\n" + whole + b"\n"


def test_a_torn_line_of_something_else_is_ended(tmp_path: Path) -> None:
    (tmp_path / "out.ndjson").write_text('{"half": ')
    to_file(tmp_path, parcel())
    assert lines(tmp_path) == ['{"half": ', parcel().event.data.decode(), ""]


def test_a_file_that_cannot_be_written_holds_the_event(tmp_path: Path) -> None:
    (tmp_path / "out.ndjson").mkdir()
    assert to_file(tmp_path, parcel()) == ["held"]
