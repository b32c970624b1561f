"""Signing by a key that the job was handed, in PEM."""

import base64

from cdkit.core.documents.envelope import IN_TOTO, Envelope, Signature, encode_bundle
from cdkit.core.errors import CannotTell, MissingExtra, RequestError
from cdkit.core.secret import Secret
from cdkit.core.trust import Scheme
from cdkit.core.world import MIB, World
from cdkit.evidence.signing.signer import KEY_VARIABLE, Signer

PASSWORD_VARIABLE = "CDKIT_SIGNING_PASSWORD"  # noqa: S105 - the name of a variable
SCHEME_VARIABLE = "CDKIT_SIGNING_SCHEME"
_SCHEMES: dict[str, Scheme] = {
    "": "",
    "ecdsa-sha256": "ecdsa-sha256",
    "ecdsa-sha384": "ecdsa-sha384",
    "ed25519": "ed25519",
    "rsa-pss": "rsa-pss",
    "rsa-pkcs1": "rsa-pkcs1",
}
_COSIGNS = ("ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY")


class NoKey(RequestError):
    """A key was to sign, and the environment holds none."""


def open_key(world: World) -> Signer:
    """Return who signs with the key in the environment.

    CDKIT_SIGNING_KEY is the PEM itself or the path of a file that holds it; it may be encrypted
    with CDKIT_SIGNING_PASSWORD (PKCS#8). Raises NoKey where there is none, RequestError where it
    cannot be used. Neither the key nor what is wrong inside it is ever shown.
    """
    pem = _pem(world)
    try:
        from cdkit.evidence.signing import _held
    except ImportError as fault:
        raise MissingExtra("cryptography", "sign", wanted_by="signing with a key") from fault
    scheme = world.environ.get(SCHEME_VARIABLE, "")
    if scheme not in _SCHEMES:
        raise RequestError(
            f"{scheme[:60]!r} is no way to sign",
            where=SCHEME_VARIABLE,
            remedy=f"write one of: {', '.join(filter(None, _SCHEMES))}",
        )
    password = Secret(world.environ.get(PASSWORD_VARIABLE, ""))
    return _held.HeldKey(pem, password, _SCHEMES[scheme], where=KEY_VARIABLE)


def bundle_of(statement: bytes, sig: bytes, fingerprint: bytes) -> bytes:
    """Return the bundle of a statement, a signature over its envelope, and a key's fingerprint."""
    hint = base64.b64encode(fingerprint).decode()
    signature = Signature(sig=sig, keyid=hint)
    envelope = Envelope(payload=statement, payload_type=IN_TOTO, signatures=(signature,))
    return encode_bundle(envelope, hint=hint)


def to_sign(statement: bytes) -> bytes:
    """Return the bytes that are signed for a statement."""
    return Envelope(payload=statement, payload_type=IN_TOTO, signatures=()).signed


def _pem(world: World) -> Secret:
    value = world.environ.get(KEY_VARIABLE, "")
    if not value.strip():
        raise NoKey(
            "no key is there to sign with",
            where=KEY_VARIABLE,
            remedy="put the private key into it, in PEM, or a path to it; or leave `sign` out",
        )
    if "-----BEGIN" not in value:
        value = _file(value.strip(), world)
    if any(kind in value for kind in _COSIGNS):
        raise RequestError(
            "holds a key in cosign's own form, which only cosign reads",
            where=KEY_VARIABLE,
            remedy="make one with `openssl genpkey -algorithm EC -pkeyopt "
            "ec_paramgen_curve:P-256`, and give it to cosign with `cosign import-key-pair`",
        )
    return Secret(value)


def _file(path: str, world: World) -> str:
    try:
        return world.files.read(path, limit=MIB).decode("utf-8", "replace")
    except CannotTell as fault:
        raise RequestError(
            "holds neither a key in PEM nor the path of a file that can be read",
            where=KEY_VARIABLE,
            remedy="put `-----BEGIN PRIVATE KEY-----` and all that follows into it, or a path",
        ) from fault
