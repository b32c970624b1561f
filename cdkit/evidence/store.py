"""The store of facts: what every kind of store can do, and how the right one is opened."""

from collections.abc import Callable
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

__all__ = ["Collected", "Held", "Store", "StoreKind", "open_store"]

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
        """Return the deployment facts of an environment, oldest first."""

    def deployments(self) -> Collected:
        """Return the deployment facts of every environment, oldest first."""


Opener = Callable[[str, World, Verifier | None], Store]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreKind:
    """A kind of store: which values of the option `records` it claims, and how it is opened."""

    name: str
    claims: Callable[[str], bool]
    open: Opener


def open_store(records: str, world: World, *, verifier: Verifier | None = None) -> Store:
    """Open the store that the option `records` names; with a verifier signatures are checked.

    Raises RequestError where no kind of store claims the name.
    """
    from cdkit.evidence import stores

    named = FOLDER if records == AUTO else records
    kinds = plugins.collect(stores, "STORE", StoreKind).values()
    claiming = [kind for kind in kinds if kind.claims(named)]
    if len(claiming) != 1:
        known = ", ".join(kind.name for kind in kinds)
        raise RequestError(
            f"{records[:200]!r} is no place that facts can be kept in (known: {known})",
            where="records",
            remedy="give a folder, such as .cdkit/records, oci://registry/repository, or "
            "s3://bucket/prefix",
        )
    return claiming[0].open(named, world, verifier)
