"""Exceptions: vulnerabilities that somebody answers for, until a day."""

from collections.abc import Iterable
from datetime import date, timedelta
from fnmatch import fnmatchcase

import yaml
from msgspec import Struct

from cdkit.core.config.load import load
from cdkit.core.config.nodes import compose, place
from cdkit.core.errors import ConfigError, Fault
from cdkit.core.finding import Location, Suppression
from cdkit.scan.report import Vulnerability, version_of, versionless

_WARN_AHEAD = timedelta(days=14)


class _Entry(Struct, frozen=True, kw_only=True, rename="kebab"):
    id: str
    reason: str
    owner: str
    expires: str
    purls: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Exceptions(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The file of exceptions, as people write it."""

    exceptions: tuple[_Entry, ...]


class Waiver(Struct, frozen=True, kw_only=True):
    """One exception: it holds through its last day, in UTC.

    `purls` are package URLs, without a version for any version; `paths` are shell patterns over
    the file in the image. Empty means that the exception is not narrowed.
    """

    id: str
    reason: str
    owner: str
    expires: date
    purls: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    where: Location

    def covers(self, found: Vulnerability) -> bool:
        """Whether this exception is about this vulnerability in this package at this path."""
        return (
            self.id == found.id
            and (not self.purls or any(_is_about(purl, found.purl) for purl in self.purls))
            and (not self.paths or any(fnmatchcase(found.path, path) for path in self.paths))
        )

    def is_over(self, today: date) -> bool:
        """Whether the last day has passed."""
        return today > self.expires

    def ends_soon(self, today: date) -> bool:
        """Whether the last day is near, or today."""
        return not self.is_over(today) and self.expires - today <= _WARN_AHEAD

    def suppression(self) -> Suppression:
        """Return what a finding says of why it does not count."""
        return Suppression(
            reason=self.reason,
            owner=self.owner,
            expires=self.expires.isoformat(),
            source=str(self.where),
        )


def read_exceptions(data: bytes, *, where: str) -> tuple[Waiver, ...]:
    """Read an exceptions file.

    Raises ConfigError with every fault at its line and column: a missing reason, owner or date, a
    date that is none, an unknown key.
    """
    entries = load(data, Exceptions, where=where).exceptions
    root = compose(data, where=where)
    nodes = _list_nodes(root) if root else ()
    faults: list[Fault] = []
    waivers: list[Waiver] = []
    for entry, node in zip(entries, nodes, strict=True):
        found = _waiver(entry, node, where)
        if isinstance(found, Waiver):
            waivers.append(found)
        else:
            faults.extend(found)
    if faults:
        raise ConfigError(tuple(faults))
    return tuple(waivers)


def find(
    waivers: Iterable[Waiver], found: Vulnerability, today: date
) -> tuple[Waiver | None, Waiver | None]:
    """Return the exception that covers a vulnerability today, and one that did and has ended."""
    covering = [waiver for waiver in waivers if waiver.covers(found)]
    alive = next((waiver for waiver in covering if not waiver.is_over(today)), None)
    over = next((waiver for waiver in covering if waiver.is_over(today)), None)
    return alive, over


def _waiver(entry: _Entry, node: yaml.Node, where: str) -> Waiver | list[Fault]:
    faults = [
        _fault(node, name, where, f"{name} is empty", "write it out")
        for name in ("id", "reason", "owner")
        if not getattr(entry, name).strip()
    ]
    faults.extend(
        _fault(node, "purls", where, f"{purl!r} is no package URL", "write pkg:type/name")
        for purl in entry.purls
        if not purl.startswith("pkg:") or "/" not in purl
    )
    try:
        expires = date.fromisoformat(entry.expires)
    except ValueError:
        what = f"{entry.expires!r} is no date"
        faults.append(_fault(node, "expires", where, what, 'write expires: "2027-01-31"'))
        return faults
    if faults:
        return faults
    return Waiver(
        id=entry.id.strip(),
        reason=entry.reason,
        owner=entry.owner,
        expires=expires,
        purls=entry.purls,
        paths=entry.paths,
        where=place(node, where=where),
    )


def _fault(node: yaml.Node, key: str, where: str, what: str, remedy: str) -> Fault:
    at = node
    if isinstance(node, yaml.MappingNode):
        at = next((value for name, value in node.value if name.value == key), node)
    return Fault(what, where=place(at, where=where), remedy=remedy)


def _list_nodes(root: yaml.Node) -> tuple[yaml.Node, ...]:
    if isinstance(root, yaml.MappingNode):
        for name, value in root.value:
            if name.value == "exceptions" and isinstance(value, yaml.SequenceNode):
                return tuple(value.value)
    return ()


def _is_about(scope: str, purl: str) -> bool:
    wanted = version_of(scope)
    same = versionless(scope) == versionless(purl) and bool(purl)
    return same and (not wanted or wanted == version_of(purl))
