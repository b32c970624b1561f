"""What started this run: read-event notes it, and what the run then emits is linked to it."""

import msgspec
from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.errors import Missing, Unreadable
from cdkit.core.world import World

_PATH = ".cdkit/started-by.json"


class Started(Struct, frozen=True, kw_only=True):
    """The event that a run was started by: its id and its chain, empty where it has none."""

    run: str
    event: str
    chain: str = ""


def run_of(context: BuildContext) -> str:
    """Return the name of a run in every repository; empty where no CI system names one."""
    return f"{context.system}/{context.repository}/{context.run}" if context.run else ""


def remember(event: str, chain: str, world: World) -> None:
    """Note which event started this run, once it may be believed; nothing where it has no name."""
    if run := run_of(world.context):
        note = Started(run=run, event=event, chain=chain)
        world.files.write(_PATH, msgspec.json.encode(note))


def started_by(world: World) -> Started | None:
    """Return what started this run, as read-event noted it on this machine; None where it did not.

    What another run noted in the same folder counts for nothing. Raises Unreadable where the note
    is damaged: an event without its link and chain would be another event.
    """
    run = run_of(world.context)
    if not run:
        return None
    try:
        note = msgspec.json.decode(world.files.read(_PATH), type=Started)
    except Missing:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Unreadable(
            "is no note of what started this run",
            where=_PATH,
            remedy="remove it, and let read-event write it again",
        ) from fault
    return note if note.run == run else None
