"""`type=match`: what a regular expression finds in the git tag."""

import re

from cdkit.core.errors import RequestError
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType
from cdkit.image.tags.tagtypes._source import groups, text_of


def _complete(given: dict[str, str], line: str) -> dict[str, str]:
    if not re.fullmatch(r"[0-9]{1,3}", given["group"], re.ASCII):
        raise RequestError(
            f"group={given['group'][:80]!r} is no number",
            where=line,
            remedy="write group=0 for all that matches, group=1 for the first pair of brackets",
        )
    groups(given["pattern"], "", line)
    return given


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    source = text_of(rule, facts)
    if isinstance(source, Nothing):
        return source
    text, from_git = source
    group = int(rule.attributes["group"])
    found = groups(rule.attributes["pattern"], text, rule.line)
    part = found[group] if group < len(found) else None
    if part is None:
        what = f"group {group} of" if found else ""
        return Nothing(
            what=f"{what} {rule.attributes['pattern'][:200]!r} matches nothing in "
            f"{text[:100]!r}".strip(),
            remedy="check the pattern and its group, or add a rule for other git tags",
        )
    return Made(
        text=part,
        from_git=from_git,
        stable=True,
        chosen=True,
        guarded="tag" if from_git else "",
    )


TAG_TYPE = TagType(
    priority=800,
    make=_make,
    attributes={"group": "0", "value": ""},
    needed=("pattern",),
    templates=("value",),
    complete=_complete,
)
