"""OpenVEX 0.2.0, and 0.0.1 whose products and vulnerabilities are bare names.

Source: openvex/spec, OPENVEX-SPEC.md: a `not_affected` needs a justification, one of five words, or
an impact statement; what a statement does not say itself the document says. ATTESTING.md: in an
in-toto statement the document is the predicate, and what is attested is the subject: a statement
without products is about it, and one about a package is about that package in it. Who signed an
attestation is not asked here: verify it first, and give what was verified.
"""

from datetime import datetime

import msgspec
from msgspec import Raw, Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.scan.foreign import moment
from cdkit.scan.statement import Product, Statement, Status, Vex, digests_of

_REMEDY = "mend it, or make it with vexctl: `vexctl create`"
_NAMESPACE = "https://openvex.dev/ns"
_VERSIONS = frozenset({"", "/v0.0.1", "/v0.2.0"})
_JUSTIFICATIONS = frozenset(
    {
        "",
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)


class _Named(Struct, frozen=True, kw_only=True):
    id: str = field(default="", name="@id")
    identifiers: dict[str, str] = {}
    hashes: dict[str, str] = {}


class _Product(_Named, frozen=True, kw_only=True):
    subcomponents: tuple[_Named | str, ...] = ()


class _Vulnerability(Struct, frozen=True, kw_only=True):
    id: str = field(default="", name="@id")
    name: str = ""
    aliases: tuple[str, ...] = ()


class _Statement(Struct, frozen=True, kw_only=True):
    vulnerability: _Vulnerability | str
    products: tuple[_Product | str, ...] = ()
    status: Status
    justification: str = ""
    impact: str = field(default="", name="impact_statement")
    timestamp: str = ""
    updated: str = field(default="", name="last_updated")


class _Document(Struct, frozen=True, kw_only=True):
    context: str = field(name="@context")
    author: str
    timestamp: str
    statements: tuple[_Statement, ...]


class _Subject(Struct, frozen=True, kw_only=True):
    digest: dict[str, str] = {}


class _Attested(Struct, frozen=True, kw_only=True):
    """An in-toto statement, or a document by itself, of which this is no part."""

    type: str = field(default="", name="_type")
    predicate_type: str = field(default="", name="predicateType")
    subject: tuple[_Subject, ...] = ()
    predicate: Raw = Raw(b"")


def _recognises(head: bytes) -> bool:
    return b"openvex.dev/ns" in head


def _read(data: bytes, where: str) -> tuple[Statement, ...]:
    try:
        attested = msgspec.json.decode(data, type=_Attested)
        inner = bytes(attested.predicate) if attested.type else data
        document = msgspec.json.decode(inner, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(f"is no OpenVEX document: {fault}", where=where, remedy=_REMEDY) from fault
    if not document.statements:
        raise Unreadable("makes no statement", where=where, remedy=_REMEDY)
    subjects = _subjects(attested, where) if attested.type else None
    for named in (document.context, attested.predicate_type if attested.type else _NAMESPACE):
        if not named.startswith(_NAMESPACE) or named[len(_NAMESPACE) :] not in _VERSIONS:
            raise Unreadable(f"is of the format {named[:60]!r}", where=where, remedy=_REMEDY)
    return tuple(_statement(one, document, subjects, where) for one in document.statements)


def _subjects(attested: _Attested, where: str) -> frozenset[str]:
    """Return the digests of what is attested; a document about nothing covers nothing."""
    named = (one.digest.get("sha256", "") for one in attested.subject)
    found = frozenset(f"sha256:{text}" for text in named if text)
    if not found:
        raise Unreadable("attests no subject by its sha256", where=where, remedy=_REMEDY)
    return found


def _statement(
    made: _Statement, document: _Document, subjects: frozenset[str] | None, where: str
) -> Statement:
    names = _names(made.vulnerability)
    issued = _issued(made, document)
    why = " ".join(text for text in (made.justification, made.impact) if text.strip())
    name = min(names) if names else "a statement"
    products = _products(made, subjects)
    if not names or not products:
        what = f"{name} names no vulnerability or no product"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    if made.justification not in _JUSTIFICATIONS:
        what = f"{name} has the justification {made.justification[:60]!r}, which is none"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    if made.status is Status.NOT_AFFECTED and not why:
        what = f"{name} is not_affected without a justification or an impact statement"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    if issued is None:
        raise Unreadable(f"{name} has no time that can be read", where=where, remedy=_REMEDY)
    return Statement(
        names=names,
        products=products,
        status=made.status,
        why=why[:500],
        author=document.author[:200],
        issued=issued,
        where=Location(path=where),
    )


def _names(made: _Vulnerability | str) -> frozenset[str]:
    if isinstance(made, str):
        return frozenset({made} - {""})
    own = made.name or made.id.rstrip("/").rpartition("/")[2]
    return frozenset({own, *made.aliases} - {""})


def _issued(made: _Statement, document: _Document) -> datetime | None:
    return moment(made.updated or made.timestamp or document.timestamp)


def _products(made: _Statement, subjects: frozenset[str] | None) -> tuple[Product, ...]:
    """Return what a statement is about; in an attestation that is its subject, or part of it."""
    named = tuple(map(_product, made.products))
    if subjects is None:
        return named
    if not named:
        return (Product(digests=subjects),)
    return tuple(
        one if one.digests else Product(digests=subjects, parts=(one.purl,)) for one in named
    )


def _product(made: _Product | str) -> Product:
    if isinstance(made, str):
        return Product(purl=_purl(made), digests=digests_of(made))
    purl = made.identifiers.get("purl", "") or _purl(made.id)
    hashes = {f"sha256:{text}" for name, text in made.hashes.items() if name == "sha-256"}
    parts = tuple(
        one if isinstance(one, str) else one.identifiers.get("purl", "") or one.id
        for one in made.subcomponents
    )
    return Product(purl=purl, digests=digests_of(purl or made.id) | hashes, parts=parts)


def _purl(text: str) -> str:
    return text if text.startswith("pkg:") else ""


VEX = Vex(name="openvex", title="OpenVEX", recognises=_recognises, read=_read)
