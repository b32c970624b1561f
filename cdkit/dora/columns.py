"""The tables that the metrics are made of: their columns, wherever they stand."""

from collections.abc import Collection
from typing import Literal

from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.core.spoken import counted


class Column(Struct, frozen=True, kw_only=True):
    """A column: what it holds, whether a table must have it, and the text that stands for none.

    `known` is what the tables of the judgement call it. Where `told` is set an empty value is a
    fault: a deployment without a time cannot be left out in silence, nor be counted.
    """

    name: str
    known: str
    kind: Literal["text", "time", "truth"] = "text"
    must: bool = False
    told: bool = False
    usual: str = ""


DEPLOYMENTS = (
    Column(name="service", known="service", must=True),
    Column(name="environment", known="environment", must=True, told=True),
    Column(name="at", known="made_at", kind="time", must=True, told=True),
    Column(name="digest", known="digest"),
    Column(name="commit", known="commit_id"),
    Column(name="outcome", known="outcome", usual="success"),
    Column(name="planned", known="planned", kind="truth"),
    Column(name="rollback", known="rollback", kind="truth"),
    Column(name="team", known="team"),
    Column(name="id", known="id"),
)
CHANGES = (
    Column(name="service", known="service", must=True),
    Column(name="commit", known="commit_id"),
    Column(name="committed_at", known="committed_at", kind="time", must=True, told=True),
    Column(name="merged_at", known="merged_at", kind="time"),
    Column(name="deployment", known="deployment"),
)
INCIDENTS = (
    Column(name="service", known="service", must=True),
    Column(name="environment", known="environment", must=True, told=True),
    Column(name="opened_at", known="opened_at", kind="time", must=True, told=True),
    Column(name="resolved_at", known="resolved_at", kind="time"),
    Column(name="cause", known="cause"),
    Column(name="id", known="id"),
)
TABLES = {"deployments": DEPLOYMENTS, "changes": CHANGES, "incidents": INCIDENTS}
OUTCOMES = ("success", "failure")


def check_columns(columns: Collection[Column], there: Collection[str], where: str) -> None:
    """Raise Unreadable, naming the column, where a table lacks one that it must have."""
    for one in columns:
        if one.must and one.name not in there:
            is_one = len(there) == 1 and one.name in next(iter(there))
            ragged = "; see whether all rows have as many cells as the first" if is_one else ""
            raise Unreadable(
                f"has no column {one.name!r}",
                where=where,
                remedy=f"it has: {', '.join(sorted(there)) or 'none'}{ragged}",
            )


def wanted(columns: Collection[Column]) -> str:
    """Return what to do where a table cannot be read: the columns that one may have."""
    names = ", ".join(one.name for one in columns)
    return f"give a table with the columns {names}; times as RFC 3339"


def check_values(nameless: dict[str, int], outcome: str | None, where: str) -> None:
    """Raise Unreadable where rows lack what tells whether they count, or end in a strange way.

    `nameless` has the number of rows by the column that is empty in them.
    """
    for name, number in nameless.items():
        if number:
            raise Unreadable(
                f"{counted(number, 'row')} without {name!r}",
                where=where,
                remedy="fill it in, or leave out the rows of what has not happened yet",
            )
    if outcome is not None:
        raise Unreadable(
            f"the outcome {outcome[:60]!r} is neither of {', '.join(OUTCOMES)}",
            where=where,
            remedy=f"write {' or '.join(OUTCOMES)}; what was never tried is no deployment",
        )
