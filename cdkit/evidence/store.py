"""The store of facts: what every kind of store can do, and how the right one is opened."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from cdkit.core import plugins
from cdkit.core.documents.collected import Collected
from cdkit.core.documents.statement import Statement, encode_statement
from cdkit.core.errors import RequestError
from cdkit.core.trust import Verifier
from cdkit.core.verdict import Reason
from cdkit.core.world import World

__all__ = ["Collected", "Held", "Store", "StoreKind", "by_time", "open_store"]

AUTO = "auto"
"""What the option `records` is where nobody said."""

FOLDER = ".cdkit/records"


class Held(Struct, frozen=True, kw_only=True):
    """Facts as they are kept: `(where, bytes)`, each once, and what could not be read."""

    records: tuple[tuple[str, bytes], ...] = ()
    unreadable: tuple[Reason, ...] = ()


class Store(Protocol):
    """A place that keeps statements: written once, found by what they are about."""

    def keep(self, data: bytes) -> str:
        """Keep the bytes of a statement, bare or in an envelope, and return where they stand.

        The same bytes twice stand once. Raises NotAllowed where this job may not write there,
        Unwritable where it cannot be kept.
        """

    def place_of(self, data: bytes) -> str:
        """Return where `keep` keeps these bytes, without keeping them and without asking."""

    def attach(self, data: bytes) -> str:
        """Keep a signed statement that is no fact (a verification summary), and return where.

        Others find it beside the image; readers of facts pass it over. Raises as `keep` does, and
        Unwritable where nobody signed it.
        """

    def attached(self, keys: frozenset[str]) -> Held:
        """Return what was attached to a subject with one of these digests, as it is kept."""

    def put(self, statement: Statement) -> str:
        """Keep a statement that nobody signed."""
        return self.keep(encode_statement(statement))

    def place(self, statement: Statement) -> str:
        """Return where `put` keeps this statement, without keeping it."""
        return self.place_of(encode_statement(statement))

    def held(self, keys: frozenset[str]) -> Held:
        """Return everything about a subject with one of these digests, as it is kept."""

    def about(self, keys: frozenset[str]) -> Collected:
        """Return every fact about a subject with one of these digests (`algorithm:encoded`)."""

    def environment(self, name: str) -> Collected:
        """Return the deployments to an environment, and what was forced there, oldest first."""

    def deployments(self) -> Collected:
        """Return the deployments to every environment, and what was forced, oldest first."""


Opener = Callable[[str, World, Verifier | None], Store]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreKind:
    """A kind of store, and how it is opened. Its file is named by the scheme that it goes by."""

    name: str
    open: Opener


def open_store(records: str, world: World, *, verifier: Verifier | None = None) -> Store:
    """Open the store that the option `records` names; with a verifier signatures are checked.

    Of several places with commas between them the first is written to, and all are read. Raises
    RequestError where no kind of store claims a name.
    """
    places = [place.strip() for place in records.split(",")]
    first, *others = [_opened(place, world, verifier) for place in places]
    return Joined(first, tuple(others)) if others else first


class Joined(Store):
    """Several stores that are read as one; what is kept goes to the first."""

    def __init__(self, first: Store, others: tuple[Store, ...]) -> None:
        self._first = first
        self._all = (first, *others)

    def keep(self, data: bytes) -> str:
        """Keep the bytes in the first."""
        return self._first.keep(data)

    def place_of(self, data: bytes) -> str:
        """Return where the first keeps these bytes."""
        return self._first.place_of(data)

    def attach(self, data: bytes) -> str:
        """Keep the bytes in the first."""
        return self._first.attach(data)

    def held(self, keys: frozenset[str]) -> Held:
        """Return what any of them holds about these digests, the same bytes once."""
        return _once([store.held(keys) for store in self._all])

    def attached(self, keys: frozenset[str]) -> Held:
        """Return what was attached in any of them, the same bytes once."""
        return _once([store.attached(keys) for store in self._all])

    def about(self, keys: frozenset[str]) -> Collected:
        """Return what any of them knows about these digests."""
        return _joined(store.about(keys) for store in self._all)

    def environment(self, name: str) -> Collected:
        """Return the deployments to an environment that any of them knows, oldest first."""
        return by_time(_joined(store.environment(name) for store in self._all))

    def deployments(self) -> Collected:
        """Return all deployments that any of them knows, oldest first."""
        return by_time(_joined(store.deployments() for store in self._all))


def by_time(found: Collected) -> Collected:
    """Return the same, its facts oldest first."""
    facts = sorted(found.facts, key=lambda fact: (fact.recorded_at, fact.digest))
    return Collected(facts=tuple(facts), unreadable=found.unreadable)


def _once(found: list[Held]) -> Held:
    records = {data: where for one in reversed(found) for where, data in one.records}
    return Held(
        records=tuple((where, data) for data, where in records.items()),
        unreadable=tuple(reason for one in found for reason in one.unreadable),
    )


def _joined(found: Iterable[Collected]) -> Collected:
    whole = Collected()
    for one in found:
        whole = whole.joined(one)
    return whole


def _opened(records: str, world: World, verifier: Verifier | None) -> Store:
    from cdkit.evidence import stores

    named = FOLDER if records == AUTO else records
    scheme, is_url, _ = named.partition("://")
    kind = scheme if is_url else "folder"
    known = plugins.names(stores)
    if kind not in known or not named:
        raise RequestError(
            f"{records[:200]!r} is no place that facts can be kept in (known: {', '.join(known)})",
            where="records",
            remedy="give a folder, such as .cdkit/records, oci://registry/repository, or "
            "s3://bucket/prefix",
        )
    return plugins.load(stores, kind, "STORE", StoreKind).open(named, world, verifier)
