"""Helm values: an image in one place, in parts, with a key for its digest, or with none."""

import posixpath
import re
from collections.abc import Iterator, Mapping

import yaml
from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import RequestError, Unreadable
from cdkit.core.oci.reference import parse
from cdkit.image.pins import templated
from cdkit.image.pins.chart import Chart, Image, read_chart, root_of
from cdkit.image.pins.document import Document
from cdkit.image.pins.keys import SHARED, apart, fill, insert, is_misread, word
from cdkit.image.pins.template_value import Path
from cdkit.image.pins.tree import entries, image, items, span
from cdkit.image.pins.use import (
    Edit,
    FileFormat,
    Use,
    holds_variable,
    image_at,
    is_whole,
    refused,
)

_MOST = 100_000
_DEEPEST = 100
_DIGESTS = ("digest", "imageDigest", "sha", "sha256")
_SPLIT = re.compile(r"(.*?)([iI]mage)(Tag|Version)")
_ASK = "write a `digest` beside it if the chart has one, or except it, with a reason"
_NO_CHART = ("goes into a chart that is not here, which may take no digest", _ASK)
_UNSEEN = ("cannot be seen to become an image in the chart's templates", _ASK)
_CHANGE = "give the chart a `digest`, or except it, with a reason"
_NO_DIGEST = "the chart has no place for a digest, and its tag cannot hold one"
_TEMPLATED = ("is put together by the chart", "write the whole name into the values")
_BY_HAND = ("has no place for a digest", "write a `digest` below the tag, each on a line")
_MISREAD = ("has a tag that YAML reads as a number, and prints otherwise", "put the tag in quotes")


class _Values(Struct, frozen=True, kw_only=True):
    """The nodes of the values by their paths: this file's own, and the chart's defaults."""

    own: Mapping[Path, yaml.Node]
    defaults: Mapping[Path, yaml.Node]

    def text(self, path: Path) -> str:
        """Return the text of a value, the chart's own if this file has none."""
        return word(self.own.get(path)) or word(self.defaults.get(path))


class _Parts(Struct, frozen=True, kw_only=True):
    """Where an image's parts are: its name as text, the paths of its tag and its digest.

    `encoded` says that the digest's place takes the hexadecimal part alone; `told` is the tag that
    another file gives; `why` says why there is no place for a digest, with what to do.
    """

    name: str
    place: Path
    tag: Path | None = None
    digest: Path | None = None
    encoded: bool = False
    told: str = ""
    why: tuple[str, str] | None = None
    is_shared: bool = False


def claims(document: Document) -> bool:
    """Whether it is a mapping that is no Kubernetes object: values have no form of their own."""
    if document.templated:
        return "apiVersion:" not in document.text
    if not isinstance(document.root, yaml.MappingNode):
        return False
    names = {name for name, _ in entries(document.root)}
    return not {"apiVersion", "kind"} <= names and "compose" not in posixpath.basename(
        document.path
    )


def find(document: Document) -> Iterator[Use]:
    """Yield the images that values make.

    Where the chart is at hand its templates say which values those are, and where a digest can go:
    under a key that they take it from, or behind the tag if that is nothing but a reference's end.
    Without the chart only a whole reference and a digest's own key are sure.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    chart = read_chart(document.path, document.around)
    values = _values(document, chart)
    found: list[Use] = []
    seen: set[Path] = set()
    for one in chart.images if chart else ():
        for binding in _bindings(one, values):
            if chart:
                found += _of_chart(document, chart, one, binding, values, seen)
    for path, node in values.own.items():
        if isinstance(node, yaml.MappingNode):
            found += _by_shape(document, path, values, seen, _UNSEEN if chart else _NO_CHART)
    yield from apart(found)


def _values(document: Document, chart: Chart | None) -> _Values:
    defaults: dict[Path, yaml.Node] = {}
    own = posixpath.normpath(document.path)
    folder = posixpath.dirname(document.path)
    for name in ("values.yaml", "values.yml") if chart else ():
        pattern = f"{chart.above}{name}" if chart else ""
        if posixpath.normpath(posixpath.join(folder, pattern)) != own:
            for path, text in document.around.beside(pattern).items():
                defaults = _index(document, root_of(path, text))
    return _Values(own=_index(document, document.root), defaults=defaults)


def _index(document: Document, root: yaml.Node | None) -> dict[Path, yaml.Node]:
    """Return every node by its path; raises Unreadable where aliases make too many of them."""
    found: dict[Path, yaml.Node] = {}
    waiting: list[tuple[Path, yaml.Node]] = [((), root)] if root is not None else []
    while waiting:
        path, node = waiting.pop()
        found[path] = node
        if len(found) > _MOST or len(path) > _DEEPEST:
            raise Unreadable(
                "is too deep or too large for a chart's values",
                where=document.path,
                remedy="except the file, with a reason",
            )
        waiting += [((*path, name), below) for name, below in entries(node)]
        waiting += [((*path, str(at)), below) for at, below in enumerate(items(node))]
    return dict(sorted(found.items()))


def _bindings(one: Image, values: _Values) -> list[Path]:
    """Return what `*` stands for in an image's paths, once for each that this file has."""
    found: dict[Path, None] = {}
    for path in (*one.repositories, *one.tags, *(path for path, _ in one.digests)):
        if path[0] != "Values":
            continue
        if "*" not in path:
            found |= {(): None} if path[1:] in values.own else {}
            continue
        for actual in values.own:
            if len(actual) == len(path) - 1 and all(
                asked in {"*", own} for asked, own in zip(path[1:], actual, strict=True)
            ):
                bound = zip(path[1:], actual, strict=True)
                found[tuple(own for asked, own in bound if asked == "*")] = None
    return list(found)


