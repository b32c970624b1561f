"""Which tags should name which digest: settled from what people and builds say, before asking."""

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import RequestError
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import Reference, parse, parse_pinned
from cdkit.core.world import Files
from cdkit.image.pushed.metadata import Built, is_text, read_metadata


class Sources(Struct, frozen=True, kw_only=True):
    """Where tags and digest may come from, as text; what was not given is empty.

    `image` and `reference` are what steps before left: they count where nothing else says.
    """

    tags: tuple[str, ...] = ()
    digest: str = ""
    metadata: str = ""
    target: str = ""
    layout: str = ""
    image: str = ""
    reference: str = ""

    @property
    def build(self) -> str:
        """What to call the metadata in a message: the file's path, where it has one."""
        return "metadata" if is_text(self.metadata) else self.metadata


class Asked(Struct, frozen=True, kw_only=True):
    """The tags, and the digest that each should name; None where nobody said one."""

    tags: tuple[Reference, ...]
    digest: Digest | None
    notes: tuple[str, ...] = ()


def settle(sources: Sources, files: Files) -> Asked:
    """Settle the tags (as given, else as the build named them) and their digest.

    Raises RequestError where no tag is named or two sources contradict one another, and CannotTell
    where the metadata or the layout cannot tell.
    """
    built = _built(sources, files)
    names = built.names if built else ()
    tags = tuple(_tag(text, "tag") for text in sources.tags)
    left = (_tag(sources.reference, "reference"),) if sources.reference else ()
    chosen = tuple(dict.fromkeys(tags or names or left))
    if not chosen:
        raise RequestError(
            "no tag is named" + (f": {sources.build} has none in `image.name`" if built else ""),
            remedy="give --tag repository:tag, or --metadata with the names that buildx pushed",
        )
    own, digest = _digest(sources, built, files)
    if own and own.name not in {tag.name for tag in chosen}:
        raise RequestError(
            f"{own} is of another repository than {chosen[0]}",
            remedy="give the digest and the tags of one image",
        )
    return Asked(tags=chosen, digest=digest, notes=_strangers((*tags, *left), names, sources))


def _strangers(
    tags: tuple[Reference, ...], names: tuple[Reference, ...], sources: Sources
) -> tuple[str, ...]:
    """Tell of each tag that the build, as its metadata says, was not pushed under."""
    known = ", ".join(map(str, names))
    return tuple(
        f"{sources.build} is of a build that was not pushed as {tag}, but as {known}."
        for tag in dict.fromkeys(tags)
        if names and tag not in names
    )


def _built(sources: Sources, files: Files) -> Built | None:
    if sources.metadata:
        return read_metadata(sources.metadata, files, target=sources.target)
    if sources.target:
        raise RequestError(
            "a target is named, and no metadata file", remedy="give --metadata meta.json"
        )
    return None


def _digest(
    sources: Sources, built: Built | None, files: Files
) -> tuple[Reference | None, Digest | None]:
    """Return the digest that the tags should name, with its repository where that was given."""
    own, given = _given(sources.digest)
    if given and built and given != built.digest:
        raise RequestError(
            f"{given} is given, and {sources.build} says {built.digest}",
            remedy="give one of them: the digest or the metadata file",
        )
    digest = given or (built.digest if built else None)
    if sources.layout:
        return own, _in_layout(sources.layout, digest, files)
    if digest is None and sources.image:
        own = parse_pinned(sources.image)
        digest = own.digest
    return own, digest


def _given(text: str) -> tuple[Reference | None, Digest | None]:
    if "@" not in text:
        return None, Digest.parse(text) if text else None
    own = parse_pinned(text)
    return own, own.digest


def _in_layout(path: str, digest: Digest | None, files: Files) -> Digest:
    with open_layout(path, files) as layout:
        image = read_image(layout, digest=digest)
    if digest and image.digest != digest:
        raise RequestError(
            f"{digest} is one platform's manifest; the image is {image.digest}",
            where=path,
            remedy=f"give {image.digest}",
        )
    return image.digest


def _tag(text: str, what: str) -> Reference:
    reference = parse(text)
    if not reference.tag or reference.digest:
        raise RequestError(
            f"the {what} {text[:300]!r} is no `repository:tag`",
            remedy="write registry.example.com/team/name:tag; a digest goes into `digest`",
        )
    return reference
