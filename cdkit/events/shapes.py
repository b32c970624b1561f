"""The shapes that a field of an event can have: text, a list of texts, a record of fields."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Format = Literal["", "uri", "uri-reference", "date-time"]


class Text(Struct, frozen=True, kw_only=True):
    """A string of at least `least` characters, of a format, one of `enum` where that is given.

    `known` are values that the specification names without ruling out others; `pattern` is a
    regular expression that the whole text must match.
    """

    least: int = 0
    format: Format = ""
    enum: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    pattern: str = ""


class Texts(Struct, frozen=True, kw_only=True):
    """A list of strings."""


class Links(Struct, frozen=True, kw_only=True):
    """A list of links that travel inside the event."""


class Custom(Struct, frozen=True, kw_only=True):
    """What the sender adds: an object, or a text in base64."""


class Record(Struct, frozen=True, kw_only=True):
    """An object with named fields; `extra` says whether it may have others too."""

    required: Mapping[str, "Shape"] = {}
    optional: Mapping[str, "Shape"] = {}
    extra: bool = False

    @property
    def fields(self) -> dict[str, "Shape"]:
        """Every named field."""
        return {**self.required, **self.optional}


Shape = Text | Texts | Links | Custom | Record


class Subject(Struct, frozen=True, kw_only=True):
    """How a type's subject may look: its content, and the looser forms of some test types.

    `plain_sources` says that the specification leaves `context.source` and `subject.source`
    without a format; `word` is the constant that `subject.type` may be said to have.
    """

    content: Record
    plain_sources: bool = False
    word: str = ""


class EventType(Struct, frozen=True, kw_only=True):
    """One type of event: `dev.<family>.<subject>.<predicate>.<version>`."""

    subject: str
    predicate: str
    version: str
    shape: Subject
    family: str = "cdevents"

    @property
    def short(self) -> str:
        """The name that people use: `service.deployed`."""
        return f"{self.subject}.{self.predicate}"

    @property
    def name(self) -> str:
        """The full name, as it stands in `context.type`."""
        return f"dev.{self.family}.{self.short}.{self.version}"
