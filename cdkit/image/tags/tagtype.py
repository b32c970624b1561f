"""What a type of tag is: its attributes, its rank, and how it makes a tag from the facts."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.image.tags.expressions import NAMES, scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.lookalike import Kind
from cdkit.image.tags.template import Template, read_template, render

COMMON = ("enable", "priority", "prefix", "suffix", "sanitize")
"""Attributes that a rule of any type may have."""


class Made(Struct, frozen=True, kw_only=True):
    """A tag's text before prefix and suffix.

    `literal` tells that the user wrote all of it, so that it is taken as it is; `from_git` that
    it says of which commit the image is; `stable` that `latest` may follow it; `lasting` that no
    other build makes this text, a re-run neither. `plain` is the
    text where `sanitize=plain` is asked for and it differs. `chosen` tells that a name which
    somebody chose is in it (a branch, a git tag), so that it must not end like a tag that was
    kept apart from another; `guarded` of what it is the very name, which must not look like a tag
    of another type either; `plus` that a `+` in it can become a `_`, which nothing of this type
    holds. `apart` is the name that the text was made from where another name gives it as well.
    """

    text: str
    plain: str | None = None
    literal: bool = False
    from_git: bool = False
    stable: bool = False
    lasting: bool = False
    chosen: bool = False
    guarded: Kind = ""
    plus: bool = False
    apart: str = ""


class Nothing(Struct, frozen=True, kw_only=True):
    """No tag: the rule does not apply to this event, or what it needs is not there."""

    what: str
    remedy: str


class Rule(Struct, frozen=True, kw_only=True):
    """One rule, completed: every attribute of its type has a value.

    `line` is what the user wrote. A `required` rule that makes nothing is an error; any other is
    passed over.
    """

    type: str
    line: str
    attributes: dict[str, str]
    priority: float
    required: bool = False

    def template(self, name: str) -> Template:
        """Return an attribute as a template."""
        return read_template(self.attributes[name], where=self.line)

    def rendered(self, name: str, facts: Facts) -> str:
        """Return an attribute with its expressions in place."""
        return render(self.template(name), scope_of(facts))


Make = Callable[[Rule, Facts], Made | Nothing]


class TagType(Struct, frozen=True, kw_only=True):
    """One type of tag.

    `priority` ranks its tags, highest first (docker/metadata-action, README, "priority
    attribute"). `attributes` holds those that it knows beside the common ones, with their
    defaults; `needed` those without one. `templates` names the attributes that may hold
    expressions, `expressions` what those know beyond the names that all know. `complete` checks
    the attributes that were given and fills in what depends on others. `make` makes the tag.
    """

    priority: float
    make: Make
    attributes: Mapping[str, str] = {}
    needed: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    expressions: frozenset[str] = frozenset()
    complete: Callable[[dict[str, str], str], dict[str, str]] = lambda given, _: given

    @property
    def known(self) -> frozenset[str]:
        """The names that an expression in this type's templates may have."""
        return NAMES | self.expressions


def one_of(given: Mapping[str, str], name: str, values: tuple[str, ...], line: str) -> None:
    """Raise RequestError where an attribute has another value than one of these."""
    if given[name] not in values:
        raise RequestError(
            f"{name}={given[name]!r} is none of {', '.join(values)}",
            where=line,
            remedy=f"write {name}={values[0]}",
        )
