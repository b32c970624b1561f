"""CycloneDX VEX: the `analysis` of vulnerabilities in a document of CycloneDX 1.4 and later.

Source: cyclonedx.org, JSON reference, `vulnerabilities[].analysis`. What is affected is a
component of the document, or a package URL. Where the document says which product it is about
(`metadata.component`), a component is meant as a part of that product: in another one it may well
be affected. A product that no digest ties to an image covers nothing, and so does a BOM-Link
(`urn:cdx:…`) to another document. Where versions of it are named (`affects[].versions`) only they
are meant: the unaffected ones where some are called so, and none by a range.
"""

from collections.abc import Iterator
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.scan.foreign import aliases_of, moment
from cdkit.scan.report import version_of, versionless
from cdkit.scan.statement import COVERING, Product, Statement, Status, Vex, digests_of

_REMEDY = "mend it, or make it again with the tool that wrote it"
_DIGESTS = frozenset(
    {
        "aquasecurity:trivy:ImageID",
        "aquasecurity:trivy:RepoDigest",
        "amazon:inspector:sbom_generator:image_id",
    }
)
_STATES = {
    "not_affected": Status.NOT_AFFECTED,
    "false_positive": Status.NOT_AFFECTED,
    "resolved": Status.FIXED,
    "resolved_with_pedigree": Status.FIXED,
    "exploitable": Status.AFFECTED,
    "in_triage": Status.UNDER_INVESTIGATION,
}


class _Property(Struct, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class _Component(Struct, frozen=True, kw_only=True):
    ref: str = field(default="", name="bom-ref")
    purl: str = ""
    version: str = ""
    properties: tuple[_Property, ...] | None = None
    components: tuple["_Component", ...] | None = None


class _Metadata(Struct, frozen=True, kw_only=True):
    timestamp: str = ""
    component: _Component | None = None
    supplier: dict[str, object] | None = None


class _Reference(Struct, frozen=True, kw_only=True):
    id: str = ""


class _Version(Struct, frozen=True, kw_only=True):
    version: str = ""
    range: str = ""
    status: str = "affected"


class _Affects(Struct, frozen=True, kw_only=True):
    ref: str
    versions: tuple[_Version, ...] | None = None


class _Analysis(Struct, frozen=True, kw_only=True):
    state: str = ""
    justification: str = ""
    detail: str = ""
    updated: str = field(default="", name="lastUpdated")


class _Vulnerability(Struct, frozen=True, kw_only=True):
    id: str
    references: tuple[_Reference, ...] | None = None
    analysis: _Analysis | None = None
    affects: tuple[_Affects, ...] | None = None


class _Bom(Struct, frozen=True, kw_only=True):
    format: str = field(name="bomFormat")
    metadata: _Metadata | None = None
    components: tuple[_Component, ...] | None = None
    vulnerabilities: tuple[_Vulnerability, ...]


def _recognises(head: bytes) -> bool:
    return b'"bomFormat"' in head and b"openvex.dev/ns" not in head


def _read(data: bytes, where: str) -> tuple[Statement, ...]:
    try:
        bom = msgspec.json.decode(data, type=_Bom)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        what = f"is no CycloneDX document: {fault}"
        raise Unreadable(what, where=where, remedy=_REMEDY) from fault
    purls: dict[str, str] = {}
    root = bom.metadata.component if bom.metadata else None
    _collect(bom.components or (), purls)
    if root:
        _collect(root.components or (), purls)
    issued = bom.metadata.timestamp if bom.metadata else ""
    found = tuple(
        _statement(one, root, purls, issued, where) for one in bom.vulnerabilities if one.analysis
    )
    if not found:
        raise Unreadable("analyses no vulnerability", where=where, remedy=_REMEDY)
    return found


def _collect(components: tuple[_Component, ...], purls: dict[str, str], depth: int = 0) -> None:
    for one in components:
        if one.ref and one.purl:
            purls[one.ref] = one.purl
        if one.components and depth < 20:
            _collect(one.components, purls, depth + 1)


def _statement(
    made: _Vulnerability,
    root: _Component | None,
    purls: dict[str, str],
    issued: str,
    where: str,
) -> Statement:
    analysis = made.analysis or _Analysis()
    status = _STATES.get(analysis.state)
    why = " ".join(text for text in (analysis.justification, analysis.detail) if text.strip())
    if status is None:
        what = f"{made.id[:100]} has the state {analysis.state[:40]!r}, which is none"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    if status is Status.NOT_AFFECTED and not why:
        what = f"{made.id[:100]} is {analysis.state} without a justification or a detail"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    products = tuple(
        product
        for one in made.affects or ()
        for product in _versioned(_product(one.ref, root, purls), one.versions, status)
    )
    if not products:
        raise Unreadable(f"{made.id[:100]} affects nothing", where=where, remedy=_REMEDY)
    others = aliases_of(made.id, (one.id for one in made.references or ()))
    return Statement(
        names=frozenset({made.id, *others} - {""}),
        products=products,
        status=status,
        why=why[:500],
        issued=moment(analysis.updated or issued),
        where=Location(path=where),
    )


def _versioned(
    product: Product, versions: tuple[_Version, ...] | None, status: Status
) -> Iterator[Product]:
    """Yield a product at each version that is meant: all where none is named, else those named.

    What says that it counts is said of every version: it excuses nothing.
    """
    if not versions or status not in COVERING:
        yield product
        return
    free = [one for one in versions if one.status == "unaffected"]
    meant = [one for one in free or versions if one.status != "unknown" and not one.range]
    for one in meant:
        yield Product(
            purl=_at(product.purl, one.version),
            digests=product.digests,
            parts=tuple(_at(part, one.version) for part in product.parts),
        )
    if not meant:
        yield Product()


def _at(purl: str, version: str) -> str:
    """Return a package URL at a version; one that names another already is no such package."""
    if not purl or not version:
        return ""
    named = version_of(purl)
    if named:
        return purl if unquote(named) == version else ""
    bare = versionless(purl)
    return f"{bare}@{quote(version, safe='')}{purl[len(bare) :]}"


def _product(ref: str, root: _Component | None, purls: dict[str, str]) -> Product:
    if ref.startswith("urn:cdx:"):
        return Product()
    digests = _digests(root) if root else frozenset()
    if root and ref and root.ref == ref:
        return Product(digests=digests)
    named = purls.get(ref, ref)
    purl = named if named.startswith("pkg:") else ""
    if root is None or digests_of(purl):
        return Product(purl=purl, digests=digests_of(purl))
    return Product(digests=digests, parts=(purl,)) if digests else Product()


def _digests(root: _Component) -> frozenset[str]:
    """Return the digests that name the image which a document is about."""
    held = (one.value for one in root.properties or () if one.name in _DIGESTS)
    said = (digests_of(text) | {text} for text in (*held, root.version))
    found = digests_of(root.purl).union(*said)
    return frozenset(text for text in found if text.startswith("sha256:"))


VEX = Vex(name="cyclonedx", title="CycloneDX VEX", recognises=_recognises, read=_read)
