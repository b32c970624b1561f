"""What a file format is to us, and one use of an image or an action in a file."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import RequestError
from cdkit.core.oci.reference import parse
from cdkit.image.pins.document import Document

Kind = Literal["image", "action"]


class Edit(Struct, frozen=True, kw_only=True):
    """A piece of the text to be replaced: `before`, the digest (unless `bare`), `after`.

    `start` and `end` are offsets in characters; the same twice inserts. `encoded` writes the digest
    without its algorithm, for a place that has that written beside it (`@sha256:{{ .sha }}`).
    """

    start: int
    end: int
    before: str = ""
    after: str = ""
    bare: bool = False
    encoded: bool = False

    def text(self, value: str) -> str:
        """Return what stands there afterwards, given the digest or commit."""
        value = value.rpartition(":")[2] if self.encoded else value
        return f"{self.before}{'' if self.bare else value}{self.after}"


class Use(Struct, frozen=True, kw_only=True):
    """One reference in a file.

    `text` is the whole reference as the file means it: an image's (`nginx:1.27`, put together
    where the file keeps its parts apart), or an action's (`owner/name@v4`). `start` and `end` are
    where to point people. `edits` write a digest; without any, `refusal` says why this place
    cannot take one, and `remedy` what to do instead. `tag` is what an update asks for where the
    text itself does not hold it (an action's comment).
    """

    kind: Kind = "image"
    text: str
    start: int
    end: int
    edits: tuple[Edit, ...] = ()
    refusal: str = ""
    remedy: str = ""
    tag: str = ""

    @property
    def key(self) -> tuple[int, str]:
        """What tells it from every other use in its file: an anchor's place may be two images'."""
        return self.start, self.text


class FileFormat(Struct, frozen=True, kw_only=True):
    """A format of files that name images.

    `claims` says whether a document is of this format; each document is claimed by one format at
    most. `find` yields its references, in any order. `syntax` is `tree` for YAML and JSON (the
    document then has a root, unless it is templated), else `text`. `paths` are regular
    expressions, one of which must match a path's end for the file to be looked at; `needles` are
    bytes, all of which a file of this format holds that names an image, and `any_of` are bytes of
    which it holds one at least: a file that lacks them is not even parsed. `certain` are those of
    the paths that leave no doubt: a template there which nobody can read is told, not passed over.
    `source` is the page that says where images stand in it; `known_by` tells people, in Markdown,
    what makes a file one of these.
    """

    name: str
    title: str
    known_by: str
    syntax: Literal["tree", "text"]
    paths: tuple[str, ...]
    needles: tuple[bytes, ...]
    claims: Callable[[Document], bool]
    find: Callable[[Document], Iterator[Use]]
    source: str
    any_of: tuple[bytes, ...] = ()
    certain: tuple[str, ...] = ()


def image_at(text: str, start: int, end: int, raw: str) -> Use:
    """Return the use of an image whose whole reference stands in one place.

    `raw` is what stands between `start` and `end` in the file, which differs from `text` where a
    string escapes something. A digest goes after the tag; without a tag the one that every engine
    takes, `latest`, is written out, so that an update knows what to ask for.
    """
    name, at, digest = text.partition("@")
    if at:
        if not raw.endswith(at + digest):
            return refused(text, start, end, "holds escapes in its digest", "write it plainly")
        edits = (Edit(start=end - len(digest), end=end),)
    else:
        tag = "" if has_tag(name) else ":latest"
        edits = (Edit(start=end, end=end, before=f"{tag}@"),)
    return Use(text=text, start=start, end=end, edits=edits)


def moved(use: Use, by: int) -> Use:
    """Return a use that was found in a part of a text with its places in the whole."""
    edits = tuple(replace(one, start=one.start + by, end=one.end + by) for one in use.edits)
    return replace(use, start=use.start + by, end=use.end + by, edits=edits)


def refused(text: str, start: int, end: int, why: str, remedy: str) -> Use:
    """Return the use of an image in a place that cannot take a digest."""
    return Use(text=text, start=start, end=end, refusal=why, remedy=remedy)


def has_tag(name: str) -> bool:
    """Whether a reference without its digest has a tag: a colon after the last slash."""
    return ":" in name.rpartition("/")[2]


def is_whole(text: str) -> bool:
    """Whether a text is a reference that says which: with a tag or a digest."""
    try:
        parse(text)
    except RequestError:
        return False
    return "@" in text or has_tag(text)


_VARIABLE = re.compile(r"\$|\{\{|<|\(\(|%\(|\{%|@@|__[A-Z]")


def holds_variable(text: str) -> bool:
    """Whether a text waits for something to fill it in: a shell's, a template's, a CI system's."""
    return _VARIABLE.search(text) is not None
