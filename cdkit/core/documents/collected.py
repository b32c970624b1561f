"""What a store knows about a subject: facts, and the places that it could not read."""

import msgspec
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
        """Return both together; a fact or a reason that both hold stands once.

        One that is held twice, signed by different people, was signed by all of them.
        """
        facts: dict[str, Fact] = {}
        for fact in (*self.facts, *other.facts):
            facts[fact.digest] = _together(facts.get(fact.digest), fact)
        unreadable = dict.fromkeys((*self.unreadable, *other.unreadable))
        return Collected(facts=tuple(facts.values()), unreadable=tuple(unreadable))


def _together(known: Fact | None, fact: Fact) -> Fact:
    if known is None or known.signers == fact.signers:
        return known or fact
    signers = tuple(dict.fromkeys((*known.signers, *fact.signers)))
    return msgspec.structs.replace(known, signers=signers)
