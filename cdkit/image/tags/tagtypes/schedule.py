"""`type=schedule`: `nightly`, or a date, for runs that a timetable starts."""

from cdkit.image.tags.expressions import from_git, guard_of, is_chosen
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    if not facts.scheduled:
        return Nothing(
            what="nothing says that a timetable started this run",
            remedy="add a rule for other events",
        )
    template = rule.template("pattern")
    return Made(
        text=rule.rendered("pattern", facts),
        literal=not template.expressions,
        from_git=from_git(template),
        chosen=is_chosen(template),
        guarded=guard_of(template),
    )


TAG_TYPE = TagType(
    priority=1000, make=_make, attributes={"pattern": "nightly"}, templates=("pattern",)
)
