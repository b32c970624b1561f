"""NATS JetStream: each event is a message in binary mode, which the stream has acknowledged.

Source: CloudEvents NATS protocol binding (headers `ce-…`, percent-encoded); NATS, "Headers":
`Nats-Msg-Id` is what a stream knows a repetition by. Without a stream nobody would keep the
message, so that a subject without one is no delivery.
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Meta

from cdkit.core.errors import MissingExtra, RequestError
from cdkit.core.oci.reference import is_loopback
from cdkit.core.world import World
from cdkit.events.cloudevents import JSON, encode_value
from cdkit.events.facts import facts_of
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions, State
from cdkit.events.sinks._nkeys import Login, login_of
from cdkit.events.sinks._posting import Held, lacking, receipts, variable

_BATCH = 500
_LONGEST_CLOSE = 2.0
"""Seconds: all that was published has been acknowledged by then."""

_BAD_REQUEST = 400
"""What a stream says of a message that it never takes, as one over its own largest size."""

_NAME = re.compile(r"[A-Za-z0-9_$-]+(?:\.[A-Za-z0-9_$-]+)*", re.ASCII)


class NatsOptions(SinkOptions, frozen=True, kw_only=True):
    """Which server, below which subject."""

    url: Annotated[str, Meta(description="The server: nats://host:4222, tls://host:4222.")] = ""
    subject: Annotated[str, Meta(description="What the subject begins with; the type follows.")] = (
        "cdevents"
    )
    token_env: Annotated[str, Meta(description="The variable that holds a token.")] = ""
    credentials: Annotated[str, Meta(description="The file with a user's credentials.")] = ""
    timeout: Annotated[float, Meta(description="Seconds that an answer may take.")] = 10.0


def send(events: Sequence[Parcel], options: NatsOptions, world: World) -> Sequence[Receipt]:
    """Publish the events at once, and wait until the stream has acknowledged each."""
    try:
        import asyncio

        import nats  # noqa: F401 - looked for before anything is begun
    except ImportError:
        return lacking(events, MissingExtra("nats-py", "nats", wanted_by="the sink nats"))
    try:
        return asyncio.run(_publish(events, options, _login(options, world)))
    except Held as fault:
        return receipts(events, "held", str(fault))


class _Logins(NamedTuple):
    """What a server is told of who we are: nothing, a token, or a user's credentials."""

    token: str
    user: Login | None


def _login(options: NatsOptions, world: World) -> _Logins:
    parts = urlsplit(options.url)
    if options.token_env and parts.scheme != "tls" and not is_loopback(parts.netloc):
        raise Held("a token would travel unencrypted: the address must begin with tls://")
    return _Logins(
        token=variable(options.token_env, world.environ) if options.token_env else "",
        user=login_of(options.credentials, world) if options.credentials else None,
    )


def _encryption() -> tuple[Any, Callable[[], bool]]:
    """Return a context for TLS, and what tells whether a connection came to use it.

    The client encrypts where the server asks for it, whatever the address says: who stands between
    need only say that the server does not.
    """
    import ssl

    used: list[bool] = []

    class Noting(ssl.SSLContext):
        def wrap_bio(self, *args: Any, **more: Any) -> ssl.SSLObject:  # noqa: ANN401 - as it stands
            used.append(True)
            return super().wrap_bio(*args, **more)

    context = Noting(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context, lambda: bool(used)


async def _publish(
    events: Sequence[Parcel], options: NatsOptions, login: _Logins
) -> Sequence[Receipt]:
    import asyncio

    import nats.errors
    from nats.aio.client import Client

    client = Client()
    context, is_encrypted = _encryption()

    def check() -> None:
        if options.url.startswith("tls://") and not is_encrypted():
            raise Held("the server offers no TLS, which an address tls:// asks for")

    def told() -> str:
        check()
        return login.token

    connecting = client.connect(
        options.url,
        connect_timeout=max(1, int(options.timeout)),
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        error_cb=_quiet,
        token=told if login.token else None,
        tls=context,
        user_jwt_cb=login.user.token if login.user else None,
        signature_cb=login.user.sign if login.user else None,
    )
    try:
        await asyncio.wait_for(connecting, options.timeout)
        check()
        stream = client.jetstream(timeout=options.timeout)
        return list(await asyncio.gather(*(_put(stream, parcel, options) for parcel in events)))
    except (nats.errors.Error, OSError, TimeoutError) as fault:
        refused = "auth" in str(fault).lower()
        return receipts(events, "held" if refused else "down", f"no connection: {_said(fault)}")
    finally:
        # Where the handshake of TLS failed, a close waits for an end that never comes.
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), _LONGEST_CLOSE)


async def _put(stream: Any, parcel: Parcel, options: NatsOptions) -> Receipt:  # noqa: ANN401 - nats-py
    import nats.errors
    import nats.js.errors

    state: State = "delivered"
    said = "acknowledged"
    try:
        acknowledged = await stream.publish(
            f"{options.subject}.{facts_of(parcel.event)['kind']}",
            parcel.event.data,
            headers=_headers(parcel),
        )
        said = "it was already there" if acknowledged.duplicate else said
    except nats.js.errors.NoStreamResponseError:
        state, said = "held", "no stream listens to this subject"
    except nats.js.errors.APIError as fault:
        state = "refused" if fault.code == _BAD_REQUEST else "later"
        said = f"the stream refused it: {_said(fault)}"
    except (nats.errors.MaxPayloadError, ValueError) as fault:
        state, said = "refused", _said(fault)
    except (nats.errors.Error, OSError, TimeoutError) as fault:
        state, said = "down", _said(fault)
    return Receipt(key=parcel.key, state=state, said=said)


def _headers(parcel: Parcel) -> Mapping[str, str]:
    named = {**parcel.event.attributes(), "datacontenttype": JSON}
    headers = {f"ce-{name}": encode_value(value) for name, value in named.items()}
    return {**headers, "Nats-Msg-Id": parcel.key}


def _said(fault: BaseException) -> str:
    if isinstance(fault, TimeoutError) and not str(fault):
        return "no answer in time"
    return f"{type(fault).__name__}: {str(fault)[:200]}"


async def _quiet(_: Exception) -> None:
    """Say nothing: the receipt says it."""


def _check(options: NatsOptions) -> None:
    if not re.fullmatch(r"(?:nats|tls)://[^\s@/]+", options.url):
        raise RequestError(
            "a nats sink needs an address, without a login in it",
            remedy="write nats://host:4222 or tls://host:4222; a token goes into token-env",
        )
    if not _NAME.fullmatch(options.subject):
        raise RequestError(
            f"{options.subject[:60]!r} is no subject of NATS",
            remedy="write words with dots between them: acme.cdevents",
        )
    if not 0 < options.timeout <= 300:
        raise RequestError(
            f"a nats sink's timeout is {options.timeout:g} s", remedy="give 1 to 300 seconds"
        )


SINK = Sink(
    options=NatsOptions,
    schemes=("nats://", "tls://"),
    read=lambda text: {"url": text},
    check=_check,
    place=lambda options: options.name or f"{options.url}/{options.subject}",
    send=send,
    batch=lambda _: _BATCH,
)
