"""A Helm chart as its templates show it: which values make an image, and which takes a digest."""

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping

import yaml
from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import Unreadable
from cdkit.image.pins.document import Around, Source
from cdkit.image.pins.gotemplate import Template, parse_template
from cdkit.image.pins.keys import word
from cdkit.image.pins.rendering import Line, Rendering, render
from cdkit.image.pins.template_value import UNKNOWN, Path
from cdkit.image.pins.tree import compose, get, items

_ABOVE = ("", "../", "../../")
_MARK = "[\ue000-\uf8ff]"
_LINE = re.compile(r"""\s*(?:-\s+)*["']?([\w.-]*)["']?\s*:\s+(.*?)\s*$""")
_ARGUMENT = re.compile(rf"""--?[\w.-]*image[=\s]["']?([\w./:@\ue000-\uf8ff-]*{_MARK})""")
_REFERENCE = re.compile(
    rf"(?P<name>[^@\s]+?)(?::(?P<tag>[^:@/\s]+))?(?:@(?P<hex>sha256:)?(?P<digest>{_MARK}))?"
)
_WELL = rf"(?:^|(?<=[:@]){{before}}){{mark}}(?=$|[\s\"'`,\\]|@(?:sha256:)?{_MARK})"
_ALONE = r"|(?<=: )|(?<=[\"'/=])"
_WITHIN = re.compile(r"(?:^|/)charts/([^/]+)/templates/")
_TEMPLATES = (".yaml", ".yml", ".tpl", ".json", ".txt")
_MOST_FILES = 500
_LIBRARY = {
    # https://github.com/bitnami/charts/blob/main/bitnami/common/templates/_images.tpl
    "bitnami/common": """
{{- define "common.images.image" -}}
{{- $registry := default .imageRoot.registry ((.global).imageRegistry) -}}
{{- $tag := .imageRoot.tag -}}
{{- if .chart }}{{ $tag = default .chart.AppVersion .imageRoot.tag }}{{ end -}}
{{- if .imageRoot.digest -}}
{{- printf "%s/%s@%s" $registry .imageRoot.repository .imageRoot.digest -}}
{{- else -}}
{{- printf "%s/%s:%s" $registry .imageRoot.repository $tag -}}
{{- end -}}
{{- end -}}
"""
}
"""Helpers of library charts that are rarely kept beside the chart that uses them."""


class Image(Struct, frozen=True, kw_only=True):
    """Values that make one image.

    `names` are the forms of what stands before the tag, as text with marks, and `repositories` the
    values in its last part; `tags` and `digests` are the values that may stand there, a digest's
    with whether it is the hexadecimal part alone; `loose` are tags that are text as well, with
    marks; `whole` says that a value is the image by itself.
    """

    names: tuple[str, ...]
    repositories: tuple[Path, ...] = ()
    tags: tuple[Path, ...] = ()
    loose: tuple[str, ...] = ()
    digests: tuple[tuple[Path, bool], ...] = ()
    whole: bool = False


class Chart(Struct, frozen=True, kw_only=True):
    """A chart: its folder from the values' folder, what it renders, and the images therein."""

    above: str
    app_version: str
    rendering: Rendering
    images: tuple[Image, ...]

    def filled(self, text: str, value: Callable[[Path], str]) -> str:
        """Return a text with its marks filled in, or nothing where one of them has no value."""
        parts = []
        for character in text:
            path = self.rendering.marks.get(character, ())
            part = value(path) if path else "" if character == UNKNOWN else character
            if not part:
                return ""
            parts.append(part)
        return "".join(parts)

    def shares(self, path: Path) -> bool:
        """Whether more than one image takes its tag or its digest from this value."""
        users = [one for one in self.images if path in {*one.tags, *dict(one.digests)}]
        return len(users) > 1

    def misuse(self, path: Path, *, whole: bool = False) -> str:
        """Return where a value is used for more than the end of a reference, or nothing.

        `whole` is for a value that is a reference by itself, and may stand where any word does.
        """
        for one in self.rendering.misuses:
            if one.path == path:
                return f"`{one.function}` looks into it ({_place(one.file, one.line)})"
        mark = next((mark for mark, own in self.rendering.marks.items() if own == path), "")
        well = re.compile(_WELL.format(mark=mark or UNKNOWN, before=_ALONE if whole else ""))
        for line in self.rendering.lines if mark else ():
            if line.text.count(mark) != len(well.findall(line.text)):
                return f"it is used for more than an image ({_place(line.file, line.line)})"
        return ""


