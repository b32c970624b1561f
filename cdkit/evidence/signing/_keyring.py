"""The keys that are trusted, ready to check signatures with, behind the package that checks."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from cdkit.core.documents.envelope import Envelope, Signature
from cdkit.core.errors import RequestError, Unreadable
from cdkit.core.trust import Trust, Vouched
from cdkit.evidence.signing import schemes

if TYPE_CHECKING:
    from sigstore.verify import Verifier

_REMEDY = "have it signed by somebody whom the policy names, or name who signed it there"


class _Known(Struct, frozen=True, kw_only=True):
    name: str
    hint: str
    check: schemes.Check


class Keyring:
    """Checks the signatures of envelopes: by keys itself, by Sigstore's own package else."""

    def __init__(self, trust: Trust, *, where: str, sigstore: Callable[[], "Verifier"]) -> None:
        self._signers = {signer.name: signer for signer in (*trust.keys, *trust.identities)}
        self._unbound = frozenset(
            name for name, signer in self._signers.items() if signer.is_unbound
        )
        self._identities = trust.identities
        self._open = sigstore
        self._sigstore: Verifier | None = None
        self._keys: list[_Known] = []
        for key in trust.keys:
            public = schemes.read_public(key.public_key, where=f"{where}: {key.name}")
            hint = base64.b64encode(schemes.fingerprint(public)).decode()
            if any(known.hint == hint for known in self._keys):
                raise RequestError(
                    f"holds the key of {key.name} under another name too",
                    where=where,
                    remedy="name each key once: two names would count as two signers",
                )
            check = schemes.checker(public, key.scheme, where=f"{where}: {key.name}")
            self._keys.append(_Known(name=key.name, hint=hint, check=check))
        self._hinted = {known.hint: known for known in self._keys}

    def verified(self, envelope: Envelope, *, where: str) -> tuple[str, ...]:
        """Return the names of those whose signature is under an envelope, each once."""
        if envelope.keyless:
            from cdkit.evidence.signing.keyless import certified

            self._sigstore = self._sigstore or self._open()
            return certified(envelope, self._identities, self._sigstore, where=where)
        signed = envelope.signed
        if len(envelope.signatures) == 1 and (name := self._who(envelope.signatures[0], signed)):
            return (name,)  # as nearly all are: there is nothing that it could repeat
        found = [self._who(one, signed) for one in envelope.signatures]
        names = [name for name in found if name]
        if len(set(names)) < len(names):
            raise Unreadable(
                "holds two signatures by one key, which would count as one",
                where=where,
                remedy="let each signer sign once",
            )
        if not names:
            raise Unreadable(
                "is signed by nobody known, or was changed after it was signed",
                where=where,
                remedy=_REMEDY,
            )
        return tuple(names)

    def admitted(self, names: tuple[str, ...], fact: Vouched, *, where: str) -> tuple[str, ...]:
        """Return those of them whose word counts for this fact."""
        if self._unbound.issuperset(names):
            return names
        objections = [self._signers[name].objection(fact) for name in names]
        if counting := [name for name, no in zip(names, objections, strict=True) if not no]:
            return tuple(counting)
        said = "; ".join(objections)
        raise Unreadable(f"is signed, and it does not count: {said}", where=where, remedy=_REMEDY)

    def _who(self, signature: Signature, signed: bytes) -> str:
        """Return whose signature it is; the hint says only who is asked first."""
        first = self._hinted.get(signature.keyid)
        if first and first.check(signature.sig, signed):
            return first.name
        for known in self._keys:
            if known is not first and known.check(signature.sig, signed):
                return known.name
        return ""
