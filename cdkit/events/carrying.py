"""Outboxes on their way: from a job whose machine vanishes to one that delivers from them.

A place is a file of this machine, to be kept as an artifact, or an address such as `s3://…`, for
which `places/` has a file.
"""

import hashlib
from collections.abc import Sequence

from cdkit.core.errors import Missing, RequestError
from cdkit.core.world import World
from cdkit.events.place import Place

_FOLDER = ".cdkit/carried"


def is_far(place: str) -> bool:
    """Whether a place is elsewhere and not a file of this machine."""
    return "://" in place


def check_place(place: str) -> None:
    """Raise RequestError for a place that can be none."""
    if is_far(place):
        _kind(place).check(place)


def waiting_room() -> str:
    """Return a file of our own, for an outbox on its way: nobody else has it open."""
    import uuid

    return f"{_FOLDER}/{uuid.uuid4().hex}/events.db"


def leave_room(path: str, world: World) -> None:
    """Remove such a file, with what stands beside it."""
    world.files.remove(path.rpartition("/")[0])


def send_off(path: str, place: str, world: World) -> str:
    """Put an outbox into a place, and return the address that it has there."""
    kind = _kind(place)
    return kind.put(place, world.files.read(path, limit=kind.limit), world)


def find(place: str, world: World) -> Sequence[str]:
    """Return the addresses of the outboxes that a place names.

    Those of a place elsewhere are in an order of chance: two that deliver from them at once would
    else meet at each.
    """
    if is_far(place):
        return _shuffled(_kind(place).find(place, world))
    if world.files.is_dir(place):
        raise RequestError(
            "is a folder and no outbox", where=place, remedy="name the outbox that is in it"
        )
    return (place,) if world.files.is_file(place) else ()


def _shuffled(addresses: Sequence[str]) -> Sequence[str]:
    import uuid

    chance = uuid.uuid4().bytes
    return sorted(addresses, key=lambda one: hashlib.sha256(chance + one.encode()).digest())


def fetch(address: str, world: World) -> str:
    """Return the file that an outbox stands in here; one from elsewhere is brought.

    An empty text stands for one that somebody else has delivered from since it was found.
    """
    if not is_far(address):
        return address
    try:
        data = _kind(address).take(address, world)
    except Missing as fault:
        raise Missing(
            "was there, and is there no more",
            where=address[:200],
            remedy="look whether another flush-events ran at the same time, and delivered it; "
            "else find out what removed it",
        ) from fault
    if data is None:
        return ""
    path = waiting_room()
    world.files.write(path, data)
    return path


def settle(address: str, path: str, world: World, *, is_empty: bool) -> None:
    """Say in its place that somebody delivered from an outbox, which now stands as this file."""
    kind = _kind(address)
    data = b"" if is_empty else world.files.read(path, limit=kind.limit)
    kind.settle(address, data, world)


def _kind(place: str) -> Place:
    from cdkit.core import plugins
    from cdkit.events import places

    name = place.partition("://")[0]
    if name not in plugins.names(places):
        known = ", ".join(f"{kind}://…" for kind in plugins.names(places))
        raise RequestError(
            f"{place[:60]!r} is no place for an outbox",
            remedy=f"name a file, or one of {known}",
        )
    return plugins.load(places, name, "PLACE", Place)
