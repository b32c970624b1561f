"""What is known of the event, the commit and the build that a name can be made from."""

from datetime import datetime

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, RequestError

SHORTEST_SHA, LONGEST_SHA = 4, 64


class Facts(Struct, frozen=True, kw_only=True):
    """Facts about one run; empty where nobody said, and where it does not apply.

    `branch` is set where a branch itself was pushed: not for a git tag, not for a pull request,
    whose number is `pull_request`. `target` is the branch that a pull request wants to enter, or
    that a git tag was pushed from. `described` is what `git describe` says; `dirty` tells that
    the tree holds changes that `commit` does not name. `unknown` says, by the field's name, why
    one that should be known is not: who asks for it gets "cannot tell" and no guess.
    """

    event: str = ""
    branch: str = ""
    tag: str = ""
    pull_request: str = ""
    target: str = ""
    default_branch: str = ""
    commit: str = ""
    committed_at: datetime | None = None
    build_id: str = ""
    described: str = ""
    digest: Digest | None = None
    dirty: bool = False
    now: datetime | None = None
    short_sha: int = 7
    unknown: dict[str, str] = {}

    @property
    def scheduled(self) -> bool:
        """Whether a timetable started the run, in the word of the CI system: Drone's is `cron`."""
        event = self.event.lower()
        return "schedule" in event or event == "cron"

    @property
    def short_commit(self) -> str:
        """The first characters of the commit."""
        if not SHORTEST_SHA <= self.short_sha <= LONGEST_SHA:
            raise RequestError(
                f"a short commit of {self.short_sha} characters cannot be told from others",
                remedy=f"write a length from {SHORTEST_SHA} to {LONGEST_SHA}",
            )
        return self.commit[: self.short_sha]

    @property
    def on_default_branch(self) -> bool:
        """Whether the pushed branch is the default one; CannotTell where that is not known."""
        if not self.branch:
            return False
        if not self.default_branch:
            raise self.missing(
                "default_branch", "default branch", "say it: --default-branch main, or branch=main"
            )
        return self.branch == self.default_branch

    def missing(self, name: str, what: str, remedy: str) -> CannotTell:
        """Return the error for a fact that should be known and is not."""
        why = self.unknown.get(name, "")
        return CannotTell(f"the {what} is not known" + (f": {why}" if why else ""), remedy=remedy)
