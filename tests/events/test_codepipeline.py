"""CodePipeline: what it is started with, that a retry starts nothing, what refusals mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.errors import RequestError
from cdkit.core.verdict import Answer
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.sink import Receipt
from cdkit.events.targets import SinkTable, resolve
from cdkit.steps.read_event import ReadEventOptions, ReadEventOutputs, run
from tests.events.pipelines import ENVIRON, Pipeline, Pipelines, serving
from tests.events.places import world
from tests.events.samples import DIGEST
from tests.events.test_services import SECRET, event_of, parcel
from tests.parts.amazon import Amazon
from tests.parts.loopback import free_port

PARTS = [f"cdevent-{number}" for number in (1, 2, 3)]
SIGNATURE = ["webhook-id", "webhook-timestamp", "webhook-signature"]
EVENT = event_of({})


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipelines]:
    """A CodePipeline with the pipeline `integrate`; the variables are boto3's way to be told."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it remembers the login of another test
    with serving() as server:
        server.pipelines["integrate"] = Pipeline(
            variables=frozenset({*PARTS, *SIGNATURE, "IMAGE", "COMMIT"}),
            actions=frozenset({"Source", "Image"}),
        )
        yield server


def table(aws: Pipelines, **more: str) -> SinkTable:
    named = {key.replace("_", "-"): value for key, value in more.items() if key != "template"}
    secret = named.pop("secret-env", "")
    return SinkTable(
        type="codepipeline",
        template=more.get("template", ""),
        secret_env=secret,
        settings={"pipeline": "integrate", "endpoint": aws.url} | named,
    )


def send(
    entry: str | SinkTable, folder: Path, event: CloudEvent = EVENT, **environ: str
) -> Receipt:
    (target,) = resolve([entry])
    where = world(folder, environ=environ)
    (receipt,) = target.sink.send([parcel(event)], target.options, where)
    return receipt


def begun(aws: Pipelines) -> list[dict[str, Any]]:
    return list(aws.pipelines["integrate"].begun.values())


def variables(aws: Pipelines) -> dict[str, str]:
    (execution,) = begun(aws)
    return {entry["name"]: entry["value"] for entry in execution["variables"]}


def test_a_pipeline_is_started_with_the_event_in_its_variables(
    aws: Pipelines, tmp_path: Path
) -> None:
    receipt = send(table(aws), tmp_path)
    assert (receipt.state, receipt.said) == ("delivered", "execution 00000000")
    assert sorted(variables(aws)) == PARTS
    assert "sourceRevisions" not in begun(aws)[0]


def test_read_event_on_the_other_side_believes_what_was_signed(
    aws: Pipelines, tmp_path: Path
) -> None:
    send(table(aws, secret_env="EVENT_SECRET"), tmp_path, EVENT_SECRET=SECRET)
    told = variables(aws)
    context = BuildContext(system="aws-codebuild", repository="acme/deploys", run="70", attempt=1)
    there = replace(
        world(tmp_path / "there", environ={"CDKIT_EVENT_SECRET": SECRET}), context=context
    )
    options = ReadEventOptions(
        event="".join(told[name] for name in PARTS),
        webhook_id=told["webhook-id"],
        webhook_timestamp=told["webhook-timestamp"],
        webhook_signature=told["webhook-signature"],
    )
    outcome = run(options, there)
    assert outcome.verdict.answer is Answer.YES
    assert isinstance(outcome.outputs, ReadEventOutputs)
    assert outcome.outputs.event == EVENT.id
    assert outcome.outputs.image == f"ghcr.io/acme/orders@{DIGEST}"
    assert json.loads(outcome.data) == json.loads(EVENT.data)


def test_a_part_that_did_not_come_along_is_a_no(aws: Pipelines, tmp_path: Path) -> None:
    send(table(aws), tmp_path)
    told = variables(aws)
    outcome = run(ReadEventOptions(event=told["cdevent-1"], unsigned=True), world(tmp_path))
    assert outcome.verdict.answer is Answer.NO
    (reason,) = outcome.verdict.reasons
    assert "letters are not all of it, or more than it" in reason.what


