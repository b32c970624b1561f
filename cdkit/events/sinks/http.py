"""An HTTP receiver of CloudEvents, signed by Standard Webhooks where a secret is named."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from cdkit.core.errors import CannotTell, CdkitError, RequestError
from cdkit.core.oci.reference import is_loopback
from cdkit.core.secret import Secret
from cdkit.core.world import Response, World
from cdkit.events.cloudevents import batch, binary, structured
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions, State
from cdkit.events.sinks._answer import state_of, wait_of
from cdkit.events.sinks._signature import keys_of, sign

_BATCH = 100
_OURS = re.compile(
    r"ce-.*|webhook-.*|content-(?:type|length)|host|transfer-encoding", re.IGNORECASE
)


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


class _Held(Exception):
    """Something here must be mended before this receiver takes anything."""


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
    """Post all at once; a batch that is refused goes again one by one: it may be one's fault."""
    receipts = _post(parcels, batch([parcel.event for parcel in parcels]), options, world)
    if len(parcels) == 1 or receipts[0].state not in {"refused", "later"}:
        return receipts
    return [receipt for parcel in parcels for receipt in _post_batch([parcel], options, world)]


def _post(
    parcels: Sequence[Parcel],
    message: tuple[dict[str, str], bytes],
    options: HttpOptions,
    world: World,
) -> list[Receipt]:
    headers, body = message
    try:
        url = _address(options, world.environ)
        secrets = _secrets(options, parcels, body, world)
        answer = world.quick_http.request(
            "POST", url, headers={**headers, **secrets}, body=body, timeout=options.timeout
        )
    except _Held as fault:
        return _receipts(parcels, "held", str(fault))
    except CannotTell as fault:
        return _receipts(parcels, "down", fault.what)
    except CdkitError as fault:
        return _receipts(parcels, "held", fault.what)
    return _answered(parcels, answer, world)


def _answered(parcels: Sequence[Parcel], answer: Response, world: World) -> list[Receipt]:
    state = state_of(answer.status)
    wait = 0.0 if state == "delivered" else wait_of(answer, world.clock.now())
    said = f"status {answer.status}"
    if 300 <= answer.status < 400:
        said += " (a redirect, which is not followed: give the address that it leads to)"
    return _receipts(parcels, state, said, wait)


def _receipts(
    parcels: Sequence[Parcel], state: State, said: str, wait: float = 0.0
) -> list[Receipt]:
    return [Receipt(key=p.key, state=state, said=said, wait=wait) for p in parcels]


def _address(options: HttpOptions, environ: Mapping[str, str]) -> str:
    return _variable(options.url_env, environ) if options.url_env else options.url


def _secrets(
    options: HttpOptions, parcels: Sequence[Parcel], body: bytes, world: World
) -> dict[str, str | Secret]:
    """Return the headers that come from the environment, and the signature."""
    found: dict[str, str | Secret] = {
        name: Secret(_variable(variable, world.environ))
        for name, variable in options.headers.items()
    }
    if options.secret_env:
        keys = keys_of(_variable(options.secret_env, world.environ))
        if not keys:
            raise _Held(f"the variable {options.secret_env} holds no secret such as whsec_…")
        name = hashlib.sha256("".join(p.key for p in parcels).encode()).hexdigest()
        moment = int(world.clock.now().timestamp())
        found |= sign(keys, id=f"msg_{name}", moment=moment, body=body)
    if found and not _is_private(_address(options, world.environ)):
        raise _Held("a secret would travel unencrypted: the address must begin with https://")
    return found


def _variable(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise _Held(f"the variable {name} is not set")
    return value


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read along: TLS, or this very machine."""
    return url.startswith("https://") or is_loopback(urlsplit(url).netloc)


def _check(options: HttpOptions) -> None:
    if bool(options.url) == bool(options.url_env):
        raise RequestError(
            "an http sink needs an address, once",
            remedy="give url, or url-env where the address is a secret",
        )
    if options.url:
        from cdkit.core.doors.quick_http import parse_target

        parse_target(options.url)
    for name in options.headers:
        if _OURS.fullmatch(name) or not re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII):
            raise RequestError(
                f"an http sink cannot be given the header {name[:60]!r}",
                remedy="take it out: it is no header's name, or cdkit sets it itself",
            )
    if not 0 < options.timeout <= 300:
        raise RequestError(
            f"an http sink's timeout is {options.timeout:g} s", remedy="give 1 to 300 seconds"
        )


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
