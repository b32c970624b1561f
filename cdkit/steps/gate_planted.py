"""Records that came with the checkout: a change may have written them itself, in its own favour."""

import posixpath
from collections.abc import Iterator

from cdkit.core.errors import CannotTell, Missing
from cdkit.core.finding import Location
from cdkit.core.protected import is_in_checkout, is_local, relative
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
    return tuple(
        reason
        for folder in folders
        if "://" not in folder and world.files.is_dir(folder) and is_in_checkout(folder, world)
        for reason in _of(folder, world)
    )


def _of(folder: str, world: World) -> Iterator[Reason]:
    path = relative(folder, world)
    if path.startswith("/"):
        path = posixpath.relpath(path, world.files.absolute("."))
    path = posixpath.normpath(path)
    try:
        brought = [each for each in _tracked(path, world) if _concerns(each, path)]
    except Missing:
        return  # no checkout, so that nothing came with it
    except CannotTell as fault:
        yield cannot_tell(
            f"nobody can tell whether records came with the checkout: {fault.what}",
            where=Location(path=folder),
            remedy=fault.remedy,
        )
        return
    if brought:
        yield cannot_tell(
            f"records came with the checkout ({brought[0]}): the change under judgement may have"
            " written them itself",
            where=Location(path=folder),
            remedy=f"`git rm -r --cached {folder}`, and put it into .gitignore; or let the policy"
            " want every fact signed: `signed-by`, beside `stages`",
        )


def _tracked(path: str, world: World) -> tuple[str, ...]:
    """Return what git has below the first part of a path: of a link or a submodule, only itself."""
    first = path.split("/", maxsplit=1)[0]
    return world.git.files("HEAD", first)


def _concerns(tracked: str, folder: str) -> bool:
    """Whether a file is in a folder, or is the link or submodule that leads to it."""
    inside = folder == "." or f"{tracked}/".startswith(f"{folder}/")
    return inside or folder.startswith(f"{tracked}/")
