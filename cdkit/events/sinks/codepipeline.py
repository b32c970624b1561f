"""AWS CodePipeline: starts a pipeline, with the event in its variables.

Source: AWS CodePipeline API reference, "StartPipelineExecution", "PipelineVariable" (a value has 1
to 1,000 characters, no line break), "SourceRevisionOverride". The pipeline declares each variable
that it is given. The request's token is the delivery's own, so that a retry is the same request.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cdkit.core.errors import RequestError
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.events.facts import NAMES, Facts, facts_of
from cdkit.events.packing import packed
from cdkit.events.sink import Parcel, Receipt, Sink, State
from cdkit.events.sinks._aws import AwsOptions, call, need
from cdkit.events.sinks._posting import Held, Unsayable, receipts, signed
from cdkit.events.template import Filling, Lacking, fill, holes

_NAME = re.compile(r"[A-Za-z0-9.@_-]{1,100}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z0-9@_-]{1,128}", re.ASCII)
_LONGEST = 1000
_MOST = 40
"""Parts of an event: a pipeline has at most 50 variables, and a signature takes three."""

_BUSY = frozenset({"ConflictException", "ConcurrentPipelineExecutionsLimitExceededException"})


class CodePipelineOptions(AwsOptions, frozen=True, kw_only=True):
    """Which pipeline, what its variables are, and which source actions get a revision."""

    pipeline: Annotated[str, Meta(description="The name of the pipeline.")] = ""
    parts: Annotated[
        int,
        Meta(description="Over how many variables the event is spread: `cdevent-1`, `cdevent-2` …"),
    ] = 3
    template: Annotated[
        str, Meta(description="Variables instead of the event: a JSON object, with holes.")
    ] = ""
    secret_env: Annotated[
        str, Meta(description="The variable that holds the secret to sign with (`whsec_…`).")
    ] = ""
    commit_action: Annotated[
        str, Meta(description="The source action that is to take the event's commit.")
    ] = ""
    image_action: Annotated[
        str, Meta(description="The source action that is to take the event's image, by digest.")
    ] = ""


def send(events: Sequence[Parcel], options: CodePipelineOptions, world: World) -> Sequence[Receipt]:
    """Start the pipeline once for each event."""
    return [receipt for parcel in events for receipt in _send(parcel, options, world)]


def _send(parcel: Parcel, options: CodePipelineOptions, world: World) -> list[Receipt]:
    try:
        request = _request(parcel, options, world)
    except Held as fault:
        return receipts([parcel], "held", str(fault))
    except Unsayable as fault:
        return receipts([parcel], "refused", str(fault))
    return call("codepipeline", options, [parcel], _asking(parcel, request))


def _asking(parcel: Parcel, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a function of a client
    def ask(client: Any) -> Mapping[str, tuple[State, str]]:  # noqa: ANN401 - boto3 has no types
        try:
            answer = client.start_pipeline_execution(**request)
        except client.exceptions.ClientError as fault:
            code = str(fault.response.get("Error", {}).get("Code", ""))
            if code not in _BUSY:
                raise
            return {parcel.key: ("down", f"{code}: the pipeline is busy")}
        execution = str(answer.get("pipelineExecutionId", ""))[:100]
        return {parcel.key: ("delivered", f"execution {execution}")} if execution else {}

    return ask


def _request(parcel: Parcel, options: CodePipelineOptions, world: World) -> dict[str, Any]:
    facts = facts_of(parcel.event)
    told = _filled(options.template, facts) if options.template else _whole(parcel, options, world)
    request: dict[str, Any] = {
        "name": options.pipeline,
        "clientRequestToken": parcel.key,
        "variables": [{"name": n, "value": _checked(n, value)} for n, value in told.items()],
    }
    if revisions := list(_revisions(options, facts)):
        request["sourceRevisions"] = revisions
    return request


def _whole(parcel: Parcel, options: CodePipelineOptions, world: World) -> dict[str, str]:
    """Return the event, packed and in as many parts as the pipeline declares; none is empty."""
    text = parcel.event.data.decode()
    letters, count = packed(text), options.parts
    if len(letters) > count * _LONGEST:
        raise Unsayable(
            f"the event has {len(letters)} letters where it is packed, and {count} variables hold "
            f"{count * _LONGEST}: declare more of them, and say so with the setting parts"
        )
    cuts = [len(letters) * number // count for number in range(count + 1)]
    told = {f"cdevent-{i + 1}": letters[cuts[i] : cuts[i + 1]] for i in range(count)}
    if options.secret_env:
        pairs = signed(parcel.key, text.encode(), options.secret_env, world)
        told |= {n: v.reveal() if isinstance(v, Secret) else v for n, v in pairs.items()}
    return told


def _filled(template: str, facts: Facts) -> dict[str, str]:
    try:
        filled = fill(msgspec.json.decode(template), Filling(values=facts, escape=str))
    except Lacking as fault:
        raise Unsayable(
            f"the event does not say {fault.name!r}, which the template needs"
        ) from fault
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in filled.items()
    }


def _checked(name: str, value: str) -> str:
    if not 1 <= len(value) <= _LONGEST or value.splitlines() != [value]:
        raise Unsayable(
            f"the variable {name} would hold {len(value)} characters; CodePipeline takes 1 to "
            f"{_LONGEST} of them, in one line"
        )
    if "#{" in value:
        raise Unsayable(
            f"the variable {name} would hold `#{{`, with which CodePipeline names others"
        )
    return value


def _revisions(options: CodePipelineOptions, facts: Facts) -> Iterator[dict[str, str]]:
    for action, kind, fact in (
        (options.commit_action, "COMMIT_ID", "commit"),
        (options.image_action, "IMAGE_DIGEST", "digest"),
    ):
        if action and not facts[fact]:
            raise Unsayable(
                f"the event does not say {fact!r}, which the action {action} is to take"
            )
        if action:
            yield {"actionName": action, "revisionType": kind, "revisionValue": facts[fact]}


def _check(options: CodePipelineOptions) -> None:
    need(options.pipeline, kind="codepipeline", what="pipeline", example="codepipeline:integrate")
    for name in filter(None, (options.pipeline, options.commit_action, options.image_action)):
        if not _NAME.fullmatch(name):
            raise RequestError(
                f"{name[:60]!r} is no name in CodePipeline",
                remedy="give 1 to 100 of letters, digits and . @ _ -",
            )
    if not 1 <= options.parts <= _MOST:
        raise RequestError(f"an event in {options.parts} parts", remedy=f"give parts: 1 to {_MOST}")
    if options.template:
        _check_template(options)


def _check_template(options: CodePipelineOptions) -> None:
    if options.secret_env:
        raise RequestError(
            "a codepipeline sink with a template cannot be signed: the signature is of the event",
            remedy="take the template out, so that read-event gets the event; or secret-env",
        )
    try:
        template = msgspec.json.decode(options.template, type=dict[str, str])
    except (msgspec.DecodeError, RecursionError) as fault:
        raise RequestError(
            f"a codepipeline sink's template is no JSON object of texts: {fault}",
            remedy='write one such as {"IMAGE": "{image}", "COMMIT": "?{commit}"}',
        ) from fault
    for name in template:
        if not _VARIABLE.fullmatch(name):
            raise RequestError(
                f"{name[:60]!r} is no variable of CodePipeline",
                remedy="give 1 to 128 of letters, digits and @ _ -",
            )
    if unknown := sorted(holes(template) - set(NAMES)):
        raise RequestError(
            f"a codepipeline sink's template has the hole {unknown[0][:60]!r}, which no event "
            "fills",
            remedy=f"use: {', '.join(NAMES)}",
        )


SINK = Sink(
    options=CodePipelineOptions,
    schemes=("codepipeline:",),
    read=lambda text: {"pipeline": text.partition(":")[2]},
    check=_check,
    place=lambda options: options.name or f"codepipeline:{options.pipeline}",
    send=send,
)
