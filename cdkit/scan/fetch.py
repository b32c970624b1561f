"""Fetching a scanner's database from a registry, without the scanner.

Trivy's databases are OCI artifacts of one layer, a tar in gzip (trivy-db and trivy-java-db publish
them with `oras push`; trivy, pkg/oci/artifact.go reads them).
"""

import hashlib
import tarfile
import uuid
import zlib
from collections.abc import Iterator
from typing import IO

from msgspec import Struct, field

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import CannotTell, NoAnswer, NoHost, RequestError, Unreadable, Unwritable
from cdkit.core.oci.manifest import Descriptor, Manifest, read_manifest
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.oci.registry import Registry
from cdkit.core.patience import seconds_of
from cdkit.core.world import MIB, World
from cdkit.scan.database import check_database
from cdkit.scan.scanner import Artifact, Runner, Scanner

_PIECE = 16 * MIB
_LARGEST = 8 * 1024 * MIB
"""Bytes of a database, packed or not. Trivy's was 0.7 GB unpacked in 2025, its Java one 1.5 GB."""

_WAITS = (10, 30, 60)
"""Seconds between rounds over all repositories, where one of them wanted fewer questions.

A registry that asks to be left alone for longer than the last of them, and for longer than the
user gives it, is not asked again.
"""

_GLANCE = 5.0
"""Seconds that a repository, or a mirror of it, gets at first: whoever wants to wait, or is slow,
comes after those that answer now."""

_TASTE = 65_536
"""Bytes that are asked for at first: a registry may give a manifest and refuse its layer (429)."""


class Fetched(Struct, frozen=True, kw_only=True):
    """What was fetched: the database's date, where it came from, what people should know."""

    database: Database | None
    source: str
    notes: tuple[str, ...] = ()


class _Asking(Struct, frozen=True, kw_only=True):
    """Who is asked, and where what comes is put together.

    `glance` asks with little patience, for the first round. `closed` are the registries that want
    to be left alone for longer than anybody would stay here (`longest`, in seconds), with what
    they said; `waiting` are those that asked for less, with the seconds that are left of it.
    `until` is when nobody stays any longer, by the clock that never runs backwards.
    """

    registry: Registry
    glance: Registry
    stage: str
    world: World
    longest: float
    until: float
    closed: dict[str, CannotTell] = field(default_factory=dict)
    waiting: dict[str, tuple[float, CannotTell]] = field(default_factory=dict)

    def asks(self, fault: CannotTell) -> float:
        """Return for how many seconds a registry asks to be left alone; zero where it does not."""
        after = fault.after if isinstance(fault, NoAnswer) else ""
        return seconds_of(after, self.world.clock.now())

    def note(self, registry: str, fault: CannotTell) -> None:
        """Remember a registry that asks to be left alone."""
        if (seconds := self.asks(fault)) > self.longest:
            self.closed[registry] = fault
        elif seconds:
            self.waiting[registry] = (seconds, fault)

    def unwilling(self, registry: str) -> CannotTell | None:
        """Return what a registry said that is not to be asked now."""
        _, fault = self.waiting.get(registry, (0.0, None))
        return self.closed.get(registry) or fault

    def pause(self, least: float) -> bool:
        """Stay until the first of those that asked for it may be asked again, and not shorter.

        Where that would be too long, nobody stays: False.
        """
        left_here = self.until - self.world.clock.monotonic()
        soonest = min((left for left, _ in self.waiting.values()), default=0.0)
        pause = max(min(least, left_here), soonest)
        if not 0 < pause <= left_here:
            return False
        who = "The others" if self.closed else "All"
        self.world.talk.say(f"{who} are asked again in {pause:.0f} s.")
        self.world.clock.sleep(pause)
        for name, (left, fault) in list(self.waiting.items()):
            del self.waiting[name]
            if left > pause:
                self.waiting[name] = (left - pause, fault)
        return True


