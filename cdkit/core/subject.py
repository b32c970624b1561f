"""The subject of a fact: what was examined, named by its content."""

import re

from msgspec import Struct

from cdkit.core.digest import Digest


class Subject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An in-toto resource descriptor: a name for people and the digests that identify it.

    Digest names are those of in-toto's DigestSet: `sha256` for images and files, `gitCommit` and
    `gitTree` for source. Two subjects are the same thing when they share a digest.
    """

    name: str = ""
    digest: dict[str, str]

    def keys(self) -> frozenset[str]:
        """Return the digests as `algorithm:encoded`, to compare with another subject's."""
        return frozenset(f"{algorithm}:{encoded}" for algorithm, encoded in self.digest.items())


def is_commit(text: str) -> bool:
    """Whether this is a git commit's whole name: 40 hexadecimal digits (SHA-1), or 64 (SHA-256)."""
    return re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", text, re.ASCII) is not None


def image_subject(repository: str, digest: Digest) -> Subject:
    """Return the subject for an image (its index, or its one manifest)."""
    return Subject(name=repository, digest={digest.algorithm: digest.encoded})


def source_subject(repository: str, *, commit: str, tree: str) -> Subject:
    """Return the subject for source code: compared by tree, so that a squash is the same source."""
    return Subject(name=repository, digest={"gitCommit": commit, "gitTree": tree})
