"""What the change under judgement cannot have brought along: files of the branch that counts."""

from cdkit.core.errors import CannotTell
from cdkit.core.world import World

_LOCAL = frozenset({"", "terminal"})

_SHORTEST = 7
"""Digits of a commit's name; Buildkite says `HEAD` where nobody named one."""

TRUNKS = frozenset({"main", "master", "trunk"})
REMOTE_TRUNKS = ("origin/HEAD", "origin/main", "origin/master")
"""What others have, as git knows it: the first of these that is there."""


def is_local(world: World) -> bool:
    """Whether this is a laptop, where whoever asks is the judge too."""
    return world.context.system in _LOCAL


def is_in_an_unknown_ci(world: World) -> bool:
    """Whether a CI system runs this that cdkit does not know: its jobs say `CI`, as all do.

    `CDKIT_CI` ends the question, and so does gitlab-ci-local, which says that it is not GitLab.
    """
    environ = world.environ
    says = environ.get("CI", "").lower() in {"true", "1", "yes"}
    known = environ.get("CDKIT_CI") or environ.get("GITLAB_CI", "").lower() == "false"
    return is_local(world) and says and not known


def branch_that_counts(world: World) -> str:
    """Return the branch that the change wants to enter, or else the default one; or nothing.

    The CI system says so; nothing is returned where it does not.
    """
    return world.context.target_branch or world.context.default_branch


def is_on(branch: str, world: World) -> bool:
    """Whether this run is of that branch itself, and of no change that is yet to enter it."""
    is_named = not is_of_a_change(world) and world.context.branch == branch
    return is_named and _is_its_commit(world)


def is_of_a_change(world: World) -> bool:
    """Whether a change that nobody merged runs, or may: its author's words are no-one else's.

    GitHub's `pull_request_target` says that it is of the branch that the change wants to enter.
    """
    context = world.context
    return bool(context.pull_request) or context.event.startswith("pull_request")


def protected_branch(world: World) -> str:
    """Return the branch whose files count in place of the checkout's; nothing where none does.

    So it is on that branch itself, and where nobody says that the checkout is another's: a tag.
    A change that is yet to enter it is another's, whatever its branch is called in its fork.
    """
    branch, context = branch_that_counts(world), world.context
    if context.target_branch or is_of_a_change(world):
        return branch
    return branch if context.branch and not is_on(branch, world) else ""


def is_on_a_trunk(world: World) -> bool:
    """Whether this run is of a branch whose name says that changes have entered it."""
    is_named = not is_of_a_change(world) and world.context.branch in TRUNKS
    return is_named and _is_its_commit(world)


def _is_its_commit(world: World) -> bool:
    """Whether what is checked out is the commit that the run is of, as far as both are known.

    A job that another event started (GitHub's `workflow_run`, `issue_comment`) is of the default
    branch, and may have checked out a change.
    """
    commit = world.context.commit
    if len(commit) < _SHORTEST:
        return True
    try:
        return world.git.head().commit.startswith(commit)
    except CannotTell:
        return True  # what git does not give is no change's either


def relative(path: str, world: World) -> str:
    """Return a path inside the working directory as a relative one."""
    here = world.files.absolute(".").rstrip("/.") + "/"
    return path.removeprefix(here).removeprefix("./")


def is_in_checkout(path: str, world: World) -> bool:
    """Whether a path leads into the working directory or its repository, links followed."""
    files, here = world.files, world.files.real(".")
    top = here
    while top.strip("/") and not (files.is_dir(f"{top}/.git") or files.is_file(f"{top}/.git")):
        top = top.rpartition("/")[0]
    return f"{files.real(path)}/".startswith(f"{top or here}/")
