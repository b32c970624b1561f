"""What the sinks of AWS do alike: a client of boto3, batches that fit, an honest receipt.

Source: AWS API references of SNS, SQS and EventBridge: a batch has at most 10 entries and 256 KiB;
"Common Errors" of each, and what their JSON protocol calls a wrong signature; a message group's id
has up to 128 letters, digits and punctuation marks of ASCII.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from cdkit.core.errors import MissingExtra, RequestError
from cdkit.events.cloudevents import encode_value, structured
from cdkit.events.sink import Parcel, Receipt, SinkOptions, State
from cdkit.events.sinks._posting import lacking, receipts

MOST = 10
_LARGEST = 240_000
_TIMEOUT = 10
"""Seconds that each of a connection and an answer may take, as with the other sinks."""

_PLACE = re.compile(r"arn:[^:]+:[^:]+:([a-z0-9-]+):.*|https://sqs\.([a-z0-9-]+)\.amazonaws\..*")
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
        "InvalidSecurity",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_SETTINGS = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "EndpointDisabled",
        "InvalidAddress",
        "InvalidBucketName",
        "PermanentRedirect",
    }
)
_BUSY = frozenset(
    {"RequestLimitExceeded", "RequestTimeout", "SlowDown", "TooManyRequestsException"}
)
_BUSY_STATUS = frozenset({429, 503})
_NO_WORD = (
    "an answer that does not say that it was taken, as a proxy's or a login's page: look at the "
    "endpoint"
)
_LACKING = {
    "NoCredentialsError": ": set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give a role",
    "NoRegionError": ": set AWS_REGION, or the setting region",
}


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


def group_of(parcel: Parcel) -> str:
    """Return the group of a FIFO queue or topic: what happens to one thing stays in its order."""
    return encode_value(parcel.event.subject)[:128]


def text_of(parcel: Parcel) -> str:
    """Return an event in structured mode, as text."""
    return structured(parcel.event)[1].decode()


def call(
    kind: str,
    options: AwsOptions,
    parcels: Sequence[Parcel],
    ask: Callable[[Any], Mapping[str, tuple[State, str]]],
    *,
    place: str = "",
) -> list[Receipt]:
    """Ask AWS something with a client of this kind; return a receipt for each parcel.

    `ask` returns what became of each delivery by its key; what it does not name has not arrived: it
    was no answer of AWS, whatever its status.

    Where the options name no region, that of the `place` counts (an ARN, the address of a queue).
    Each call is one try: the outbox has its own. Of several that were refused together, each is to
    go by itself.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return lacking(parcels, MissingExtra("boto3", "aws", wanted_by=f"the sink {kind}"))
    try:
        client = boto3.client(
            kind,
            region_name=options.region or _region_of(place),
            endpoint_url=options.endpoint or None,
            config=Config(
                connect_timeout=_TIMEOUT,
                read_timeout=_TIMEOUT,
                retries={"total_max_attempts": 1},
            ),
        )
        said = ask(client)
    except ClientError as fault:
        state, why = _of_client(fault.response)
        return receipts(parcels, "apart" if state == "refused" and parcels[1:] else state, why)
    except BotoCoreError as fault:
        return receipts(parcels, *_of_core(type(fault).__name__))
    except ResponseParserError:
        return receipts(parcels, "down", _NO_WORD)
    except ValueError as fault:  # an endpoint that is no address
        return receipts(parcels, "held", f"boto3 says {str(fault)[:200]}")
    return [
        Receipt(key=p.key, state=state, said=what)
        for p in parcels
        for state, what in (said.get(p.key, ("held", _NO_WORD)),)
    ]


def of_batch(batch: Sequence[Parcel], answer: Mapping[str, Any]) -> Mapping[str, tuple[State, str]]:
    """Return what SQS or SNS says of each entry of a batch; an entry's id is its place there."""
    keys = {str(number): parcel.key for number, parcel in enumerate(batch)}
    said: dict[str, tuple[State, str]] = {
        keys.get(taken.get("Id"), ""): ("delivered", "taken")
        for taken in answer.get("Successful", ())
    }
    for failed in answer.get("Failed", ()):
        code = str(failed.get("Code", ""))[:100]
        state = state_of_code(code, ours=failed.get("SenderFault", False))
        said[keys.get(failed.get("Id"), "")] = (state, code)
    return said


def _region_of(place: str) -> str | None:
    found = _PLACE.fullmatch(place)
    return (found[1] or found[2]) if found else None


def state_of_code(code: str, *, ours: bool) -> State:
    """Return what an error's code means; `ours` says that AWS takes it for the sender's fault.

    Each service has codes of its own for throttling, and for a key of KMS that it may not use.
    """
    if code in _BUSY or "Throttl" in code:
        return "down"
    if code in _OURS_TO_MEND or code in _SETTINGS or _is_of_kms(code):
        return "held"
    return "refused" if ours else "later"


def _of_client(response: Mapping[str, Any]) -> tuple[State, str]:
    code = str(response.get("Error", {}).get("Code", ""))[:100]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if any(word in code for word in ("NoSuchBucket", "NotFound", "NonExistent", "DoesNotExist")):
        return "held", f"{code}: it does not exist"
    ours = 400 <= status < 500 and status != 409  # a conflict with another request that passes
    state = "down" if status in _BUSY_STATUS else state_of_code(code, ours=ours)
    if state == "held" and (code in _SETTINGS or _is_of_kms(code)):
        return state, f"{code}: mend the sink's address or region, or the key there"
    if state == "held" or (state == "refused" and status in {401, 403}):
        return "held", f"{code}: the login is missing, wrong, expired or not allowed"
    return state, f"{code} (status {status})"


def _is_of_kms(code: str) -> bool:
    return code.upper().startswith("KMS")


def _of_core(name: str) -> tuple[State, str]:
    waits = "Connect" in name or "Timeout" in name or "Connection" in name
    return ("down" if waits else "held"), f"boto3 says {name}{_LACKING.get(name, '')}"


def need(value: str, *, kind: str, what: str, example: str) -> None:
    """Raise RequestError where a sink does not say where."""
    if not value or any(character.isspace() for character in value):
        raise RequestError(f"a {kind} sink names no {what}", remedy=f"write {example}")
