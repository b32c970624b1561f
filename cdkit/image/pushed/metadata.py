"""What buildx says of a build: the file of its `--metadata-file`, of `build` and of `bake`.

docs.docker.com, `docker buildx build` and `docker buildx bake`, "--metadata-file"; the keys are
BuildKit's (exporter/containerimage/exptypes: `containerimage.digest`, `containerimage.descriptor`,
`containerimage.config.digest`, and `image.name`, where commas part the names).
"""

from typing import TypeVar

import msgspec
from msgspec import Struct, field

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, CdkitError, Missing, RequestError, Unreadable
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.once import once
from cdkit.core.world import MIB, Files

T = TypeVar("T")

_LIMIT = 32 * MIB
"""Beyond any real one: a build's whole provenance stands in it too."""

_MOST_NAMES = 1000
_RESULTS = ("containerimage.", "image.name")
_AGAIN = "build with `docker buildx build --push --metadata-file meta.json …`, and give that file"


class Built(Struct, frozen=True, kw_only=True):
    """What a build pushed, and the names that it pushed it under; those without a tag left out."""

    digest: Digest
    names: tuple[Reference, ...]


class _Descriptor(Struct, frozen=True, kw_only=True):
    digest: str


class _Result(Struct, frozen=True, kw_only=True):
    digest: str = field(default="", name="containerimage.digest")
    config: str = field(default="", name="containerimage.config.digest")
    descriptor: _Descriptor | None = field(default=None, name="containerimage.descriptor")
    names: str = field(default="", name="image.name")


def is_text(metadata: str) -> bool:
    """Whether this is metadata itself, as the output of an action hands it over, and no path."""
    return metadata.lstrip().startswith("{")


def read_metadata(metadata: str, files: Files, *, target: str = "") -> Built:
    """Return what was pushed; `target` names the one of a bake, where there are several.

    `metadata` is the path of the file, or its text: docker/build-push-action and docker/bake-action
    hand over the text as their output `metadata`.

    Raises CannotTell where the file is not there, is empty or cut off, or where it has no digest
    that a registry could know, and RequestError where the target is not settled.
    """
    path = "metadata" if is_text(metadata) else metadata
    data = metadata.encode() if is_text(metadata) else _content(path, files)
    members = _decoded(data, dict[str, msgspec.Raw], path)
    _refuse_twice(data, path)
    result = _chosen(members, target, path)
    found = {text for text in (result.digest, _of_descriptor(result)) if text}
    if not found:
        raise CannotTell(
            "names no digest: the build had no image as its output (no `--push`)",
            where=path,
            remedy=_AGAIN,
        )
    if len(found) > 1:
        raise Unreadable(
            f"names two digests for one image: {' and '.join(sorted(found))[:300]}",
            where=path,
            remedy=_AGAIN,
        )
    digest = _digest(found.pop(), path)
    if str(digest) == result.config:
        raise CannotTell(
            f"gives {digest} as the digest, which is the image ID (the digest of its config): "
            "the image was loaded into Docker's own store, and nothing was pushed",
            where=path,
            remedy=_AGAIN,
        )
    return Built(digest=digest, names=_names(result.names, path))


def _of_descriptor(result: _Result) -> str:
    return result.descriptor.digest if result.descriptor else ""


def _content(path: str, files: Files) -> bytes:
    try:
        data = files.read(path, limit=_LIMIT)
    except Missing as fault:
        raise Missing(
            "is not there: buildx writes it once the build has ended well",
            where=path,
            remedy=_AGAIN,
        ) from fault
    if not data.strip():
        raise Unreadable("is empty", where=path, remedy=_AGAIN)
    return data


def _chosen(members: dict[str, msgspec.Raw], target: str, path: str) -> _Result:
    """Return the one result: the file itself is one of `build`, and holds one a target of `bake`.

    A target's name has no dot in it (bake, "Target naming"); every other key of either has one.
    """
    targets = {name: raw for name, raw in members.items() if "." not in name}
    if any(name.startswith(_RESULTS) for name in members):
        targets = {}
    if not targets:
        if target:
            raise RequestError(
                f"is of `docker buildx build`, which has no target {target!r}",
                where=path,
                remedy="leave `target` out: it is for files of `docker buildx bake`",
            )
        return _decoded(msgspec.json.encode(members), _Result, path)
    if not target and len(targets) == 1:
        return _decoded(bytes(next(iter(targets.values()))), _Result, path)
    if target not in targets:
        known = ", ".join(sorted(targets))[:500]
        what = f"has no target {target!r}" if target else f"is of {len(targets)} targets"
        raise RequestError(f"{what}: {known}", where=path, remedy="name one with `target`")
    return _decoded(bytes(targets[target]), _Result, path)


def _decoded(data: bytes, kind: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _no_metadata(fault, path) from fault


def _refuse_twice(data: bytes, path: str) -> None:
    """Refuse a name that stands twice: of two digests nobody knows which one counts."""
    import json

    try:
        json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError) as fault:
        raise _no_metadata(fault, path) from fault


def _no_metadata(fault: Exception, path: str) -> Unreadable:
    return Unreadable(f"is no whole metadata file of buildx: {fault}", where=path, remedy=_AGAIN)


def _digest(text: str, path: str) -> Digest:
    try:
        return Digest.parse(text)
    except CdkitError as fault:
        raise Unreadable(fault.what, where=path, remedy=_AGAIN) from fault


def _names(text: str, path: str) -> tuple[Reference, ...]:
    """Return the names with a tag: one that was pushed by digest alone has none.

    Raises Unreadable for a tag with a digest behind it, which nothing is ever pushed as: a registry
    that is asked for it looks at the digest alone, and the tag may name anything.
    """
    written = [name.strip() for name in text.split(",") if name.strip()]
    if len(written) > _MOST_NAMES:
        raise Unreadable(f"names {len(written)} images", where=path, remedy=_AGAIN)
    try:
        found = [parse(name) for name in written]
    except CdkitError as fault:
        raise Unreadable(
            f"has an image.name that is none: {fault.what}",
            where=path,
            remedy=_AGAIN,
        ) from fault
    if both := [name for name in found if name.tag and name.digest]:
        raise Unreadable(
            f"has an image.name with a tag and a digest: {both[0]}", where=path, remedy=_AGAIN
        )
    return tuple(dict.fromkeys(name for name in found if name.tag))
