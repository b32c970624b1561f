"""Tags for an image: legal always, and never the same for two different names."""

import hashlib
import re
from collections.abc import Iterable

from msgspec import Struct

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import check_tag, is_tag
from cdkit.image.tags.attributes import switch, uncommented
from cdkit.image.tags.expressions import from_git, is_chosen, scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.flavor import Flavor
from cdkit.image.tags.lookalike import looks_like_another
from cdkit.image.tags.rule_line import plain_rule, read_rule, tag_types
from cdkit.image.tags.tagtype import Made, Nothing, Rule
from cdkit.image.tags.template import Template, read_template, render

_KINDS = {
    "build": "type=build",
    "sha": "type=sha,format=long",
    "digest": "type=digest",
    "version": "type=version",
    "describe": "type=describe",
    "branch": "type=ref,event=branch",
    "pr": "type=ref,event=pr",
}
KINDS = tuple(_KINDS)
"""What a tag can be made from, best first: the earlier, the less it can mean two things."""

_ILLEGAL = re.compile(r"[^a-zA-Z0-9._-]", re.ASCII)
_LONGEST = 128
_UNREAD_TREE = (
    "have git read the checkout, which it refuses to users other than its owner: "
    'git config --global --add safe.directory "$PWD"'
)
_HASH_LENGTH = 12
_KEPT_APART = re.compile(
    rf"(?:.*-)?(?=[0-9]*[a-f])[0-9a-f]{{{_HASH_LENGTH}}}|.*-dirty", re.ASCII | re.DOTALL
)
"""How a tag ends that a hash of ours was added to: one without a letter could be a date."""


class Tags(Struct, frozen=True, kw_only=True):
    """The tags, the one that names the version first, and what is to be said about them.

    `lasting` tells that no other build gets the first one; `passed_over` tells of each rule that
    made no tag, and why.
    """

    names: tuple[str, ...]
    lasting: bool = False
    passed_over: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The first tag, or an empty string."""
        return self.names[0] if self.names else ""


class _Tag(Struct, frozen=True, kw_only=True):
    name: str
    stable: bool
    lasting: bool
    marked: bool


def sanitise(text: str) -> str:
    """Return a legal tag for any text.

    A legal tag stays as it is. Where anything had to be changed or cut, a hash of the whole text
    is added, so that `feature/a` and `feature-a` do not become one tag.
    """
    if is_tag(text):
        return text
    suffix = _hash(text)
    legal = _ILLEGAL.sub("-", text).lstrip(".-")
    kept = legal[: _LONGEST - _HASH_LENGTH - 1]
    return f"{kept}-{suffix}" if kept else suffix


def merge(text: str) -> str:
    """Return a legal tag as docker/metadata-action makes it: what is illegal becomes one hyphen.

    Different texts can give one tag. Where that would still be illegal (it begins with a hyphen
    or a dot, or is too long) it is what `sanitise` makes of it.
    """
    return sanitise(re.sub(rf"{_ILLEGAL.pattern}+", "-", text, flags=re.ASCII))


def rule_of(kind: str) -> Rule:
    """Return the rule of a kind of tag, which must make one; RequestError for an unknown kind."""
    line = _KINDS.get(kind)
    if line is None:
        raise RequestError(
            f"no tag can be made from {kind!r}", remedy=f"name one of: {', '.join(KINDS)}"
        )
    rule = read_rule(line)
    return Rule(
        type=rule.type,
        line="",
        attributes=rule.attributes,
        priority=float("inf"),
        required=True,
    )


def read_tags(given: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules of these entries: no tag can hold `=` or `{{`, so what does is a rule.

    Anything else is a tag of the user's own: taken as it is, and an error where it is illegal.
    What a `#` begins says nothing.
    """
    lines = uncommented(given)
    return tuple(read_rule(x) if "=" in x or "{{" in x else plain_rule(x) for x in lines)


def best(facts: Facts, *, allow_dirty: bool = False) -> Rule:
    """Return the rule of a user who asks for nothing: build id, else commit, else digest."""
    if facts.build_id:
        return rule_of("build")
    if facts.commit and (allow_dirty or not facts.dirty):
        return rule_of("sha")
    if facts.digest:
        return rule_of("digest")
    if facts.commit:
        raise _dirty()
    raise CannotTell(
        "nothing here can name the image: no build id, no commit, no digest",
        remedy="run it in a CI job or a git checkout, or give --tag",
    )


def make_tags(
    rules: Iterable[Rule], flavor: Flavor, facts: Facts, *, allow_dirty: bool = False
) -> Tags:
    """Return the tags of these rules, by priority, and `latest` at the end where it belongs.

    The first rule that makes a tag says whether `latest` follows it, unless the flavour does
    (docker/metadata-action, README, "Latest tag"). Raises CannotTell where a required rule makes
    nothing, where a fact that a rule needs is not known, and where a tag says of which commit the
    image is and the tree is dirty (with `allow_dirty` it is marked `-dirty`).
    """
    made: list[_Tag] = []
    passed_over: list[str] = []
    for rule in sorted(rules, key=lambda rule: -rule.priority):
        if not _enabled(rule, facts):
            continue
        tag = _tag(rule, flavor, facts, allow_dirty=allow_dirty)
        if isinstance(tag, _Tag):
            made.append(tag)
        elif rule.required:
            raise CannotTell(tag.what, remedy=tag.remedy)
        else:
            passed_over.append(f"{rule.line}: {tag.what}")
    names = [tag.name for tag in made]
    if made and (made[0].stable if flavor.latest == "auto" else flavor.latest == "true"):
        names.append(_latest(flavor, facts, marked=made[0].marked))
    return Tags(
        names=tuple(dict.fromkeys(names)),
        lasting=bool(made) and made[0].lasting,
        passed_over=tuple(passed_over),
    )


