"""A fact as it is read back: a statement whose predicate we understood, and what it proves."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cdkit.core.digest import sha256
from cdkit.core.documents.document import decode
from cdkit.core.documents.envelope import Envelope, open_envelope
from cdkit.core.documents.kinds import (
    Announcement,
    AnyDocument,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Waiver,
)
from cdkit.core.documents.statement import Statement, decode_statement
from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.finding import Severity
from cdkit.core.names import predicate_type
from cdkit.core.subject import Subject
from cdkit.core.trust import Verifier
from cdkit.core.verdict import Verdict

_BLOCK = 64
"""How many signatures are checked at a time."""

_ROOM = 8 * 1024 * 1024
"""How many bytes of records are kept for that; one may be larger."""


class Fact(Struct, frozen=True, kw_only=True):
    """A document about subjects, the digest of its statement, and the place it was read from.

    `signers` are the names of those who signed it, whose signature was checked, and whose word
    counts for it; empty where nobody did, or where nobody was asked to check.
    """

    subjects: tuple[Subject, ...]
    document: AnyDocument
    digest: str
    where: str
    signers: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of evidence: `unit`, `migrations`, …; else the document's own kind."""
        if isinstance(self.document, Evidence | Findings):
            return self.document.evidence
        return str(type(self.document).__struct_config__.tag)

    @property
    def keys(self) -> frozenset[str]:
        """Every digest that it is about, as `algorithm:encoded`."""
        return frozenset().union(*(subject.keys() for subject in self.subjects))

    @property
    def step(self) -> str:
        """The step that left it."""
        return self.document.origin.step

    @property
    def recorded_at(self) -> str:
        """When it was recorded (RFC 3339)."""
        return self.document.origin.recorded_at

    @property
    def found_at(self) -> str:
        """When it was found out (RFC 3339), which is before it was recorded where a report is."""
        return self.document.found_at if isinstance(self.document, Findings) else self.recorded_at

    @property
    def environment(self) -> str:
        """The environment that was deployed to, or the stage that was decided about; or none."""
        match self.document:
            case Deployment(environment=name) | Decision(stage=name):
                return name
            case _:
                return ""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the step that left it; None for documents that judge nothing."""
        if isinstance(self.document, Identity | Waiver | Deployment | Announcement):
            return None
        return self.document.verdict

    @property
    def numbers(self) -> dict[str, float]:
        """Every number that a policy may ask about, by name."""
        return numbers_of(self.document)


_KINDS: dict[str, type[AnyDocument]] = {
    predicate_type(str(kind.__struct_config__.tag)): kind
    for kind in (Identity, Findings, Evidence, Decision, Waiver, Deployment, Announcement)
}


def is_ours(predicate_type: str) -> bool:
    """Whether statements of this predicate type hold documents of ours."""
    return predicate_type in _KINDS


def read_fact(data: bytes, *, where: str, verifier: Verifier | None = None) -> Fact:
    """Read a fact from the JSON of its statement, bare or in an envelope.

    Its digest is that of the statement, so that a fact is the same one whoever signed it. With a
    `verifier` the signatures are checked before anything else is read. Raises Unreadable where it
    is no statement, of a predicate type that is not ours, where its predicate is not the document
    that the type promises, or where it is signed, and by nobody whose word counts.
    """
    ((_, fact),) = read_facts([(where, data)], verifier)
    if isinstance(fact, CdkitError):
        raise fact
    return fact


def read_facts(
    records: Iterable[tuple[str, bytes]], verifier: Verifier | None
) -> Iterator[tuple[str, Fact | CdkitError]]:
    """Read records, each with its place, as `read_fact` does; yield them in their order.

    Signatures are checked many at a time: between other work each costs a fifth more.
    """
    for block in _blocks(records) if verifier else ([record] for record in records):
        opened = [_Opened(place, data, _sealed(data, place)) for place, data in block]
        vetted = [_vetted(one, verifier) for one in opened]
        for one, names in zip(opened, vetted, strict=True):
            yield one.where, _fact(one, names, verifier)


def _blocks(records: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    block: list[tuple[str, bytes]] = []
    room = _ROOM
    for record in records:
        block.append(record)
        room -= len(record[1])
        if len(block) == _BLOCK or room <= 0:
            yield block
            block, room = [], _ROOM
    yield block


class _Opened(NamedTuple):
    where: str
    data: bytes
    envelope: Envelope | CdkitError | None


def _sealed(data: bytes, where: str) -> Envelope | CdkitError | None:
    try:
        return open_envelope(data, where=where)
    except CdkitError as fault:
        return fault


def _vetted(one: _Opened, verifier: Verifier | None) -> tuple[str, ...] | CdkitError:
    """Return whose signatures are under an envelope; nobody's where nobody is asked to check."""
    if isinstance(one.envelope, CdkitError):
        return one.envelope
    if one.envelope is None or verifier is None:
        return ()
    try:
        return verifier.verified(one.envelope, where=one.where)
    except CdkitError as fault:
        return fault