def read_chart(path: str, around: Around) -> Chart | None:
    """Return the chart that a file of values lies in, or up to two folders below; None without."""
    folders = len([part for part in posixpath.dirname(path).split("/") if part not in {"", "."}])
    for above in _ABOVE[: folders + 1]:
        for text in around.beside(f"{above}Chart.yaml").values():
            return _chart(above, text, around)
    return None


def _chart(above: str, text: str, around: Around) -> Chart:
    metadata = root_of("Chart.yaml", text)
    files = {
        **around.beside(f"{above}templates/**"),
        **around.beside(f"{above}charts/*/templates/**"),
    }
    keys = {
        word(get(one, "name")): word(get(one, "alias")) or word(get(one, "name"))
        for one in items(get(metadata, "dependencies"))
    }
    rendering = _rendering(files, keys)
    return Chart(
        above=above,
        app_version=word(get(metadata, "appVersion")),
        rendering=rendering,
        images=tuple(_images(rendering)),
    )


def root_of(path: str, text: str) -> yaml.Node | None:
    """Return the first document of a file beside the one that is pinned, None for what is none."""
    try:
        return next(iter(compose(Source(path=path, text=text.removeprefix("\ufeff")))), None)
    except Unreadable:
        return None


def _rendering(files: Mapping[str, str], keys: Mapping[str, str]) -> Rendering:
    """Render a chart's files; `keys` are the values' keys of the charts within it, by name."""
    templates: dict[str, Template] = {}
    library = {name: parse_template(name, text) for name, text in _LIBRARY.items()}
    complete = len(files) < _MOST_FILES
    roots: dict[str, str] = {}
    for path, text in files.items():
        name = posixpath.basename(path)
        if not name.endswith(_TEMPLATES) or name == "NOTES.txt":
            continue
        try:
            template = parse_template(path, text)
        except Unreadable:
            complete = False
            continue
        (library if name.startswith("_") or name.endswith(".tpl") else templates)[path] = template
        if within := _WITHIN.search(path):
            roots[path] = keys.get(within[1], within[1])
    found = render(templates, library, roots)
    return replace(found, complete=found.complete and complete)


def _images(rendering: Rendering) -> Iterator[Image]:
    """Yield the images that lines show, by what stands before their tags."""
    names: dict[str, dict[str, None]] = {}
    tags: dict[str, set[str]] = {}
    digests: dict[str, set[tuple[str, bool]]] = {}
    whole: set[str] = set()
    for reference in dict.fromkeys(ref for line in rendering.lines for ref in _references(line)):
        found = _REFERENCE.fullmatch(reference)
        if not found or not re.search(_MARK, reference):
            continue
        name = found["name"].rpartition("/")[2]
        names.setdefault(name, {})[found["name"]] = None
        if found["tag"]:
            tags.setdefault(name, set()).add(found["tag"])
        if found["digest"]:
            digests.setdefault(name, set()).add((found["digest"], bool(found["hex"])))
        if reference == name:
            whole.add(name)
    for name, forms in names.items():
        yield _image(
            tuple(forms),
            tags.get(name, set()),
            digests.get(name, set()),
            rendering.marks,
            whole=name in whole,
        )


def _image(
    names: tuple[str, ...],
    tags: Collection[str],
    digests: Collection[tuple[str, bool]],
    marks: Mapping[str, Path],
    *,
    whole: bool,
) -> Image:
    """Tell tags from digests by name: a helper that joins either shows both as both."""
    named = {marks.get(mark, ("",)): encoded for mark, encoded in digests}
    paths = [marks[mark] for mark in sorted(tags) if mark in marks]
    last = names[0].rpartition("/")[2]
    return Image(
        names=names,
        repositories=tuple(
            path for mark in last if (path := marks.get(mark, ("",)))[0] == "Values"
        ),
        tags=tuple(path for path in paths if not (path in named and _is_digest(path))),
        loose=tuple(sorted(tag for tag in tags if tag not in marks and tag != UNKNOWN)),
        digests=tuple(
            (path, encoded)
            for path, encoded in named.items()
            if path[0] == "Values" and (_is_digest(path) or path not in paths)
        ),
        whole=whole,
    )


def _is_digest(path: Path) -> bool:
    return re.search("digest|sha", path[-1], re.IGNORECASE) is not None


def _references(line: Line) -> Iterator[str]:
    """Yield what a line shows to be an image: by its key, an argument's name, or a tag's."""
    text = line.text
    found = _LINE.fullmatch(text)
    if found and found[1].lower().endswith("image"):
        value = re.split(r"\s#", found[2], maxsplit=1)[0].strip()
        yield value.strip("\"'")
        return
    yield from _ARGUMENT.findall(text)


def _place(file: str, line: int) -> str:
    return f"{posixpath.normpath(file)}:{line}"
