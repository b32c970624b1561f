"""Who signed what let a deployment in: as a policy asks, or as the records themselves claim."""

from typing import Literal

from msgspec import Struct

from cdkit.core.digest import sha256
from cdkit.core.documents.fact import Fact, statement_of
from cdkit.core.documents.kinds import Decision
from cdkit.core.errors import CannotTell, CdkitError
from cdkit.core.trust import Verifier
from cdkit.core.world import World
from cdkit.evidence.signing.keyless import CONFIG_VARIABLE
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
from cdkit.steps.protected import may_be_of_the_change

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


def signing_of(found: FoundPolicy | None, world: World) -> Signing:
    """Return what a policy asks of signatures; `None`, or cdkit's own policy, asks nothing.

    Raises as `verifier_of` does.
    """
    if found is None or found.policy is DEFAULT:
        return Signing()
    return Signing(policy=found.policy, verifier=verifier_of(found, world))


def verifier_of(found: FoundPolicy, world: World) -> Verifier | None:
    """Return what checks signatures by those whom a policy trusts; None where it names nobody.

    Raises as `open_verifier` does, and CannotTell where the change under judgement may itself have
    brought the Sigstore whose certificates count.
    """
    trust = trust_of(found.policy)
    if trust is None:
        return None
    config = world.environ.get(CONFIG_VARIABLE, "")
    if config and trust.identities and may_be_of_the_change(config, world):
        raise CannotTell(
            "came with the checkout: the change under judgement may have brought a Sigstore of its"
            " own, which certifies whom it likes",
            where=config,
            remedy=f"let {CONFIG_VARIABLE} name a file that the change cannot alter: `git show"
            " origin/main:sigstore.json > /tmp/sigstore.json` (after `git fetch origin main`)",
        )
    return open_verifier(trust, where=found.source.where, world=world)


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
