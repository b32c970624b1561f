"""Whether an event is right: by its schema, and by what the specification says beyond it."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.core.documents.purl import parse_purl
from cdkit.core.errors import RequestError
from cdkit.events.catalogue import BY_NAME, custom_type, event_shape
from cdkit.events.formats import fits, is_base64, is_uri_reference, is_uuid
from cdkit.events.shapes import Custom, EventType, Links, Record, Shape, Text, Texts
from cdkit.events.vocabulary import EMBEDDED_LINKS, SPECIFICATION

_IN_AN_ENVIRONMENT = frozenset({"service.removed", "service.published"})


class EventFault(Struct, frozen=True, kw_only=True):
    """What is wrong with an event, and at which key: `subject.content.environment.id`."""

    key: str
    what: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.key}: {self.what}" if self.key else self.what


def check(event: object) -> tuple[EventFault, ...]:
    """Return every fault of an event, as CDEvents 0.5.1 has it; an empty tuple where it is right.

    Stricter than the official schemas wherever the specification's prose is: package URLs are
    parsed, `chainId` is a UUID, `specversion` is the one that the type belongs to, text custom
    data is base64, a link points somewhere, tags are strings, sources are URI references, a
    removed or published service names its environment.
    """
    kind, fault = _type_of(event)
    if kind is None:
        return (EventFault(key="", what=fault or "is no event"),)
    found = tuple(_faults(event_shape(kind), event, ""))
    if found or not isinstance(event, dict):
        return found
    return tuple(_beyond_the_schema(kind, event))


def _type_of(event: object) -> tuple[EventType | None, str]:
    """Return the type that an event claims, or None and what is wrong with the claim."""
    try:
        msgspec.json.encode(event)
    except UnicodeEncodeError:
        return None, "holds text that UTF-8 cannot hold: half a surrogate pair"
    except (TypeError, ValueError, RecursionError):
        return None, ""
    context = event.get("context") if isinstance(event, dict) else None
    if not isinstance(context, dict):
        return None, ""
    name = context.get("type")
    if not isinstance(name, str):
        return None, "context.type is missing or not a string"
    kind = BY_NAME.get(name) or custom_type(name)
    return (
        kind,
        "" if kind else f"context.type {name[:100]!r} is no type of CDEvents {SPECIFICATION}",
    )


def _faults(shape: Shape, value: Any, key: str) -> Iterator[EventFault]:  # noqa: ANN401 - any JSON
    match shape:
        case Text():
            yield from _text_faults(shape, value, key)
        case Texts():
            if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
                yield EventFault(key=key, what="must be a list of strings")
        case Links():
            yield from _link_faults(value, key)
        case Custom():
            if not isinstance(value, dict | str):
                yield EventFault(key=key, what="must be an object, or a text in base64")
        case Record():
            yield from _record_faults(shape, value, key)


def _text_faults(shape: Text, value: object, key: str) -> Iterator[EventFault]:
    if not isinstance(value, str):
        yield EventFault(key=key, what="must be a string")
    elif len(value) < shape.least:
        yield EventFault(key=key, what="must not be empty")
    elif shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield EventFault(key=key, what=f"is {value[:100]!r}, and must be one of: {allowed}")
    elif not fits(value, shape.format):
        yield EventFault(key=key, what=f"{value[:100]!r} is not a {shape.format}")
    elif shape.pattern and not re.fullmatch(shape.pattern.strip("^$"), value, re.ASCII):
        yield EventFault(key=key, what=f"{value[:100]!r} does not look like {shape.pattern}")


def _record_faults(shape: Record, value: object, key: str) -> Iterator[EventFault]:
    if not isinstance(value, dict):
        yield EventFault(key=key, what="must be an object")
        return
    for name in shape.required:
        if name not in value:
            yield EventFault(key=_under(key, name), what="is missing")
    fields = shape.fields
    for name, inner in value.items():
        if field := fields.get(name):
            yield from _faults(field, inner, _under(key, name))
        elif not shape.extra:
            allowed = ", ".join(fields) or "nothing"
            yield EventFault(
                key=_under(key, str(name)[:100]),
                what=f"does not belong there (what may: {allowed})",
            )


def _link_faults(value: object, key: str) -> Iterator[EventFault]:
    if not isinstance(value, list):
        yield EventFault(key=key, what="must be a list")
        return
    for number, link in enumerate(value):
        place = f"{key}[{number}]"
        word = link.get("linkType") if isinstance(link, dict) else None
        shape = EMBEDDED_LINKS.get(word) if isinstance(word, str) else None
        if shape is None:
            what = f"must be a link of one of the types {', '.join(EMBEDDED_LINKS)}"
            yield EventFault(key=place, what=what)
        else:
            yield from _record_faults(shape, link, place)


def _beyond_the_schema(kind: EventType, event: dict[str, Any]) -> Iterator[EventFault]:
    """Yield what the schemas let pass and the prose does not; the event fits its schema."""
    context, subject = event["context"], event["subject"]
    if context["specversion"] != SPECIFICATION:
        what = f"is {context['specversion'][:20]!r}; this is the vocabulary of {SPECIFICATION}"
        yield EventFault(key="context.specversion", what=what)
    if not is_uuid(context.get("chainId", _ANY_UUID)):
        yield EventFault(key="context.chainId", what="is not a UUID")
    for key, source in (("context", context.get("source")), ("subject", subject.get("source"))):
        if source is not None and not (source and is_uri_reference(source)):
            yield EventFault(key=f"{key}.source", what="is not a URI reference")
    for number, link in enumerate(context.get("links", ())):
        yield from _loose_link(link, f"context.links[{number}]")
    custom = event.get("customData")
    if isinstance(custom, str) and not is_base64(custom):
        yield EventFault(key="customData", what="is a text and not base64")
    yield from _loose_subject(kind, subject)


_ANY_UUID = "00000000-0000-4000-8000-000000000000"


def _loose_link(link: dict[str, Any], key: str) -> Iterator[EventFault]:
    if link["linkType"] == "RELATION" and "contextId" not in link["target"]:
        yield EventFault(key=f"{key}.target.contextId", what="is missing: the link points nowhere")
    for name, value in link.get("tags", {}).items():
        if not isinstance(value, str):
            yield EventFault(key=f"{key}.tags.{name[:100]}", what="must be a string")


def _loose_subject(kind: EventType, subject: dict[str, Any]) -> Iterator[EventFault]:
    if kind.family != "cdevents":
        return
    content = subject["content"]
    if kind.short in _IN_AN_ENVIRONMENT and "environment" not in content:
        yield EventFault(key="subject.content.environment", what="is missing")
    # Only there the specification's table says String instead of Purl.
    if "artifactId" in content and kind.short != "build.finished":
        yield from _purl_faults(content["artifactId"], "subject.content.artifactId")
    if kind.subject == "artifact":
        yield from _purl_faults(subject["id"], "subject.id")


def _purl_faults(text: str, key: str) -> Iterator[EventFault]:
    try:
        parse_purl(text)
    except RequestError as fault:
        yield EventFault(key=key, what=f"is not a package URL: {fault.what}")


def _under(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
