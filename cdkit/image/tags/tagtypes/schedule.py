"""`type=schedule`: `nightly`, or a date, for runs that a timetable starts."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType
from cdkit.image.tags.tagtypes._source import written


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    if not facts.scheduled:
        return Nothing(
            what="nothing says that a timetable started this run",
            remedy="add a rule for other events",
        )
    return written(rule, "pattern", facts)


TAG_TYPE = TagType(
    priority=1000, make=_make, attributes={"pattern": "nightly"}, templates=("pattern",)
)
