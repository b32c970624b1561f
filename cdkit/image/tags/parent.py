"""The image that an image is built on, as its Dockerfile names it."""

import re
from collections.abc import Sequence

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.documents.dockerfile import Instruction, read_instructions
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import Reference, parse

_FLAGS = re.compile(r"^(?:--[a-z-]+(?:=\S+)?\s+)+")


class Parent(Struct, frozen=True, kw_only=True):
    """A base image: its full reference without the digest, and its digest where it is pinned."""

    name: str = ""
    digest: str = ""


def parent_of(dockerfile: bytes, *, where: str) -> Parent:
    """Return what the last stage is built on, through the stages that it names.

    Nothing where that is `scratch`. Raises CannotTell where the name is not literal (an ARG can
    be given another value at the build), or is no reference of an image.
    """
    stages = [_stage(found) for found in read_instructions(dockerfile) if found.keyword == "FROM"]
    if not stages:
        raise _cannot_tell("holds no FROM", where)
    at = len(stages) - 1
    while (lower := _named(stages, stages[at][0], at)) is not None:
        at = lower
    image = stages[at][0]
    if "$" in image:
        raise _cannot_tell(f"is built on {image[:200]!r}, which the build decides", where)
    return Parent() if image == "scratch" else _as_parent(image, where)


def given_parent(name: str, digest: str) -> Parent:
    """Return the base image that the user names; RequestError where it is none."""
    reference = parse(name, where="base-name") if name else None
    pinned = Digest.parse(digest, where="base-digest") if digest else None
    if reference and reference.digest and pinned and reference.digest != pinned:
        raise RequestError(
            "base-name and base-digest name two images", remedy="give one digest, in one of them"
        )
    found = pinned or (reference.digest if reference else None)
    return Parent(name=_bare(reference) if reference else "", digest=str(found or ""))


def _stage(instruction: Instruction) -> tuple[str, str]:
    """Return the image and the name of a stage; stages' names are in lower case for Docker."""
    words = _FLAGS.sub("", instruction.text).split()
    named = len(words) == 3 and words[1].upper() == "AS"
    return (words[0] if words else ""), (words[2].lower() if named else "")


def _named(stages: Sequence[tuple[str, str]], image: str, before: int) -> int | None:
    """Return the stage that a FROM names, the last one before it of that name."""
    return next((i for i in range(before - 1, -1, -1) if stages[i][1] == image.lower() != ""), None)


def _as_parent(image: str, where: str) -> Parent:
    try:
        reference = parse(image)
    except RequestError as fault:
        raise _cannot_tell(f"is built on {image[:200]!r}, which is no image", where) from fault
    return Parent(name=_bare(reference), digest=str(reference.digest or ""))


def _bare(reference: Reference) -> str:
    return f"{reference.name}:{reference.tag}" if reference.tag else reference.name


def _cannot_tell(what: str, where: str) -> CannotTell:
    return CannotTell(what, where=where, remedy="name it: --base-name alpine:3.22, --base-digest")
