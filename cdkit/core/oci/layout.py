"""OCI image layouts: a folder, or the same in a tar file (OCI image-spec, image-layout.md)."""

import contextlib
import hashlib
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, Protocol

import msgspec
from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, Missing, RequestError, Unreadable
from cdkit.core.oci.image import Image, PlatformImage, assemble
from cdkit.core.oci.manifest import (
    CONFIG_LIMIT,
    MANIFEST_LIMIT,
    Descriptor,
    Index,
    check_descriptor,
    checked,
    decode,
    unreadable,
)
from cdkit.core.world import MIB, Files

REF_NAME = "org.opencontainers.image.ref.name"
_NAMES = frozenset({"index.json", "oci-layout", "manifest.json", "blobs"})
_MOST_MEMBERS = 100_000
_CHUNK = MIB
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
"""How gzip, bzip2, xz and Zstandard begin."""

_LARGEST_BLOB = 64 * 1024 * MIB
"""Bytes of a layer that is copied: those of models have many GiB."""


class _Version(Struct, frozen=True, kw_only=True, rename="camel"):
    image_layout_version: str


class _Source(Protocol):
    """The files of a layout, by name within it."""

    def read(self, name: str, limit: int) -> bytes:
        """Return a whole file; Missing where there is none."""

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open a file for streaming."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""


