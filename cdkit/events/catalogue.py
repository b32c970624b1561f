"""The catalogue of event types: find one by name, its whole shape, the JSON Schema of each."""

from typing import Any

from cdkit.core.errors import RequestError
from cdkit.core.names import NAMESPACE
from cdkit.events.shapes import Custom, EventType, Links, Record, Shape, Subject, Text, Texts
from cdkit.events.vocabulary import (
    CUSTOM_TYPE,
    EMBEDDED_LINKS,
    SEPARATE_LINKS,
    SPECIFICATION,
    TYPES,
)

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SOME = Text(least=1)
_REFERENCE = Text(least=1, format="uri-reference")
_OPEN = Subject(content=Record(extra=True))

BY_NAME: dict[str, EventType] = {kind.name: kind for kind in TYPES}
BY_SHORT_NAME: dict[str, EventType] = {kind.short: kind for kind in TYPES}


def find(name: str) -> EventType:
    """Return the type of this name: `service.deployed`, its full name, or a custom type's.

    Raises RequestError, with the nearest names, where there is none such.
    """
    found = BY_SHORT_NAME.get(name) or BY_NAME.get(name) or custom_type(name)
    if found:
        return found
    raise RequestError(
        f"{name[:100]!r} is not an event type of CDEvents {SPECIFICATION}",
        remedy=_advice(name),
    )


def custom_type(name: str) -> EventType | None:
    """Return the type that stands for a custom name, or None where it is no custom name.

    Source: CDEvents spec.md, "Custom events": `dev.cdeventsx.<tool>-<subject>.<predicate>.<v>`.
    """
    import re

    if not name.startswith("dev.cdeventsx.") or not re.fullmatch(CUSTOM_TYPE[1:-1], name, re.ASCII):
        return None
    subject, predicate, version = name.removeprefix("dev.cdeventsx.").split(".", 2)
    return EventType(
        subject=subject, predicate=predicate, version=version, shape=_OPEN, family="cdeventsx"
    )


def event_shape(kind: EventType) -> Record:
    """Return the shape of a whole event of this type."""
    return _event(Text(enum=(kind.name,)), kind.shape)


def schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema (draft 2020-12) for each type, the custom ones and the links.

    Keys are `service.deployed`, `custom`, `link.start`. Each stands alone: it refers to no other.
    """
    found = {kind.short: _document(kind.short, event_shape(kind)) for kind in TYPES}
    found["custom"] = _document("custom", _event(Text(pattern=CUSTOM_TYPE), _OPEN))
    for word, link in SEPARATE_LINKS.items():
        name = f"link.{word.lower()}"
        found[name] = _document(name, link)
    return found


def _event(name: Text, subject: Subject) -> Record:
    source = Text() if subject.plain_sources else _REFERENCE
    about: dict[str, Shape] = {"source": source}
    if subject.word:
        about["type"] = Text(least=1, enum=(subject.word,))
    context = Record(
        required={
            "specversion": _SOME,
            "id": _SOME,
            "source": _SOME if subject.plain_sources else _REFERENCE,
            "type": name,
            "timestamp": Text(format="date-time"),
        },
        optional={"schemaUri": Text(least=1, format="uri"), "chainId": _SOME, "links": Links()},
    )
    return Record(
        required={
            "context": context,
            "subject": Record(required={"id": _SOME, "content": subject.content}, optional=about),
        },
        optional={"customData": Custom(), "customDataContentType": Text()},
    )


def _document(name: str, shape: Record) -> dict[str, Any]:
    identity = f"{NAMESPACE}/schemas/cdevents/{SPECIFICATION}/{name}.json"
    return {"$schema": _DRAFT, "$id": identity, "title": name, **_schema(shape)}


def _schema(shape: Shape) -> dict[str, Any]:
    match shape:
        case Text():
            return _text_schema(shape)
        case Texts():
            return {"type": "array", "items": {"type": "string"}}
        case Links():
            kinds = [_schema(link) for link in EMBEDDED_LINKS.values()]
            return {"type": "array", "items": {"anyOf": kinds}}
        case Custom():
            encoded = {"type": "string", "contentEncoding": "base64"}
            return {"oneOf": [{"type": "object"}, encoded]}
        case Record():
            return _record_schema(shape)


def _text_schema(shape: Text) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if shape.least:
        schema["minLength"] = shape.least
    if shape.format:
        schema["format"] = shape.format
    if shape.enum:
        schema["enum"] = list(shape.enum)
    if shape.pattern:
        schema["pattern"] = shape.pattern
    if shape.known:
        return {"anyOf": [{"type": "string", "enum": list(shape.known)}, schema]}
    return schema


def _record_schema(shape: Record) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if shape.fields:
        schema["properties"] = {name: _schema(field) for name, field in shape.fields.items()}
    if shape.required:
        schema["required"] = list(shape.required)
    if not shape.extra:
        schema["additionalProperties"] = False
    return schema


def _advice(name: str) -> str:
    import difflib

    if name.startswith("dev.cdeventsx."):
        return (
            "write dev.cdeventsx.<tool>-<subject>.<predicate>.0.1.0: letters, digits in the tool's "
            "name too, and a version of three digits"
        )
    known = [*BY_SHORT_NAME, *BY_NAME]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "name one such as service.deployed, or dev.cdeventsx.<tool>-<subject>.<predicate>.0.1.0"
