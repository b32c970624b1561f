"""Mirrors, insecure and blocked registries, as podman has them (containers-registries.conf(5)).

Two parts of that file are not followed. `unqualified-search-registries` and the aliases of short
names say what a name without a registry means to one machine; here such a name is Docker Hub's, as
it is for Docker and Kubernetes: a pin must mean the same on every machine.
"""

import tomllib
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct, field

from cdkit.core.doors.workers import Turns
from cdkit.core.errors import CannotTell, RequestError, Unreadable
from cdkit.core.oci.authfile import bare
from cdkit.core.oci.place import Place
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.world import MIB, World

_VARIABLE = "CONTAINERS_REGISTRIES_CONF"
_SYSTEM = "/etc/containers"


class _Mirror(Struct, frozen=True, kw_only=True, rename="kebab"):
    location: str
    insecure: bool = False
    pull_from_mirror: Literal["", "all", "digest-only", "tag-only"] = "all"

    def serves(self, reference: Reference) -> bool:
        """Whether it is to be asked for this: some have digests only, or tags only."""
        refused = "tag-only" if reference.digest else "digest-only"
        return self.pull_from_mirror != refused


class _Registry(Struct, frozen=True, kw_only=True, rename="kebab"):
    prefix: str = ""
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    mirror: tuple[_Mirror, ...] = ()

    @property
    def begins(self) -> str:
        """What a name must begin with to belong here; a slash at its end says nothing."""
        return (self.prefix or self.location).rstrip("/")

    def matches(self, name: str) -> int:
        """Return how much of a reference this one's prefix covers; 0 where it does not match."""
        begins = self.begins
        if begins.startswith("*."):
            end = name.partition("/")[0].find(begins[1:]) + len(begins) - 1
            end = end if begins[1:] in name.partition("/")[0] else 0
        else:
            end = len(begins) if name.startswith(begins) else 0
        return end if end and name[end : end + 1] in {"", "/", ":", "@"} else 0


class _File(Struct, frozen=True, kw_only=True, rename="kebab"):
    registry: tuple[_Registry, ...] = ()
    registries: object = field(default=None)


class _Rule(Struct, frozen=True, kw_only=True):
    registry: _Registry
    where: str


class Mirrors:
    """Where to ask for an image. The files are read once, when they are first needed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._turns = Turns()
        self._rules: tuple[_Rule, ...] | None = None

    def places(self, reference: Reference, *, mirrored: bool) -> tuple[Place, ...]:
        """Return where to ask for an image, in turn; the last one is its own registry.

        Without `mirrored` that one alone, under the name that the user gave it: a mirror's tag may
        be of yesterday. The rule with the longest prefix counts. Raises CannotTell where it blocks
        the registry, Unreadable where a file is no such configuration.
        """
        name = str(reference)
        found = [(rule.registry.matches(name), rule) for rule in self._all()]
        covered, rule = max(found, key=lambda pair: pair[0], default=(0, None))
        if not covered or rule is None:
            return (Place(reference=reference),)
        registry = rule.registry
        if registry.blocked:
            raise CannotTell(
                f"blocks {registry.begins}, and so {reference}",
                where=rule.where,
                remedy="use another registry, or have it unblocked there",
            )
        if not mirrored:
            return (Place(reference=reference, plain=registry.insecure),)
        rest = name[covered:]
        mirrors = tuple(
            Place(reference=_moved(mirror.location, rest, rule), plain=mirror.insecure, mirror=True)
            for mirror in registry.mirror
            if mirror.serves(reference) and (reference.digest or not registry.mirror_by_digest_only)
        )
        origin = _moved(registry.location, rest, rule) if registry.location else reference
        return (*mirrors, Place(reference=origin, plain=registry.insecure))

    def _all(self) -> tuple[_Rule, ...]:
        with self._turns.of(""):
            if self._rules is None:
                rules = {rule.registry.begins: rule for rule in _read_all(self._world)}
                self._rules = tuple(rules.values())
            return self._rules


def _read_all(world: World) -> Iterator[_Rule]:
    """Read the file, then what is beside it in folders: what comes later goes before."""
    environ = world.environ
    home = environ.get("HOME")
    own = f"{home}/.config/containers" if home else ""
    if named := environ.get(_VARIABLE):
        yield from _read(named, world)
    else:
        usual = (f"{folder}/registries.conf" for folder in (own, _SYSTEM) if folder)
        if path := next((path for path in usual if world.files.is_file(path)), ""):
            yield from _read(path, world)
    for folder in (f"{part}/registries.conf.d" for part in (_SYSTEM, own) if part):
        if world.files.is_dir(folder):
            for name in world.files.names(folder):
                if name.endswith(".conf"):
                    yield from _read(f"{folder}/{name}", world)


def _read(path: str, world: World) -> Iterator[_Rule]:
    try:
        tree = tomllib.loads(world.files.read(path, limit=MIB).decode())
        found = msgspec.convert(tree, type=_File)
    except (ValueError, RecursionError, msgspec.ValidationError) as fault:
        raise _illegal(f"is no registries.conf: {fault}", path) from fault
    if found.registries is not None:
        raise _illegal("is of version 1, which has long been out of use", path)
    for registry in found.registry:
        if not registry.begins:
            raise _illegal("has a [[registry]] without prefix and location", path)
        yield _Rule(registry=registry, where=path)


def _moved(location: str, rest: str, rule: _Rule) -> Reference:
    """Return the reference with its beginning replaced; it must lie on the host that is named."""
    text = f"{location.rstrip('/')}{rest}"
    try:
        found = parse(text, where=rule.where)
    except RequestError as fault:
        raise _illegal(f"leads to no image: {fault.what}", rule.where) from fault
    if bare(text).partition("/")[0] != bare(found.registry):
        raise _illegal(f"leads to {text[:200]!r}, which names no registry", rule.where)
    return found


def _illegal(what: str, where: str) -> Unreadable:
    return Unreadable(
        what, where=where, remedy="mend it as containers-registries.conf(5) describes it"
    )
