"""`type=raw`: a tag of the user's own, taken as it is; with expressions it is made legal."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType
from cdkit.image.tags.tagtypes._source import written


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    return written(rule, "value", facts)


TAG_TYPE = TagType(priority=200, make=_make, needed=("value",), templates=("value",))
