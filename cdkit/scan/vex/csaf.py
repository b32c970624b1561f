"""CSAF 2.0, profile VEX.

Source: OASIS, CSAF 2.0, 4.5 "Profile 5: VEX" and 3.2.2 "product tree". A product is named by the
package URL of its identification helper; `default_component_of` and its like put one into another.
A package in an image is that package in that image and no other. A package in a distribution
(Red Hat's and SUSE's documents) covers where the distribution's maker, by its CPE, is the maker of
the package, by its package URL, and the version is said: the same name without one may be another
release's. A package in any other product covers nothing. Nor does one of a branch of versions, or
of a range of them, whose package URL names none: it would stand for all. A draft (3.2.1.12.7) is
for its own party alone.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.scan.foreign import moment
from cdkit.scan.report import version_of, versionless
from cdkit.scan.statement import Product, Statement, Status, Vex, digests_of

_REMEDY = "mend it, or ask its publisher"
_FINAL = "give the one that was published: with `tracking.status` final or interim"
_VERSIONS = frozenset({"product_version", "product_version_range"})
_GROUPS = {
    "known_not_affected": Status.NOT_AFFECTED,
    "fixed": Status.FIXED,
    "first_fixed": Status.FIXED,
    "known_affected": Status.AFFECTED,
    "first_affected": Status.AFFECTED,
    "last_affected": Status.AFFECTED,
    "under_investigation": Status.UNDER_INVESTIGATION,
}


class _Helper(Struct, frozen=True, kw_only=True):
    purl: str = ""
    cpe: str = ""


class _Name(Struct, frozen=True, kw_only=True):
    product_id: str
    product_identification_helper: _Helper | None = None


class _Branch(Struct, frozen=True, kw_only=True):
    category: str = ""
    branches: tuple["_Branch", ...] | None = None
    product: _Name | None = None


class _Relationship(Struct, frozen=True, kw_only=True):
    full_product_name: _Name
    product_reference: str
    relates_to_product_reference: str


class _Group(Struct, frozen=True, kw_only=True):
    group_id: str
    product_ids: frozenset[str]


class _Tree(Struct, frozen=True, kw_only=True):
    branches: tuple[_Branch, ...] = ()
    full_product_names: tuple[_Name, ...] = ()
    relationships: tuple[_Relationship, ...] = ()
    product_groups: tuple[_Group, ...] = ()


class _Publisher(Struct, frozen=True, kw_only=True):
    name: str = ""


class _Tracking(Struct, frozen=True, kw_only=True):
    current_release_date: str = ""
    status: str = ""


class _About(Struct, frozen=True, kw_only=True):
    category: str
    publisher: _Publisher
    tracking: _Tracking


class _Said(Struct, frozen=True, kw_only=True):
    label: str = ""
    category: str = ""
    details: str = ""
    product_ids: frozenset[str] = frozenset()
    group_ids: tuple[str, ...] = ()

    def is_about(self, id_: str, groups: dict[str, frozenset[str]]) -> bool:
        """Whether it is said of a product: it must name it, or a group that it is in."""
        return id_ in self.product_ids or any(id_ in groups.get(g, ()) for g in self.group_ids)


class _Id(Struct, frozen=True, kw_only=True):
    text: str = ""


class _Vulnerability(Struct, frozen=True, kw_only=True):
    cve: str = ""
    ids: tuple[_Id, ...] = ()
    product_status: dict[str, tuple[str, ...]]
    flags: tuple[_Said, ...] = ()
    threats: tuple[_Said, ...] = ()


class _Document(Struct, frozen=True, kw_only=True):
    document: _About
    product_tree: _Tree
    vulnerabilities: tuple[_Vulnerability, ...]


def _recognises(head: bytes) -> bool:
    return b'"csaf_version"' in head or b'"csaf_vex"' in head


def _read(data: bytes, where: str) -> tuple[Statement, ...]:
    try:
        found = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(f"is no CSAF document: {fault}", where=where, remedy=_REMEDY) from fault
    if found.document.category != "csaf_vex":
        what = f"is of the category {found.document.category[:60]!r}, not csaf_vex"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    if found.document.tracking.status == "draft":
        what = "is a draft, which its publisher has not said yet"
        raise Unreadable(what, where=where, remedy=_FINAL)
    tree = found.product_tree
    products = _products(tree)
    groups = {one.group_id: one.product_ids for one in tree.product_groups}
    statements = tuple(
        statement
        for one in found.vulnerabilities
        for statement in _statements(one, found.document, products, groups, where)
    )
    if not statements:
        raise Unreadable("makes no statement", where=where, remedy=_REMEDY)
    return statements


def _names(tree: _Tree) -> Iterator[_Name]:
    yield from tree.full_product_names
    waiting = [(branch, 0) for branch in tree.branches]
    while waiting:
        branch, depth = waiting.pop()
        if branch.product and not _is_of_some_versions(branch):
            yield branch.product
        if depth < 50:
            waiting += [(inside, depth + 1) for inside in branch.branches or ()]


def _is_of_some_versions(branch: _Branch) -> bool:
    """Whether a branch is a version, or a range of them, and its package URL does not say which."""
    helper = branch.product.product_identification_helper if branch.product else None
    return branch.category in _VERSIONS and not (helper and version_of(helper.purl))


def _products(tree: _Tree) -> dict[str, Product]:
    """Return what each product ID names; one inside another is a part of it."""
    helpers = {
        name.product_id: name.product_identification_helper
        for name in _names(tree)
        if name.product_identification_helper
    }
    products = {
        id_: Product(purl=one.purl, digests=digests_of(one.purl)) for id_, one in helpers.items()
    }
    for one in tree.relationships:
        inner = helpers.get(one.product_reference, _Helper())
        outer = helpers.get(one.relates_to_product_reference, _Helper())
        products[one.full_product_name.product_id] = _inside(inner, outer)
    return products


def _inside(inner: _Helper, outer: _Helper) -> Product:
    """Return a package in an image, or one of a distribution's own; else nothing."""
    if digests := digests_of(outer.purl):
        return Product(purl=outer.purl, digests=digests, parts=(inner.purl,))
    maker, version = _maker(inner.purl), version_of(inner.purl)
    own = maker and version and not outer.purl and _vendor(outer.cpe) == maker
    return Product(purl=inner.purl) if own else Product()