def _fact(
    one: _Opened, names: tuple[str, ...] | CdkitError, verifier: Verifier | None
) -> Fact | CdkitError:
    if isinstance(names, CdkitError):
        return names
    if isinstance(one.envelope, CdkitError):
        return one.envelope
    try:
        if one.envelope is None:
            return _bare(one.data, one.where)
        fact = _bare(one.envelope.payload, one.where)
        if verifier is None:
            return fact
        signers = verifier.admitted(names, fact, where=one.where)
    except CdkitError as fault:
        return fault
    return msgspec.structs.replace(fact, signers=signers)


def statement_of(data: bytes, *, where: str) -> tuple[Statement, bytes, Envelope | None]:
    """Return a statement, its own bytes, and the envelope around them if there is one.

    No signature is checked. Raises Unreadable where it is no statement.
    """
    envelope = open_envelope(data, where=where)
    payload = envelope.payload if envelope else data
    return decode_statement(payload, where=where), payload, envelope


def _bare(data: bytes, where: str) -> Fact:
    statement = decode_statement(data, where=where)
    return fact_of(statement, digest=str(sha256(data)), where=where)


def fact_of(statement: Statement, *, digest: str, where: str) -> Fact:
    """Return the fact that a statement states; raises Unreadable as `read_fact` does."""
    kind = _KINDS.get(statement.predicate_type)
    if kind is None:
        raise Unreadable(
            f"has the predicate type {statement.predicate_type!r}, which this cdkit does not read",
            where=where,
            remedy="record it with `cdkit record-evidence`",
        )
    document = decode(bytes(statement.predicate), kind, where=where)
    return Fact(subjects=statement.subject, document=document, digest=digest, where=where)


def names_of(evidence: Evidence, *, where: str = "") -> tuple[str, ...]:
    """Return the names of the tests that ran, passed or not, sorted; none where nobody kept them.

    Raises Unreadable where the list is not what the evidence says of it.
    """
    from cdkit.core.documents.ran import unpack  # loads what only facts with tests need

    return tuple(unpack(evidence.ran, where=where)) if evidence.ran else ()


def numbers_of(document: AnyDocument) -> dict[str, float]:
    """Return the numbers of a document: test counts, coverage in percent, findings by severity.

    What was measured stands under its own name (`p95`), after the names that are ours.
    """
    match document:
        case Evidence():
            return _evidence_numbers(document)
        case Findings(numbers=numbers) if numbers:
            return {**document.examined, **numbers}
        case Findings():
            open_findings = [f for f in document.findings if f.suppressed is None]
            counted = {s.value: sum(f.severity is s for f in open_findings) for s in Severity}
            suppressed = len(document.findings) - len(open_findings)
            return {**document.examined, **counted, "suppressed": suppressed}
        case _:
            return {}


def _evidence_numbers(document: Evidence) -> dict[str, float]:
    numbers: dict[str, float] = {metric.name: metric.value for metric in document.metrics}
    numbers |= {"duration": document.duration, **document.found}
    if counts := document.counts:
        numbers |= {name: getattr(counts, name) for name in counts.__struct_fields__}
        numbers["executed"] = counts.executed
    if (coverage := document.coverage) and coverage.lines:
        numbers["lines"] = coverage.line_percent
        if coverage.branches:
            numbers["branches"] = 100 * coverage.branches_covered / coverage.branches
    if coverage and coverage.statements:
        numbers["statements"] = 100 * coverage.statements_covered / coverage.statements
    return numbers