def test_a_retry_starts_nothing_twice(aws: Pipelines, tmp_path: Path) -> None:
    aws.cut = True
    assert send(table(aws), tmp_path).state == "down"
    aws.cut = False
    assert send(table(aws), tmp_path).said == "execution 00000000"
    assert (aws.asked, len(begun(aws))) == (2, 1)


def test_another_event_starts_another_execution(aws: Pipelines, tmp_path: Path) -> None:
    send(table(aws), tmp_path)
    other = replace_id(EVENT, "4d1c6ee2-7a0f-5d43-9a3c-0a55a8e3a002")
    assert send(table(aws), tmp_path, other).said == "execution 00000001"


def replace_id(event: CloudEvent, name: str) -> CloudEvent:
    from msgspec.structs import replace as changed

    return changed(event, id=name, data=event.data.replace(event.id.encode(), name.encode()))


def test_source_actions_take_the_commit_and_the_image(aws: Pipelines, tmp_path: Path) -> None:
    receipt = send(table(aws, commit_action="Source", image_action="Image"), tmp_path)
    assert receipt.state == "delivered"
    assert begun(aws)[0]["sourceRevisions"] == [
        {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": "c" * 40},
        {"actionName": "Image", "revisionType": "IMAGE_DIGEST", "revisionValue": DIGEST},
    ]


def test_a_template_names_the_variables(aws: Pipelines, tmp_path: Path) -> None:
    template = '{"IMAGE": "{image}", "COMMIT": "at {commit}", "OTHER": "?{rollback-of}"}'
    assert send(table(aws, template=template), tmp_path).state == "delivered"
    assert variables(aws) == {
        "IMAGE": f"ghcr.io/acme/orders@{DIGEST}",
        "COMMIT": f"at {'c' * 40}",
    }


def test_what_is_no_text_is_said_in_json(aws: Pipelines, tmp_path: Path) -> None:
    template = '{"IMAGE": "{time-s}", "COMMIT": "{event}"}'
    assert send(table(aws, template=template), tmp_path).state == "delivered"
    told = variables(aws)
    assert told["IMAGE"] == "1795435200"
    assert json.loads(told["COMMIT"]) == json.loads(EVENT.data)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"template": '{"IMAGE": "{rollback-of}"}'}, "does not say 'rollback-of', which the temp"),
        ({"template": '{"IMAGE": "{event-json}{event-json}"}'}, "IMAGE would hold "),
        ({"template": '{"IMAGE": "a\\nb{image}"}'}, "in one line"),
        ({"template": '{"IMAGE": "{image}\\n"}'}, "in one line"),
        ({"template": '{"IMAGE": "#{{image}}"}'}, "would hold `#{`"),
        ({"parts": "1"}, "and 1 variables hold 1000: declare more of them"),
    ],
)
def test_what_cannot_be_said_to_a_pipeline_is_refused(
    aws: Pipelines, tmp_path: Path, more: dict[str, str], said: str
) -> None:
    long = event_of({"custom": {"labels": {f"l{n}": f"{n * 7919:x}" * 5 for n in range(60)}}})
    receipt = send(table(aws, **more), tmp_path, long if "parts" in more else EVENT)
    assert receipt.state == "refused"
    assert said in receipt.said
    assert aws.asked == 0


def test_an_event_without_a_commit_starts_no_action_that_is_to_take_one(
    aws: Pipelines, tmp_path: Path
) -> None:
    event = event_of({"type": "incident.detected"})
    receipt = send(table(aws, image_action="Image"), tmp_path, event)
    assert (receipt.state, receipt.said) == (
        "refused",
        "the event does not say 'digest', which the action Image is to take",
    )


