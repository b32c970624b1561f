"""`type=digest`: the image's own digest, where there is one already."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    del rule
    if facts.digest is None:
        return Nothing(
            what="there is no digest to make a tag from", remedy="give --layout or --digest"
        )
    # Not `sha256-<hash>`: under that tag registries keep what refers to the image.
    return Made(text=f"digest-{facts.digest.encoded}", lasting=True)


TAG_TYPE = TagType(priority=50, make=_make)
