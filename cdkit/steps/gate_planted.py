"""Records that came with the checkout: a change may have written them itself, in its own favour."""

from collections.abc import Iterator

from cdkit.core.brought import Brought, brought_along
from cdkit.core.errors import CannotTell
from cdkit.core.finding import Location
from cdkit.core.protected import is_local
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.gate.policy import Policy


def planted(records: str, policy: Policy, world: World) -> tuple[Reason, ...]:
    """Return why records in folders of the checkout may be the change's own.

    In CI the gate reads folders that earlier steps filled; what git has there did not come from a
    step. Where the policy wants every fact signed, nobody can plant one.
    """
    if is_local(world) or policy.signed_by:
        return ()
    folders = [place.strip() for place in records.split(",")]
    brought = brought_along(world)
    return tuple(
        reason
        for folder in folders
        if "://" not in folder and world.files.is_dir(folder)
        for reason in _of(folder, brought)
    )


def _of(folder: str, brought: Brought) -> Iterator[Reason]:
    try:
        file = brought(folder)
    except CannotTell as fault:
        yield cannot_tell(
            f"nobody can tell whether records came with the checkout: {fault.what}",
            where=Location(path=folder),
            remedy=fault.remedy,
        )
        return
    if file:
        yield cannot_tell(
            f"records came with the checkout ({file}): the change under judgement may have"
            " written them itself",
            where=Location(path=folder),
            remedy=f"`git rm -r --cached {folder}`, and put it into .gitignore; or let the policy"
            " want every fact signed: `signed-by`, beside `stages`",
        )
