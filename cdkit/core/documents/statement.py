"""The in-toto statement around a document: about which subject it speaks."""

import msgspec
from msgspec import Raw, Struct, field

from cdkit.core.documents.document import Document, encode
from cdkit.core.errors import Unreadable
from cdkit.core.names import predicate_type
from cdkit.core.subject import Subject

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


class Statement(Struct, frozen=True, kw_only=True):
    """An in-toto Statement v1 whose predicate is still JSON (in-toto attestation spec, v1)."""

    type: str = field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = field(name="predicateType")
    predicate: Raw


def state(document: Document, *subjects: Subject) -> Statement:
    """Return the statement that this document is about these subjects."""
    kind = type(document).__struct_config__.tag
    return Statement(
        type=STATEMENT_TYPE,
        subject=subjects,
        predicate_type=predicate_type(str(kind), document.version),
        predicate=Raw(encode(document).rstrip()),
    )


def encode_statement(statement: Statement) -> bytes:
    """Return a statement as JSON, newline at the end."""
    return msgspec.json.encode(statement) + b"\n"


def decode_statement(data: bytes, *, where: str) -> Statement:
    """Read a statement; raises Unreadable where it is none, or speaks of no subject."""
    try:
        statement = msgspec.json.decode(data, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _unreadable(f"is not an in-toto statement: {fault}", where) from fault
    if statement.type != STATEMENT_TYPE:
        raise _unreadable(f"has the _type {statement.type!r}, not {STATEMENT_TYPE!r}", where)
    if not statement.subject or not all(subject.digest for subject in statement.subject):
        raise _unreadable("names no subject by digest", where)
    return statement


def _unreadable(what: str, where: str) -> Unreadable:
    return Unreadable(what, where=where, remedy="record the fact again with the step that made it")
