"""Kafka: each event is a record in binary mode, written once and acknowledged by all replicas.

Source: CloudEvents Kafka protocol binding (headers `ce_…`, `content-type`; the key is the mapper's
choice: ours is source and subject, so that what happens to one thing stays in its order);
librdkafka, "Configuration properties".
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from cdkit.core.errors import MissingExtra, RequestError
from cdkit.core.world import World
from cdkit.events.cloudevents import JSON
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions, State
from cdkit.events.sinks._posting import Held, lacking, receipts, variable

_BATCH = 500
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}", re.ASCII)
_FATAL = ("MSG_SIZE_TOO_LARGE", "INVALID_MSG", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD")
_MEND = ("AUTHENTICATION", "AUTHORIZATION", "UNKNOWN_TOPIC", "_UNKNOWN_TOPIC", "_SSL", "SASL")


class KafkaOptions(SinkOptions, frozen=True, kw_only=True):
    """Which brokers, which topic, and how one logs in there."""

    url: Annotated[str, Meta(description="The brokers, with commas between them.")] = ""
    topic: Annotated[str, Meta(description="The topic.")] = "cdevents"
    security: Annotated[
        str, Meta(description="librdkafka's `security.protocol`, such as SASL_SSL.")
    ] = ""
    mechanism: Annotated[
        str, Meta(description="librdkafka's `sasl.mechanisms`, such as SCRAM-SHA-512.")
    ] = ""
    user_env: Annotated[str, Meta(description="The variable that holds the user.")] = ""
    token_env: Annotated[str, Meta(description="The variable that holds the password.")] = ""
    timeout: Annotated[float, Meta(description="Seconds that an answer may take.")] = 10.0


def send(events: Sequence[Parcel], options: KafkaOptions, world: World) -> Sequence[Receipt]:
    """Produce the events, and wait until each is acknowledged or has failed."""
    try:
        from confluent_kafka import KafkaException, Producer
    except ImportError:
        return lacking(events, MissingExtra("confluent-kafka", "kafka", wanted_by="the sink kafka"))
    told: dict[str, Receipt] = {}
    try:
        producer = Producer(_properties(options, world))
        for parcel in events:
            _produce(producer, parcel, options, told)
        producer.flush(options.timeout + 1)
    except Held as fault:
        return receipts(events, "held", str(fault))
    except (KafkaException, BufferError, ValueError) as fault:
        return receipts(events, "held", f"kafka: {type(fault).__name__} {str(fault)[:200]}")
    silent = Receipt(key="", state="down", said=f"no answer within {options.timeout:g} s")
    return [
        told.get(p.key) or Receipt(key=p.key, state=silent.state, said=silent.said) for p in events
    ]


def _produce(
    producer: Any,  # noqa: ANN401 - confluent_kafka has no types
    parcel: Parcel,
    options: KafkaOptions,
    told: dict[str, Receipt],
) -> None:
    def note(fault: Any, _: object) -> None:  # noqa: ANN401 - as above
        state, said = _of(fault)
        told[parcel.key] = Receipt(key=parcel.key, state=state, said=said)

    from confluent_kafka import KafkaException

    headers = {f"ce_{name}": value for name, value in parcel.event.attributes().items()}
    try:
        producer.produce(
            options.topic,
            value=parcel.event.data,
            key=f"{parcel.event.source}|{parcel.event.subject}",
            headers={**headers, "content-type": JSON},
            on_delivery=note,
        )
    except KafkaException as fault:  # this one cannot even be put on its way: it is too large
        note(fault.args[0], None)


def _of(fault: Any) -> tuple[State, str]:  # noqa: ANN401 - confluent_kafka has no types
    if fault is None:
        return "delivered", "acknowledged"
    name = str(fault.name())
    if name in _FATAL:
        return "refused", f"kafka: {name}"
    held = any(word in name for word in _MEND)
    return ("held" if held else "down"), f"kafka: {name}"


def _properties(options: KafkaOptions, world: World) -> dict[str, Any]:
    if options.token_env and not options.security.endswith("SSL"):
        raise Held("a password would travel unencrypted: set security to SASL_SSL")
    plain = {"security.protocol": options.security, "sasl.mechanisms": options.mechanism}
    secret = {"sasl.username": options.user_env, "sasl.password": options.token_env}
    return {
        "bootstrap.servers": options.url,
        "enable.idempotence": True,
        "acks": "all",
        "message.timeout.ms": int(options.timeout * 1000),
        "client.id": "cdkit",
        "log_level": 0,
        **{name: value for name, value in plain.items() if value},
        **{name: variable(held, world.environ) for name, held in secret.items() if held},
    }


def _check(options: KafkaOptions) -> None:
    if not re.fullmatch(r"[^\s,@/]+(?:,[^\s,@/]+)*", options.url):
        raise RequestError(
            "a kafka sink names no brokers", remedy="write host:9092,other:9092, without blanks"
        )
    if not _TOPIC.fullmatch(options.topic):
        raise RequestError(
            f"{options.topic[:60]!r} is no topic of Kafka",
            remedy="use letters, digits, dots, hyphens and underscores",
        )
    if not 0 < options.timeout <= 300:
        raise RequestError(
            f"a kafka sink's timeout is {options.timeout:g} s", remedy="give 1 to 300 seconds"
        )


def _read(text: str) -> dict[str, str]:
    brokers, _, topic = text.removeprefix("kafka:").removeprefix("//").partition("/")
    return {"url": brokers, "topic": topic} if topic else {"url": brokers}


SINK = Sink(
    options=KafkaOptions,
    schemes=("kafka:",),
    read=_read,
    check=_check,
    place=lambda options: options.name or f"kafka://{options.url}/{options.topic}",
    send=send,
    batch=lambda _: _BATCH,
)
