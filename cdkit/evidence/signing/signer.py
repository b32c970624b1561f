"""Who signs the facts that a step leaves: nobody, a key, a cloud's key store, or Sigstore."""

from typing import Protocol

from cdkit.core.errors import RequestError
from cdkit.core.world import World

NOBODY = "none"
KEY = "key"
KEYLESS = "keyless"
KEY_VARIABLE = "CDKIT_SIGNING_KEY"


class Signer(Protocol):
    """Signs statements."""

    @property
    def name(self) -> str:
        """Who signs, for people: a key's fingerprint, an identity."""

    def sign(self, statement: bytes) -> bytes:
        """Return a Sigstore bundle around the bytes of a statement; CannotTell where that fails."""


def open_signer(sign: str, world: World) -> Signer | None:
    """Return who signs, by the option `sign`; None where nobody does.

    An empty option means a key where the environment holds one. Raises RequestError where it names
    nothing that signs, or a key that is none; MissingExtra where the package for it is not there.
    """
    from cdkit.evidence.signing.kms import is_kms, open_kms

    chosen = sign or (KEY if world.environ.get(KEY_VARIABLE) else NOBODY)
    if chosen == NOBODY:
        return None
    if chosen == KEY:
        from cdkit.evidence.signing.keys import open_key

        return open_key(world)
    if chosen == KEYLESS:
        from cdkit.evidence.signing.keyless import open_keyless

        return open_keyless(world)
    if is_kms(chosen):
        return open_kms(chosen, world)
    raise RequestError(
        f"{sign[:100]!r} is nothing that signs",
        where="sign",
        remedy="write none, key (with CDKIT_SIGNING_KEY), keyless, or a key of a cloud: "
        "awskms:///alias/NAME",
    )