def fetch_database(
    scanner: Scanner, folder: str, repositories: tuple[str, ...], timeout: int, world: World
) -> Fetched:
    """Fetch a scanner's databases into a folder, each from the first repository that answers.

    What is there already is replaced only when all of the new is there, its digest checked. Raises
    CannotTell where no repository has it, RequestError where the folder holds something else.
    """
    runner = scanner.runner
    if runner is None or not runner.artifacts:
        raise RequestError(
            f"the database of {scanner.name} lies in no registry",
            where="fetch-db",
            remedy=f"have it fetched, and give its folder to --db{_by(runner, folder)}",
        )
    where = folder.rstrip("/") or "/"
    for artifact in runner.artifacts:
        _check_place(f"{where}/{artifact.folder}", artifact, world)
    stage = f"{where}/.cdkit-{uuid.uuid4().hex}"
    try:
        return _fetch_all(runner, where, stage, repositories, timeout, world)
    finally:
        world.files.remove(stage)


def _by(runner: Runner | None, folder: str) -> str:
    return f": {runner.fetch.replace('FOLDER', folder)}" if runner else ""


def _fetch_all(
    runner: Runner, where: str, stage: str, given: tuple[str, ...], timeout: int, world: World
) -> Fetched:
    longest = max(timeout, _WAITS[-1])
    registry = Registry(world, mirrored=True, timeout=timeout)
    asking = _Asking(
        registry=registry,
        glance=registry.hasty(world, min(timeout, _GLANCE)),
        stage=stage,
        world=world,
        longest=longest,
        until=world.clock.monotonic() + longest,
    )
    sources: dict[str, str] = {}
    notes: list[str] = []
    for artifact in runner.artifacts:
        named = _named(artifact, given)
        try:
            sources[artifact.folder] = _first(artifact, named, asking)
        except CannotTell as fault:
            if artifact.required or not given:
                raise
            notes.append(f"{artifact.title} was not fetched ({fault.what}): {artifact.without}.")
    database = check_database(stage, runner, world)
    for name in sources:
        world.files.move(f"{stage}/{name}", f"{where}/{name}")
    return Fetched(database=database, source=next(iter(sources.values())), notes=tuple(notes))


def _check_place(path: str, artifact: Artifact, world: World) -> None:
    """Refuse a folder that is somebody else's: what is in it would be gone."""
    found = set(world.files.names(path)) if world.files.is_dir(path) else set()
    if world.files.is_link(path) or found - artifact.files:
        other = sorted(found - artifact.files)[:3] or ["a link"]
        raise RequestError(
            f"holds {', '.join(other)}, which is no part of {artifact.title}",
            where=path,
            remedy="give a folder of its own to --fetch-db",
        )


def _named(artifact: Artifact, given: tuple[str, ...]) -> tuple[Reference, ...]:
    """Return where an artifact may be: a mirror of one holds the other beside it."""
    if not given:
        return tuple(parse(text) for text in artifact.repositories)
    own = [parse(text) for text in given]
    if artifact.required:
        return tuple(_tagged(one, artifact.tag) for one in own)
    moved = (one.repository.replace("trivy-db", "trivy-java-db") for one in own)
    return tuple(
        Reference(registry=one.registry, repository=name, tag=artifact.tag)
        for one, name in zip(own, moved, strict=True)
        if name != one.repository
    )


def _tagged(reference: Reference, tag: str) -> Reference:
    if reference.tag or reference.digest:
        return reference
    return Reference(registry=reference.registry, repository=reference.repository, tag=tag)


def _first(artifact: Artifact, named: tuple[Reference, ...], asking: _Asking) -> str:
    """Fetch from the first repository that has it; go round again where all were too busy."""
    faults: list[CannotTell] = []
    first = asking.glance
    for wait in (*_WAITS, None):
        faults = []
        for reference in named:
            fault = _tried(artifact, reference, first, asking)
            if fault is None:
                return str(reference)
            faults.append(fault)
        if wait is None or not any(_may_pass(fault, asking) for fault in faults):
            break
        if not asking.pause(wait):
            break
        first = asking.registry
    raise _none_of_them(artifact, faults, asking)


def _tried(
    artifact: Artifact, reference: Reference, first: Registry, asking: _Asking
) -> CannotTell | None:
    """Fetch from one repository, `first` before all of it; return why that cannot be.

    A registry that wants to be left alone is not asked.
    """
    if said := asking.unwilling(reference.registry):
        return said
    world = asking.world
    try:
        _fetch(artifact, reference, first, asking)
    except Unwritable:
        raise
    except CannotTell as fault:
        world.files.remove(f"{asking.stage}/{artifact.folder}")
        world.talk.say(f"{reference} does not give {artifact.title}: {fault.what}")
        asking.note(reference.registry, fault)
        return fault
    return None


