"""Judging a reference by its text alone: pinned, mutable, filled in later, or none at all."""

import functools
import re
from enum import StrEnum

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.subject import is_commit
from cdkit.image.pins.use import Use, holds_variable

_PINNED = re.compile(r"@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})", re.ASCII)
_ACTION = re.compile(
    r"(?:https?://[A-Za-z0-9.-]+(?::[0-9]+)?/)?"  # Gitea's and Forgejo's, from another server
    r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+(?:/[^@\s]+)?@[^\s@~^:?*\[\\]+",
    re.ASCII,
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)


class State(StrEnum):
    """What a reference is."""

    PINNED = "pinned"
    MUTABLE = "mutable"
    VARIABLE = "variable"
    ILLEGAL = "illegal"


class Judged(Struct, frozen=True, kw_only=True):
    """A use with its state, and why; `reference` is an image's, where its text is one."""

    use: Use
    state: State
    why: str = ""
    reference: Reference | None = None


def judge_use(use: Use) -> Judged:
    """Return what a reference is, without asking anybody.

    A text that something fills in later is mutable where it ends in a tag that is written out
    (`$REGISTRY/app:latest`), pinned where it ends in a digest, and else nobody can tell from here.
    """
    return _action(use) if use.kind == "action" else _image(use)


def version_of(judged: Judged) -> str:
    """Return what an update asks for: an image's tag, an action's version; or nothing."""
    use = judged.use
    if use.kind == "action":
        return use.tag if judged.state is State.PINNED else use.text.rpartition("@")[2]
    if judged.reference is None:
        return ""
    return judged.reference.tag or ("" if judged.state is State.PINNED else "latest")


def _image(use: Use) -> Judged:
    if holds_variable(use.text):
        return _open(use)
    try:
        reference = _reference(use.text)
    except RequestError as fault:
        return Judged(use=use, state=State.ILLEGAL, why=fault.what)
    if reference.digest:
        return Judged(use=use, state=State.PINNED, reference=reference)
    what = f"the tag {reference.tag!r} can move" if reference.tag else "it names no tag: `latest`"
    return Judged(use=use, state=State.MUTABLE, why=what, reference=reference)


_reference = functools.lru_cache(maxsize=4096)(parse)
"""The same few names stand in thousands of files."""


def _open(use: Use) -> Judged:
    name, at, _ = use.text.rpartition("@")
    if at and _PINNED.fullmatch(use.text[len(name) :]):
        return Judged(use=use, state=State.PINNED)
    _, colon, tag = use.text.rpartition(":")
    if colon and _TAG.fullmatch(tag) and "@" not in use.text:
        return Judged(use=use, state=State.MUTABLE, why=f"the tag {tag!r} can move")
    return Judged(use=use, state=State.VARIABLE, why="something fills it in later")


def _action(use: Use) -> Judged:
    if holds_variable(use.text):
        return Judged(use=use, state=State.VARIABLE, why="something fills it in later")
    if not _ACTION.fullmatch(use.text):
        return Judged(use=use, state=State.ILLEGAL, why="it is not owner/name@version")
    ref = use.text.rpartition("@")[2]
    if is_commit(ref):
        return Judged(use=use, state=State.PINNED)
    return Judged(use=use, state=State.MUTABLE, why=f"the version {ref!r} can move")
