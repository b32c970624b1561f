"""The lock file of `pin-images`: which digest or commit each name had when it was resolved."""

import json
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import CdkitError, Missing, RequestError
from cdkit.core.once import once
from cdkit.core.world import MIB, Files

_LIMIT = 32 * MIB
_COMMIT = r"^([0-9a-f]{40}|[0-9a-f]{64})$(?!\n)"
"""In Python `$` alone lets a line end pass."""


class ImageLock(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="image-lock",
    forbid_unknown_fields=True,
):
    """Names and what they named: images by digest, actions by commit.

    Images are written in full (`docker.io/library/nginx:1.27`), actions with their server
    (`https://github.com/actions/checkout@v6`). Both are sorted, and no time stands in it, so that
    the same names give the same file.
    """

    version: int = 1
    images: dict[str, str] = {}
    actions: dict[str, Annotated[str, Meta(pattern=_COMMIT)]] = {}


def read_lock(path: str, files: Files) -> ImageLock:
    """Return a lock file; an empty one where there is none yet.

    Raises RequestError where it is none, is of a newer version, holds what is no digest, or a name
    twice (as a merge may leave it): a lock that is passed over would let anything in.
    """
    try:
        data = files.read(path, limit=_LIMIT)
    except Missing:
        return ImageLock()
    try:
        lock = msgspec.json.decode(data, type=ImageLock)
        json.loads(data, object_pairs_hook=once)
        for digest in lock.images.values():
            Digest.parse(digest)
    except (ValueError, RecursionError, CdkitError) as fault:
        raise RequestError(
            f"is no lock of images: {fault}",
            where=path,
            remedy="restore it from version control, or remove it and run with the network",
        ) from fault
    if lock.version != 1:
        raise RequestError(
            f"is a lock of version {lock.version}; this cdkit reads version 1",
            where=path,
            remedy="use a newer cdkit",
        )
    return lock


def encode_lock(lock: ImageLock) -> bytes:
    """Return a lock as its file holds it: indented, sorted, one name a line."""
    return msgspec.json.format(msgspec.json.encode(lock, order="sorted"), indent=2) + b"\n"