def _none_of_them(artifact: Artifact, faults: list[CannotTell], asking: _Asking) -> CannotTell:
    said = "; ".join(dict.fromkeys(fault.what for fault in faults))
    soonest = min((asking.asks(one) for one in asking.closed.values()), default=0)
    when = f"in {soonest:.0f} s" if soonest else "later"
    return CannotTell(
        f"{artifact.title} cannot be fetched: {said or 'no repository of it is named'}",
        remedy=f"try again {when}, or name a mirror: --db-repository",
    )


def _may_pass(fault: CannotTell, asking: _Asking) -> bool:
    """Whether a repository may give it a moment later: a name that nobody knows stays unknown."""
    passes = isinstance(fault, NoAnswer) and not isinstance(fault, NoHost)
    return passes and fault not in asking.closed.values()


def _fetch(artifact: Artifact, reference: Reference, first: Registry, asking: _Asking) -> None:
    stage, world = asking.stage, asking.world
    found = first.manifest(reference)
    if found is None:
        raise CannotTell(f"{reference} is not in the registry", remedy="check the name")
    manifest = read_manifest(found.data, media_type=found.media_type, where=str(reference))
    layers = manifest.layers if isinstance(manifest, Manifest) else ()
    if [layer.media_type for layer in layers] != [artifact.media_type]:
        raise _wrong(
            f"is not {artifact.title}: it has no one layer of {artifact.media_type}", reference
        )
    (layer,) = layers
    if not 0 < layer.size <= _LARGEST:
        raise _wrong(f"has a layer of {layer.size} bytes", reference)
    packed = f"{stage}/{artifact.folder}.tar.gz"
    world.files.remove(packed)
    most = _TASTE if first is asking.glance else _PIECE
    begin = first.piece(reference, layer, 0, min(most, layer.size))
    _download(reference, layer, packed, begin, asking)
    _unpack(packed, f"{stage}/{artifact.folder}", artifact, reference, world)
    world.files.remove(packed)


def _download(
    reference: Reference, layer: Descriptor, path: str, begin: bytes, asking: _Asking
) -> None:
    digest, piece = layer.parsed, begin
    state, size = hashlib.new(digest.algorithm), 0
    with asking.world.files.create(path) as stream:
        while True:
            if not piece or size + len(piece) > layer.size:
                raise _wrong(f"gives other bytes than {digest} has", reference)
            state.update(piece)
            stream.write(piece)
            size += len(piece)
            if size == layer.size:
                break
            most = min(_PIECE, layer.size - size)
            piece = asking.registry.piece(reference, layer, size, most)
    if state.hexdigest() != digest.encoded:
        raise _wrong(f"gives other bytes than {digest}", reference)


def _unpack(
    packed: str, folder: str, artifact: Artifact, reference: Reference, world: World
) -> None:
    """Unpack the files that belong to a database; any other name, or a link, is a fault."""
    seen: set[str] = set()
    try:
        with world.files.open(packed) as stream, tarfile.open(fileobj=stream, mode="r|gz") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or name not in artifact.files or name in seen:
                    raise _wrong(f"holds {name[:100]!r}, which is no part of it", reference)
                seen.add(name)
                with world.files.create(f"{folder}/{name}") as out:
                    for chunk in _bounded(content, reference):
                        out.write(chunk)
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as fault:
        raise _wrong(f"is no tar in gzip: {fault}", reference) from fault
    if seen != artifact.files:
        raise _wrong(f"lacks {', '.join(sorted(artifact.files - seen))}", reference)


def _bounded(content: IO[bytes], reference: Reference) -> Iterator[bytes]:
    size = 0
    while chunk := content.read(MIB):
        size += len(chunk)
        if size > _LARGEST:
            raise _wrong(f"unpacks to over {_LARGEST // 1024**3} GiB", reference)
        yield chunk


def _wrong(what: str, reference: Reference) -> Unreadable:
    return Unreadable(what, where=str(reference), remedy="name another mirror: --db-repository")
