"""The store of facts: what every kind of store can do, and how the right one is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cdkit.core import plugins
from cdkit.core.documents.collected import Collected
from cdkit.core.documents.statement import Statement
from cdkit.core.errors import RequestError
from cdkit.core.world import Files

__all__ = ["Collected", "Store", "StoreKind", "open_store"]


class Store(Protocol):
    """A place that keeps statements: written once, found by what they are about."""

    def put(self, statement: Statement) -> str:
        """Keep a statement and return where it stands; the same bytes twice stand once.

        Raises Unwritable where it cannot be kept.
        """

    def place(self, statement: Statement) -> str:
        """Return where `put` keeps this statement, without keeping it."""

    def about(self, keys: frozenset[str]) -> Collected:
        """Return every fact about a subject with one of these digests (`algorithm:encoded`)."""

    def environment(self, name: str) -> Collected:
        """Return the deployment facts of an environment, oldest first."""

    def deployments(self) -> Collected:
        """Return the deployment facts of every environment, oldest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreKind:
    """A kind of store: which values of the option `records` it claims, and how it is opened."""

    name: str
    claims: Callable[[str], bool]
    open: Callable[[str, Files], Store]


def open_store(records: str, files: Files) -> Store:
    """Open the store that the option `records` names.

    Raises RequestError where no kind of store claims the name.
    """
    from cdkit.evidence import stores

    kinds = plugins.collect(stores, "STORE", StoreKind).values()
    claiming = [kind for kind in kinds if kind.claims(records)]
    if len(claiming) != 1:
        known = ", ".join(kind.name for kind in kinds)
        raise RequestError(
            f"{records!r} is no place that facts can be kept in (known: {known})",
            where="records",
            remedy="give a folder, such as .cdkit/records",
        )
    return claiming[0].open(records, files)
