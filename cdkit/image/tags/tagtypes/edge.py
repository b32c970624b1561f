"""`type=edge`: `edge` for the last commit of the default branch, or of the branch named."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    wanted = rule.attributes["branch"]
    if not facts.branch:
        return Nothing(what="this run is not of a branch", remedy="add a rule for other events")
    if not (facts.branch == wanted if wanted else facts.on_default_branch):
        return Nothing(
            what=f"the branch {facts.branch[:100]!r} is not {wanted or facts.default_branch!r}",
            remedy="add type=ref,event=branch for other branches",
        )
    return Made(text="edge", from_git=True)


TAG_TYPE = TagType(priority=700, make=_make, attributes={"branch": ""})
