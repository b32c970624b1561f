"""`type=sha`: the commit, its first seven characters or all of them."""

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType, one_of


def _complete(given: dict[str, str], line: str) -> dict[str, str]:
    one_of(given, "format", ("short", "long"), line)
    return {"prefix": "sha-", **given}


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    if not facts.commit:
        return Nothing(
            what="there is no commit to make a tag from", remedy="run it in a git checkout"
        )
    long = rule.attributes["format"] == "long"
    return Made(text=facts.commit if long else facts.short_commit, from_git=True)


TAG_TYPE = TagType(priority=100, make=_make, attributes={"format": "short"}, complete=_complete)