@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        ("PipelineNotFoundException", "held", "it does not exist"),
        ("ConflictException", "down", "the pipeline is busy"),
        ("ConcurrentPipelineExecutionsLimitExceededException", "down", "the pipeline is busy"),
        (
            "ExpiredTokenException",
            "held",
            "ExpiredTokenException: the login is missing, wrong, expired",
        ),
        (
            "InvalidSignatureException",
            "held",
            "InvalidSignatureException: the login is missing, wrong, expired",
        ),
        (
            "AccessDeniedException",
            "held",
            "AccessDeniedException: the login is missing, wrong, expired",
        ),
        ("ThrottlingException", "down", "ThrottlingException (status 400)"),
        ("ValidationException", "refused", "ValidationException (status 400)"),
    ],
)
def test_each_refusal_means_what_it_means(
    aws: Pipelines, tmp_path: Path, fault: str, state: str, said: str
) -> None:
    aws.fault = fault
    receipt = send(table(aws), tmp_path)
    assert receipt.state == state
    assert said in receipt.said


def test_a_wrong_secret_key_holds_the_event(
    aws: Pipelines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    receipt = send(table(aws), tmp_path)
    assert receipt.state == "held"
    assert receipt.said.startswith("InvalidSignatureException: the login is missing, wrong")


def test_without_a_login_the_event_is_held(
    aws: Pipelines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    receipt = send(table(aws), tmp_path)
    assert receipt.state == "held"
    assert receipt.said.startswith("boto3 says NoCredentialsError")


def test_a_service_that_does_not_answer_is_down(aws: Pipelines, tmp_path: Path) -> None:
    entry = table(aws, endpoint=f"http://127.0.0.1:{free_port()}")
    assert send(entry, tmp_path).state == "down"


def test_a_secret_to_sign_with_that_is_not_set_holds_the_event(
    aws: Pipelines, tmp_path: Path
) -> None:
    receipt = send(table(aws, secret_env="EVENT_SECRET"), tmp_path)
    assert (receipt.state, receipt.said) == ("held", "the variable EVENT_SECRET is not set")
    assert aws.asked == 0


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("codepipeline:", "names no pipeline"),
        ("codepipeline:a/b", "'a/b' is no name in CodePipeline"),
        ({"parts": "0"}, "an event in 0 parts"),
        ({"parts": "48"}, "an event in 48 parts"),
        ({"commit-action": "a b"}, "'a b' is no name in CodePipeline"),
        ({"template": "{"}, "is no JSON object of texts"),
        ({"template": '{"a": 1}'}, "is no JSON object of texts"),
        ({"template": '{"a.b": "x"}'}, "'a.b' is no variable of CodePipeline"),
        ({"template": '{"a": "{imag}"}'}, "has the hole 'imag', which no event fills"),
        ({"template": '{"a": "x"}', "secret-env": "S"}, "cannot be signed"),
        ({"bus": "x"}, "wrong options"),
    ],
)
def test_what_cannot_work_is_a_wrong_request(entry: str | dict[str, str], said: str) -> None:
    named: str | SinkTable
    if isinstance(entry, str):
        named = entry
    else:
        settings = {k: v for k, v in entry.items() if k not in {"template", "secret-env"}}
        named = SinkTable(
            type="codepipeline",
            template=entry.get("template", ""),
            secret_env=entry.get("secret-env", ""),
            settings={"pipeline": "p"} | settings,
        )
    with pytest.raises(RequestError) as caught:
        resolve([named])
    assert said in caught.value.what


@pytest.mark.needs("aws")
def test_the_double_understands_the_command_line_of_aws(aws: Pipelines, amazon: Amazon) -> None:
    there = replace(amazon, environ={**ENVIRON, "AWS_ENDPOINT_URL": aws.url})
    command = ["codepipeline", "start-pipeline-execution", "--name", "integrate"]
    command += ["--variables", "name=IMAGE,value=x", "--client-request-token", "abc"]
    first, again = (json.loads(there.run(*command)) for _ in range(2))
    assert first == again == {"pipelineExecutionId": "00000000"}
