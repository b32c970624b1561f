"""Who signed what let a deployment in: as a policy asks, or as the records themselves claim."""

from typing import Literal

from msgspec import Struct

from cdkit.core.digest import sha256
from cdkit.core.documents.fact import Fact, statement_of
from cdkit.core.documents.kinds import Decision
from cdkit.core.errors import CdkitError
from cdkit.core.trust import Verifier
from cdkit.evidence.signing.verify import open_verifier
from cdkit.evidence.store import Store
from cdkit.gate.policy import (
    DEFAULT,
    Policy,
    asked_of,
    asked_of_kind,
    signers_told,
    trust_of,
    unsigned_by,
)
from cdkit.gate.source import FoundPolicy

_KEYLESS = "(a certificate)"


class Signature(Struct, frozen=True, kw_only=True):
    """Whether a fact is signed, whether anybody checked that, and by whom it is.

    Where nobody checked, `by` are the hints that stand beside the signatures: anybody can write
    them.
    """

    state: Literal["checked", "nobody checked", "unsigned"]
    by: tuple[str, ...] = ()


UNSIGNED = Signature(state="unsigned")


class Signing(Struct, frozen=True, kw_only=True):
    """What a policy asks of signatures; nothing where there is none."""

    policy: Policy | None = None
    verifier: Verifier | None = None

    def objection(self, fact: Fact) -> str:
        """Say which signature the policy wants and a fact has not; an empty text: it has all.

        Of a decision, what a requirement asks of the decisions on its stage counts as well.
        """
        if self.policy is None:
            return ""
        document = fact.document
        asked = asked_of(self.policy)
        if isinstance(document, Decision):
            asked = asked_of_kind(self.policy, "decision", document.stage)
        missing = unsigned_by(asked, fact.signers)
        if not missing:
            return ""
        by = f"is signed by {', '.join(fact.signers)}" if fact.signers else "is not signed"
        return f"that of {fact.recorded_at} {by}, and the policy wants {signers_told(missing)}"

    def under(self, fact: Fact, store: Store) -> Signature:
        """Return the signature under a fact: of those who were checked, else as it claims."""
        if self.verifier is not None:
            return Signature(state="checked", by=fact.signers) if fact.signers else UNSIGNED
        return _claimed(fact, store)


def signing_of(found: FoundPolicy | None) -> Signing:
    """Return what a policy asks of signatures; `None`, or cdkit's own policy, asks nothing.

    Raises as `open_verifier` does.
    """
    if found is None or found.policy is DEFAULT:
        return Signing()
    trust = trust_of(found.policy)
    verifier = open_verifier(trust, where=found.source.where) if trust else None
    return Signing(policy=found.policy, verifier=verifier)


def _claimed(fact: Fact, store: Store) -> Signature:
    """Return what stands beside a fact's signatures, in whichever record of it has some."""
    by: dict[str, None] = {}
    for where, data in store.held(fact.keys).records:
        try:
            _, payload, envelope = statement_of(data, where=where)
        except CdkitError:
            continue  # it was told among the unreadable, as the facts were read
        if envelope is not None and str(sha256(payload)) == fact.digest:
            hints = (_KEYLESS if envelope.keyless else one.keyid for one in envelope.signatures)
            by |= dict.fromkeys(hint or "(no hint)" for hint in hints)
    return Signature(state="nobody checked", by=tuple(by)) if by else UNSIGNED
