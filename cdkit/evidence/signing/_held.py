"""A private key in memory, behind the package that signs."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from cdkit.core.errors import RequestError
from cdkit.core.secret import Secret
from cdkit.core.trust import Scheme
from cdkit.evidence.signing import schemes
from cdkit.evidence.signing.keys import PASSWORD_VARIABLE, bundle_of, to_sign


class HeldKey:
    """Signs with a private key in PEM."""

    def __init__(self, pem: Secret, password: Secret, scheme: Scheme, *, where: str) -> None:
        self._key = _load(pem, password, where)
        self._scheme = schemes.scheme_of(self._key, scheme, where=where)
        self._fingerprint = schemes.fingerprint(self._key.public_key())

    @property
    def name(self) -> str:
        """The key's type and its fingerprint."""
        return f"{self._scheme} key sha256:{self._fingerprint.hex()[:16]}"

    def sign(self, statement: bytes) -> bytes:
        """Return the bundle of a statement."""
        sig = schemes.sign(self._key, self._scheme, to_sign(statement))
        return bundle_of(statement, sig, self._fingerprint)


def _load(pem: Secret, password: Secret, where: str) -> schemes.Private:
    word = password.reveal().encode() if password else None
    try:
        key = serialization.load_pem_private_key(pem.reveal().encode(), word)
    except TypeError:
        what = "is encrypted" if word is None else "is not encrypted, and a password is given"
        raise RequestError(
            what, where=where, remedy=f"set {PASSWORD_VARIABLE}, or take it away"
        ) from None  # what went wrong may quote the key
    except (ValueError, UnsupportedAlgorithm):
        raise RequestError(
            "holds no private key in PEM, or the password is not its own",
            where=where,
            remedy="give the whole file, `-----BEGIN PRIVATE KEY-----` and all",
        ) from None
    schemes.scheme_of(key, "", where=where)
    if not isinstance(key, schemes.Private):
        raise RequestError("is no key that signs", where=where, remedy="use ECDSA on P-256")
    return key