def _maker(purl: str) -> str:
    """Return the distribution of a package (`pkg:rpm/redhat/openssl@…`: `redhat`), if any."""
    kind, _, rest = purl.removeprefix("pkg:").partition("/")
    maker, slash, _ = versionless(rest).partition("/")
    return maker if slash and kind in {"rpm", "deb", "apk"} else ""


def _vendor(cpe: str) -> str:
    """Return the vendor in a CPE (`cpe:/o:redhat:…`, `cpe:2.3:o:suse:…`), if any."""
    parts = cpe.split(":")
    at = 3 if cpe.startswith("cpe:2.3:") else 2
    return parts[at] if len(parts) > at else ""


def _statements(
    made: _Vulnerability,
    about: _About,
    products: dict[str, Product],
    groups: dict[str, frozenset[str]],
    where: str,
) -> Iterator[Statement]:
    names = frozenset({made.cve, *(one.text for one in made.ids)} - {""})
    if not names:
        raise Unreadable("names no vulnerability", where=where, remedy=_REMEDY)
    for group, ids in made.product_status.items():
        status = _GROUPS.get(group)
        for id_ in ids if status else ():
            why = " ".join(_why(made, id_, groups)).strip()
            if status is Status.NOT_AFFECTED and not why:
                what = f"{min(names)} is not affected in {id_[:100]} without a flag or an impact"
                raise Unreadable(what, where=where, remedy=_REMEDY)
            yield Statement(
                names=names,
                products=(products.get(id_, Product()),),
                status=status or Status.AFFECTED,
                why=why[:500],
                author=about.publisher.name[:200],
                issued=moment(about.tracking.current_release_date),
                where=Location(path=where),
            )


def _why(made: _Vulnerability, id_: str, groups: dict[str, frozenset[str]]) -> Iterator[str]:
    yield from (one.label for one in made.flags if one.is_about(id_, groups) and one.label)
    for one in made.threats:
        everybody = not one.product_ids and not one.group_ids
        if one.category == "impact" and (everybody or one.is_about(id_, groups)):
            yield one.details


VEX = Vex(name="csaf", title="CSAF 2.0 (profile VEX)", recognises=_recognises, read=_read)
