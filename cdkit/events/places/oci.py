"""An OCI registry: an outbox is an artifact in a repository, under a tag that never moves.

    cdkit.outbox.<content>                    an outbox that a job handed on
    cdkit.outbox.<content>.<other>.<first>    one that stands in for another: what was left in that
    cdkit.outbox.end.<other>.<first>          nothing was left in it

Each is the first 32 digits of the SHA-256 of an outbox, the last of the one that was handed on at
first. Whoever delivered from one pushes what is
left, or that nothing is, in one request, so that there is no moment between the two; the tags alone
tell which outboxes count. So nothing has to be deleted, which many registries do not allow, and
tags may be immutable. What is over is deleted where that can be done, the oldest first, so that
what stood in for another never goes before it (distribution-spec, "Deleting manifests"); that
nothing was left is said for a day, so that others who had found it know why it is gone.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from cdkit.core.digest import sha256
from cdkit.core.errors import (
    CannotTell,
    Missing,
    NoAccess,
    NotAllowed,
    RequestError,
    Unreadable,
    Unwritable,
)
from cdkit.core.oci import media
from cdkit.core.oci.artifacts import BLOB_LIMIT, Artifacts, Pulled, read_artifact
from cdkit.core.oci.reference import Reference, parse, pin
from cdkit.core.world import World
from cdkit.events.place import Place

_SCHEME = "oci://"
_OWN = "cdkit.outbox."
_END = "end"
_KIND = "application/vnd.cdkit.outbox.v1"
_LAYER = "application/vnd.sqlite3"
_TAG = re.compile(
    r"cdkit\.outbox\.(end|[0-9a-f]{32})(?:\.([0-9a-f]{32})\.([0-9a-f]{32}))?", re.ASCII
)
_TITLE = "org.opencontainers.image.title"
_CREATED = "org.opencontainers.image.created"
_KEPT = 24 * 3600.0
_DONE = 201
_WRITING = (
    "let the job write to the repository (GitHub: `permissions: {packages: write}`), or hand on "
    "elsewhere"
)


class _Repository(Struct, frozen=True, kw_only=True):
    """A repository, its name as an address, the tag that was named with it, and the time."""

    artifacts: Artifacts
    name: str
    tag: str
    now: datetime


def put(address: str, data: bytes, world: World) -> str:
    """Push an outbox, and see that it is there."""
    repository = _opened(address, world)
    tag = f"{_OWN}{_digits(data)}"
    _push(repository, tag, data)
    return f"{repository.name}:{tag}"


def find(address: str, world: World) -> Sequence[str]:
    """Return the outboxes that no other stands in for; or what is left of the one that is named."""
    repository = _opened(address, world)
    first = _first(repository.tag)
    tags = [tag for tag in _live(repository.artifacts.tags()) if first in {"", _first(tag)}]
    return [f"{repository.name}:{tag}" for tag in tags]


def take(address: str, world: World) -> bytes | None:
    """Return an outbox, which must be what its tag promises; None where it is over meanwhile."""
    repository = _opened(address, world)
    content = _content(repository.tag)
    if content in {match[2] for match in _matches(repository.artifacts.tags())}:
        return None
    if (pulled := repository.artifacts.manifest(repository.tag)) is None:
        raise Missing("is not there", where=address[:200], remedy="check the address")
    layers = read_artifact(pulled.data, where=address).layers
    if len(layers) != 1 or layers[0].media_type != _LAYER:
        raise _changed(address)
    data = repository.artifacts.blob(layers[0])
    if _digits(data) != content:
        raise _changed(address)
    return data


def settle(address: str, data: bytes, world: World) -> None:
    """Push what is left, in the place of what was there; then delete what is over, if we may.

    Where somebody else found meanwhile that nothing is left, there is nothing to say.
    """
    repository = _opened(address, world)
    old = _content(repository.tag)
    new = _digits(data) if data else _END
    others = {match[2] for match in _matches(repository.artifacts.tags()) if match[1] == _END}
    if new != old and old not in others:
        tag = f"{_OWN}{new}.{old}.{_first(repository.tag)}"
        _push(repository, tag, data)
        _sweep(repository, tag)


def _matches(tags: Sequence[str]) -> list[re.Match[str]]:
    return [match for tag in tags if (match := _TAG.fullmatch(tag))]


def _live(tags: Sequence[str]) -> list[str]:
    """Return the tags of outboxes that nothing stands in for, sorted."""
    found = _matches(tags)
    over = {match[2] for match in found}
    return sorted(m[0] for m in found if m[1] != _END and m[1] not in over)


def _push(repository: _Repository, tag: str, data: bytes) -> None:
    """Push an artifact, and read it back: a registry may say yes to what it does not keep.

    That nothing is left is said with the time, and once: who says it second finds it said.
    """
    artifacts, where = repository.artifacts, f"{repository.name}:{tag}"
    try:
        empty = artifacts.push_blob(b"{}", media.EMPTY)
        layer = artifacts.push_blob(data, _LAYER) if data else empty
        manifest = msgspec.json.encode(
            {
                "schemaVersion": 2,
                "mediaType": media.OCI_MANIFEST,
                "artifactType": _KIND,
                "config": empty,
                "layers": [layer],
                "annotations": {
                    _TITLE: tag,
                    **({} if data else {_CREATED: repository.now.isoformat()}),
                },
            }
        )
        pushed = artifacts.push_manifest(tag, manifest, media.OCI_MANIFEST)
    except NoAccess as fault:
        raise NotAllowed(fault.what, where=where, remedy=_WRITING) from fault
    pulled = artifacts.manifest(tag)
    if not data and pulled and read_artifact(pulled.data, where=where).artifact_type == _KIND:
        return
    if pushed.status != _DONE:
        raise _untaken(f"the registry did not take it: {pushed.said}", where)
    if pulled is None or pulled.data != manifest or artifacts.blob(layer) != data:
        raise _untaken("the registry says that it took it, and does not hold it", where)


def _sweep(repository: _Repository, newest: str) -> None:
    """Delete what is over, from the oldest on; end where the registry lets nobody delete.

    What cannot be deleted is over all the same: a tag says so.
    """
    artifacts = repository.artifacts
    try:
        tags = artifacts.tags()
        for tag in [*_over(tags, newest), *_lone(tags)]:
            pulled = artifacts.manifest(tag)
            if pulled is None or not _may_go(tag, pulled, repository.now):
                continue
            if not artifacts.delete(pulled.digest):
                return
    except CannotTell:
        return


def _may_go(tag: str, pulled: Pulled, now: datetime) -> bool:
    """Whether something is over for good: an outbox, or a word about one that is a day old."""
    if _content(tag) != _END:
        return True
    said = (read_artifact(pulled.data, where=tag).annotations or {}).get(_CREATED, "")
    try:
        return (now - datetime.fromisoformat(said)).total_seconds() > _KEPT
    except (ValueError, TypeError):
        return False


def _lone(tags: Sequence[str]) -> list[str]:
    """Return the tags that say of outboxes which are there no more that nothing was left."""
    found = _matches(tags)
    there = {match[1] for match in found}
    return [match[0] for match in found if match[1] == _END and match[2] not in there]


def _over(tags: Sequence[str], newest: str) -> list[str]:
    """Return the tags of all that this one stands in for, and of what those did, oldest first."""
    matches = _matches(tags)
    found: list[str] = []
    wanted = [match[2] for match in matches if match[0] == newest and match[2]]
    while wanted:
        content = wanted.pop()
        new = [match for match in matches if match[1] == content and match[0] not in found]
        found += [match[0] for match in new]
        wanted += [match[2] for match in new if match[2]]
    return found[::-1]


def _opened(address: str, world: World) -> _Repository:
    reference = _reference(address)
    repository = pin(reference, None)
    return _Repository(
        artifacts=Artifacts(repository, world),
        name=f"{_SCHEME}{repository.name}",
        tag=reference.tag,
        now=world.clock.now(),
    )


def _reference(address: str) -> Reference:
    if "@" in address.removeprefix(_SCHEME).partition("/")[0]:
        raise RequestError(
            "the address of a registry with a login in it",
            remedy="take it out, and log in with docker login",
        )
    reference = parse(address.removeprefix(_SCHEME), where=address[:200])
    if reference.digest or (reference.tag and _content(reference.tag) in {"", _END}):
        raise RequestError(
            f"{address[:200]!r} is more than a repository, and no outbox in one",
            remedy=f"write {_SCHEME}{reference.name}, without tag and digest",
        )
    return reference


def _digits(data: bytes) -> str:
    return sha256(data).encoded[:32]


def _content(tag: str) -> str:
    match = _TAG.fullmatch(tag)
    return match[1] if match else ""


def _untaken(what: str, where: str) -> Unwritable:
    remedy = "see why the registry takes no artifacts, or hand on elsewhere"
    return Unwritable(what, where=where, remedy=remedy)


def _first(tag: str) -> str:
    """Return the digits of the outbox that was handed on at first."""
    match = _TAG.fullmatch(tag)
    return (match[3] or match[1]) if match else ""


def _changed(address: str) -> Unreadable:
    return Unreadable(
        "is no outbox, or not the one that its tag promises",
        where=address[:200],
        remedy="find out who pushed it, and remove it",
    )


PLACE = Place(
    check=_reference,
    put=put,
    find=find,
    take=take,
    settle=settle,
    limit=BLOB_LIMIT,
)
