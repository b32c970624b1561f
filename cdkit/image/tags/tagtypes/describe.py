"""`type=describe`: what `git describe` says: the nearest git tag, and how far beyond it."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    del rule
    if "described" in facts.unknown:
        raise facts.missing(
            "described",
            "distance from a git tag",
            "fetch the history: `git fetch --unshallow --tags` (actions/checkout: fetch-depth: 0)",
        )
    if not facts.described:
        return Nothing(
            what="there is no git tag to make a tag from",
            remedy="fetch tags, or make the first one",
        )
    return Made(text=facts.described, from_git=True, chosen=True, guarded="tag")


TAG_TYPE = TagType(priority=150, make=_make)
