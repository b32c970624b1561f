"""Manifests and image indexes, read strictly: what a digest stands for must not be ambiguous."""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, field

from cdkit.core.digest import Digest
from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.oci import media
from cdkit.core.world import MIB

T = TypeVar("T")

MANIFEST_LIMIT = 4 * MIB
"""What registries must be able to take (distribution-spec, "Pushing Manifests")."""

CONFIG_LIMIT = 8 * MIB
"""Far beyond any real image config."""

_MOST_ENTRIES = 1000

_NAMES = {
    name.casefold(): name
    for name in (
        *("schemaVersion", "mediaType", "manifests", "layers", "config", "fsLayers", "digest"),
        *("size", "platform", "architecture", "os", "variant", "annotations", "artifactType"),
        "imageLayoutVersion",
    )
}


class OciPlatform(Struct, frozen=True, kw_only=True):
    """The platform of a descriptor or a config (OCI image-spec, image-index.md)."""

    architecture: str = ""
    os: str = ""
    variant: str = ""

    def __str__(self) -> str:
        """Return `os/architecture` or `os/architecture/variant`; arm64's only variant is left out.

        containerd, and so Docker, take `linux/arm64` and `linux/arm64/v8` for the same.
        """
        variant = "" if (self.architecture, self.variant) == ("arm64", "v8") else self.variant
        return "/".join(part for part in (self.os, self.architecture, variant) if part)


class Descriptor(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a manifest says of another blob (OCI image-spec, descriptor.md)."""

    media_type: str
    digest: str
    size: int
    platform: OciPlatform | None = None
    annotations: dict[str, str] | None = None
    artifact_type: str = ""

    @property
    def parsed(self) -> Digest:
        """The digest as one of ours; the text was checked when the manifest was read."""
        return Digest.parse(self.digest)

    @property
    def is_attestation(self) -> bool:
        """Whether this is a provenance that BuildKit put beside the platforms, and no image.

        Told by the platform `unknown/unknown` alone, which no machine would ever pull: an
        annotation can stand on an image that machines do pull.
        """
        return str(self.platform or "") == "unknown/unknown"


class Index(Struct, frozen=True, kw_only=True, rename="camel"):
    """An image index, or Docker's manifest list: one entry a platform."""

    schema_version: int
    media_type: str = ""
    manifests: tuple[Descriptor, ...]


class Manifest(Struct, frozen=True, kw_only=True, rename="camel"):
    """The manifest of one platform's image."""

    schema_version: int
    media_type: str = ""
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str] | None = None


