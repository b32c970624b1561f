"""What stands on the branch that a change wants to enter: nothing that is judged judges itself."""

from cdkit.core.brought import brought_along
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.protected import (
    branch_that_counts,
    is_local,
    is_on,
    is_on_a_trunk,
    protected_branch,
)
from cdkit.core.world import World


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
    try:
        return bool(brought_along(world)(folder))
    except CannotTell:
        return True


def may_be_of_the_change(file: str, world: World) -> bool:
    """Whether a file came with a checkout in CI that is not known to be of the branch that counts.

    Where nobody says which branch that is, what runs on a trunk is that trunk's.
    """
    branch = branch_that_counts(world)
    if is_local(world) or (is_on(branch, world) if branch else is_on_a_trunk(world)):
        return False
    try:
        return bool(brought_along(world)(file))
    except CannotTell:
        return True
