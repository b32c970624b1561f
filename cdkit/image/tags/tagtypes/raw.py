"""`type=raw`: a tag of the user's own, taken as it is; with expressions it is made legal."""

from cdkit.image.tags.expressions import from_git, guard_of, is_chosen
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    template = rule.template("value")
    return Made(
        text=rule.rendered("value", facts),
        literal=not template.expressions,
        from_git=from_git(template),
        chosen=is_chosen(template),
        guarded=guard_of(template),
    )


TAG_TYPE = TagType(priority=200, make=_make, needed=("value",), templates=("value",))
