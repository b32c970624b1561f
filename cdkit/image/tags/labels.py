"""Labels and annotations: what an image says of itself (OCI image-spec, annotations.md)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.doors.clock import stamp
from cdkit.core.errors import RequestError
from cdkit.image.tags.attributes import entries
from cdkit.image.tags.parent import Parent
from cdkit.image.tags.payload import Payload, told
from cdkit.image.tags.template import Scope, read_template, render

PREFIX = "org.opencontainers.image."
REVISION = f"{PREFIX}revision"
BASE_NAME, BASE_DIGEST = f"{PREFIX}base.name", f"{PREFIX}base.digest"

_LEVEL = re.compile(
    r"index-descriptor|index|(?:manifest-descriptor|manifest)"
    r"(?:\[[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,2}\])?",
    re.ASCII,
)
_NO_LICENCE = "NOASSERTION"


class Wording(Struct, frozen=True, kw_only=True):
    """What is said of an image: `annotations` are `level:name=value` lines.

    `left_out` are entries of the user's without a value, which say nothing.
    """

    labels: dict[str, str]
    annotations: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def known_labels(
    context: BuildContext,
    payload: Payload | None,
    *,
    commit: str,
    version: str,
    created: datetime,
    url: str,
    parent: Parent | None = None,
) -> dict[str, str]:
    """Return what is known of an image that is to be built, under the names of the OCI.

    They are created (RFC 3339), revision, source, url, version, ref.name (the first tag), title,
    description and licenses (of the repository, where its event says so), base.name and
    base.digest; empty ones are left out. `url` is the address that git knows.
    """
    repository = payload.repository if payload else None
    address = told(repository.html_url if repository else "") or context.repository_url or url
    licence = told(repository.license.spdx_id if repository and repository.license else "")
    name = told(repository.name if repository else "") or context.repository.rpartition("/")[2]
    labels = {
        "created": stamp(created),
        "revision": commit,
        "source": address,
        "url": address or context.url,
        "version": version,
        "ref.name": version,
        "title": name,
        "description": told(repository.description if repository else ""),
        "licenses": "" if licence == _NO_LICENCE else licence,
        "base.name": parent.name if parent else "",
        "base.digest": parent.digest if parent else "",
    }
    return {f"{PREFIX}{key}": one_line(text) for key, text in labels.items() if text}


def say(
    known: Mapping[str, str],
    scope: Scope,
    *,
    labels: Iterable[str],
    annotations: Iterable[str],
    levels: Iterable[str],
) -> Wording:
    """Return labels and annotations, sorted by name; the user's own `name=value` win.

    Expressions in those are rendered. An entry without `=` says nothing: it is left out and told.
    """
    own_labels, own_annotations = _own(labels, scope), _own(annotations, scope)
    annotated = dict(sorted({**known, **own_annotations[0]}.items()))
    return Wording(
        labels=dict(sorted({**known, **own_labels[0]}.items())),
        annotations=at_levels(annotated, levels),
        left_out=(*own_labels[1], *own_annotations[1]),
    )


def _own(given: Iterable[str], scope: Scope) -> tuple[dict[str, str], list[str]]:
    pairs: dict[str, str] = {}
    left_out: list[str] = []
    for entry in entries(given):
        text = render(read_template(entry, where=entry), scope)
        name, equals, value = text.partition("=")
        if equals and name.strip():
            pairs[one_line(name)] = one_line(value)
        else:
            left_out.append(entry)
    return pairs, left_out


def lines_of(pairs: Mapping[str, str]) -> tuple[str, ...]:
    """Return `name=value` lines."""
    return tuple(f"{name}={value}" for name, value in pairs.items())


def at_levels(pairs: Mapping[str, str], levels: Iterable[str]) -> tuple[str, ...]:
    """Return `level:name=value` lines, as BuildKit takes annotations (its docs/annotations.md).

    Raises RequestError for a level that there is not.
    """
    asked = [level.strip() for entry in levels for level in entry.split(",") if level.strip()]
    for level in asked:
        if not _LEVEL.fullmatch(level):
            raise RequestError(
                f"{level[:80]!r} is no level of annotations",
                remedy="write manifest, index, manifest-descriptor or index-descriptor; "
                "a platform in brackets: manifest[linux/amd64]",
            )
    return tuple(f"{level}:{line}" for level in dict.fromkeys(asked) for line in lines_of(pairs))


def one_line(text: str) -> str:
    """Return a text on one line, its spaces squeezed; a byte that is no UTF-8 becomes a `?`."""
    return " ".join(text.split()).encode("utf-8", "replace").decode()
