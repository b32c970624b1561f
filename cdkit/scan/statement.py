"""VEX: what a vendor, or the team itself, says of a vulnerability in a product."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core import plugins
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location, Suppression
from cdkit.scan.key import is_package, is_same
from cdkit.scan.report import Issue, Vulnerability, version_of

HEAD = 64 * 1024
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)


class Status(StrEnum):
    """What is said of a vulnerability in a product (OpenVEX 0.2.0, "Status Labels")."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


COVERING = frozenset({Status.NOT_AFFECTED, Status.FIXED})
"""What takes a finding out of the count."""


class Product(Struct, frozen=True, kw_only=True):
    """What a statement is about: an image by its digests, or a package by its package URL.

    `parts` are packages in it, by package URL: where there are some, only they are meant.
    """

    purl: str = ""
    digests: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()

    def covers(self, found: Vulnerability, image: frozenset[str]) -> bool:
        """Whether this is the package, or the image of these digests and the package in it."""
        if self.digests & image:
            return not self.parts or any(is_package(part, found.purl) for part in self.parts)
        return not self.digests and not self.parts and is_package(self.purl, found.purl)


class Statement(Struct, frozen=True, kw_only=True):
    """One statement. `why` is its justification and what it says of the impact."""

    names: frozenset[str]
    products: tuple[Product, ...]
    status: Status
    why: str = ""
    author: str = ""
    issued: datetime | None = None
    where: Location

    def speaks_of(self, found: Vulnerability, image: frozenset[str]) -> bool:
        """Whether it is about this vulnerability in this package or image."""
        named = is_same(self.names, found.names)
        return named and any(
            product.covers(found, image) for product in self.products if self._is_of(product)
        )

    def _is_of(self, product: Product) -> bool:
        """Whether the status makes sense of a product: no package is fixed at every version."""
        return self.status is not Status.FIXED or bool(product.digests or version_of(product.purl))


@dataclass(frozen=True, kw_only=True, slots=True)
class Vex:
    """A format of VEX documents. `read` raises Unreadable where one is not what it should be."""

    name: str
    title: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, str], tuple[Statement, ...]]


class Word(Struct, frozen=True, kw_only=True):
    """A statement as a cover: it counts where it is the newest that speaks of a finding.

    `all` are all statements, by each name of their vulnerability.
    """

    statement: Statement
    all: Mapping[str, Sequence[Statement]]

    @property
    def name(self) -> str:
        """What it is, for people."""
        return f"the VEX statement on {min(self.statement.names)}"

    @property
    def names(self) -> frozenset[str]:
        """All names of the vulnerability."""
        return self.statement.names

    @property
    def where(self) -> Location:
        """Where it stands."""
        return self.statement.where

    @property
    def document(self) -> str:
        """The document that it stands in."""
        return self.statement.where.path

    def speaks_of(self, thing: Vulnerability | Issue, image: frozenset[str]) -> bool:
        """Whether it is about this thing, whatever it says of it."""
        return isinstance(thing, Vulnerability) and self.statement.speaks_of(thing, image)

    def covers(self, thing: Vulnerability | Issue, image: frozenset[str]) -> bool:
        """Whether it takes this thing out of the count, in the image of these digests."""
        if isinstance(thing, Issue) or self.statement.status not in COVERING:
            return False
        if not self.statement.speaks_of(thing, image):
            return False
        known = self._known_as(thing)
        named = {id(one): one for name in known.names for one in self.all.get(name, ())}
        last = newest(tuple(named.values()), known, image)
        if last is None or last is self.statement:
            return last is not None
        return last.status in COVERING and not last.speaks_of(thing, image)

    def _known_as(self, found: Vulnerability) -> Vulnerability:
        """Return a vulnerability under the names that this statement has for it, too.

        Who takes the statement back may call it by another of them, which its scanner does not say.
        """
        others = tuple(sorted(self.statement.names - found.names))
        return replace(found, aliases=(*found.aliases, *others)) if others else found

    def suppression(self) -> Suppression:
        """Return what a finding says of why it does not count."""
        said = self.statement
        told = f"{said.status}: {said.why}" if said.why else str(said.status)
        return Suppression(reason=told, owner=said.author, source=str(said.where))

    def ended(self, today: date) -> str:
        """A statement holds until another one is made."""
        del today
        return ""

    def ending(self, today: date) -> str:
        """A statement holds until another one is made."""
        del today
        return ""


def newest(
    statements: Sequence[Statement], found: Vulnerability, image: frozenset[str]
) -> Statement | None:
    """Return the statement that counts: the newest, and of several the one that excuses nothing.

    Of one without a time nobody knows whether it was taken back: what excuses nothing then counts
    before any other, and what excuses after all (OpenVEX 0.2.0, "Updating Statements", goes by the
    times).
    """
    speaking = [one for one in statements if one.speaks_of(found, image)]
    return max(speaking, key=_weight, default=None)


def _weight(said: Statement) -> tuple[datetime, bool]:
    excuses = said.status in COVERING
    return (said.issued or (_EARLIEST if excuses else _LATEST), not excuses)


def digests_of(text: str) -> frozenset[str]:
    """Return the digest in an image's name or package URL (`pkg:oci/x@sha256:…`), if any."""
    version = version_of(text).replace("%3A", ":").replace("%3a", ":") or text.rpartition("@")[2]
    return frozenset({version}) if version.startswith("sha256:") else frozenset()


def read_vex(data: bytes, where: str) -> tuple[Statement, ...]:
    """Read a VEX document of any format. Raises Unreadable where none claims it."""
    from cdkit.scan import vex

    known = plugins.collect(vex, "VEX", Vex)
    claiming = [one for one in known.values() if one.recognises(data[:HEAD])]
    if len(claiming) != 1:
        titles = ", ".join(one.title for one in known.values())
        raise Unreadable("is no VEX document", where=where, remedy=f"give one of: {titles}")
    return claiming[0].read(data, where)


def words_of(statements: Sequence[Statement]) -> tuple[Word, ...]:
    """Return statements as covers."""
    by_name: dict[str, list[Statement]] = {}
    for one in statements:
        for name in one.names:
            by_name.setdefault(name, []).append(one)
    return tuple(Word(statement=one, all=by_name) for one in statements)
