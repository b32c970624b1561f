"""What `docker save` and `podman save` write: an image whose identity is its config's digest.

Its layers are packed otherwise than a registry's, so no digest of a registry can be told from it
(docker image save; moby, image/tarexport). The config names each layer's content (OCI image-spec,
"Layer DiffID"), and by that every layer is checked before a scanner believes it.
"""

import contextlib
import gzip
import hashlib
import json
import posixpath
import tarfile
from collections.abc import Iterator
from typing import IO

import msgspec
from msgspec import Struct, field

from cdkit.core.digest import Digest, sha256
from cdkit.core.errors import RequestError, Unreadable
from cdkit.core.oci.layout import refuse_compressed
from cdkit.core.oci.manifest import CONFIG_LIMIT, read_config
from cdkit.core.oci.reference import Reference
from cdkit.core.once import once
from cdkit.core.subject import image_subject
from cdkit.core.world import MIB, Files
from cdkit.scan.scanner import TargetKind
from cdkit.scan.target import Part, Target

_MOST_MEMBERS = 100_000
_MOST_UNPACKED = 64 * 1024 * MIB
_REMEDY = "write it again: docker save --output image.tar NAME"


class _Entry(Struct, frozen=True, kw_only=True):
    config: str = field(name="Config")
    layers: tuple[str, ...] = field(name="Layers")


def read_archive(path: str, files: Files) -> Target:
    """Return the target for an archive; every layer was read, and is what the config says.

    Raises Unreadable where it is no such archive, RequestError where it holds several images.
    """
    with files.open(path) as stream, _opened(path, stream) as tar:
        _check_sort(tar, path)
        data = _bytes(tar, "manifest.json", MIB, path)
        entries = _entries(data, path)
        if len(entries) != 1:
            raise RequestError(
                f"holds {len(entries)} images", where=path, remedy="save one image by itself"
            )
        (entry,) = entries
        held = _bytes(tar, entry.config, CONFIG_LIMIT, path)
        config = read_config(held, where=path)
        if len(config.rootfs.diff_ids) != len(entry.layers):
            named = len(config.rootfs.diff_ids)
            raise _wrong(f"has {len(entry.layers)} layers, and its config names {named}", path)
        for name, diff_id in zip(entry.layers, config.rootfs.diff_ids, strict=True):
            _verify(tar, name, Digest.parse(diff_id), path)
    digest = sha256(held)
    return Target(
        kind=TargetKind.ARCHIVE,
        path=path,
        called=path,
        parts=(Part(platform=config.platform, config_digest=str(digest)),),
        subject=image_subject(path, digest),
        notes=(_identity_note(path, digest),),
    )


def _entries(data: bytes, path: str) -> tuple[_Entry, ...]:
    """Read `manifest.json`, in one way: engines and scanners take `layers` for `Layers` (Go)."""
    try:
        entries = msgspec.json.decode(data, type=tuple[_Entry, ...])
        for entry in json.loads(data, object_pairs_hook=once):
            once([(name.casefold(), None) for name in entry])
    except (msgspec.DecodeError, ValueError, RecursionError) as fault:
        raise _wrong(f"has a manifest.json that is none: {fault}", path) from fault
    return entries


def _check_sort(tar: tarfile.TarFile, path: str) -> None:
    """Refuse a layout, which is another sort of archive and has an option of its own."""
    names = {member.name for member in tar.getmembers()}
    if "oci-layout" in names and "manifest.json" not in names:
        raise Unreadable("is an OCI image layout", where=path, remedy=f"give it as --layout {path}")


def _identity_note(path: str, digest: Digest) -> str:
    return (
        f"{path} has no digest of a registry: the subject is its config, {digest}. What is pushed "
        "later is the same image where its config has this digest."
    )


def of_repository(target: Target, name: Reference | None, digest: Digest) -> Target:
    """Return the archive's target as that of an image which a registry was seen to hold."""
    subject = image_subject(name.name if name else target.called, digest)
    called = name.name if name else target.called
    return msgspec.structs.replace(target, subject=subject, name=name, called=called, notes=())


@contextlib.contextmanager
def _opened(path: str, stream: IO[bytes]) -> Iterator[tarfile.TarFile]:
    refuse_compressed(path, stream)
    with _reading(path), tarfile.open(fileobj=stream, mode="r:") as tar:
        _check_members(tar, path)
        yield tar


def _check_members(tar: tarfile.TarFile, path: str) -> None:
    """Refuse what a scanner would read otherwise than it was checked here.

    Of two files of one name scanners read the first (go-containerregistry, pkg/v1/tarball) and
    engines unpack the last; a hard link they take for one relative to its own folder.
    """
    seen: set[str] = set()
    for count, member in enumerate(tar):
        if count > _MOST_MEMBERS:
            raise _wrong(f"holds over {_MOST_MEMBERS} files", path)
        name = posixpath.normpath(f"/{member.name}")
        if (name in seen and not member.isdir()) or member.islnk():
            how = "as a hard link" if member.islnk() else "twice"
            raise _wrong(
                f"holds {member.name[:200]!r} {how}: two tools would read two images", path
            )
        seen.add(name)


@contextlib.contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, RecursionError) as fault:
        raise _wrong(f"is not what `docker save` writes: {fault}", path) from fault


def _member(tar: tarfile.TarFile, name: str, path: str) -> IO[bytes]:
    """Open a file of the archive; a link within it is followed, as older engines write them."""
    found = tar.extractfile(name)
    if found is None:
        raise _wrong(f"holds {name[:200]!r}, which is no file", path)
    return found


def _bytes(tar: tarfile.TarFile, name: str, limit: int, path: str) -> bytes:
    with _member(tar, name, path) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise _wrong(f"holds {name[:200]!r} with over {limit} bytes", path)
    return data


def _verify(tar: tarfile.TarFile, name: str, diff_id: Digest, path: str) -> None:
    with _member(tar, name, path) as stream:
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        state, size = hashlib.new(diff_id.algorithm), 0
        plain: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=stream) if packed else stream
        while chunk := plain.read(MIB):
            state.update(chunk)
            size += len(chunk)
            if size > _MOST_UNPACKED:
                raise _wrong(f"has a layer of over {_MOST_UNPACKED // 1024**3} GiB", path)
    if state.hexdigest() != diff_id.encoded:
        raise _wrong(f"holds another layer as {name[:200]!r} than its config names", path)


def _wrong(what: str, path: str) -> Unreadable:
    return Unreadable(what, where=path, remedy=_REMEDY)
