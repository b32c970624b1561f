"""Who may sign facts: keys with the time and the kinds that they are good for, and identities."""

from datetime import UTC, datetime
from typing import Literal, Protocol

from msgspec import Struct

from cdkit.core.documents.envelope import Envelope
from cdkit.core.errors import RequestError

Scheme = Literal["", "ecdsa-sha256", "ecdsa-sha384", "ed25519", "rsa-pss", "rsa-pkcs1"]
"""How a key signs; empty: as keys of its type do. RSA goes with SHA-256."""


class Vouched(Protocol):
    """What is asked of a fact before a signature under it counts."""

    @property
    def kind(self) -> str:
        """The kind of evidence, or of document."""

    @property
    def step(self) -> str:
        """The step that left it."""

    @property
    def environment(self) -> str:
        """The environment that it speaks of, or an empty string."""

    @property
    def recorded_at(self) -> str:
        """When it was recorded (RFC 3339)."""


class _Remit(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """What a signer is good for; an empty list stands for all.

    `environments` bounds facts that speak of one (a deployment's, a decision's stage).
    A fact counts that was recorded from `valid-from` on and before `valid-until` (RFC 3339 or a
    date; empty: no bound), whenever it is read: so old facts outlive a key that was rotated.
    """

    name: str
    valid_from: str = ""
    valid_until: str = ""
    kinds: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def is_unbound(self) -> bool:
        """Whether this signer's word counts for every fact, of whatever time."""
        return not (
            self.kinds or self.steps or self.environments or self.valid_from or self.valid_until
        )

    def objection(self, fact: Vouched) -> str:
        """Say why this signer's word does not count under a fact; an empty string: it does."""
        if not (self.kinds or self.steps or self.environments):
            return self._untimely(fact)
        for what, allowed, found in (
            ("kind", self.kinds, fact.kind),
            ("step", self.steps, fact.step),
            ("environment", self.environments, fact.environment),
        ):
            if allowed and found and found not in allowed:
                return f"{self.name} may not sign for the {what} {found}"
        return self._untimely(fact)

    def _untimely(self, fact: Vouched) -> str:
        if not self.valid_from and not self.valid_until:
            return ""
        try:
            recorded = moment(fact.recorded_at, where=self.name)
        except RequestError:
            return f"{self.name} signs for a time, and it does not say when it was recorded"
        if self.valid_from and recorded < moment(self.valid_from, where=self.name):
            return f"{self.name} is valid from {self.valid_from} on, and it is of {recorded}"
        if self.valid_until and recorded >= moment(self.valid_until, where=self.name):
            return f"{self.name} was valid until {self.valid_until}, and it is of {recorded}"
        return ""


class Key(_Remit, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """A key that may sign facts: its public half in PEM (SubjectPublicKeyInfo)."""

    public_key: str
    scheme: Scheme = ""


class Identity(_Remit, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """Whom Sigstore certified: the certificate's subject, as a whole, and who vouched for it.

    GitHub's is the workflow, `https://github.com/acme/orders/.github/workflows/ci.yml@refs/heads/
    main`, its issuer `https://token.actions.githubusercontent.com`.
    """

    identity: str
    issuer: str


class Trust(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everybody whose signature under a fact is worth anything, by names that are unique."""

    keys: tuple[Key, ...] = ()
    identities: tuple[Identity, ...] = ()


class Verifier(Protocol):
    """Checks the signatures of envelopes."""

    def verified(self, envelope: Envelope, *, where: str) -> tuple[str, ...]:
        """Return the names of those whose signature is under an envelope, each once.

        Raises Unreadable where none is that of somebody known, or one signed twice.
        """

    def admitted(self, names: tuple[str, ...], fact: Vouched, *, where: str) -> tuple[str, ...]:
        """Return those of them whose word counts for this fact; Unreadable where none does."""


def moment(text: str, *, where: str) -> datetime:
    """Read RFC 3339, or a date (its midnight in UTC); RequestError where it is neither."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise RequestError(
            f"{text[:80]!r} is no time", where=where, remedy='write "2027-01-31", or a whole time'
        ) from fault
    return found if found.tzinfo else found.replace(tzinfo=UTC)
