"""The page of sinks: each type, its short form, what it wants to know; what a template can name."""

import importlib
from collections.abc import Iterable, Sequence

import msgspec

from cdkit.core import plugins
from cdkit.events import sinks as folder
from cdkit.events.facts import NAMES
from cdkit.events.service import ServiceOptions
from cdkit.events.sink import Sink, SinkOptions
from cdkit.events.targets import SinkTable

_INTRO = """\
What stands behind `type:` under `sinks:` of [`emit-event`](steps/emit-event.md) and
[`flush-events`](steps/flush-events.md), and how each is written in a line: `--sink slack`. How to
use them: [Events](events.md). In a list in cdkit.yaml a short form stands without its colon where
nothing follows, or in quotes: `- slack`, `- "slack:OTHER_HOOK"`. Every sink can be given `name`,
`required`, `when` and `spec` too."""
_PLACES = """\
In a table the options stand beside `type`, and the settings under `settings`:
`{type: nats, url: "tls://nats.acme.example", settings: {subject: cdevents.orders}}`."""
_SERVICES = """\
A short form may name another variable for what is secret, `slack:OTHER_HOOK`; a table has `url-env`
and `token-env` for that. `url` is another address than the service's own, `headers` are further
ones, each with the variable that holds its value."""
_FACTS = """\
The holes of a `json` sink's template. What an event does not say is empty: a text that begins with
`?` is then left out; any other makes the event a dead letter, which says what is missing."""
_COMMON = frozenset(SinkOptions.__struct_fields__)
_BESIDE = frozenset(SinkTable.__struct_fields__)
"""What a table has a key for: all else stands under its `settings`."""


def sinks() -> str:
    """Return the page."""
    found = {
        name.replace("_", "-"): sink for name, sink in plugins.collect(folder, "SINK", Sink).items()
    }
    plain = [(name, sink) for name, sink in found.items() if sink.options is not ServiceOptions]
    services = [(name, sink) for name, sink in found.items() if sink.options is ServiceOptions]
    return "\n\n".join(
        [
            "# Sinks",
            _INTRO,
            "## Places and brokers",
            _PLACES,
            _table(("type", "short form", "what", "options", "settings"), map(_plain, plain)),
            "## Services, and what starts a run",
            _SERVICES,
            _table(
                ("type", "what", "events", "variables", "settings"),
                (_service(name, sink) for name, sink in services),
            ),
            "## What a template can name",
            _FACTS,
            ", ".join(f"`{name}`" for name in NAMES) + ".",
        ]
    )


def _plain(named: tuple[str, Sink]) -> tuple[str, ...]:
    name, sink = named
    fields = msgspec.structs.fields(sink.options)
    own = [field for field in fields if field.name not in _COMMON]
    beside = [field.encode_name for field in own if field.name in _BESIDE]
    under = [field.encode_name for field in own if field.name not in _BESIDE]
    return (f"`{name}`", _codes(sink.schemes), _what(name), _codes(beside), _codes(under))


def _service(name: str, sink: Sink) -> tuple[str, ...]:
    types = {pattern for when in sink.takes for pattern in when.type.split(", ")}
    types = set() if "" in types else types  # a form that names none takes all
    events = _codes(sorted(types)) or "all"
    return (f"`{name}`", _what(name), events, _codes(sink.variables), _codes(sink.settings))


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _what(name: str) -> str:
    module = importlib.import_module(f"{folder.__name__}.{name.replace('-', '_')}")
    first = (module.__doc__ or "").split("\n\n", maxsplit=1)[0]
    return " ".join(first.split())


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)
