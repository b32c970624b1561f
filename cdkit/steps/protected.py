"""What stands on the branch that a change wants to enter: nothing that is judged judges itself."""

import posixpath

from cdkit.core.errors import CannotTell, Missing
from cdkit.core.world import World


def protected_branch(world: World) -> str:
    """Return the branch whose files count; empty where the checkout itself is that branch."""
    context = world.context
    if context.target_branch:
        return context.target_branch
    if context.branch and context.default_branch and context.branch != context.default_branch:
        return context.default_branch
    return ""


def read_protected(path: str, what: str, world: World) -> bytes | None:
    """Return a file as it stands on the protected branch; None where it is not there yet.

    `what` names its entries for people. Outside CI, and on that branch, it is the file itself.
    Raises CannotTell where the branch cannot be read.
    """
    branch = protected_branch(world)
    if not branch:
        return world.files.read(path)
    try:
        return world.git.read(f"origin/{branch}", path)
    except Missing:
        world.talk.say(f"{path} is not on {branch} yet: no {what} holds for this change.")
        return None
    except CannotTell as fault:
        raise CannotTell(
            f"cannot read the {what}s as they stand on {branch}: {fault.what}",
            where=path,
            remedy=f"git fetch origin {branch} before this step",
        ) from fault


def is_of_the_change(folder: str, world: World) -> bool:
    """Whether a folder comes with the checkout of a change, so that the change could have made it.

    False outside of a change, and where nothing below it is committed, nor a link above it. Where
    git cannot tell, it is taken for the change's.
    """
    if not protected_branch(world):
        return False
    inside = posixpath.normpath(folder.removeprefix(f"{world.files.absolute('.')}/"))
    if inside.startswith("/"):
        return False
    parts = inside.split("/")
    above = ["/".join(parts[:number]) for number in range(1, len(parts))]
    try:
        links = any(world.git.files("HEAD", path) == (path,) for path in above)
        return links or bool(world.git.files("HEAD", inside))
    except Missing:
        return False
    except CannotTell:
        return True
