"""What a store knows about a subject: facts, and the places that it could not read."""

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.verdict import Reason


class Collected(Struct, frozen=True, kw_only=True):
    """Facts, each once, and a "cannot tell" for every place that holds something unreadable.

    An unreadable record may have said anything, so whoever decides must not pass over it.
    """

    facts: tuple[Fact, ...] = ()
    unreadable: tuple[Reason, ...] = ()

    def joined(self, other: "Collected") -> "Collected":
        """Return both together; a fact or a reason that both hold stands once."""
        facts = {fact.digest: fact for fact in (*self.facts, *other.facts)}
        unreadable = dict.fromkeys((*self.unreadable, *other.unreadable))
        return Collected(facts=tuple(facts.values()), unreadable=tuple(unreadable))
