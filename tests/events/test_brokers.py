"""The brokers and clouds: what arrives there, what a retry does, and what a failure means."""

from __future__ import annotations

import asyncio
import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.errors import RequestError
from cdkit.events.cloudevents import CloudEvent, structured
from cdkit.events.outbox import key_of
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.targets import SinkTable, resolve
from tests.events.places import envelope, world
from tests.parts import nats as nats_part
from tests.parts.loopback import free_port

REGION = "eu-west-1"


def parcel(event: CloudEvent) -> Parcel:
    return Parcel(event=event, key=key_of(event, "sink"))


def send(
    entry: str | SinkTable, folder: Path, *events: CloudEvent, environ: dict[str, str] | None = None
) -> list[Receipt]:
    (target,) = resolve([entry])
    parcels = [parcel(event) for event in events or (envelope("1"),)]
    return list(target.sink.send(parcels, target.options, world(folder, environ=environ)))


def states(receipts: list[Receipt]) -> list[str]:
    return [receipt.state for receipt in receipts]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """AWS in this process, by moto; the variables are boto3's own way to be told."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    import boto3
    from moto import mock_aws

    with mock_aws():
        yield boto3


def bodies(boto3: Any, queue: str) -> list[str]:  # noqa: ANN401 - boto3 has no types
    client = boto3.client("sqs")
    found: list[str] = []
    while more := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in more]
        for message in more:
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def queue_of(boto3: Any, name: str, **attributes: str) -> tuple[str, str]:  # noqa: ANN401 - as above
    client = boto3.client("sqs")
    url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def test_sqs_gets_each_event_in_structured_mode(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    url, _ = queue_of(aws, "events")
    events = [envelope(str(number)) for number in range(23)]
    assert states(send(f"sqs:{url}", tmp_path, *events)) == ["delivered"] * 23
    expected = sorted(structured(event)[1].decode() for event in events)
    assert sorted(bodies(aws, url)) == expected


def test_a_fifo_queue_takes_a_retry_for_what_it_is(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    url, _ = queue_of(aws, "events.fifo", FifoQueue="true")
    for _ in range(2):
        assert states(send(f"sqs:{url}", tmp_path)) == ["delivered"]
    assert len(bodies(aws, url)) == 1


def test_a_queue_that_does_not_exist_holds_the_event(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    del aws
    url = f"https://sqs.{REGION}.amazonaws.com/123456789012/nowhere"
    (receipt,) = send(f"sqs:{url}", tmp_path)
    assert (receipt.state, "does not exist" in receipt.said) == ("held", True)


def test_sns_gets_each_event_with_attributes_to_filter_by(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    url, arn = queue_of(aws, "events")
    client = aws.client("sns")
    topic = client.create_topic(Name="events")["TopicArn"]
    client.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert states(send(f"sns:{topic}", tmp_path)) == ["delivered"]
    (message,) = map(json.loads, bodies(aws, url))
    assert json.loads(message["Message"]) == json.loads(structured(envelope("1"))[1])
    told = {name: it["Value"] for name, it in message["MessageAttributes"].items()}
    assert told == {
        "content-type": "application/cloudevents+json",
        "ce-type": "dev.cdevents.service.deployed.0.3.0",
        "ce-source": "/a/b",
    }


def test_a_topic_that_does_not_exist_holds_the_event(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    del aws
    (receipt,) = send(f"sns:arn:aws:sns:{REGION}:123456789012:nowhere", tmp_path)
    assert receipt.state == "held"


def test_eventbridge_gets_the_event_as_detail(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    url, arn = queue_of(aws, "events")
    client = aws.client("events")
    client.create_event_bus(Name="deployments")
    client.put_rule(
        Name="all",
        EventBusName="deployments",
        EventPattern=json.dumps({"detail-type": [{"prefix": "dev.cdevents.service"}]}),
    )
    client.put_targets(Rule="all", EventBusName="deployments", Targets=[{"Id": "1", "Arn": arn}])
    assert states(send("eventbridge:deployments", tmp_path)) == ["delivered"]
    (message,) = map(json.loads, bodies(aws, url))
    assert message["detail-type"] == "dev.cdevents.service.deployed.0.3.0"
    assert message["source"] == "/a/b"
    assert message["detail"] == json.loads(envelope("1").data)
    assert message["resources"][0].startswith("pkg:oci/orders@sha256:")


def test_s3_gets_an_object_for_each_event_and_a_retry_changes_nothing(
    aws: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    client = aws.client("s3")
    client.create_bucket(
        Bucket="acme-events", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    (first,) = send("s3://acme-events/orders/", tmp_path)
    (second,) = send("s3://acme-events/orders/", tmp_path)
    assert (first.said, second.said) == ("taken", "it was already there")
    (found,) = client.list_objects_v2(Bucket="acme-events")["Contents"]
    assert found["Key"] == f"orders/2026-11-23/{parcel(envelope('1')).key}.json"
    body = client.get_object(Bucket="acme-events", Key=found["Key"])["Body"].read()
    assert body == structured(envelope("1"))[1]


def test_a_bucket_that_does_not_exist_holds_the_event(aws: Any, tmp_path: Path) -> None:  # noqa: ANN401
    del aws
    (receipt,) = send("s3://nowhere-at-all", tmp_path)
    assert (receipt.state, "does not exist" in receipt.said) == ("held", True)


def test_an_endpoint_that_nobody_answers_at_is_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    endpoint = f"http://127.0.0.1:{free_port()}"
    table = SinkTable(
        type="s3", settings={"bucket": "acme", "endpoint": endpoint, "region": REGION}
    )
    (receipt,) = send(table, tmp_path)
    assert (receipt.state, receipt.said) == ("down", "boto3 says EndpointConnectionError")


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[str]:
    with nats_part.serving(tmp_path) as url:
        yield url


def with_stream(url: str, token: str = "") -> list[Any]:
    """Make the stream where it is not there, and return what it holds."""

    async def work() -> list[Any]:
        import nats as client

        connection = await client.connect(url, **({"token": token} if token else {}))
        stream = connection.jetstream()
        info = await stream.add_stream(name="cdevents", subjects=["cdevents.>"])
        count = info.state.messages
        found = [await stream.get_msg("cdevents", seq=number + 1) for number in range(count)]
        await connection.close()
        return found

    return asyncio.run(work())


@pytest.mark.needs("nats")
def test_nats_gets_each_event_once_in_binary_mode(nats: str, tmp_path: Path) -> None:
    with_stream(nats)
    events = [envelope(str(number)) for number in range(5)]
    assert states(send(nats, tmp_path, *events)) == ["delivered"] * 5
    again = send(nats, tmp_path, *events)
    assert [receipt.said for receipt in again] == ["it was already there"] * 5
    messages = with_stream(nats)
    assert sorted(message.data for message in messages) == sorted(e.data for e in events)
    assert {message.subject for message in messages} == {"cdevents.service.deployed"}
    headers = messages[0].headers
    assert headers["ce-type"] == "dev.cdevents.service.deployed.0.3.0"
    assert headers["ce-datacontenttype"] == "application/json"


@pytest.mark.needs("nats")
def test_a_subject_without_a_stream_is_no_delivery(nats: str, tmp_path: Path) -> None:
    (receipt,) = send(nats, tmp_path)
    assert (receipt.state, receipt.said) == ("held", "no stream listens to this subject")


@pytest.mark.needs("nats")
def test_a_token_lets_us_in_and_a_wrong_one_holds_the_event(tmp_path: Path) -> None:
    with nats_part.serving(tmp_path, token="t0p-s3cret") as url:
        with_stream(url, "t0p-s3cret")
        table = SinkTable(type="nats", url=url, token_env="T")
        (right,) = send(table, tmp_path, environ={"T": "t0p-s3cret"})
        (wrong,) = send(table, tmp_path, environ={"T": "wr0ng-s3cret"})
        (unset,) = send(table, tmp_path)
    assert states([right, wrong, unset]) == ["delivered", "held", "held"]
    assert "s3cret" not in f"{right}{wrong}{unset}"


@pytest.mark.needs("nats")
def test_a_certificate_of_nats_is_checked_and_a_wrong_one_ends_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "own.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(certificate), "-out", str(tmp_path / "c"), "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    with certificate.open("ab") as both:
        both.write((tmp_path / "c").read_bytes())
    with nats_part.serving(tmp_path, token="t0p-s3cret", tls=str(certificate)) as url:
        table = SinkTable(type="nats", url=url, token_env="T")
        (wrong,) = send(table, tmp_path, environ={"T": "t0p-s3cret"})
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c"))
        (right,) = send(table, tmp_path, environ={"T": "t0p-s3cret"})
    assert (wrong.state, "CERTIFICATE_VERIFY_FAILED" in wrong.said) == ("down", True)
    assert (right.state, right.said) == ("held", "no stream listens to this subject")


def test_a_token_of_nats_goes_over_no_open_line(tmp_path: Path) -> None:
    table = SinkTable(type="nats", url="nats://broker.example", token_env="T")
    (receipt,) = send(table, tmp_path, environ={"T": "t0p-s3cret"})
    assert (receipt.state, receipt.said[:35]) == ("held", "a token would travel unencrypted: t")


@pytest.mark.parametrize("token", ["", "T"])
def test_who_says_that_the_server_has_no_tls_gets_neither_token_nor_event(
    tmp_path: Path, token: str
) -> None:
    heard: list[bytes] = []
    with one_without_tls(heard) as port:
        table = SinkTable(type="nats", url=f"tls://127.0.0.1:{port}", token_env=token)
        (receipt,) = send(table, tmp_path, environ={"T": "t0p-s3cret"})
    assert receipt.state == "held"
    assert receipt.said.startswith("the server offers no TLS")
    assert b"s3cret" not in b"".join(heard)
    assert b"PUB" not in b"".join(heard)


@contextmanager
def one_without_tls(heard: list[bytes]) -> Iterator[int]:
    """Something that speaks NATS, and keeps what it hears."""
    info = {"server_id": "x", "version": "2.9.10", "headers": True, "max_payload": 1 << 20}

    class Server(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"INFO " + json.dumps(info | {"auth_required": True}).encode())
            self.wfile.write(b"\r\n")
            for line in self.rfile:
                heard.append(line)
                if line.startswith(b"PING"):
                    self.wfile.write(b"PONG\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_server_of_nats_that_does_not_answer_is_down(tmp_path: Path) -> None:
    (receipt,) = send(f"nats://127.0.0.1:{free_port()}", tmp_path)
    assert receipt.state == "down"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("sns:", "names no topic"),
        ("sqs:", "names no queue"),
        ("sqs:a b", "names no queue"),
        ("s3://", "names no bucket"),
        ("kafka:", "names no brokers"),
        ("kafka://a:9092/a b", "is no topic of Kafka"),
        ("nats://user:word@host", "without a login in it"),
        (SinkTable(type="nats", url="nats://a", settings={"subject": "a..b"}), "is no subject"),
        (SinkTable(type="kafka", url="a:1", timeout=0), "timeout is 0 s"),
    ],
)
def test_what_cannot_work_is_refused(entry: str | SinkTable, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve([entry])
    assert said in caught.value.what
    assert "word" not in caught.value.what


@pytest.mark.parametrize(
    ("entry", "module", "extra"),
    [
        ("sns:arn:aws:sns:x:1:t", "boto3", "aws"),
        ("nats://a", "nats", "nats"),
        ("kafka://a:9092", "confluent_kafka", "kafka"),
    ],
)
def test_a_library_that_is_not_installed_holds_the_event_and_is_named(
    entry: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (receipt,) = send(entry, tmp_path)
    assert receipt.state == "held"
    assert f"pip install 'cdkit[{extra}]'" in receipt.said


def test_naming_a_sink_loads_no_library() -> None:
    import subprocess

    code = (
        "import sys; from cdkit.events.targets import resolve\n"
        "resolve(['sns:arn', 's3://a', 'nats://a', 'kafka://a:1', 'file:x'])\n"
        "print(sorted({'boto3', 'nats', 'confluent_kafka', 'asyncio'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
