"""Events made from the shapes: the least and the most that each type may hold, and broken ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from cdkit.events.catalogue import event_shape
from cdkit.events.shapes import Custom, EventType, Links, Record, Shape, Text, Texts
from cdkit.events.vocabulary import SPECIFICATION

DIGEST = "sha256:" + "0b31b1c02ff458ad" * 4
PURL = f"pkg:oci/orders@{DIGEST}?repository_url=ghcr.io/acme/orders"
CHAIN = "4c8cb7dd-3448-41de-8768-eec704e2829b"
LINKS = [
    {"linkType": "END", "from": {"contextId": "a"}, "tags": {"x": "y"}},
    {"linkType": "PATH", "from": {"contextId": "a"}},
    {"linkType": "RELATION", "linkKind": "TRIGGER", "target": {"contextId": "b"}},
]
_TEXTS = {
    "uri": "https://example.com/a?b=c#d",
    "uri-reference": "/a/b",
    "date-time": "2026-11-23T09:00:00Z",
    "": "some text",
}


def sample(kind: EventType, *, full: bool) -> dict[str, Any]:
    """Return a right event: only what is required, or everything that is allowed."""
    event: dict[str, Any] = _value(event_shape(kind), full=full)
    event["context"] |= {"specversion": SPECIFICATION, "source": "/a/b"}
    if full:
        event["context"]["chainId"] = CHAIN
        event["subject"]["source"] = "/a/b"
    if kind.subject == "artifact":
        event["subject"]["id"] = PURL
    if kind.short in {"service.removed", "service.published"}:
        event["subject"]["content"]["environment"] = {"id": "production"}
    return event


def broken(event: dict[str, Any], shape: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the schema must refuse, each with its name: one thing is wrong in each."""
    for path, field, required in _places(shape, event, ()):
        name = ".".join(path)
        yield f"{name} is a number", _changed(event, path, 7)
        if required:
            yield f"{name} is missing", _without(event, path)
        if isinstance(field, Text) and field.enum:
            yield f"{name} is another word", _changed(event, path, "no such word")
        if isinstance(field, Text) and field.least:
            yield f"{name} is empty", _changed(event, path, "")
        if isinstance(field, Text) and field.format:
            yield f"{name} is malformed", _changed(event, path, "not % valid")
        if isinstance(field, Record) and not field.extra:
            yield f"{name} has a stranger", _changed(event, (*path, "stranger"), "x")
    yield "the event has a stranger", {**event, "stranger": 1}


def _value(shape: Shape, *, full: bool) -> Any:  # noqa: ANN401 - any JSON
    match shape:
        case Text():
            return shape.enum[0] if shape.enum else _TEXTS[shape.format]
        case Texts():
            return ["a", "b"]
        case Links():
            return copy.deepcopy(LINKS)
        case Custom():
            return {"a": 1}
        case Record():
            fields = shape.fields if full else shape.required
            filled = {name: _value(field, full=full) for name, field in fields.items()}
            return {**filled, **({"artifactId": PURL} if "artifactId" in filled else {})}


def _places(
    shape: Record,
    value: Any,  # noqa: ANN401 - any JSON
    path: tuple[str, ...],
) -> Iterator[tuple[tuple[str, ...], Shape, bool]]:
    for name, field in shape.fields.items():
        if name in value:
            yield (*path, name), field, name in shape.required
            if isinstance(field, Record):
                yield from _places(field, value[name], (*path, name))


def _changed(event: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


def _without(event: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return changed
