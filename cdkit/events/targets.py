"""The sinks that a user named, as something that can be sent to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

from cdkit.core import plugins
from cdkit.core.errors import RequestError
from cdkit.events import sinks
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.facts import Facts, facts_of
from cdkit.events.older import Spec
from cdkit.events.sink import Sink, SinkOptions
from cdkit.events.when import When, check_when, matches


class SinkTable(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """A sink in the configuration file. Which keys count depends on the type."""

    type: Annotated[
        str, Meta(description="The kind of sink: file, http, slack: see docs/sinks.md.")
    ]
    name: Annotated[str, Meta(description="A name for people, and for the outbox.")] = ""
    required: Annotated[
        bool, Meta(description="Whether a failure makes the answer `cannot-tell`, or only warns.")
    ] = True
    path: Annotated[str, Meta(description="The file of a file sink.")] = ""
    url: Annotated[str, Meta(description="The address of an http sink.")] = ""
    url_env: Annotated[
        str, Meta(description="The variable that holds the address, where that is a secret.")
    ] = ""
    headers: Annotated[
        dict[str, str],
        Meta(description="Headers of an http sink: name, and the variable that holds the value."),
    ] = {}
    secret_env: Annotated[
        str, Meta(description="The variable that holds the secret to sign with (`whsec_…`).")
    ] = ""
    mode: Annotated[
        str, Meta(description="The CloudEvents mode of an http sink: binary, structured, batch.")
    ] = ""
    token_env: Annotated[
        str, Meta(description="The variable that holds the service's key, where not its usual one.")
    ] = ""
    timeout: Annotated[float, Meta(description="Seconds that an answer may take.")] = 0.0
    when: Annotated[When, Meta(description="Which events it gets; all where nothing is said.")] = (
        When()
    )
    spec: Annotated[Spec, Meta(description="The version of CDEvents that the receiver reads.")] = (
        "0.5.1"
    )
    template: Annotated[
        str,
        Meta(
            description='The JSON of a json sink, with holes: `{"text": "{title}"}`; or the '
            "variables of a codepipeline sink."
        ),
    ] = ""
    settings: Annotated[
        dict[str, str], Meta(description="What else this type of sink can be told.")
    ] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A sink with its options, under the name that its deliveries stand under in the outbox."""

    name: str
    sink: Sink
    options: SinkOptions

    @property
    def required(self) -> bool:
        """Whether a failure counts."""
        return self.options.required

    def wants(self, facts: Facts) -> bool:
        """Whether this sink can say such an event, and is to get it."""
        can_say = any(matches(when, facts) for when in self.sink.takes)
        return can_say and matches(self.options.when, facts)


def secret_variables(targets: Sequence[Target]) -> frozenset[str]:
    """Return the names of the variables that hold what is secret to these targets."""
    names: set[str] = set()
    for target in targets:
        options = structs.asdict(target.options)
        names |= {str(options.get(key, "")) for key in ("url_env", "token_env", "secret_env")}
        names |= set(options.get("headers", {}).values())
    return frozenset(names - {""})


def wanting(
    targets: Sequence[Target], event: CloudEvent
) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    """Return the targets that want an event, and those that do not."""
    facts = facts_of(event)
    wanted = tuple(target for target in targets if target.wants(facts))
    return wanted, tuple(target for target in targets if target not in wanted)


def resolve(entries: Sequence[str | SinkTable]) -> tuple[Target, ...]:
    """Return the targets that these entries name: short forms, or tables of the configuration.

    Raises RequestError where an entry is none, or where two have the same name.
    """
    targets: dict[str, Target] = {}
    for entry in entries:
        target = _target(entry)
        if target.name in targets:
            raise RequestError(
                f"two sinks are called {target.name!r}", remedy="take one out, or give it a name"
            )
        targets[target.name] = target
    if not targets:
        raise RequestError(
            "no sink is named: the event would go nowhere",
            remedy="name one: file:events.ndjson, https://…, stdout:",
        )
    return tuple(targets.values())


def _target(entry: str | SinkTable) -> Target:
    sink, values = _text(entry) if isinstance(entry, str) else _table(entry)
    try:
        options = msgspec.convert(values, sink.options, strict=False)
    except msgspec.ValidationError as fault:
        raise RequestError(
            f"a sink has wrong options: {fault}",
            remedy=f"give it only: {', '.join(_names(sink.options))}",
        ) from fault
    sink.check(options)
    name = sink.place(options)
    check_when(options.when, sink=name)
    return Target(name=name, sink=sink, options=options)


def _text(entry: str) -> tuple[Sink, dict[str, Any]]:
    """Return what a short form names: only its own kind is loaded, which an event's speed feels."""
    scheme, colon, rest = entry.partition(":")
    kind = _WEB.get(scheme, scheme)
    if kind in kinds():
        sink = _load(kind)
        whole = f"{scheme}:{rest}" if colon else f"{scheme}:"
        if whole.startswith(sink.schemes):
            return sink, dict(sink.read(whole))
        raise RequestError(
            f"a {kind} sink has no short form",
            remedy=f"write a table in cdkit.yaml: {{type: {kind}, …}}",
        )
    raise RequestError(
        f"{scheme[:40]!r} is no kind of sink",
        remedy="write file:PATH, an https:// address, stdout, or a service such as slack "
        f"(known: {', '.join(kinds())})",
    )


def _table(entry: SinkTable) -> tuple[Sink, dict[str, Any]]:
    if entry.type not in kinds():
        raise RequestError(
            f"{entry.type[:40]!r} is no type of sink", remedy=f"use one of: {', '.join(kinds())}"
        )
    sink = _load(entry.type)
    values: dict[str, Any] = msgspec.to_builtins(entry)
    del values["type"]
    if "settings" in sink.options.__struct_fields__:
        return sink, values
    return sink, {**values.pop("settings", {}), **values}


_WEB = {"https": "http", "tls": "nats", "mqtts": "mqtt"}


def kinds() -> tuple[str, ...]:
    """Return every type of sink, as people write it."""
    return tuple(name.replace("_", "-") for name in plugins.names(sinks))


def _load(kind: str) -> Sink:
    return plugins.load(sinks, kind.replace("-", "_"), "SINK", Sink)


def _names(options: type[SinkOptions]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(options))
