"""`type=version`: the semantic version of a git tag on this very commit, and nothing else."""

from cdkit.image.tags.described import exact_tag
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.semver import read_semver
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    del rule
    tag = facts.tag or exact_tag(facts.described, facts.commit)
    if not tag:
        return Nothing(
            what="there is no git tag on this commit to make a tag from",
            remedy="tag the commit, and fetch its tags (actions/checkout: fetch-depth: 0)",
        )
    version = read_semver(tag)
    if version is None:
        return Nothing(
            what=f"the git tag {tag[:100]!r} is no version",
            remedy="tag as v1.2.3 (https://semver.org), or take another kind of tag",
        )
    return Made(text=version.version, from_git=True, chosen=True, plus=True)


TAG_TYPE = TagType(priority=890, make=_make)
