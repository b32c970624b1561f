"""What all our documents have: a kind, a version, and where they came from."""

from typing import TypeVar

import msgspec
from msgspec import Struct

from cdkit.core.errors import Unreadable


class Replay(Struct, frozen=True, kw_only=True):
    """The mark of a run that pretends to be at another time: of which run, and as of when."""

    run: str
    at: str


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who left a document, when (RFC 3339, UTC), from which run, of which source.

    `commit` and `tree` are git object names; `dirty` says that the working tree held changes
    beyond the commit, so that the tree does not name what was examined. `shard` is 1-based and
    `shards` their number; zero means that the work was not split.
    """

    recorded_at: str
    tool: str
    step: str
    system: str = ""
    run: str = ""
    attempt: int = 0
    job: str = ""
    url: str = ""
    actor: str = ""
    commit: str = ""
    tree: str = ""
    dirty: bool = False
    shard: int = 0
    shards: int = 0
    replay: Replay | None = None


class Document(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The head of every document of ours: `kind` (the struct's tag), `version`, `origin`."""

    origin: Origin
    version: int = 1


MOST_SHARDS = 10_000
"""Into how many shards work may be split."""

D = TypeVar("D", bound=Struct)


def encode(document: Struct) -> bytes:
    """Return a document as JSON: UTF-8, keys in the order of the struct, newline at the end."""
    return msgspec.json.encode(document) + b"\n"


def decode(data: bytes, kind: type[D], *, where: str) -> D:
    """Read a document of this kind from JSON; unknown keys are ignored.

    Raises Unreadable, naming the file and the faulty key, where it is not such a document or of a
    version that this cdkit does not know.
    """
    try:
        document = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is not a {kind.__name__.lower()} document: {fault}",
            where=where,
            remedy="give the file as the step that made it wrote it",
        ) from fault
    version = getattr(document, "version", 1)
    if version != 1:
        raise Unreadable(
            f"is a document of version {version}; this cdkit reads version 1",
            where=where,
            remedy="use the cdkit that wrote it, or a newer one",
        )
    return document
