"""Keys for tests, made anew in each session."""

from __future__ import annotations

import functools
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cdkit.core.trust import Key, Scheme, Trust, Verifier
from cdkit.evidence.signing import schemes
from cdkit.evidence.signing.verify import open_verifier
from tests.worlds import NOW


def private(kind: str, number: int = 0) -> schemes.Private:
    """Return a key; another `number` is another key."""
    return _made(kind, number)


@functools.cache
def _made(kind: str, number: int) -> schemes.Private:
    del number
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65537, 2048)


def pem(kind: str, number: int = 0, *, password: str = "") -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    return (
        private(kind, number)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        .decode()
    )


def public(kind: str, number: int = 0) -> str:
    return (
        private(kind, number)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def certificate(identity: str) -> bytes:
    """Return a certificate in DER that says whatever it likes, signed by its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(minutes=10))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True
        )
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def verifier(kind: str = "p256", number: int = 0, *, scheme: Scheme = "") -> Verifier:
    key = Key(name="ci", public_key=public(kind, number), scheme=scheme)
    return open_verifier(Trust(keys=(key,)), where="policy.yaml")
