"""The facts of this run, from the CI system, its event and git."""

from datetime import datetime

from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.world import Head, World
from cdkit.image.tags.described import exact_tag
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.payload import Event, Payload

_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_SHALLOW = "the clone is shallow, and no git tag is on this commit in it"
_ALWAYS_DEFAULT = frozenset({"schedule"})
"""Events of GitHub's that run on the default branch only (docs.github.com, "Events that trigger
workflows", GITHUB_REF of each)."""


class Asked(Struct, frozen=True, kw_only=True):
    """What the user says of the facts, and which that cost something are wanted."""

    default_branch: str = ""
    head_commit: bool = False
    short_sha: int = 7
    describe: bool = False
    commit_date: bool = False


def gather(
    world: World,
    head: Head | None,
    trouble: CannotTell | None,
    event: Event,
    *,
    digest: Digest | None,
    asked: Asked,
) -> Facts:
    """Return the facts.

    A pull request is none of its branch: a fork may call its branch as it likes. Without a CI
    system the branch is git's, or the tag that a detached HEAD stands on. What `git describe` says
    of a shallow clone counts where it is a tag on this very commit: beyond it, history is missing.
    """
    context, payload = world.context, event.payload
    is_pull = _is_pull_request(context)
    pull = _pull_request(context, payload) if is_pull else ""
    described = world.git.describe() if head and (asked.describe or _detached(world, head)) else ""
    cut_off = bool(head and head.shallow and described and not exact_tag(described, head.commit))
    tag = context.tag or (
        exact_tag(described, head.commit) if head and _detached(world, head) else ""
    )
    branch = "" if is_pull or tag else context.branch or (head.branch if head else "")
    commit = _commit(world, head, event, from_head=is_pull and asked.head_commit)
    return Facts(
        event=context.event,
        branch=branch,
        tag=tag,
        pull_request=pull,
        target=_target(context, payload, is_pull=is_pull, tag=tag),
        default_branch=asked.default_branch or _default_branch(world, payload, branch),
        commit=commit,
        committed_at=_committed_at(world, head, payload, commit) if asked.commit_date else None,
        build_id=context.build_id,
        described="" if cut_off else described,
        digest=digest,
        dirty=head.dirty if head else False,
        now=world.clock.now(),
        short_sha=asked.short_sha,
        unknown={
            **_unknown(event, is_pull=is_pull, of_ref=bool(is_pull or tag)),
            **({"described": _SHALLOW} if cut_off else {}),
            **({"tree": trouble.what} if trouble else {}),
        },
    )


def _is_pull_request(context: BuildContext) -> bool:
    """Whether the run is of a pull request; a merge queue's run is of a branch of its own.

    pull_request_target is one too, though it runs on the branch that the request wants to enter.
    """
    if context.event == "merge_group":
        return False
    return bool(context.pull_request) or context.event.startswith("pull_request")


def _pull_request(context: BuildContext, payload: Payload | None) -> str:
    number = payload.number if payload else None
    return context.pull_request or ("" if number is None else str(number))


def _unknown(event: Event, *, is_pull: bool, of_ref: bool) -> dict[str, str]:
    """Return why facts that stand in the event's file alone may be missing."""
    if not event.trouble:
        return {}
    names = ["default_branch"]
    names += ["pull_request"] if is_pull else []
    names += ["target"] if of_ref else []
    return dict.fromkeys(names, event.trouble)


def _detached(world: World, head: Head) -> bool:
    context = world.context
    return not (context.branch or context.tag or context.pull_request or head.branch)


def _commit(world: World, head: Head | None, event: Event, *, from_head: bool) -> str:
    if not from_head:
        return head.commit if head else world.context.commit
    request = event.payload.pull_request if event.payload else None
    if request and request.head.sha:
        return request.head.sha
    raise CannotTell(
        "the commit at the head of the pull request is not known"
        + (f": {event.trouble}" if event.trouble else ""),
        remedy="check that commit out, and leave --pull-request-commit out",
    )


def _target(context: BuildContext, payload: Payload | None, *, is_pull: bool, tag: str) -> str:
    if is_pull:
        base = payload.pull_request.base.ref if payload and payload.pull_request else ""
        return context.target_branch or base
    base_ref = payload.base_ref if payload and tag else None
    return (base_ref or "").removeprefix("refs/heads/")


def _default_branch(world: World, payload: Payload | None, branch: str) -> str:
    if world.context.default_branch:
        return world.context.default_branch
    if payload and payload.repository and payload.repository.default_branch:
        return payload.repository.default_branch
    return branch if world.context.event in _ALWAYS_DEFAULT else ""


def _committed_at(
    world: World, head: Head | None, payload: Payload | None, commit: str
) -> datetime | None:
    """Return when the commit was made: git knows best, else the event that brought it."""
    if head:
        try:
            return _sane(world.git.committed_at(commit))
        except CannotTell:
            if payload is None:
                return None
    return _instant(payload.date_of(commit)) if payload else None


def _sane(moment: datetime) -> datetime | None:
    """Return a date that can be reckoned with: whoever commits may write any."""
    return moment if moment.tzinfo and _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _sane(found)
