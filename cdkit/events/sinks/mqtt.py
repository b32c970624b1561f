"""MQTT 5: each event is a message in binary mode, which the broker has acknowledged.

Source: CloudEvents MQTT protocol binding, "Binary Content Mode" (attributes are user properties by
their own names, `datacontenttype` is the content type); OASIS MQTT 5.0, 3.2.2.2 and 3.4.2.1 (reason
codes). A broker keeps a message only for those who subscribed, so that one which nobody waits for
is no delivery. It knows no repetition: a subscriber knows an event by its id.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta

from cdkit.core.errors import MissingExtra, RequestError
from cdkit.core.oci.reference import is_loopback
from cdkit.core.world import World
from cdkit.events.cloudevents import JSON
from cdkit.events.facts import facts_of
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions, State
from cdkit.events.sinks._posting import Held, lacking, receipts, variable

_BATCH = 100
_ADDRESS = re.compile(r"mqtts?://[^\s@/?#]+", re.ASCII)
_TOPIC = re.compile(r"[^\s+#$/\x00-\x1f][^\s+#\x00-\x1f]{0,200}")
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_TICK = 0.05
_ACKNOWLEDGED = 0
_NOBODY = 0x10
_MEND = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C})
"""Reasons that somebody here must see to: no MQTT 5, a client's name, a login, a right, a ban."""

_BUSY = frozenset({0x88, 0x89, 0x8B, 0x8D, 0x93, 0x96, 0x97, 0x9F})
_NEVER = frozenset({0x90, 0x95, 0x99})
"""The topic's name, the size, the content: this message will never be taken."""


class MqttOptions(SinkOptions, frozen=True, kw_only=True):
    """Which broker, below which topic, and how one logs in there."""

    url: Annotated[str, Meta(description="The broker: mqtts://host:8883, mqtt://host:1883.")] = ""
    topic: Annotated[
        str, Meta(description="What the topic begins with; subject and predicate follow.")
    ] = "cdevents"
    user_env: Annotated[str, Meta(description="The variable that holds the user.")] = ""
    token_env: Annotated[str, Meta(description="The variable that holds the password.")] = ""
    timeout: Annotated[float, Meta(description="Seconds that an answer may take.")] = 10.0


def send(events: Sequence[Parcel], options: MqttOptions, world: World) -> Sequence[Receipt]:
    """Publish the events at once, and wait until the broker has acknowledged each."""
    try:
        import paho.mqtt.client  # noqa: F401 - looked for before anything is begun
    except ImportError:
        return lacking(events, MissingExtra("paho-mqtt", "mqtt", wanted_by="the sink mqtt"))
    try:
        login = _login(options, world.environ)
    except Held as fault:
        return receipts(events, "held", str(fault))
    try:
        return _connected(events, options, login)
    except (OSError, ValueError) as fault:
        return receipts(events, "down", f"no connection: {type(fault).__name__} {fault}"[:200])


def _login(options: MqttOptions, environ: Mapping[str, str]) -> tuple[str, str]:
    parts = urlsplit(options.url)
    if options.token_env and parts.scheme != "mqtts" and not is_loopback(parts.netloc):
        raise Held("a password would travel unencrypted: the address must begin with mqtts://")
    user, word = (
        variable(name, environ) if name else "" for name in (options.user_env, options.token_env)
    )
    return user, word


def _connected(
    events: Sequence[Parcel], options: MqttOptions, login: tuple[str, str]
) -> Sequence[Receipt]:
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion

    parts = urlsplit(options.url)
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5, reconnect_on_failure=False)
    client.connect_timeout = options.timeout
    if any(login):
        client.username_pw_set(login[0] or None, login[1] or None)
    if parts.scheme == "mqtts":
        client.tls_set()
    answers: list[int] = []
    largest: list[int | None] = []

    def note(_client: object, _data: object, _flags: object, reason: Any, more: object) -> None:  # noqa: ANN401 - as paho gives it
        largest.append(getattr(more, "MaximumPacketSize", None))
        answers.append(reason.value)

    client.on_connect = note
    port = parts.port or _PORTS[parts.scheme]
    alive = max(1, int(options.timeout))  # it limits a handshake of TLS too
    client.connect(parts.hostname or "", port, alive, clean_start=True)
    try:
        _work(client, options.timeout, lambda: bool(answers))
        if answers != [_ACKNOWLEDGED]:
            return receipts(events, *_of_connection(answers, options))
        return _published(client, events, options, largest[0])
    finally:
        client.disconnect()
        client.loop(_TICK)


