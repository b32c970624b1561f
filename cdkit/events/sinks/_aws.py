"""What the sinks of AWS do alike: a client of boto3, batches that fit, an honest receipt.

Source: AWS API references of SNS, SQS and EventBridge: a batch has at most 10 entries and 256 KiB;
"Common Errors" of each, and what their JSON protocol calls a wrong signature.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from cdkit.core.errors import MissingExtra, RequestError
from cdkit.events.cloudevents import structured
from cdkit.events.sink import Parcel, Receipt, SinkOptions, State
from cdkit.events.sinks._posting import lacking, receipts

MOST = 10
_LARGEST = 240_000
_OURS_TO_MEND = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_BUSY = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"})


class AwsOptions(SinkOptions, frozen=True, kw_only=True):
    """Where: the login is the one that boto3 finds by itself (variables, a role, a profile)."""

    region: Annotated[str, Meta(description="The region; the usual one where none is given.")] = ""
    endpoint: Annotated[str, Meta(description="The address of another endpoint.")] = ""


def batches(parcels: Sequence[Parcel]) -> Iterator[Sequence[Parcel]]:
    """Yield parcels in batches that one call may carry."""
    batch: list[Parcel] = []
    size = 0
    for parcel in parcels:
        length = len(text_of(parcel).encode()) + 1024  # attributes and ids count too
        if batch and (len(batch) == MOST or size + length > _LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(parcel)
        size += length
    if batch:
        yield batch


def text_of(parcel: Parcel) -> str:
    """Return an event in structured mode, as text."""
    return structured(parcel.event)[1].decode()


def call(
    kind: str,
    options: AwsOptions,
    parcels: Sequence[Parcel],
    ask: Callable[[Any], Mapping[str, tuple[State, str]]],
) -> list[Receipt]:
    """Ask AWS something with a client of this kind; return a receipt for each parcel.

    `ask` returns what became of each delivery by its key; what it does not name arrived.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return lacking(parcels, MissingExtra("boto3", "aws", wanted_by=f"the sink {kind}"))
    try:
        client = boto3.client(
            kind, region_name=options.region or None, endpoint_url=options.endpoint or None
        )
        said = ask(client)
    except ClientError as fault:
        return receipts(parcels, *_of_client(fault.response))
    except BotoCoreError as fault:
        return receipts(parcels, *_of_core(type(fault).__name__))
    return [
        Receipt(key=p.key, state=state, said=what)
        for p in parcels
        for state, what in (said.get(p.key, ("delivered", "taken")),)
    ]


def state_of_code(code: str, *, ours: bool) -> State:
    """Return what an error's code means; `ours` says that AWS takes it for the sender's fault."""
    if code in _OURS_TO_MEND:
        return "held"
    if code in _BUSY:
        return "down"
    return "refused" if ours else "later"


def _of_client(response: Mapping[str, Any]) -> tuple[State, str]:
    code = str(response.get("Error", {}).get("Code", ""))[:100]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket" or "NotFound" in code or "NonExistent" in code:
        return "held", f"{code}: it does not exist"
    if code in _OURS_TO_MEND:
        return "held", f"{code}: the login is missing, wrong, expired or not allowed"
    return state_of_code(code, ours=400 <= status < 500), f"{code} (status {status})"


def _of_core(name: str) -> tuple[State, str]:
    waits = "Connect" in name or "Timeout" in name or "Connection" in name
    return ("down" if waits else "held"), f"boto3 says {name}"


def need(value: str, *, kind: str, what: str, example: str) -> None:
    """Raise RequestError where a sink does not say where."""
    if not value or any(character.isspace() for character in value):
        raise RequestError(f"a {kind} sink names no {what}", remedy=f"write {example}")
