"""Variables whose value stands in the file: an image is pinned where it is written out.

`image: $IMAGE` with `IMAGE: nginx:1.27` beside it names an image at its value. The value is pinned
only if nothing else in the file uses it: a variable that is also what a script builds, or a part
of another reference, would break there.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import yaml
from msgspec import Struct
from msgspec.structs import replace

from cdkit.image.pins.bare import bare
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import image, scalar, walk
from cdkit.image.pins.use import Use, refused

_OWN = "write the reference where the image is used, or in a variable that nothing else uses"
_BESIDE = "stands beside a value that cannot take a digest"

Mentions = Callable[[yaml.Node], tuple[str, tuple[str, ...]]]
"""The variable that a node is as a whole, or an empty string; and all that it mentions."""


class Scope:
    """Where a variable is known: the trees that it is used in, and the values that it is given.

    `values` are filled in by whoever reads the file: a variable without any is filled in later,
    one that is not among them is looked for in `around`.
    """

    def __init__(
        self, mentions: Mentions, *roots: yaml.Node | None, around: "Scope | None" = None
    ) -> None:
        self.mentions = mentions
        self.roots = roots
        self.around = around
        self.values: dict[str, list[Place]] = {}

    def give(
        self, name: str, node: yaml.Node | None, scope: "Scope | None" = None, why: str = ""
    ) -> None:
        """Add a value of a variable, whose own variables are those of `scope`."""
        if node is not None and scalar(node).strip():
            place = Place(node=node, scope=scope or self, why=why)
            self.values.setdefault(name, []).append(place)

    def declare(self, name: str) -> None:
        """Make a variable known that has no value yet."""
        self.values.setdefault(name, [])

    def owner(self, name: str) -> "Scope | None":
        """Return the scope that a variable is known in, this one or the nearest around it."""
        here: Scope | None = self
        while here is not None and name not in here.values:
            here = here.around
        return here

    @property
    def place(self) -> tuple[int, ...]:
        """What tells the trees that this scope is known in from others."""
        return tuple(id(root) for root in self.roots)

    def mentioned(self, whole: set[int]) -> set[str]:
        """Return the variables that are used elsewhere than in the nodes of `whole`."""
        nodes = (node for root in self.roots for node in walk(root) if id(node) not in whole)
        return {name for node in nodes for name in self.mentions(node)[1]}


class Place(Struct, frozen=True, kw_only=True):
    """A node that names an image, or the variable that does.

    `bare` says that a tool takes either a tag or a digest there; `why` says why a digest cannot
    stand in it. `owner` and `name` are the variable whose value it is.
    """

    node: yaml.Node
    scope: Scope
    bare: bool = False
    why: str = ""
    owner: Scope | None = None
    name: str = ""


Write = Callable[[Document, Place], Iterator[Use]]


def plain(document: Document, place: Place) -> Iterator[Use]:
    """Yield the image of a scalar."""
    return (bare if place.bare else image)(document.source, place.node)


def resolve(document: Document, places: Iterable[Place], write: Write = plain) -> Iterator[Use]:
    """Yield the images at these places, those behind a variable at the variable's values.

    The values of one variable are pinned together or not at all: what a default names is often
    one of a list that names it again.
    """
    whole: set[int] = set()
    ends = list(_ends(places, whole))
    either = {id(one.node) for one in ends if one.bare}
    groups: dict[tuple[int, ...], _Group] = {}
    for place in ends:
        if place.bare or id(place.node) not in either:
            owner = place.owner
            key = owner.place if owner else (id(place.node),)
            if key not in groups:
                groups[key] = _Group(owner.mentioned(whole) if owner else set())
            groups[key].add(place, write(document, place))
    found: dict[tuple[int, int], Use] = {}
    for group in groups.values():
        for use in group.uses():
            if not (known := found.get((use.start, use.end))) or known.edits:
                found[use.start, use.end] = use
    yield from found.values()


class _Group:
    """The uses that are values of the variables of one place, by variable."""

    def __init__(self, elsewhere: set[str]) -> None:
        self._elsewhere = elsewhere
        self._found: dict[str, list[tuple[Use, str]]] = {}

    def add(self, place: Place, uses: Iterable[Use]) -> None:
        why = place.why
        if place.name in self._elsewhere:
            why = f"is the value of {place.name}, which is used for something else too"
        self._found.setdefault(place.name, []).extend((use, why) for use in uses)

    def uses(self) -> Iterator[Use]:
        for found in self._found.values():
            yield from _together(found)


def _together(uses: list[tuple[Use, str]]) -> Iterator[Use]:
    """Yield the uses of one variable: if one cannot be pinned, and is not, none of them can."""
    stuck = any("@" not in use.text and (why or not use.edits) for use, why in uses)
    for use, why in uses:
        if not stuck or "@" in use.text or (use.refusal and not why):
            yield use
        else:
            yield refused(use.text, use.start, use.end, why or _BESIDE, _OWN)


def _ends(places: Iterable[Place], whole: set[int]) -> Iterator[Place]:
    """Follow variables to their values, and fill `whole` with the nodes that are variables."""
    waiting = list(places)
    seen: set[tuple[int, int, int, bool]] = set()
    while waiting:
        place = waiting.pop()
        key = (id(place.node), id(place.scope), id(place.owner), place.bare)
        if key in seen:
            continue
        seen.add(key)
        name = place.scope.mentions(place.node)[0]
        owner = place.scope.owner(name)
        if owner is None or not owner.values[name]:
            yield place
            continue
        whole.add(id(place.node))
        waiting += [
            replace(one, bare=one.bare or place.bare, owner=owner, name=name)
            for one in owner.values[name]
        ]


def texts(whole: re.Pattern[str], anywhere: re.Pattern[str] | None = None) -> Mentions:
    """Return how to read variables out of texts.

    `whole` matches a text that is a variable, `anywhere` one within a text (the same if there is
    no other); the groups of a match that are not empty, joined by a dot, are the name.
    """

    def mentions(node: yaml.Node) -> tuple[str, tuple[str, ...]]:
        text = scalar(node).strip()
        is_one = whole.fullmatch(text)
        names = tuple(_name(one) for one in (anywhere or whole).finditer(text))
        return (_name(is_one) if is_one else ""), names

    return mentions


def _name(found: re.Match[str]) -> str:
    return ".".join(filter(None, found.groups()))
