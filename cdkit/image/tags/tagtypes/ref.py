"""`type=ref`: the branch, the git tag, or the pull request (`pr-31`) that the run is of."""

from collections.abc import Mapping

from cdkit.image.tags.facts import Facts
from cdkit.image.tags.lookalike import Kind
from cdkit.image.tags.tagtype import Made, Nothing, Rule, TagType, one_of

_FIELDS = {"branch": "branch", "tag": "git tag", "pr": "pull request"}
_GUARDED: Mapping[str, Kind] = {"branch": "branch", "tag": "tag", "pr": ""}
_NO_EVENT = "leave GITHUB_EVENT_PATH as the runner sets it"


def _complete(given: dict[str, str], line: str) -> dict[str, str]:
    one_of(given, "event", tuple(_FIELDS), line)
    return {"prefix": "pr-", **given} if given["event"] == "pr" else given


def _make(rule: Rule, facts: Facts) -> Made | Nothing:
    event = rule.attributes["event"]
    text = {"branch": facts.branch, "tag": facts.tag, "pr": facts.pull_request}[event]
    if not text and event == "pr" and "pull_request" in facts.unknown:
        raise facts.missing("pull_request", "number of the pull request", _NO_EVENT)
    if not text:
        return Nothing(
            what=f"there is no {_FIELDS[event]} to make a tag from",
            remedy="take another kind of tag for this event",
        )
    return Made(
        text=text,
        from_git=True,
        stable=event == "tag",
        chosen=event != "pr",
        guarded=_GUARDED[event],
    )


TAG_TYPE = TagType(priority=600, make=_make, needed=("event",), complete=_complete)
