"""What each expression of a template is worth: `{{branch}}`, `{{sha}}`, `{{date 'YYYYMMDD'}}`."""

from datetime import datetime

from cdkit.core.errors import CannotTell, RequestError
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.lookalike import Kind
from cdkit.image.tags.moment import format_date
from cdkit.image.tags.template import Expression, Scope, Template

NAMES = frozenset(
    {"branch", "tag", "sha", "base_ref", "pr", "build_id", "date", "commit_date"}
    | {"is_default_branch", "is_not_default_branch"}
)
"""The names that are known in every template."""

_FROM_GIT = frozenset({"branch", "tag", "sha", "pr", "commit_date"})


_CHOSEN = frozenset({"branch", "tag", "base_ref"})


def is_chosen(*templates: Template) -> bool:
    """Whether a text with these templates holds a name that somebody chose."""
    return any(template.names & _CHOSEN for template in templates)


def guard_of(template: Template) -> Kind:
    """Return what a text is the name of, where the template is `{{branch}}` or `{{tag}}` alone."""
    match template.sole:
        case "branch":
            return "branch"
        case "tag":
            return "tag"
        case _:
            return ""


def from_git(*templates: Template) -> bool:
    """Whether a text with these templates says of which commit it is."""
    return any(template.names & _FROM_GIT for template in templates)


def scope_of(facts: Facts) -> Scope:
    """Return what the expressions are worth.

    `branch`, `tag`, `pr` and `base_ref` are empty where they do not apply; `is_default_branch`,
    `date` and `commit_date` raise CannotTell where nobody can say. They are those of
    docker/metadata-action (README, "Global expressions"), `pr` and `build_id` are our own.
    """
    return {
        "branch": lambda _: facts.branch,
        "tag": lambda _: facts.tag,
        "sha": lambda _: facts.short_commit,
        "pr": lambda _: _pull_request(facts),
        "build_id": lambda _: facts.build_id,
        "base_ref": lambda _: _base_ref(facts),
        "is_default_branch": lambda _: _truth(yes=facts.on_default_branch),
        "is_not_default_branch": lambda _: _truth(yes=not facts.on_default_branch),
        "date": lambda asked: _date(asked, facts.now or _unknown_date(facts, "now", "time")),
        "commit_date": lambda asked: _date(
            asked, facts.committed_at or _unknown_date(facts, "committed_at", "commit's date")
        ),
    }


def _truth(*, yes: bool) -> str:
    return "true" if yes else "false"


def _pull_request(facts: Facts) -> str:
    if not facts.pull_request and "pull_request" in facts.unknown:
        raise facts.missing(
            "pull_request",
            "number of the pull request",
            "leave GITHUB_EVENT_PATH as the runner sets it",
        )
    return facts.pull_request


def _base_ref(facts: Facts) -> str:
    if not facts.target and "target" in facts.unknown:
        raise facts.missing("target", "base ref", "leave {{base_ref}} out for git tags")
    return facts.target


def _date(asked: Expression, moment: datetime) -> str:
    """Write a date; a format without quotes is none, as in Handlebars, so the whole time comes."""
    if others := set(asked.named) - {"tz"}:
        raise RequestError(
            f"{{{{{asked.name}}}}} knows no {', '.join(sorted(others))}",
            remedy=f"write {{{{{asked.name} 'YYYYMMDD' tz='UTC'}}}}",
        )
    return format_date(moment, asked.argument, zone=asked.named.get("tz", "UTC"))


def _unknown_date(facts: Facts, name: str, what: str) -> datetime:
    fault: CannotTell = facts.missing(name, what, "run it in a git checkout of that commit")
    raise fault
