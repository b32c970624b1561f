"""What a place is: where outboxes lie on their way from a job to one on another machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cdkit.core.world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A kind of place. Its addresses begin with the name of its file: `s3://`, `oci://`.

    `check` raises RequestError for an address that can be none. `put` takes an outbox there and
    returns the address that it has; once it has returned, the outbox is there whole. `find` returns
    the addresses of all that lie in a place, sorted, or what is left of the one that is named.
    `take` returns what lies at an address, as it was put, or None where somebody else has delivered
    from it since it was found; raises Missing where it is gone, and nothing says why.
    `settle` says that somebody delivered from it: `data` is the outbox as it stands now, or is
    empty where nothing is left in it. Whatever happens in between, an event is never in no outbox.
    `limit` is the most bytes that one outbox may have.
    """

    check: Callable[[str], object]
    put: Callable[[str, bytes, World], str]
    find: Callable[[str, World], Sequence[str]]
    take: Callable[[str, World], bytes | None]
    settle: Callable[[str, bytes, World], None]
    limit: int
