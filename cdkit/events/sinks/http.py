"""An HTTP receiver of CloudEvents, signed by Standard Webhooks where a secret is named."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta
from msgspec.structs import replace

from cdkit.core.errors import RequestError
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.events.cloudevents import batch, binary, structured
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions
from cdkit.events.sinks._posting import (
    Request,
    check_headers,
    check_timeout,
    check_url,
    post,
    secret_headers,
    signed,
    variable,
)

_BATCH = 100


class HttpOptions(SinkOptions, frozen=True, kw_only=True):
    """Where, in which form, and with which secrets, each named by its environment variable."""

    url: Annotated[str, Meta(description="The address to post to.")] = ""
    url_env: Annotated[
        str, Meta(description="The variable that holds the address, where that is a secret.")
    ] = ""
    headers: Annotated[
        dict[str, str], Meta(description="Headers, each with the variable that holds its value.")
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    secret_env: Annotated[
        str, Meta(description="The variable that holds the secret to sign with (`whsec_…`).")
    ] = ""
    mode: Annotated[
        Literal["binary", "structured", "batch"],
        Meta(description="The CloudEvents mode; `batch` only where the receiver asked for it."),
    ] = "binary"
    timeout: Annotated[float, Meta(description="Seconds that an answer may take.")] = 10.0


def send(events: Sequence[Parcel], options: HttpOptions, world: World) -> Sequence[Receipt]:
    """Post the events: one a request, or all in one where the mode is batch."""
    if options.mode == "batch" and events:
        return _post_batch(events, options, world)
    encode = structured if options.mode == "structured" else binary
    receipts: list[Receipt] = []
    for parcel in events:
        receipts += _post([parcel], encode(parcel.event), options, world)
    return receipts


def _post_batch(parcels: Sequence[Parcel], options: HttpOptions, world: World) -> Sequence[Receipt]:
    """Post all at once; of a batch that is refused each is to go by itself."""
    receipts = _post(parcels, batch([parcel.event for parcel in parcels]), options, world)
    if len(parcels) == 1 or receipts[0].state not in {"refused", "later"}:
        return receipts
    return [replace(receipt, state="apart") for receipt in receipts]


def _post(
    parcels: Sequence[Parcel],
    message: tuple[dict[str, str], bytes],
    options: HttpOptions,
    world: World,
) -> list[Receipt]:
    headers, body = message

    def make() -> Request:
        url = variable(options.url_env, world.environ) if options.url_env else options.url
        return url, {**headers, **_secrets(options, parcels, body, world)}, body

    return post(parcels, make, world, timeout=options.timeout)


def _secrets(
    options: HttpOptions, parcels: Sequence[Parcel], body: bytes, world: World
) -> dict[str, str | Secret]:
    """Return the headers that come from the environment, and the signature."""
    found = secret_headers(options.headers, world.environ)
    if options.secret_env:
        name = hashlib.sha256("".join(p.key for p in parcels).encode()).hexdigest()
        found |= signed(name, body, options.secret_env, world)
    return found


def _check(options: HttpOptions) -> None:
    if bool(options.url) == bool(options.url_env):
        raise RequestError(
            "an http sink needs an address, once",
            remedy="give url, or url-env where the address is a secret",
        )
    check_url(options.url)
    check_headers(options.headers, kind="an http")
    check_timeout(options.timeout, kind="an http")


def _place(options: HttpOptions) -> str:
    """Return the receiver's origin; a path, which may be a secret, only as a hash."""
    if options.name:
        return options.name
    if options.url_env:
        return f"http:${options.url_env}"
    parts = urlsplit(options.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.path in {"", "/"} and not parts.query:
        return origin
    return f"{origin}#{hashlib.sha256(options.url.encode()).hexdigest()[:8]}"


SINK = Sink(
    options=HttpOptions,
    schemes=("https:", "http:"),
    read=lambda text: {"url": text},
    check=_check,
    place=_place,
    send=send,
    batch=lambda options: _BATCH if options.mode == "batch" else 1,
)
