"""XML from strangers, read as a stream: bounded, no entity ever declared or fetched."""

import contextlib
from typing import NoReturn
from xml.parsers import expat

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable

CHUNK = 256 * 1024
LONGEST_TOKEN = 8 * 1024 * 1024
"""The longest tag, comment or instruction, in bytes: expat keeps one whole in memory."""

DEPTH = 100
"""The deepest nesting; expat itself has no limit."""

_REMEDY = "give the whole file, as its tool writes it"
_NO_CONTROL = (
    "let the tests print none of it (NO_COLOR=1 where it is U+001B), or let the tool write its"
    " report in another format"
)
_FAULTS = (expat.ExpatError, LookupError, ValueError)


class _Enough(Exception):
    """The first element was seen."""


def root_of(head: bytes) -> tuple[str, dict[str, str]] | None:
    """Return the name and attributes of the first element; None where these bytes hold none."""
    parser = expat.ParserCreate()
    found: list[tuple[str, dict[str, str]]] = []

    def first(name: str, attributes: dict[str, str]) -> None:
        found.append((name, attributes))
        raise _Enough

    parser.StartElementHandler = first
    with contextlib.suppress(_Enough, *_FAULTS):
        parser.Parse(head, False)
    return found[0] if found else None


def parser_for(where: str) -> expat.XMLParserType:
    """Return a parser that refuses what nothing here has any need of.

    A DOCTYPE that only names a DTD is legal (Cobertura's and JaCoCo's writers do that; it is
    never fetched); one that declares anything itself is refused, and so is every entity beyond
    the five of XML: those are how a small file becomes a large one or another file's content.
    """
    parser = expat.ParserCreate()

    def refuse(what: str) -> NoReturn:
        raise Unreadable(
            what,
            where=Location(path=where, line=parser.CurrentLineNumber),
            remedy="give a file as its tool writes it, without that",
        )

    def doctype(_name: str, _system: str | None, _public: str | None, internal: int) -> None:
        if internal:
            refuse("declares its own document type, which nothing here needs")

    def entity(*_: object) -> None:
        refuse("declares an XML entity, which nothing here needs")

    def unknown(name: str, _parameter: bool) -> None:  # noqa: FBT001 - expat's signature
        refuse(f"uses the XML entity &{name[:50]};, which is not declared")

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.SkippedEntityHandler = unknown
    return parser


def feed(parser: expat.XMLParserType, stream: Readable, where: str) -> None:
    """Feed the whole stream to the parser, a chunk at a time.

    Raises Unreadable, at the line, where it is not well-formed XML, ends early, is in an encoding
    that nobody knows, or holds a tag of many megabytes.
    """
    fed = 0
    while chunk := stream.read(CHUNK):
        _parse(parser, chunk, where, before=fed)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > LONGEST_TOKEN + CHUNK:
            raise Unreadable(
                f"holds a tag or comment of over {LONGEST_TOKEN // 1024 // 1024} MiB",
                where=Location(path=where, line=parser.CurrentLineNumber),
                remedy="give a file as its tool writes it, without that",
            )
    _parse(parser, b"", where, before=fed)


def _parse(parser: expat.XMLParserType, chunk: bytes, where: str, *, before: int) -> None:
    """Parse a chunk, before which so many bytes came; an empty one is the end."""
    try:
        parser.Parse(chunk, not chunk)
    except expat.ExpatError as fault:
        what = f"is not well-formed XML: {expat.errors.messages.get(fault.code, str(fault))}"
        remedy = _REMEDY
        if not chunk:
            what = what.replace("is not well-formed XML", "is cut off")
        elif told := _control_character(chunk, parser.ErrorByteIndex - before):
            what = f"is not well-formed XML: it holds the control character {told}"
            remedy = _NO_CONTROL
        raise Unreadable(
            what,
            where=Location(path=where, line=fault.lineno, column=fault.offset + 1),
            remedy=remedy,
        ) from fault
    except (LookupError, ValueError) as fault:
        raise Unreadable(
            f"cannot be decoded: {fault}", where=where, remedy="let the tool write UTF-8"
        ) from fault


def _control_character(chunk: bytes, place: int) -> str:
    """Return the name of the character at a place that XML 1.0 forbids however it is written."""
    byte = chunk[place] if 0 <= place < len(chunk) else 32
    return f"U+{byte:04X}" if byte < 32 and byte not in b"\t\n\r" else ""
