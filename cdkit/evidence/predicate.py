"""A predicate of somebody else's in-toto statement: its types, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cdkit.core import plugins
from cdkit.core.errors import Unreadable
from cdkit.evidence.format import Sample
from cdkit.evidence.reading import Reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicate:
    """A kind of predicate. `read` raises Unreadable where one is not what its type promises.

    `types` are its predicate types (URIs); `proves` what it is about, as a format's.
    """

    name: str
    title: str
    proves: str
    types: tuple[str, ...]
    written_by: str
    read: Callable[[bytes, str], Reading]
    samples: tuple[Sample, ...]


def predicates() -> Mapping[str, Predicate]:
    """Return every predicate, by name."""
    from cdkit.evidence import predicates as folder

    return plugins.collect(folder, "PREDICATE", Predicate)


def predicate_of(kind: str, where: str) -> Predicate:
    """Return the predicate of this type; raises Unreadable where nobody knows it."""
    for found in predicates().values():
        if kind in found.types:
            return found
    known = ", ".join(found.title for found in predicates().values())
    raise Unreadable(
        f"has the predicate type {kind[:200]!r}, which this cdkit does not read",
        where=where,
        remedy=f"give a report, or a statement that is read: {known}",
    )