def _bound(path: Path, binding: Path) -> Path:
    """Return the path in the values that a template's path stands for."""
    rest = iter(binding)
    return tuple(next(rest, "*") if part == "*" else part for part in path[1:])


def _of_chart(
    document: Document,
    chart: Chart,
    one: Image,
    binding: Path,
    values: _Values,
    seen: set[Path],
) -> Iterator[Use]:
    """Yield the image that a chart makes of these values, if this file has any of them."""
    named = [path for path in (*one.repositories, *one.tags) if path[0] == "Values"]
    own = {path: _bound(path, binding) for path in named}
    digest, encoded = next(iter(one.digests), (None, False))
    under = _bound(digest, binding) if digest else None
    if _is_made(one) and any(_has(values, (*path[:-1], "tag")) for path in own.values()):
        return  # what stands beside the name says more than the templates do
    seen |= {*own.values(), *((under,) if under else ())}
    name = _name(chart, one, binding, values)
    first = own[one.repositories[0]] if one.repositories else ()
    if one.whole and (not one.tags or is_whole(values.text(first))):
        node = values.own.get(first)
        yield from (
            _whole(document, node, chart.misuse(one.repositories[0], whole=True)) if node else ()
        )
        return
    tag = next((path for path in one.tags if path[0] == "Values" and _has(values, own[path])), None)
    told, why = ("", _unfit(chart, tag, digest)) if tag else _told(chart, one, binding, values)
    places = [own[tag]] if tag else [path for path in own.values() if path in values.own]
    parts = _Parts(
        name=name or f"${{{'.'.join(first or own.get(tag or (), ()))}}}",
        place=next(iter(places), under or ()),
        tag=own[tag] if tag else None,
        digest=under,
        encoded=encoded,
        told=told,
        why=why,
        is_shared=any(path and chart.shares(path) for path in (tag, digest)),
    )
    yield from _use(document, parts, values)


def _is_made(one: Image) -> bool:
    """Whether the templates make the tag of something that cannot be followed."""
    return not (one.tags or one.loose or one.whole)


def _has(values: _Values, path: Path) -> bool:
    return bool(word(values.own.get(path)))


def _name(chart: Chart, one: Image, binding: Path, values: _Values) -> str:
    """Return an image's name, in the fullest form that has a value for each of its parts."""

    def value(path: Path) -> str:
        return values.text(_bound(path, binding)) if path[0] == "Values" else ""

    named = [chart.filled(form, value) for form in sorted(one.names, key=len, reverse=True)]
    return next((name for name in named if name), "")


def _unfit(chart: Chart, tag: Path, digest: Path | None) -> tuple[str, str] | None:
    """Say why a tag cannot hold the digest, if no key does."""
    if digest:
        return None
    if not chart.rendering.complete:
        return "belongs to a chart whose templates cannot all be followed", _ASK
    reason = chart.misuse(tag)
    return (f"{_NO_DIGEST}: {reason}", _CHANGE) if reason else None


def _told(chart: Chart, one: Image, binding: Path, values: _Values) -> tuple[str, tuple[str, str]]:
    """Return the tag that this file does not name, and why it cannot be pinned here."""

    def value(path: Path) -> str:
        return values.text(_bound(path, binding)) if path[0] == "Values" else ""

    for path in one.tags:
        if text := value(path):
            return text, ("takes its tag from the chart's own values", "name the tag here as well")
    if ("Chart", "AppVersion") in one.tags and chart.app_version:
        why = "takes its tag from the chart's appVersion", "name the tag in the values"
        return chart.app_version, why
    return next((text for form in one.loose if (text := chart.filled(form, value))), ""), _TEMPLATED


def _use(document: Document, parts: _Parts, values: _Values) -> Iterator[Use]:
    """Yield an image in parts: pinned, to be pinned, or refused."""
    node = values.own.get(parts.place)
    if not isinstance(node, yaml.ScalarNode):
        return
    tag = word(values.own.get(parts.tag or (), None))
    text = f"{parts.name}:{tag}" if tag else parts.name
    start, end = span(document.source, node)
    under = values.own.get(parts.digest) if parts.digest else None
    if isinstance(under, yaml.ScalarNode) and word(under):
        yield _pinned(document, text, under, encoded=parts.encoded)
        return
    if not tag:
        why = parts.why or _TEMPLATED
        yield refused(f"{text}:{parts.told or '$tag'}", start, end, *why)
    elif "@" in tag:
        yield image_at(text, start, end, document.text[start:end])
    elif is_misread(values.own.get(parts.tag or ())):
        yield refused(text, start, end, *_MISREAD)
    elif parts.is_shared:
        yield refused(text, start, end, *SHARED)
    elif parts.why:
        yield refused(text, start, end, *parts.why)
    else:
        edit = _edit(document, parts, values, end)
        found = Use(text=text, start=start, end=end, edits=(edit,) if edit else ())
        yield found if edit else refused(text, start, end, *_BY_HAND)