def _enabled(rule: Rule, facts: Facts) -> bool:
    if "enable" not in rule.attributes:
        return True
    return switch("enable", rule.rendered("enable", facts), rule.line)


def _tag(rule: Rule, flavor: Flavor, facts: Facts, *, allow_dirty: bool) -> _Tag | Nothing:
    found = tag_types()[rule.type].make(rule, facts)
    if isinstance(found, Nothing):
        return found
    plain = rule.attributes.get("sanitize", "plain" if flavor.plain else "unique") == "plain"
    affixes = _affixes(rule, flavor)
    if not plain:
        _check_affixes(*affixes, rule)
    prefix, suffix = (render(affix, scope_of(facts)) for affix in affixes)
    core = _core(found, plain=plain)
    if not (prefix or core or suffix) and rule.line:
        return Nothing(what="it makes an empty tag", remedy="give it a prefix")
    marked = _is_marked(facts, claims=found.from_git or from_git(*affixes), allowed=allow_dirty)
    apart = "" if plain else _apart(found, core)
    text = f"{prefix}{core}{apart}{suffix}"
    if not (plain or apart) and (found.chosen or is_chosen(*affixes)):
        text = _ended(text, facts)
    text = f"{text}-dirty" if marked else text
    written = found.literal and not any(affix.expressions for affix in affixes)
    return _Tag(
        name=_legal(text, rule, plain=plain, written=written),
        stable=found.stable,
        lasting=found.lasting and not plain,
        marked=marked,
    )


def _is_marked(facts: Facts, *, claims: bool, allowed: bool) -> bool:
    """Whether a tag that claims a commit is of a dirty tree; CannotTell where that is not allowed.

    Nor is a commit claimed where git does not read the checkout: what is in it nobody knows then.
    """
    if claims and "tree" in facts.unknown:
        raise facts.missing("tree", "state of the working tree", _UNREAD_TREE)
    if claims and facts.dirty and not allowed:
        raise _dirty()
    return claims and facts.dirty


def _core(found: Made, *, plain: bool) -> str:
    """Return the text; a `+` in a version is mended, which `_legal` would have to replace."""
    if plain:
        return found.text if found.plain is None else found.plain
    if found.plus and is_tag(mended := found.text.replace("+", "_")):
        return mended
    return found.text


def _apart(found: Made, core: str) -> str:
    """Return what keeps a text apart from the same one that was made of another name."""
    if found.apart or looks_like_another(core, found.guarded):
        return f"-{_hash(found.apart or core)}"
    return ""


def _ended(text: str, facts: Facts) -> str:
    """Return a text, made to differ where it ends as if it had been kept apart or marked.

    That is with a hash like that of `sanitise`, or with `-dirty`; the commit is neither. The hash
    is none that `_apart` makes: a branch may be called as the version of a git tag is.
    """
    if not _KEPT_APART.fullmatch(text) or (facts.commit and _ends_in_commit(text, facts)):
        return text
    return f"{text}-{_hash(f'{text}/')}"


def _ends_in_commit(text: str, facts: Facts) -> bool:
    ends = (facts.short_commit, facts.commit[:_HASH_LENGTH])
    return text.endswith(ends)


def _legal(text: str, rule: Rule, *, plain: bool, written: bool) -> str:
    if plain:
        return merge(text)
    return check_tag(text, where=rule.line) if written else sanitise(text)


def _affixes(rule: Rule, flavor: Flavor) -> tuple[Template, Template]:
    """Return prefix and suffix: the rule's own, even where it is empty, else the flavour's.

    What `tag-from` makes has a prefix that is part of it, so there the flavour's comes as well.
    """
    prefix = rule.attributes.get("prefix", flavor.prefix)
    if rule.required and "prefix" in rule.attributes:
        prefix = f"{flavor.prefix}{prefix}"
    suffix = rule.attributes.get("suffix", flavor.suffix)
    return read_template(prefix, where=rule.line), read_template(suffix, where=rule.line)


def _check_affixes(prefix: Template, suffix: Template, rule: Rule) -> None:
    """Refuse what the user wrote out and no tag may hold: to mend it would hide it."""
    for name, affix in (("prefix", prefix), ("suffix", suffix)):
        illegal = None if affix.expressions else _ILLEGAL.search(affix.source)
        if illegal:
            raise RequestError(
                f"{name}={affix.source[:200]!r} has a character that no tag may hold "
                f"(character {illegal.start() + 1}, {illegal[0]!r})",
                where=rule.line or None,
                remedy="write letters, digits, `_`, `.` and `-`, or add sanitize=plain",
            )
    if not prefix.expressions and prefix.source.startswith((".", "-")):
        raise RequestError(
            f"prefix={prefix.source[:200]!r} begins with a dot or a hyphen, as no tag may",
            where=rule.line or None,
            remedy="begin with a letter, a digit or `_`",
        )


def _latest(flavor: Flavor, facts: Facts, *, marked: bool) -> str:
    prefix = render(read_template(flavor.prefix), scope_of(facts)) if flavor.prefix_latest else ""
    suffix = render(read_template(flavor.suffix), scope_of(facts)) if flavor.suffix_latest else ""
    text = f"{prefix}latest{suffix}{'-dirty' if marked else ''}"
    return merge(text) if flavor.plain else sanitise(text)


def _hash(text: str) -> str:
    """Return twelve hexadecimal digits, a letter among them."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    parts = (digest[at : at + _HASH_LENGTH] for at in range(len(digest) - _HASH_LENGTH))
    return next(part for part in parts if not part.isdecimal())


def _dirty() -> CannotTell:
    return CannotTell(
        "the working tree holds changes that no commit names",
        remedy="commit them, or pass --allow-dirty to have the tag marked -dirty",
    )
