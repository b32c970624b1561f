"""The event as GitHub delivers it in a file: what its variables do not say."""

import msgspec
from msgspec import Struct, field

from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.world import MIB, World

_LIMIT = 32 * MIB
"""GitHub caps a payload at 25 MB (docs.github.com, "Webhook events and payloads")."""

_LONGEST = 10_000


class License(Struct, frozen=True, kw_only=True):
    """A repository's licence as GitHub found it."""

    spdx_id: str | None = None


class Repository(Struct, frozen=True, kw_only=True):
    """The repository that the event is of."""

    name: str | None = None
    description: str | None = None
    html_url: str | None = None
    default_branch: str | None = None
    license: License | None = None


class Commit(Struct, frozen=True, kw_only=True):
    """A pushed commit, with its date in RFC 3339."""

    id: str = ""
    timestamp: str = ""


class _Side(Struct, frozen=True, kw_only=True):
    ref: str = ""
    sha: str = ""


class PullRequest(Struct, frozen=True, kw_only=True):
    """The pull request: what it brings, and where it wants to go."""

    head: _Side = field(default_factory=_Side)
    base: _Side = field(default_factory=_Side)


class Payload(Struct, frozen=True, kw_only=True):
    """An event (docs.github.com, "Webhook events and payloads"), as far as a name needs it."""

    number: int | None = None
    base_ref: str | None = None
    repository: Repository | None = None
    pull_request: PullRequest | None = None
    head_commit: Commit | None = None
    commits: tuple[Commit, ...] | None = None

    def date_of(self, commit: str) -> str:
        """Return when a commit of this push was made (RFC 3339), or an empty string."""
        pushed = (*(self.commits or ()), *((self.head_commit,) if self.head_commit else ()))
        return next((found.timestamp for found in pushed if found.id == commit), "")


class Event(Struct, frozen=True, kw_only=True):
    """The payload, or why there is none; neither where this system leaves no such file."""

    payload: Payload | None = None
    trouble: str = ""


def read_event(world: World) -> Event:
    """Return what GITHUB_EVENT_PATH holds, where a job of GitHub's kind runs us."""
    if world.environ.get("GITHUB_ACTIONS") != "true":
        return Event()
    path = world.environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        return Event(trouble="GITHUB_EVENT_PATH names no file")
    try:
        return Event(payload=_decode(world.files.read(path, limit=_LIMIT), path))
    except CdkitError as fault:
        return Event(trouble=f"{path}: {fault.what}")


def _decode(data: bytes, path: str) -> Payload:
    try:
        return msgspec.json.decode(data, type=Payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is no event of GitHub's: {str(fault)[:200]}",
            where=path,
            remedy="leave GITHUB_EVENT_PATH as the runner sets it",
        ) from fault


def told(text: str | None) -> str:
    """Return a text of the payload, bounded; empty where it is not given."""
    return (text or "")[:_LONGEST]