def _pinned(document: Document, text: str, under: yaml.ScalarNode, *, encoded: bool) -> Use:
    start, end = span(document.source, under)
    value = word(under)
    edit = fill(document.source, under)
    if edit and encoded:
        edit = replace(edit, encoded=True)
    digest = f"sha256:{value}" if encoded else value
    return Use(text=f"{text}@{digest}", start=start, end=end, edits=(edit,) if edit else ())


def _edit(document: Document, parts: _Parts, values: _Values, end: int) -> Edit | None:
    """Return the edit that writes the digest: under its key, or behind the tag."""
    if parts.digest is None:
        return Edit(start=end, end=end, before="@")
    under = values.own.get(parts.digest)
    if under is not None:
        edit = fill(document.source, under)
    elif parts.tag and parts.tag[:-1] == parts.digest[:-1] and parts.tag[:-1] in values.own:
        mapping = values.own[parts.tag[:-1]]
        edit = insert(document.source, mapping, parts.tag[-1], parts.digest[-1])
    else:
        edit = None
    return replace(edit, encoded=True) if edit and parts.encoded else edit


def _whole(document: Document, node: yaml.Node, misuse: str) -> Iterator[Use]:
    """Yield an image that stands in one place; the chart must not look into it."""
    for use in image(document.source, node):
        if misuse:
            yield refused(use.text, use.start, use.end, f"cannot hold a digest: {misuse}", _CHANGE)
        elif holds_variable(use.text):
            yield refused(use.text, use.start, use.end, *_TEMPLATED)
        else:
            yield use


def _is_name(text: str) -> bool:
    try:
        return bool(text) and parse(text) is not None
    except RequestError:
        return False


def _by_shape(
    document: Document, path: Path, values: _Values, seen: set[Path], why: tuple[str, str]
) -> Iterator[Use]:
    """Yield the images of a mapping by the names of its keys, those that the chart shows left out.

    The names are those of the chart guide and of what charts commonly have: `repository` and
    `tag`, `image` and `tag`, `imageRepository` and `imageTag`, `registry` before, `digest` behind.
    """
    keys = [name for name, _ in entries(values.own[path])]
    for repository, tag in _pairs(path, keys, values):
        places = {(*path, repository), (*path, tag)}
        if places & seen or not _is_name(values.text((*path, repository))):
            continue
        seen |= places
        registry = values.text((*path, "registry")) if tag == "tag" else ""
        key = next((key for key in _DIGESTS if key in keys), None)
        has_tag_here = _has(values, (*path, tag))
        parts = _Parts(
            name=f"{registry}/{values.text((*path, repository))}".lstrip("/"),
            place=(*path, tag if has_tag_here else repository),
            tag=(*path, tag) if has_tag_here else None,
            digest=(*path, key) if key else None,
            encoded=key in {"sha", "sha256"},
            why=None if key and has_tag_here else why if has_tag_here else _TEMPLATED,
        )
        yield from _use(document, parts, values)
    for key in keys:
        here = (*path, key)
        node = values.own[here]
        sure = is_whole(word(node)) or holds_variable(word(node))
        if here not in seen and key.lower().endswith("image") and sure:
            yield from _whole(document, node, "")


def _pairs(path: Path, keys: list[str], values: _Values) -> Iterator[tuple[str, str]]:
    """Yield the keys of a name and its tag that stand side by side."""
    is_image = bool(path) and path[-1].lower().endswith("image")
    if "repository" in keys and (is_image or {"tag", "registry", *_DIGESTS} & set(keys)):
        yield "repository", "tag"
    elif "name" in keys and "tag" in keys and is_image:
        yield "name", "tag"
    elif "image" in keys and "tag" in keys and not is_whole(values.text((*path, "image"))):
        yield "image", "tag"
    for key in keys:
        found = _SPLIT.fullmatch(key)
        for ending in ("Repository", "Name", "") if found else ():
            name = f"{found[1]}{found[2]}{ending}" if found else ""
            if name in keys and not is_whole(values.text((*path, name))):
                yield name, key
                break


FORMAT = FileFormat(
    name="helm",
    title="Helm values",
    known_by="`values*.yaml`; the chart's templates are read to see what they take",
    syntax="tree",
    paths=(r"(?:^|/)(?:[^/]*[._-])?values(?:[._-][^/]*)?\.ya?ml",),
    needles=(),
    claims=claims,
    find=find,
    source="https://helm.sh/docs/chart_best_practices/values/",
)
