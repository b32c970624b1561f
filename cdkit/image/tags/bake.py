"""Definitions for `docker buildx bake`, and all that was found out as one JSON object."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cdkit.core.errors import RequestError
from cdkit.core.escape import bake_string
from cdkit.core.oci.image import Image, PlatformImage

_TARGET = re.compile(r"[a-zA-Z0-9_-]{1,200}", re.ASCII)


def bake_files(
    target: str,
    *,
    images: Sequence[str],
    version: str,
    tags: Sequence[str],
    labels: Mapping[str, str],
    annotations: Sequence[str],
) -> dict[str, bytes]:
    """Return the four definitions of docker/metadata-action, by the word in their names.

    The empty word stands for tags, labels and build arguments in one.
    Strings are written so that bake takes them as they are: in HCL's JSON `${…}` is a template
    (HCL "JSON syntax", "Expressions").
    """
    if not _TARGET.fullmatch(target):
        raise RequestError(
            f"{target[:80]!r} is no name of a bake target",
            remedy="write letters, digits, `-` and `_`: docker-metadata-action",
        )
    args = {"DOCKER_META_IMAGES": ",".join(images), "DOCKER_META_VERSION": version}
    parts: dict[str, dict[str, Any]] = {
        "": {"tags": tags, "labels": labels, "args": args},
        "tags": {"tags": tags, "args": args},
        "labels": {"labels": labels},
        "annotations": {"annotations": annotations},
    }
    return {word: _definition(target, part) for word, part in parts.items()}


def bake_path(path: str, word: str) -> str:
    """Return the name of one of the four: `bake.json`, `bake-tags.json`."""
    stem = path.removesuffix(".json")
    return f"{stem}-{word}.json" if word else path


def summary(
    *,
    version: str,
    tags: Sequence[str],
    names: Sequence[str],
    labels: Mapping[str, str],
    annotations: Sequence[str],
    image: str,
    found: Image | None,
) -> str:
    """Return what docker/metadata-action's `json` output says, and the digests beside it."""
    parts = found.platforms if found else ()
    return msgspec.json.encode(
        {
            "version": version,
            "tags": tags,
            "tag-names": names,
            "labels": labels,
            "annotations": annotations,
            "image": image,
            "digest": str(found.digest) if found else "",
            "index-digest": str(found.digest) if found and found.is_index else "",
            "platforms": [_platform(part) for part in parts],
        }
    ).decode()


def _platform(part: PlatformImage) -> dict[str, str]:
    return {
        "platform": part.platform,
        "digest": str(part.digest),
        "config-digest": str(part.config_digest),
    }


def _definition(target: str, part: Mapping[str, Any]) -> bytes:
    document = {"target": {target: _escaped(part)}}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _escaped(value: Any) -> Any:  # noqa: ANN401 - strings, lists and maps of them
    if isinstance(value, str):
        return bake_string(value)
    if isinstance(value, Mapping):
        return {bake_string(key): _escaped(text) for key, text in value.items()}
    return [_escaped(text) for text in value]
