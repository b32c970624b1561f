"""An image taken apart: its digest, and for each platform the manifest, config and layers."""

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import RequestError
from cdkit.core.oci import media
from cdkit.core.oci.manifest import (
    Config,
    Descriptor,
    Index,
    Manifest,
    read_config,
    read_manifest,
    unreadable,
)

Fetch = Callable[[Descriptor], bytes]
"""Gives a blob's bytes, checked against the descriptor."""

_PLATFORM = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,2}", re.ASCII)
"""What containerd takes for a platform; anything else could forge a line of an output."""

_DEEPEST_INDEX = 4
_MOST_FETCHED = 200


class PlatformImage(Struct, frozen=True, kw_only=True):
    """The image of one platform: `config_digest` is what engines and scanners call the image ID."""

    platform: str
    digest: Digest
    config_digest: Digest
    config: Config
    descriptor: Descriptor
    manifest: Manifest


class Image(Struct, frozen=True, kw_only=True):
    """An image: `digest` is that of its index, or of its one manifest (`media_type` tells)."""

    digest: Digest
    media_type: str
    platforms: tuple[PlatformImage, ...]

    @property
    def is_index(self) -> bool:
        """Whether the digest is that of an index."""
        return self.media_type in media.INDEXES

    def digests(self) -> frozenset[str]:
        """Return every digest under which a registry holds this image or a part of it."""
        return frozenset({str(self.digest), *(str(part.digest) for part in self.platforms)})

    def choose(self, platform: str) -> PlatformImage:
        """Return the image of this platform; RequestError where there is none, or several."""
        found = [part for part in self.platforms if part.platform == _normal(platform)]
        if len(found) == 1:
            return found[0]
        offered = ", ".join(part.platform for part in self.platforms)
        count = "no image" if not found else f"{len(found)} images"
        raise RequestError(
            f"{self.digest} holds {count} for {platform!r}", remedy=f"name one of: {offered}"
        )


def assemble(data: bytes, *, media_type: str, digest: Digest, fetch: Fetch, where: str) -> Image:
    """Take an image apart, given its index or manifest and a way to get at the other blobs.

    Attestations that stand beside the platforms are left out. Raises Unreadable where a blob is
    not what it should be, where there is no platform at all, or where it is no image (a chart, a
    signature).
    """
    root = Descriptor(media_type=media_type, digest=str(digest), size=len(data))
    fetch = _counted(fetch, where)
    found = read_manifest(data, media_type=media_type, where=where)
    if isinstance(found, Manifest):
        walk: Iterable[PlatformImage] = (_part(root, found, fetch, where),)
    else:
        walk = _parts(found, fetch, where, 1)
    parts = tuple({(part.platform, part.digest): part for part in walk}.values())
    if not parts:
        raise unreadable(f"{digest} is an index without an image in it", where)
    declared = media.OCI_MANIFEST if isinstance(found, Manifest) else media.OCI_INDEX
    return Image(
        digest=digest, media_type=media_type or found.media_type or declared, platforms=parts
    )


def _counted(fetch: Fetch, where: str) -> Fetch:
    """Bound the walk: indexes that name one another would fan out without end."""
    walked = 0

    def counted(descriptor: Descriptor) -> bytes:
        nonlocal walked
        walked += 1
        if walked > _MOST_FETCHED:
            raise unreadable(f"holds over {_MOST_FETCHED} manifests and configs", where)
        return fetch(descriptor)

    return counted


def _parts(index: Index, fetch: Fetch, where: str, depth: int) -> Iterator[PlatformImage]:
    if depth > _DEEPEST_INDEX:
        raise unreadable(f"holds indexes within indexes, over {_DEEPEST_INDEX} deep", where)
    for entry in index.manifests:
        if entry.is_attestation:
            continue
        data = fetch(entry)
        found = read_manifest(data, media_type=entry.media_type, where=where)
        if isinstance(found, Manifest):
            yield _part(entry, found, fetch, where)
        else:
            yield from _parts(found, fetch, where, depth + 1)


def _part(entry: Descriptor, manifest: Manifest, fetch: Fetch, where: str) -> PlatformImage:
    if manifest.config.media_type not in media.CONFIGS:
        raise unreadable(
            f"{entry.digest} is no container image: its config is {manifest.config.media_type!r}",
            where,
        )
    config = read_config(fetch(manifest.config), where=where)
    if len(config.rootfs.diff_ids) != len(manifest.layers):
        raise unreadable(
            f"{entry.digest} has {len(manifest.layers)} layers, and its config names "
            f"{len(config.rootfs.diff_ids)}",
            where,
        )
    platform = str(entry.platform or "") or config.platform
    if platform and not _PLATFORM.fullmatch(platform):
        raise unreadable(f"{entry.digest} is for the platform {platform[:80]!r}", where)
    return PlatformImage(
        platform=platform,
        digest=entry.parsed,
        config_digest=manifest.config.parsed,
        config=config,
        descriptor=entry,
        manifest=manifest,
    )


def _normal(platform: str) -> str:
    return platform.removesuffix("/v8") if platform.endswith("/arm64/v8") else platform
