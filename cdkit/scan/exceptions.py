"""Exceptions: vulnerabilities that somebody answers for, until a day."""

import re
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Literal

import yaml
from msgspec import Struct

from cdkit.core.config.load import load
from cdkit.core.config.nodes import compose, place
from cdkit.core.errors import ConfigError, Fault
from cdkit.core.finding import Location, Suppression
from cdkit.scan.key import is_package, meant, rule_of
from cdkit.scan.report import Issue, Vulnerability

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
"""The one form that nobody reads differently; Python would take weeks (`2027-W05-7`) too."""

_WARN_AHEAD = timedelta(days=14)
_VERY_FAR = timedelta(days=366)


class _Entry(Struct, frozen=True, kw_only=True, rename="kebab"):
    id: str
    reason: str
    owner: str
    expires: str
    kind: Literal["vulnerability", "secret", "misconfiguration", "license"] = "vulnerability"
    purls: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Exceptions(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The file of exceptions, as people write it."""

    exceptions: tuple[_Entry, ...]


class Waiver(Struct, frozen=True, kw_only=True):
    """One exception: it holds through its last day, in UTC.

    `id` is any name of a vulnerability (its CVE, or an alias), the rule of a secret or a
    misconfiguration, or a licence's identifier, as `kind` says. `purls` are package URLs, without
    a version for any version; `paths` are shell patterns over the file in the image. Empty means
    that the exception is not narrowed.
    """

    id: str
    reason: str
    owner: str
    expires: date
    kind: str = "vulnerability"
    purls: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    where: Location

    @property
    def name(self) -> str:
        """What it is, for people."""
        return f"the exception for {self.id}"

    @property
    def document(self) -> str:
        """Nothing: each exception has somebody who can remove it."""
        return ""

    def speaks_of(self, thing: Vulnerability | Issue, image: frozenset[str]) -> bool:
        """Whether this exception is about this thing."""
        return self.covers(thing, image)

    @property
    def names(self) -> frozenset[str]:
        """The one name, as that of a rule is written today."""
        return frozenset({self.id if self.kind == "vulnerability" else rule_of(self.id)})

    def covers(self, thing: Vulnerability | Issue, image: frozenset[str]) -> bool:
        """Whether this exception is about this thing, in this package, at this path."""
        del image  # the file of exceptions lies beside what the image is built from
        path = thing.path.lstrip("/")
        return (
            self._names(thing)
            and (not self.purls or any(_is_about(purl, thing) for purl in self.purls))
            and (
                not self.paths
                or any(fnmatchcase(path, pattern.lstrip("/")) for pattern in self.paths)
            )
        )

    def _names(self, thing: Vulnerability | Issue) -> bool:
        if isinstance(thing, Issue):
            return self.kind == thing.kind and rule_of(self.id) == rule_of(thing.id)
        return self.kind == "vulnerability" and self.id in thing.names

    def ended(self, today: date) -> str:
        """Return how it ended, or an empty string: the last day has passed."""
        return f"of {self.owner} ended on {self.expires}" if today > self.expires else ""

    def ending(self, today: date) -> str:
        """Return what is to be said of its end: it is near, has come, or is very far."""
        if self.ended(today):
            return f"ended on {self.expires}; {self.owner} answers for it"
        if self.expires - today <= _WARN_AHEAD:
            return f"ends on {self.expires}; {self.owner} answers for it"
        if self.expires - today > _VERY_FAR:
            return f"ends on {self.expires}, in over a year, when nobody remembers why"
        return ""

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


def _waiver(entry: _Entry, node: yaml.Node, where: str) -> Waiver | list[Fault]:
    faults = [
        _fault(node, name, where, f"{name} is empty", "write it out")
        for name in ("id", "reason", "owner")
        if not getattr(entry, name).strip()
    ]
    faults.extend(
        _fault(node, "purls", where, f"{purl!r} is no package URL", "write pkg:type/name")
        for purl in entry.purls
        if not purl.startswith("pkg:") or meant(purl) is None
    )
    faults.extend(
        _fault(node, "purls", where, f"{purl!r} is a pattern, and covers nothing", "name a package")
        for purl in entry.purls
        if "*" in purl
    )
    try:
        expires = date.fromisoformat(entry.expires if _DAY.fullmatch(entry.expires) else "")
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
        kind=entry.kind,
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


def _is_about(scope: str, thing: Vulnerability | Issue) -> bool:
    return isinstance(thing, Vulnerability) and is_package(scope, thing.purl)
