"""Images for tools that take a tag or a digest, and not both: the tag goes into a comment."""

import re
from collections.abc import Iterator

import yaml
from msgspec.structs import replace

from cdkit.image.pins.document import Source
from cdkit.image.pins.tree import image
from cdkit.image.pins.use import Edit, Use, has_tag, refused

_COMMENT = re.compile(r"[ \t]+#[ \t]*([A-Za-z0-9_][A-Za-z0-9._-]{0,127})[ \t]*(?:#|\r?$)")
_WHY = "takes no tag beside a digest, and no comment can stand here to keep the tag"


def bare(source: Source, node: yaml.Node | None) -> Iterator[Use]:
    """Yield the use of an image in a scalar whose reader takes either a tag or a digest.

    The digest is written in the tag's place, and the tag into a comment at the line's end. From
    there it is read again: `name@sha256:… # 1.27` is told as `name:1.27@sha256:…`.
    """
    for use in image(source, node):
        yield _with_comment(source, node, use) if node and use.edits else use


def _with_comment(source: Source, node: yaml.Node, use: Use) -> Use:
    name, at, digest = use.text.partition("@")
    end = source.end_of_line(node.end_mark.index)
    rest = source.text[node.end_mark.index : end]
    found = _COMMENT.match(rest)
    if at:
        tag = f":{found[1]}" if found and not has_tag(name) else ""
        return replace(use, text=f"{name}{tag}@{digest}")
    if _is_json(source) or (rest.strip() and not rest.lstrip().startswith("#")):
        return refused(use.text, use.start, use.end, _WHY, "write name@sha256:… by hand")
    if source.text[use.start : use.end] != use.text:
        return refused(use.text, use.start, use.end, "holds escapes", "write it plainly")
    path, _, tag = use.text.rpartition(":") if has_tag(use.text) else (use.text, "", "latest")
    return replace(use, edits=tuple(_edits(use, len(path), node.end_mark.index, f" # {tag}")))


def _edits(use: Use, path: int, place: int, comment: str) -> Iterator[Edit]:
    """Yield the digest's edit and the comment's; two that meet are one, as edits have no order."""
    meet = place == use.end
    yield Edit(start=use.start + path, end=use.end, before="@", after=comment if meet else "")
    if not meet:
        yield Edit(start=place, end=place, before=comment, bare=True)


def _is_json(source: Source) -> bool:
    return source.path.endswith(".json") or source.text.lstrip()[:1] in {"{", "["}
