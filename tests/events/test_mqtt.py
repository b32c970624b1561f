"""MQTT: what arrives at a real broker, and what it means where nothing does."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cdkit.core.errors import RequestError
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.sink import Receipt
from cdkit.events.targets import SinkTable, resolve
from tests.events.places import envelope, world
from tests.events.test_brokers import send, states
from tests.parts import mosquitto
from tests.parts.loopback import free_port

Arrived = queue.SimpleQueue[Any]


@contextmanager
def subscribed(url: str, topic: str = "cdevents/#") -> Iterator[Arrived]:
    """Subscribe to a topic; gives what arrives."""
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion

    found: Arrived = queue.SimpleQueue()
    ready = threading.Event()

    def subscribe(client: Client, *_: object) -> None:
        client.subscribe(topic, 1)

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.on_connect = subscribe
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _data, message: found.put(message)
    host, _, port = url.removeprefix("mqtt://").partition(":")
    client.connect(host, int(port))
    client.loop_start()
    try:
        assert ready.wait(5)
        yield found
    finally:
        client.disconnect()
        client.loop_stop()


def waited(found: Arrived, count: int) -> list[Any]:
    """Return so much of what arrives."""
    return [found.get(timeout=5) for _ in range(count)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    with mosquitto.serving(tmp_path) as url:
        yield url


@pytest.mark.needs("mosquitto")
def test_a_subscriber_gets_each_event_in_binary_mode(broker: str, tmp_path: Path) -> None:
    events = [envelope(str(number)) for number in range(50)]
    with subscribed(broker) as found:
        assert states(send(broker, tmp_path, *events)) == ["delivered"] * 50
        messages = waited(found, 50)
    assert [message.payload for message in messages] == [event.data for event in events]
    assert {message.topic for message in messages} == {"cdevents/service/deployed"}
    assert messages[7].properties.ContentType == "application/json"
    assert dict(messages[7].properties.UserProperty) == events[7].attributes()


@pytest.mark.needs("mosquitto")
def test_what_nobody_is_subscribed_to_is_no_delivery(broker: str, tmp_path: Path) -> None:
    (receipt,) = send(broker, tmp_path)
    assert (receipt.state, receipt.said) == (
        "held",
        "nobody is subscribed to this topic, so that the broker keeps nothing",
    )


@pytest.mark.needs("mosquitto")
def test_text_of_every_kind_arrives_as_it_was_said(broker: str, tmp_path: Path) -> None:
    event = envelope(subject='ä € "x" %41 <b> \U0001f600')
    with subscribed(broker) as found:
        assert states(send(broker, tmp_path, event)) == ["delivered"]
        (message,) = waited(found, 1)
    assert dict(message.properties.UserProperty)["subject"] == event.subject


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    """A broker that lets in only `ci`, who may publish below `cdevents/` only."""
    words, rights = tmp_path / "words", tmp_path / "rights"
    words.write_text(f"ci:{HASHED}\n")
    words.chmod(0o600)
    rights.write_text("user ci\ntopic readwrite cdevents/#\n")
    rights.chmod(0o600)
    more = ("allow_anonymous false", f"password_file {words}", f"acl_file {rights}")
    with mosquitto.serving(tmp_path, *more) as url:
        yield url


def hashed(word: str) -> str:
    """Return a password as mosquitto_passwd writes it: PBKDF2 with SHA-512 and 101 rounds."""
    import base64
    import hashlib

    salt = b"0123456789ab"
    made = hashlib.pbkdf2_hmac("sha512", word.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


HASHED = hashed("open-sesame")


def logged_in(url: str, folder: Path, topic: str = "", **environ: str) -> Receipt:
    settings = {"user-env": "MQTT_USER", **({"topic": topic} if topic else {})}
    table = SinkTable(type="mqtt", url=url, token_env="MQTT_PASSWORD", settings=settings)
    (receipt,) = send(table, folder, environ=environ)
    return receipt


@pytest.mark.needs("mosquitto")
def test_a_login_lets_us_in_and_a_wrong_one_holds_the_event(locked: str, tmp_path: Path) -> None:
    right = logged_in(locked, tmp_path, MQTT_USER="ci", MQTT_PASSWORD="open-sesame")
    wrong = logged_in(locked, tmp_path, MQTT_USER="ci", MQTT_PASSWORD="wr0ng-s3cret")
    unset = logged_in(locked, tmp_path, MQTT_USER="ci")
    assert "nobody is subscribed" in right.said
    assert (wrong.state, unset.state) == ("held", "held")
    assert "the login is missing, wrong or not allowed" in wrong.said
    assert "sesame" not in f"{right}{wrong}{unset}"
    assert "s3cret" not in f"{right}{wrong}{unset}"


@pytest.mark.needs("mosquitto")
def test_a_topic_that_we_may_not_publish_to_holds_the_event(locked: str, tmp_path: Path) -> None:
    environ = {"MQTT_USER": "ci", "MQTT_PASSWORD": "open-sesame"}
    receipt = logged_in(locked, tmp_path, topic="other", **environ)
    assert (receipt.state, receipt.said) == ("held", "the broker refused it, reason 0x87")


def test_a_broker_that_is_not_there_is_down(tmp_path: Path) -> None:
    (receipt,) = send(f"mqtt://127.0.0.1:{free_port()}", tmp_path)
    assert (receipt.state, "no connection: ConnectionRefusedError" in receipt.said) == (
        "down",
        True,
    )


def test_a_broker_that_says_nothing_is_down(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mqtt://127.0.0.1:{silent.getsockname()[1]}"
        (receipt,) = send(SinkTable(type="mqtt", url=url, timeout=0.3), tmp_path)
    assert (receipt.state, receipt.said) == ("down", "no answer within 0.3 s")


LET_IN = bytes([0x20, 3, 0, 0, 0])


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        [bytes([0x20, 1, 0])],
        [LET_IN, b""],
        [LET_IN, bytes([0x40, 1, 0])],
        [LET_IN, bytes([0x40, 2, 0, 7])],
        [LET_IN, bytes([0x30, 4, 0xFF, 0xFF, 1, 2])],
        [LET_IN, bytes([0xE0, 1, 0x8B])],
    ],
)
def test_what_is_no_acknowledgement_of_a_message_delivers_none(
    tmp_path: Path, parts: list[bytes]
) -> None:
    def answer() -> None:
        connection, _ = server.accept()
        with connection:
            for part in parts:
                connection.recv(4096)
                connection.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        url = f"mqtt://127.0.0.1:{server.getsockname()[1]}"
        (receipt,) = send(SinkTable(type="mqtt", url=url, timeout=0.2), tmp_path)
        thread.join()
    assert receipt.state == "down"


def test_a_password_travels_encrypted_only(tmp_path: Path) -> None:
    receipt = logged_in("mqtt://broker.example", tmp_path, MQTT_USER="u", MQTT_PASSWORD="t0p")
    assert (receipt.state, "unencrypted" in receipt.said) == ("held", True)


def test_a_library_that_is_not_installed_holds_the_event_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    (receipt,) = send("mqtt://a", tmp_path)
    assert receipt.state == "held"
    assert "pip install 'cdkit[mqtt]'" in receipt.said


def test_no_event_needs_no_connection(tmp_path: Path) -> None:
    (target,) = resolve(["mqtt://127.0.0.1:1"])
    assert list(target.sink.send([], target.options, world(tmp_path))) == []


@pytest.mark.parametrize(
    ("url", "topic", "said"),
    [
        ("", "a", "needs an address"),
        ("mqtt://", "a", "needs an address"),
        ("http://a", "a", "needs an address"),
        ("mqtt://ada:word@a", "a", "without a login in it"),
        ("mqtt://a:99999", "a", "needs an address"),
        ("mqtt://a", "a/#", "is no topic that can be published to"),
        ("mqtt://a", "a/+/b", "is no topic that can be published to"),
        ("mqtt://a", "$SYS/a", "is no topic that can be published to"),
        ("mqtt://a", "a/", "is no topic that can be published to"),
    ],
)
def test_what_cannot_work_is_refused(url: str, topic: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve([SinkTable(type="mqtt", url=url, settings={"topic": topic})])
    assert said in caught.value.what
    assert "word" not in caught.value.what


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.needs("mosquitto")
def test_tls_is_spoken_to_whom_the_machine_trusts_and_to_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "own.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    more = ("allow_anonymous true", f"certfile {certificate}", f"keyfile {key}")
    with mosquitto.serving(tmp_path, *more) as url:
        (refused,) = send(url.replace("mqtt:", "mqtts:"), tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        (trusted,) = send(url.replace("mqtt:", "mqtts:"), tmp_path)
    assert (refused.state, "CERTIFICATE_VERIFY_FAILED" in refused.said) == ("down", True)
    assert "nobody is subscribed" in trusted.said


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("over", [0, 1, 100])
def test_an_event_over_the_brokers_largest_keeps_no_other_back(tmp_path: Path, over: int) -> None:
    events = [
        envelope("1"),
        replace(envelope("2"), data=envelope("2").data + b" " * 2000),
        envelope("3"),
    ]
    largest = _size(events[1]) - over  # which Mosquitto itself counts some bytes too late
    limit = ("allow_anonymous true", f"max_packet_size {largest}")
    with mosquitto.serving(tmp_path, *limit) as url, subscribed(url) as found:
        receipts = send(url, tmp_path, *events)
        waited(found, 2 if over else 3)
    assert states(receipts) == ["delivered", "refused" if over else "delivered", "delivered"]
    assert not over or f"takes {largest} bytes" in receipts[1].said


def _size(event: CloudEvent) -> int:
    """The bytes of an event's packet, as MQTT 5 counts them (2.1.4, 3.3)."""
    pairs = [(name, value) for name, value in event.attributes().items()]
    texts = sum(5 + len(name) + len(value) for name, value in pairs)
    properties = texts + 3 + len("application/json") + 2
    rest = 2 + len("cdevents/service/deployed") + 2 + 2 + properties + len(event.data)
    assert properties >= 128
    assert rest >= 128
    return 1 + 2 + rest
