"""Other linters: the names of their rules, and which of ours says the same, or why none does."""

import functools
from collections.abc import Mapping

from msgspec import Struct

from cdkit.core import plugins


class Row(Struct, frozen=True):
    """One rule of theirs: its name, ours that answer it, what to know of it, SQL that it flags.

    Without one of ours `note` says why there is none. `sql` stands after the peer's `schema`.
    """

    name: str
    ours: tuple[str, ...] = ()
    note: str = ""
    sql: str = ""


class Peer(Struct, frozen=True, kw_only=True):
    """A linter, exported as PEER by a module of `peers/`, whose name users write before the colon.

    `version` is the one whose rules these are; `page` where they are described. `schema` is what
    there is before each row's SQL.
    """

    title: str
    version: str
    page: str
    rows: tuple[Row, ...]
    schema: str = ""


@functools.cache
def peers() -> Mapping[str, Peer]:
    """Return the other linters by name, as users write it: `strong-migrations`."""
    from cdkit.migrations import peers as folder

    found = plugins.collect(folder, "PEER", Peer)
    return {name.replace("_", "-"): peer for name, peer in found.items()}


def rows_of(text: str) -> tuple[Row, ...] | None:
    """Return the rows that `squawk:ban-drop-column` names; None where it names no peer."""
    name, colon, rule = text.partition(":")
    peer = peers().get(name.replace("_", "-")) if colon else None
    return tuple(row for row in peer.rows if row.name == rule) if peer else None


def row(name: str, *ours: str, note: str = "", sql: str = "") -> Row:
    """Return a row."""
    return Row(name, ours, note, sql)
