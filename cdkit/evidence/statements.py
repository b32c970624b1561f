"""In-toto statements from elsewhere: bare, in a DSSE envelope, or in a Sigstore bundle.

Source: in-toto attestation framework, Statement v1 and v0.1 (the same fields). Signatures are not
looked at here: what a file says counts as what a report says, in the name of whoever records it.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, field

from cdkit.core.digest import sha256
from cdkit.core.documents.envelope import open_envelope
from cdkit.core.documents.kinds import Report
from cdkit.core.errors import Unreadable
from cdkit.core.subject import Subject
from cdkit.evidence.format import Read
from cdkit.evidence.predicate import predicate_of

STATEMENTS = frozenset({"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"})
T = TypeVar("T")
_REMEDY = "give the statement as the tool that made it wrote it"


class Foreign(Struct, frozen=True):
    """A statement whose predicate is somebody else's."""

    type: str = field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = field(name="predicateType")
    predicate: Raw


def unwrapped(data: bytes, where: str) -> bytes:
    """Return the statement in an envelope or a bundle; what is in none as it is.

    No signature is checked. Raises Unreadable where the envelope is broken or holds something else.
    """
    envelope = open_envelope(data, where=where)
    return envelope.payload if envelope else data


def read_foreign(
    data: bytes, whole: bytes, where: str, subject: Subject, source: Subject | None
) -> Read:
    """Read a statement about this subject, or about the source that is checked out here.

    `whole` is the file that held it. Raises Unreadable where it is about something else.
    """
    try:
        statement = msgspec.json.decode(data, type=Foreign)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is no in-toto statement: {fault}", where=where, remedy=_REMEDY
        ) from fault
    if statement.type not in STATEMENTS:
        raise Unreadable(f"has the _type {statement.type[:100]!r}", where=where, remedy=_REMEDY)
    predicate = predicate_of(statement.predicate_type, where)
    _check_subject(statement, subject, source, where)
    reading = predicate.read(bytes(statement.predicate), where)
    report = Report(path=where, digest=str(sha256(whole)), size=len(whole), format=predicate.name)
    return Read(report=report, reading=reading)


def _check_subject(
    statement: Foreign, subject: Subject, source: Subject | None, where: str
) -> None:
    """Hold what a statement is about against what the evidence is to be about, by digest alone."""
    about = frozenset().union(*(_keys(one) for one in statement.subject))
    if not about:
        raise Unreadable("names no subject by digest", where=where, remedy=_REMEDY)
    wanted = subject.keys() | (source.keys() if source else frozenset())
    if about.isdisjoint(wanted):
        others = ", ".join(sorted(about))
        raise Unreadable(
            f"is about {others[:200]}, not about {subject.name or 'this subject'}",
            where=where,
            remedy="give the statement about this image, or about the source it was built from",
        )


def _keys(subject: Subject) -> frozenset[str]:
    """Return a subject's digests; `sha1` is how many producers write a git commit."""
    keys = subject.keys()
    commits = {f"gitCommit:{key.removeprefix('sha1:')}" for key in keys if key.startswith("sha1:")}
    return keys | commits


def decoded(data: bytes, kind: type[T], where: str) -> T:
    """Return a predicate as this struct; raises Unreadable where it is not."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"its predicate is not what its type promises: {fault}", where=where, remedy=_REMEDY
        ) from fault
