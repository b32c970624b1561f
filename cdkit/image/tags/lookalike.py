"""Names that look like the tag of something else, which whoever chose them could take over."""

import re
from typing import Literal

from cdkit.image.tags.described import is_beyond_tag
from cdkit.image.tags.pep440 import read_pep440
from cdkit.image.tags.semver import read_semver

Kind = Literal["", "branch", "tag"]
"""What a text is the name of, and nothing but that: a branch, a git tag, or neither."""

_OURS = re.compile(r"build-|sha-|digest-|pr-[0-9]+\Z", re.ASCII)
_ANOTHERS = re.compile(r"latest|edge|nightly|[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
"""Of the default branch, of a timetable and of a commit."""


def looks_like_another(name: str, kind: Kind) -> bool:
    """Whether a branch or a git tag is called as an image's tag of another type is.

    A branch must not be called as a version either, nor as a part of one (`1.2`): those are the
    names that patterns make of git tags. A git tag may be: it is what they are made of.
    """
    if not kind:
        return False
    if _OURS.match(name) or _is_mended(name):
        return True
    return kind == "branch" and bool(
        _ANOTHERS.fullmatch(name) or is_beyond_tag(name) or _is_version(name)
    )


def _is_mended(name: str) -> bool:
    """Whether a version with build metadata becomes this tag: `1.2.3+a` is `1.2.3_a`."""
    head, underscore, tail = name.partition("_")
    return bool(underscore) and "_" not in tail and _is_version(f"{head}+{tail}")


def _is_version(text: str) -> bool:
    return read_semver(text) is not None or read_pep440(text) is not None
