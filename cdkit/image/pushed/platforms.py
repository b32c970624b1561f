"""Whether an image holds the platforms that it must, written as people and buildx write them."""

import re
from collections.abc import Iterable

from cdkit.core.errors import RequestError
from cdkit.core.oci.image import Image

_SHAPE = re.compile(r"[a-z0-9]+/[a-z0-9_-]+(?:/[a-z0-9.]+)?", re.ASCII)
_MEANT = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "arm64/v8": "arm64",
    "arm64/8": "arm64",
    "armhf": "arm/v7",
    "arm": "arm/v7",
    "arm/7": "arm/v7",
    "armel": "arm/v6",
    "arm/6": "arm/v6",
    "i386": "386",
}
"""What containerd, and with it Docker, takes for the same (containerd/platforms, Normalize)."""


def wanted(texts: Iterable[str]) -> frozenset[str]:
    """Return platforms as given, with commas between them or one by one; RequestError for none."""
    named = [one.strip().lower() for text in texts for one in text.split(",")]
    found = frozenset(_normal(one) for one in named if one)
    for one in found:
        if not _SHAPE.fullmatch(one):
            raise RequestError(f"{one[:80]!r} is no platform", remedy="write linux/amd64")
    return found


def held_by(image: Image) -> frozenset[str]:
    """Return the platforms of an image."""
    return frozenset(_normal(part.platform) for part in image.platforms)


def _normal(platform: str) -> str:
    os, slash, rest = platform.partition("/")
    return f"{os}{slash}{_MEANT.get(rest, rest)}"
