"""What a registry itself does against a tag that moves, as it says of one tag."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from msgspec import Struct

from cdkit.core.oci.authorize import Challenge
from cdkit.core.oci.reference import Reference
from cdkit.core.world import World


class State(StrEnum):
    """Whether the registry lets a tag be moved, once it is there."""

    IMMUTABLE = "immutable"
    MUTABLE = "mutable"
    UNKNOWN = "unknown"


class Setting(Struct, frozen=True, kw_only=True):
    """What holds for one tag, and why: which setting says so, or what kept it from being read."""

    state: State
    why: str


def never(challenge: Challenge) -> bool:
    """Recognise no challenge: the registry is known by its host."""
    del challenge
    return False


class RegistryKind(Struct, frozen=True, kw_only=True):
    """One make of registry: how it is known, and how it is asked for its setting.

    `claims` knows it by its host alone; `recognises` by the challenge with which it answers whoever
    asks for `/v2/` without a login. `immutability` may raise CannotTell, which is "unknown".
    """

    name: str
    claims: Callable[[Reference], bool]
    recognises: Callable[[Challenge], bool] = never
    immutability: Callable[[Reference, World], Setting]


def immutable(why: str) -> Setting:
    """Return a setting that keeps the tag where it is."""
    return Setting(state=State.IMMUTABLE, why=why)


def mutable(why: str) -> Setting:
    """Return a setting that lets the tag be moved."""
    return Setting(state=State.MUTABLE, why=why)


def unknown(why: str) -> Setting:
    """Return what there is to say where the setting cannot be read."""
    return Setting(state=State.UNKNOWN, why=why)


def weakest(settings: Iterable[Setting]) -> State:
    """Return what holds for several tags together: the weakest of them; unknown for none."""
    states = {setting.state for setting in settings}
    for state in (State.MUTABLE, State.UNKNOWN):
        if state in states:
            return state
    return State.IMMUTABLE if states else State.UNKNOWN