class _Shape(Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int
    media_type: str = ""
    manifests: Raw = Raw()
    layers: Raw = Raw()
    config: Raw = Raw()
    fs_layers: Raw = Raw()


class History(Struct, frozen=True, kw_only=True):
    """One step of an image's making (OCI image-spec, config.md)."""

    created_by: str = ""
    empty_layer: bool = False


class _Rootfs(Struct, frozen=True, kw_only=True):
    diff_ids: tuple[str, ...]


class _Runtime(Struct, frozen=True, kw_only=True):
    labels: dict[str, str] | None = field(default=None, name="Labels")


class Config(Struct, frozen=True, kw_only=True):
    """An image's config, as far as we read it."""

    architecture: str
    os: str
    variant: str = ""
    rootfs: _Rootfs
    config: _Runtime | None = None
    history: tuple[History, ...] | None = None

    @property
    def labels(self) -> dict[str, str]:
        """The labels; an image without any has an empty mapping."""
        return (self.config.labels if self.config else None) or {}

    @property
    def platform(self) -> str:
        """`os/architecture[/variant]`."""
        parts = OciPlatform(architecture=self.architecture, os=self.os, variant=self.variant)
        return str(parts)


def checked(data: bytes, descriptor: Descriptor, *, where: str) -> bytes:
    """Return the bytes if they are what the descriptor names; Unreadable where they are not."""
    if len(data) != descriptor.size:
        raise unreadable(
            f"{descriptor.digest} should hold {descriptor.size} bytes and holds {len(data)}", where
        )
    if not descriptor.parsed.matches(data):
        raise unreadable(f"holds other bytes under {descriptor.digest} than it should", where)
    return data


def read_manifest(data: bytes, *, media_type: str, where: str) -> Index | Manifest:
    """Read an index or a manifest; `media_type` is what the descriptor or the server called it.

    Raises Unreadable where it is none, where it could be read as either (CVE-2021-41190: two
    clients would see two images under one digest), where it calls itself something else than it
    was called, or where it is of schema 1.
    """
    shape = decode(data, _Shape, where)
    _refuse_ambiguous(shape, media_type, where)
    found: Index | Manifest
    if _stands(shape.manifests):
        found = decode(data, Index, where)
        descriptors = found.manifests
    else:
        found = decode(data, Manifest, where)
        descriptors = (found.config, *found.layers)
    if len(descriptors) > _MOST_ENTRIES:
        raise unreadable(f"lists {len(descriptors)} blobs; {_MOST_ENTRIES} are believable", where)
    for descriptor in descriptors:
        check_descriptor(descriptor, where)
    return found


def read_config(data: bytes, *, where: str) -> Config:
    """Read an image config; Unreadable where it is none."""
    return decode(data, Config, where)


def check_descriptor(descriptor: Descriptor, where: str) -> None:
    """Refuse a descriptor whose digest or size could not be one."""
    try:
        Digest.parse(descriptor.digest)
    except CdkitError as fault:
        raise unreadable(f"names a blob by {fault.what}", where) from fault
    if descriptor.size < 0:
        raise unreadable(f"says that {descriptor.digest} has {descriptor.size} bytes", where)


def unreadable(what: str, where: str) -> Unreadable:
    """Return the error for an image that is not what it should be."""
    return Unreadable(
        what, where=where, remedy="build or push the image again, and check what wrote it"
    )


def decode(data: bytes, kind: type[T], where: str) -> T:
    """Read JSON as this type; Unreadable where it is none, or where readers would differ on it.

    They differ on a name that stands twice in an object (RFC 8259, 4), and on one that is ours but
    for its case: Go, and with it every engine and registry, takes `Layers` for `layers`
    (encoding/json, "Unmarshal"). Labels in a config are free to differ in case alone.
    """
    import json

    try:
        found = msgspec.json.decode(data, type=kind)
        tree = json.loads(data, object_pairs_hook=once)
        if kind is not Config:
            _refuse_variants(tree)
    except (msgspec.DecodeError, ValueError, RecursionError) as fault:
        raise unreadable(f"is not what an image holds: {fault}", where) from fault
    return found


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return a JSON object (json, `object_pairs_hook`); ValueError where it holds a name twice."""
    names = dict(pairs)
    if len(names) < len(pairs):
        listed = [name for name, _ in pairs]
        twice = next(name for name in names if listed.count(name) > 1)
        raise ValueError(f"it holds {twice[:80]!r} twice")
    return names


def _refuse_variants(value: object) -> None:
    if isinstance(value, list):
        for inner in value:
            _refuse_variants(inner)
    if isinstance(value, dict):
        for name, inner in value.items():
            if _NAMES.get(name.casefold(), name) != name:
                raise ValueError(f"it holds {name[:80]!r}, which some read as another name")
            if name != "annotations":
                _refuse_variants(inner)


def _refuse_ambiguous(shape: _Shape, media_type: str, where: str) -> None:
    if media_type in media.SCHEMA1 or _stands(shape.fs_layers) or shape.schema_version == 1:
        raise unreadable(
            "is a manifest of schema 1: the registry converted it, so its digest is not the "
            "image's",
            where,
        )
    if shape.schema_version != 2:
        raise unreadable(f"has schemaVersion {shape.schema_version}, not 2", where)
    is_index = _stands(shape.manifests)
    is_manifest = _stands(shape.layers) or _stands(shape.config)
    if is_index == is_manifest:
        raise unreadable(
            "holds `manifests` and `layers`: it can be read as two images"
            if is_index
            else "holds neither `manifests` nor `layers`: it is no image",
            where,
        )
    expected = media.INDEXES if is_index else media.MANIFESTS
    for called in (media_type, shape.media_type):
        if called and called not in expected:
            kind = "an index" if is_index else "a manifest"
            raise unreadable(f"is called {called!r} and is {kind}", where)
    if media_type and shape.media_type and media_type != shape.media_type:
        raise unreadable(f"is called {media_type!r} and says {shape.media_type!r}", where)


def _stands(value: Raw) -> bool:
    return bytes(value) not in {b"", b"null"}
