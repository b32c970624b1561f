"""What AWS refuses, by the codes of its services, and what each means for an event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.errors import CannotTell
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.outbox import key_of
from cdkit.events.places import s3
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.targets import SinkTable, resolve
from tests.events.places import envelope, world
from tests.events.receiver import Answer, receiving

SETTINGS = {
    "sqs": {"queue": "https://sqs.eu-west-1.amazonaws.com/1/events"},
    "sns": {"topic": "arn:aws:sns:eu-west-1:1:events"},
    "eventbridge": {"bus": "deployments"},
    "s3": {"bucket": "acme-events", "region": "eu-west-1"},
}


@pytest.fixture(autouse=True)
def _login(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    import boto3

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the first login that it found


def send(
    kind: str, settings: Mapping[str, Any], folder: Path, *events: CloudEvent
) -> list[Receipt]:
    (target,) = resolve([SinkTable(type=kind, settings=dict(settings))])
    parcels = [Parcel(event=e, key=key_of(e, "sink")) for e in events or (envelope("1"),)]
    return list(target.sink.send(parcels, target.options, world(folder)))


def refusal(kind: str, code: str, status: int) -> Answer:
    if kind in {"sns", "s3"}:
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>"
        whole = inner if kind == "s3" else f"<ErrorResponse>{inner}</ErrorResponse>"
        return Answer(status=status, headers={"content-type": "text/xml"}, body=whole.encode())
    body = json.dumps({"__type": f"com.amazonaws.{kind}#{code}", "message": "no"})
    return Answer(
        status=status, headers={"content-type": "application/x-amz-json-1.0"}, body=body.encode()
    )


@pytest.mark.parametrize(
    ("kind", "code", "status", "state"),
    [
        ("sqs", "RequestThrottled", 400, "down"),
        ("sqs", "KmsThrottled", 400, "down"),
        ("sqs", "KmsAccessDenied", 400, "held"),
        ("sqs", "KmsDisabled", 400, "held"),
        ("sqs", "QueueDoesNotExist", 400, "held"),
        ("sqs", "InvalidAddress", 404, "held"),
        ("sqs", "InvalidMessageContents", 400, "refused"),
        ("sns", "Throttled", 429, "down"),
        ("sns", "KMSThrottling", 400, "down"),
        ("sns", "KMSAccessDenied", 400, "held"),
        ("sns", "InvalidSecurity", 403, "held"),
        ("sns", "NotFound", 404, "held"),
        ("sns", "InvalidParameter", 400, "refused"),
        ("sns", "InternalError", 500, "later"),
        ("eventbridge", "ThrottlingException", 400, "down"),
        ("eventbridge", "ServiceUnavailable", 503, "down"),
        ("eventbridge", "InternalException", 500, "later"),
        ("s3", "SlowDown", 503, "down"),
        ("s3", "RequestTimeTooSkewed", 403, "held"),
        ("s3", "InvalidToken", 400, "held"),
        ("s3", "ConditionalRequestConflict", 409, "later"),
        ("s3", "EntityTooLarge", 400, "refused"),
    ],
)
def test_each_code_means_what_it_means(
    tmp_path: Path, kind: str, code: str, status: int, state: str
) -> None:
    with receiving(refusal(kind, code, status)) as aws:
        (receipt,) = send(kind, {**SETTINGS[kind], "endpoint": aws.url}, tmp_path)
    assert (receipt.state, code in receipt.said) == (state, True)
    assert len(aws.requests) == 1  # the outbox tries again by itself


@pytest.mark.parametrize("kind", [*SETTINGS, "codepipeline"])
@pytest.mark.parametrize("status", [200, 302, 502])
@pytest.mark.parametrize("body", [b"<!doctype html><title>Log in</title>", b"", b"{}"])
def test_a_page_of_somebody_else_is_no_delivery(
    tmp_path: Path, kind: str, status: int, body: bytes
) -> None:
    page = Answer(status=status, headers={"content-type": "text/html"}, body=body)
    with receiving(page) as proxy:
        settings = SETTINGS.get(kind, {"pipeline": "integrate"})
        receipts = send(kind, {**settings, "endpoint": proxy.url}, tmp_path)
    assert {receipt.state for receipt in receipts} <= {"held", "down", "later"}


@pytest.mark.parametrize("body", [b"<!doctype html><title>Log in</title>", b""])
def test_a_page_of_somebody_else_keeps_no_outbox_and_is_no_empty_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    with receiving(Answer(status=200, headers={"content-type": "text/html"}, body=body)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(CannotTell):
            s3.PLACE.put("s3://acme/undelivered", b"an outbox", world(tmp_path))
        with pytest.raises(CannotTell):
            s3.PLACE.find("s3://acme/undelivered", world(tmp_path))


@pytest.mark.parametrize(
    ("kind", "code"),
    [("sqs", "BatchRequestTooLong"), ("sns", "ValidationException"), ("eventbridge", "Invalid")],
)
def test_of_a_batch_that_was_refused_each_goes_by_itself(
    tmp_path: Path, kind: str, code: str
) -> None:
    with receiving(refusal(kind, code, 400)) as aws:
        events = [envelope(str(number)) for number in range(3)]
        receipts = send(kind, {**SETTINGS[kind], "endpoint": aws.url}, tmp_path, *events)
    assert [receipt.state for receipt in receipts] == ["apart"] * 3


def test_each_entry_of_a_batch_has_its_own_answer(tmp_path: Path) -> None:
    body: dict[str, Any] = {
        "Successful": [{"Id": "0", "MessageId": "m"}, {"Id": "99", "MessageId": "of nobody"}],
        "Failed": [
            {"Id": "1", "Code": "InternalError", "SenderFault": False},
            {"Id": "2", "Code": "KMS.ThrottlingException", "SenderFault": True},
            {"Id": "3", "Code": "InvalidMessageContents", "SenderFault": True},
        ],
    }
    answer = Answer(
        status=200,
        headers={"content-type": "application/x-amz-json-1.0"},
        body=json.dumps(body).encode(),
    )
    with receiving(answer) as aws:
        events = [envelope(str(number)) for number in range(5)]
        receipts = send("sqs", {**SETTINGS["sqs"], "endpoint": aws.url}, tmp_path, *events)
    states = [receipt.state for receipt in receipts]
    assert states == ["delivered", "later", "down", "refused", "held"]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("sqs", SETTINGS["sqs"]),
        ("sns", SETTINGS["sns"]),
        ("eventbridge", {"bus": "arn:aws:events:eu-west-1:1:event-bus/deployments"}),
    ],
)
def test_the_place_says_the_region_where_no_setting_does(
    tmp_path: Path, kind: str, settings: Mapping[str, str]
) -> None:
    with receiving(refusal(kind, "AccessDenied", 403)) as aws:
        send(kind, {**settings, "endpoint": aws.url}, tmp_path)
        send(kind, {**settings, "endpoint": aws.url, "region": "eu-north-1"}, tmp_path)
    signed = [
        re.search(r"/\d{8}/([^/]+)/", request.headers["authorization"]) for request in aws.requests
    ]
    assert [found and found[1] for found in signed] == ["eu-west-1", "eu-north-1"]


@pytest.mark.parametrize("kind", ["sqs", "sns"])
def test_a_group_has_only_the_characters_that_aws_takes(tmp_path: Path, kind: str) -> None:
    settings = {name: f"{place}.fifo" for name, place in SETTINGS[kind].items()}
    with receiving(refusal(kind, "AccessDenied", 403)) as aws:
        send(kind, {**settings, "endpoint": aws.url}, tmp_path, envelope(subject="orders \u00fc"))
    body = aws.requests[0].body.decode()
    assert ("orders%20%C3%BC" if kind == "sqs" else "orders%2520%25C3%25BC") in body


@pytest.mark.parametrize("endpoint", ["events", "http://", "file:///etc/passwd"])
def test_an_endpoint_that_is_no_address_holds_the_event(tmp_path: Path, endpoint: str) -> None:
    (receipt,) = send("sqs", {**SETTINGS["sqs"], "endpoint": endpoint}, tmp_path)
    assert receipt.state == "held"


def test_what_boto3_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    (receipt,) = send("eventbridge", SETTINGS["eventbridge"], tmp_path)
    assert (receipt.state, "set AWS_REGION" in receipt.said) == ("held", True)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    import boto3

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    (receipt,) = send("sqs", SETTINGS["sqs"], tmp_path)
    assert (receipt.state, "set AWS_ACCESS_KEY_ID" in receipt.said) == ("held", True)