def _work(client: Any, timeout: float, is_done: Callable[[], bool], packets: int = 0) -> None:  # noqa: ANN401 - a client of paho
    """Send and receive until it is done, for so long at the most, or until the connection ends.

    A turn takes as long as a tick only where nothing arrives; `packets` are those that may.
    """
    for _ in range(int(timeout / _TICK) + packets):
        if is_done() or client.loop(_TICK):
            return


def _published(
    client: Any,  # noqa: ANN401 - a client of paho
    events: Sequence[Parcel],
    options: MqttOptions,
    largest: int | None,
) -> Sequence[Receipt]:
    """Publish what the broker takes: on a packet over its `largest` it would end the connection."""
    told: dict[int, int] = {}
    client.on_publish = lambda _client, _data, number, reason, _more: told.update(
        {number: reason.value}
    )
    begun = {
        parcel.key: client.publish(
            _topic(parcel, options), parcel.event.data, 1, properties=_properties(parcel)
        )
        for parcel in events
        if largest is None or _size(parcel, options) <= largest
    }
    _work(client, options.timeout, lambda: len(told) == len(begun), packets=4 * len(begun))
    never: tuple[State, str] = ("refused", f"it is too large: the broker takes {largest} bytes")
    return [
        Receipt(key=parcel.key, state=state, said=said)
        for parcel in events
        for message in (begun.get(parcel.key),)
        for state, said in (_of(told.get(message.mid), options) if message else never,)
    ]


def _size(parcel: Parcel, options: MqttOptions) -> int:
    """Return the bytes of an event's packet (MQTT 5, 2.1.4 and 3.3)."""
    rest = 2 + len(_topic(parcel, options).encode()) + 2
    rest += len(_properties(parcel).pack()) + len(parcel.event.data)
    return 1 + sum(rest >= bound for bound in (0, 1 << 7, 1 << 14, 1 << 21)) + rest


def _topic(parcel: Parcel, options: MqttOptions) -> str:
    return f"{options.topic}/{facts_of(parcel.event)['kind'].replace('.', '/')}"


def _properties(parcel: Parcel) -> Any:  # noqa: ANN401 - properties of paho
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    found.ContentType = JSON
    found.PayloadFormatIndicator = 1
    found.UserProperty = list(parcel.event.attributes().items())
    return found


def _of_connection(answers: Sequence[int], options: MqttOptions) -> tuple[State, str]:
    """Return what it means that the broker did not let us in."""
    if not answers:
        return "down", f"no answer within {options.timeout:g} s"
    held = answers[0] in _MEND
    said = ": no MQTT 5, or the login is missing, wrong or not allowed" if held else ""
    return ("held" if held else "down"), f"the broker refused us, reason {answers[0]:#04x}{said}"


def _of(reason: int | None, options: MqttOptions) -> tuple[State, str]:
    """Return what the broker's answer to a message means."""
    if reason is None:
        return "down", f"no answer within {options.timeout:g} s"
    if reason == _ACKNOWLEDGED:
        return "delivered", "acknowledged"
    if reason == _NOBODY:
        return "held", "nobody is subscribed to this topic, so that the broker keeps nothing"
    state: State = "later"
    if reason in _NEVER:
        state = "refused"
    elif reason in _MEND:
        state = "held"
    elif reason in _BUSY:
        state = "down"
    return state, f"the broker refused it, reason {reason:#04x}"


def _check(options: MqttOptions) -> None:
    if not _ADDRESS.fullmatch(options.url) or not _has_port(options.url):
        raise RequestError(
            "an mqtt sink needs an address, without a login in it",
            remedy="write mqtts://host:8883 or mqtt://host:1883; a login goes into user-env and "
            "token-env",
        )
    if not _TOPIC.fullmatch(options.topic) or options.topic.endswith("/"):
        raise RequestError(
            f"{options.topic[:60]!r} is no topic that can be published to",
            remedy="write words with slashes between them: acme/cdevents",
        )
    if not 0 < options.timeout <= 300:
        raise RequestError(
            f"an mqtt sink's timeout is {options.timeout:g} s", remedy="give 1 to 300 seconds"
        )


def _has_port(url: str) -> bool:
    """Whether the port, where there is one, exists."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


SINK = Sink(
    options=MqttOptions,
    schemes=("mqtt://", "mqtts://"),
    read=lambda text: {"url": text},
    check=_check,
    place=lambda options: options.name or f"{options.url}/{options.topic}",
    send=send,
    batch=lambda _: _BATCH,
)
