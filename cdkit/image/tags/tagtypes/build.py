"""`type=build`: the run and its attempt, which no other build has."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    del rule
    if not facts.build_id:
        return Nothing(
            what="there is no build id that no re-run has again",
            remedy="run it in a CI job that tells its run and attempt (docs/ci-systems.md says by "
            "which variables), or take the commit: sha",
        )
    return Made(text=f"build-{facts.build_id}", lasting=True)


TAG_TYPE = TagType(priority=500, make=_make)