class Layout(Struct, frozen=True, kw_only=True):
    """A layout that is open: `where` is what the user called it; `folder` is false for a tar.

    `roots` are the images that its index names; `entries` counts all that it names, attestations
    included.
    """

    where: str
    folder: bool
    source: _Source
    roots: tuple[Descriptor, ...]
    entries: int

    def blob(self, descriptor: Descriptor, limit: int = CONFIG_LIMIT) -> bytes:
        """Return a blob, its size and digest checked."""
        if descriptor.size > limit:
            raise unreadable(
                f"says that {descriptor.digest} has {descriptor.size} bytes", self.where
            )
        data = self.source.read(_blob_name(descriptor.parsed), limit)
        return checked(data, descriptor, where=self.where)

    def verify(self, descriptor: Descriptor) -> None:
        """Read a blob as a stream; Unreadable where its bytes are not what its digest says."""
        for _ in self.pieces(descriptor):
            pass

    def pieces(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield a blob in pieces; Unreadable, at the end, where they are not what it should be."""
        digest = descriptor.parsed
        state = hashlib.new(digest.algorithm)
        size = 0
        with self.source.open(_blob_name(digest)) as stream:
            while chunk := stream.read(_CHUNK):
                state.update(chunk)
                size += len(chunk)
                if size > descriptor.size:  # a sparse entry would go on for ever
                    break
                yield chunk
        if size != descriptor.size or state.hexdigest() != digest.encoded:
            raise unreadable(f"holds other bytes under {digest} than it should", self.where)


@contextlib.contextmanager
def open_layout(path: str, files: Files) -> Iterator[Layout]:
    """Open a layout folder, or a tar file that holds one.

    Raises Missing where there is nothing, and Unreadable where it is no layout: what `docker save`
    writes is refused, since the digest that it shows is not the registry's.
    """
    if files.is_dir(path):
        yield _layout(path, _Folder(path, files), folder=True)
        return
    with files.open(path) as stream, _archive(path, stream) as source:
        yield _layout(path, source, folder=False)


def read_image(layout: Layout, *, name: str = "", digest: Digest | None = None) -> Image:
    """Return the image in a layout.

    Where it holds several, `name` (the annotation `org.opencontainers.image.ref.name`, or its tag)
    or `digest` (the image's, or that of one of its platforms) says which; RequestError where that
    does not settle it.
    """
    images = [_assemble(layout, root) for root in {r.digest: r for r in layout.roots}.values()]
    if digest:
        images = [image for image in images if str(digest) in image.digests()]
    elif name:
        images = [image for image in images if _is_called(layout, image, name)]
    if len(images) == 1:
        return images[0]
    wanted = str(digest) if digest else name
    offered = ", ".join(f"{r.digest} ({_name(r) or 'unnamed'})" for r in layout.roots) or "none"
    if wanted and not images:
        raise CannotTell(
            f"does not hold {wanted}; it holds {offered}",
            where=layout.where,
            remedy="give the layout that this image was built into",
        )
    raise RequestError(
        f"holds {len(images)} images: {offered}",
        where=layout.where,
        remedy="name one by its digest" if images else "build the image into it",
    )


def verify_layers(layout: Layout, part: PlatformImage) -> None:
    """Read every layer of a platform; Unreadable where one is missing or is not what it should be.

    A scanner believes the file names in a layout, so the bytes have to be checked before it looks.
    """
    for layer in part.manifest.layers:
        layout.verify(layer)


def export(layout: Layout, part: PlatformImage, folder: str, files: Files) -> None:
    """Write a layout that holds the image of one platform and nothing else, every blob checked."""
    blobs = (part.descriptor, part.manifest.config, *part.manifest.layers)
    for descriptor in {one.digest: one for one in blobs}.values():
        if descriptor.size > _LARGEST_BLOB:
            raise unreadable(
                f"says that {descriptor.digest} has {descriptor.size} bytes", layout.where
            )
        with files.create(f"{folder}/{_blob_name(descriptor.parsed)}") as out:
            for piece in layout.pieces(descriptor):
                out.write(piece)
    index = {"schemaVersion": 2, "manifests": [_bare(part.descriptor)]}
    files.write(f"{folder}/index.json", msgspec.json.encode(index))
    files.write(f"{folder}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')


def _bare(descriptor: Descriptor) -> dict[str, str | int]:
    return {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }


def _layout(path: str, source: _Source, *, folder: bool) -> Layout:
    if source.has("manifest.json"):
        raise _saved(path)
    if not source.has("oci-layout"):
        raise Unreadable(
            "is no OCI image layout: it holds no `oci-layout`",
            where=path,
            remedy="give the folder or archive from `docker buildx build --output type=oci`",
        )
    version = decode(source.read("oci-layout", MIB), _Version, f"{path}/oci-layout")
    if version.image_layout_version.split(".")[0] != "1":
        raise Unreadable(
            f"is an image layout of version {version.image_layout_version!r}, not 1.0.0",
            where=path,
            remedy="write it in version 1.0.0",
        )
    where = f"{path}/index.json"
    index = decode(source.read("index.json", MANIFEST_LIMIT), Index, where)
    return Layout(
        where=path,
        folder=folder,
        source=source,
        roots=_roots(index, where),
        entries=len(index.manifests),
    )


def _saved(path: str) -> Unreadable:
    return Unreadable(
        "is what `docker save` writes: its layers are packed otherwise than a registry's, so it "
        "cannot tell the image's digest",
        where=path,
        remedy="build with `docker buildx build --output type=oci,dest=image.tar .`, or give the "
        "digest that the push printed; scan-image takes it as `--archive`",
    )


def _roots(index: Index, where: str) -> tuple[Descriptor, ...]:
    for descriptor in index.manifests:
        check_descriptor(descriptor, where)
    roots = {(d.digest, _name(d)): d for d in index.manifests if not d.is_attestation}
    if not roots:
        raise Unreadable("names no image", where=where, remedy="build the image into it")
    return tuple(roots.values())


def _assemble(layout: Layout, root: Descriptor) -> Image:
    return assemble(
        layout.blob(root, MANIFEST_LIMIT),
        media_type=root.media_type,
        digest=root.parsed,
        fetch=layout.blob,
        where=layout.where,
    )


def _is_called(layout: Layout, image: Image, name: str) -> bool:
    names = {_name(root) for root in layout.roots if root.parsed == image.digest}
    return name in names or any(full.endswith(f":{name}") for full in names)


def _name(descriptor: Descriptor) -> str:
    return (descriptor.annotations or {}).get(REF_NAME, "")


def _blob_name(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.encoded}"


class _Folder:
    def __init__(self, path: str, files: Files) -> None:
        self._path = path.rstrip("/") or "/"
        self._files = files

    def read(self, name: str, limit: int) -> bytes:
        return self._files.read(f"{self._path}/{name}", limit=limit)

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        return self._files.open(f"{self._path}/{name}")

    def has(self, name: str) -> bool:
        return self._files.is_file(f"{self._path}/{name}")


class _Archive:
    def __init__(
        self, path: str, tar: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo]
    ) -> None:
        self._path = path
        self._tar = tar
        self._members = members

    def read(self, name: str, limit: int) -> bytes:
        with self.open(name) as stream, _reading(self._path):
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise unreadable(f"holds {name} with over {limit} bytes", self._path)
        return data

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        member = self._members.get(name)
        if member is None:
            raise Missing(f"holds no {name}", where=self._path, remedy="build the archive again")
        with _reading(self._path):
            stream = self._tar.extractfile(member)
        if stream is None:
            raise unreadable(f"holds {name}, which is no file", self._path)
        with stream, _reading(self._path):
            yield stream

    def has(self, name: str) -> bool:
        return name in self._members


def refuse_compressed(path: str, stream: IO[bytes]) -> None:
    """Raise Unreadable where a tar file with an image in it is compressed as a whole."""
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(_COMPRESSED):
        raise Unreadable(
            "is compressed; an archive of an image is a plain tar file",
            where=path,
            remedy="unpack it first: `gunzip`, `bunzip2`, `unxz` or `zstd -d`",
        )


@contextlib.contextmanager
def _archive(path: str, stream: IO[bytes]) -> Iterator[_Archive]:
    refuse_compressed(path, stream)
    with _reading(path):
        tar = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 - closed by `with tar` below
        members = _members(path, tar)
    with tar:
        yield _Archive(path, tar, members)


def _members(path: str, tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """Return the files that a layout may hold, by name; anything doubtful among them is refused.

    Doubtful is what would become another file where the archive is unpacked: a link, and a name
    such as `x/../index.json`. Names outside a layout do no harm: nothing here is unpacked.
    """
    found: dict[str, tarfile.TarInfo] = {}
    for number, member in enumerate(tar):
        if number >= _MOST_MEMBERS:
            raise unreadable(f"holds over {_MOST_MEMBERS} entries", path)
        name = posixpath.normpath(f"/{member.name}").lstrip("/")
        if not member.isreg() and not member.isdir():
            if any(one.name == "manifest.json" for one in islice(tar, _MOST_MEMBERS)):
                raise _saved(path)  # which links layers that are the same
            raise unreadable(f"holds {name[:200]!r} as a link or device", path)
        if member.isdir() or name.split("/")[0] not in _NAMES:
            continue
        if name in found:
            raise unreadable(f"holds {name[:200]!r} twice: two tools would read two images", path)
        found[name] = member
    return found


@contextlib.contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, ValueError) as fault:
        raise unreadable(f"cannot be read as a tar file: {fault}", path) from fault
