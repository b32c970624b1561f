"""Statements as evidence: our own facts, stated again about the image, and other tools'."""

import re

import msgspec
from msgspec import Struct, field

from cdkit.core.documents.document import Document
from cdkit.core.documents.fact import Fact, is_ours, read_fact
from cdkit.core.documents.kinds import OWN_KINDS, Evidence, Findings, Identity
from cdkit.core.errors import Unreadable
from cdkit.core.subject import Subject
from cdkit.evidence.format import Read
from cdkit.evidence.statements import read_foreign, unwrapped

_BEGINNING = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*(?:"(?:_type|subject|predicateType|predicate|payload|payloadType'
    rb'|dsseEnvelope|verificationMaterial)"\s*:'
    rb'|"mediaType"\s*:\s*"application/vnd\.dev\.sigstore\.bundle)'
)


def is_record(head: bytes) -> bool:
    """Whether these first bytes are those of an in-toto statement, bare or signed."""
    return _BEGINNING.match(head) is not None


class Stated(Struct, frozen=True):
    """What a file of statements holds: our own facts, and what others' say of this subject."""

    facts: tuple[Fact, ...] = ()
    reads: tuple[Read, ...] = ()


def read_stated(data: bytes, where: str, subject: Subject, source: Subject | None) -> Stated:
    """Read a file of one statement, or of one a line (`.intoto.jsonl`). Raises Unreadable.

    Those that are not ours must be about this subject, or about the source that is checked out.
    Signatures are not checked: whoever states the fact again vouches for it.
    """
    lines = [line for line in data.splitlines() if line.strip()]
    parts = lines if len(lines) > 1 and is_record(lines[1]) else [data]
    facts: list[Fact] = []
    reads: list[Read] = []
    for part in parts:
        statement = unwrapped(part, where)
        if is_ours(_type_of(statement, where)):
            facts.append(read_fact(statement, where=where))
        else:
            reads.append(read_foreign(statement, data, where, subject, source))
    return Stated(tuple(facts), tuple(reads))


class _Typed(Struct, frozen=True):
    predicate_type: str = field(name="predicateType")


def _type_of(statement: bytes, where: str) -> str:
    try:
        return msgspec.json.decode(statement, type=_Typed).predicate_type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _refused(
            where, f"is not an in-toto statement: {fault}", "give it as its tool wrote it"
        ) from fault


def restate(fact: Fact, kind: str, subject: Subject, source: Subject | None) -> Document:
    """Return the fact's document as evidence of this kind about this subject.

    The origin stays that of the run that found it out. Raises Unreadable where the fact is about
    another image, about another source than `source`, or is nothing that evidence can be.
    """
    document = fact.document
    _check_subjects(fact, subject, source)
    if isinstance(document, Identity):
        _check_identity(document, kind, subject, fact.where)
        return document
    if not isinstance(document, Evidence | Findings):
        raise _refused(fact.where, f"is a {fact.kind}, which is no evidence", "leave it out")
    if kind in OWN_KINDS:
        raise _refused(
            fact.where, f"is no {kind}", f"give it under its own kind: {document.evidence}=…"
        )
    return msgspec.structs.replace(document, evidence=kind)


def _check_subjects(fact: Fact, subject: Subject, source: Subject | None) -> None:
    images = {key for key in fact.keys if not key.startswith("git")}
    if not images <= subject.keys():
        others = ", ".join(sorted(images - subject.keys()))
        raise _refused(
            fact.where,
            f"is about {others[:200]}, not about {subject.name or 'this subject'}",
            "record the evidence of this image",
        )
    trees = {key for key in fact.keys if key.startswith("gitTree:")}
    if source and trees and not trees & source.keys():
        raise _refused(
            fact.where,
            "is about another source than the one that is checked out here",
            "let it be found out again for this commit, or check out the commit that it is about",
        )


def _check_identity(document: Identity, kind: str, subject: Subject, where: str) -> None:
    if kind != "identity":
        raise _refused(where, "is an identity", f"give it as identity=…, not as {kind}=…")
    if {document.digest}.isdisjoint(subject.keys()):
        raise _refused(
            where,
            f"is the identity of {document.digest[:100]}, not of {subject.name}",
            "give the identity of this image",
        )


def _refused(where: str, what: str, remedy: str) -> Unreadable:
    return Unreadable(what, where=where, remedy=remedy)
