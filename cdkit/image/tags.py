"""Tags for an image: legal always, and never the same for two different names."""

import hashlib
import re

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import check_tag, is_tag

KINDS = ("build", "sha", "digest", "version", "describe", "branch")
"""What a tag can be made from, best first: the earlier, the less it can mean two things."""

_ILLEGAL = re.compile(r"[^a-zA-Z0-9._-]", re.ASCII)
_LONGEST = 128
_HASH_LENGTH = 12
_BEYOND_TAG = re.compile(r".+-[0-9]+-g[0-9a-f]{4,40}", re.ASCII)
_LIKE_ANOTHER = re.compile(
    r"build-|sha-|digest-|[0-9a-f]{12}\Z|.*-(?:[0-9a-f]{12}|dirty)\Z", re.ASCII | re.DOTALL
)
_SEMVER = re.compile(
    r"v?((?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)",
    re.ASCII,
)


class Source(Struct, frozen=True, kw_only=True):
    """What is known that a tag can be made from; empty where nobody said.

    `tag` is a git tag that HEAD stands on; `described` is what `git describe` says; `dirty` tells
    that the tree holds changes that `commit` does not name.
    """

    build_id: str = ""
    commit: str = ""
    described: str = ""
    branch: str = ""
    tag: str = ""
    dirty: bool = False
    digest: Digest | None = None


def sanitise(text: str) -> str:
    """Return a legal tag for any text.

    A legal tag stays as it is. Where anything had to be changed or cut, a hash of the whole text
    is added, so that `feature/a` and `feature-a` do not become one tag.
    """
    if is_tag(text):
        return text
    suffix = _hash(text)
    legal = _ILLEGAL.sub("-", text).lstrip(".-")
    kept = legal[: _LONGEST - _HASH_LENGTH - 1]
    return f"{kept}-{suffix}" if kept else suffix


def make(kind: str, source: Source, *, allow_dirty: bool = False) -> str:
    """Return the tag of this kind.

    `build-<run>-<attempt>`, `sha-<commit>` (all of it), `digest-<hash>`, the version of a git tag
    (`v1.2.3` gives `1.2.3`, a `+` becomes `_`, which no version holds), `git describe`, the branch.
    Raises RequestError for an unknown kind, and CannotTell where the source does not say it, or
    where it comes from git and the tree is dirty (with `allow_dirty` it is marked `-dirty`).
    """
    maker = _MAKERS.get(kind)
    if maker is None:
        raise RequestError(
            f"no tag can be made from {kind!r}", remedy=f"name one of: {', '.join(KINDS)}"
        )
    text = maker(source)
    if kind in _FROM_GIT and source.dirty:
        if not allow_dirty:
            raise _dirty()
        text = f"{text}-dirty"
    return sanitise(text)


def best(source: Source, *, allow_dirty: bool = False) -> str:
    """Return the tag that a user who asks for nothing gets: build id, else commit, else digest."""
    if source.build_id:
        return make("build", source)
    if source.commit and (allow_dirty or not source.dirty):
        return make("sha", source, allow_dirty=allow_dirty)
    if source.digest:
        return make("digest", source)
    if source.commit:
        raise _dirty()
    raise CannotTell(
        "nothing here can name the image: no build id, no commit, no digest",
        remedy="run it in a CI job or a git checkout, or give --tag",
    )


def verbatim(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return a user's own tags as they are, repeats dropped; RequestError for an illegal one."""
    return tuple(dict.fromkeys(check_tag(tag) for tag in tags))


def _hash(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:_HASH_LENGTH]


def _build(source: Source) -> str:
    return f"build-{_given(source.build_id, 'build id', 'run it in a CI job')}"


def _sha(source: Source) -> str:
    return f"sha-{_given(source.commit, 'commit', 'run it in a git checkout')}"


def _digest(source: Source) -> str:
    digest = str(source.digest) if source.digest else ""
    text = _given(digest, "digest", "give --layout or --digest")
    # Not `sha256-<hash>`: under that tag registries keep what refers to the image.
    return f"digest-{text.partition(':')[2]}"


def _describe(source: Source) -> str:
    return _given(source.described, "git tag", "fetch tags, or make the first one")


def _branch(source: Source) -> str:
    """Return the branch, made to differ where it looks like a tag that another name gets.

    That is one of another kind, one with a hash that `sanitise` adds, or one marked dirty.
    """
    name = _given(source.branch, "branch", "check a branch out, or take another kind of tag")
    if _LIKE_ANOTHER.match(name) or _SEMVER.fullmatch(name):
        return f"{name}-{_hash(name)}"
    return name


def _version(source: Source) -> str:
    described = "" if _BEYOND_TAG.fullmatch(source.described) else source.described
    tag = _given(source.tag or described, "git tag on this commit", "tag the commit")
    match = _SEMVER.fullmatch(tag)
    if match is None:
        raise CannotTell(
            f"the git tag {tag[:100]!r} is no version",
            remedy="tag as v1.2.3 (https://semver.org), or take another kind of tag",
        )
    return match[1].replace("+", "_")


def _given(text: str, what: str, remedy: str) -> str:
    if not text:
        raise CannotTell(f"there is no {what} to make a tag from", remedy=remedy)
    return text


def _dirty() -> CannotTell:
    return CannotTell(
        "the working tree holds changes that no commit names",
        remedy="commit them, or pass --allow-dirty to have the tag marked -dirty",
    )


_MAKERS = {
    "build": _build,
    "sha": _sha,
    "digest": _digest,
    "version": _version,
    "describe": _describe,
    "branch": _branch,
}
_FROM_GIT = frozenset({"sha", "version", "describe", "branch"})
