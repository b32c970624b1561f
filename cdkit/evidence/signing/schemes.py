"""How keys sign: ECDSA, Ed25519 and RSA, by the cryptography package alone."""

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from cdkit.core.errors import RequestError
from cdkit.core.trust import Scheme

Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Check = Callable[[bytes, bytes], bool]

_SHA: dict[Scheme, hashes.SHA256 | hashes.SHA384] = {
    "ecdsa-sha256": hashes.SHA256(),
    "ecdsa-sha384": hashes.SHA384(),
}
_CURVES: dict[str, Scheme] = {"secp256r1": "ecdsa-sha256", "secp384r1": "ecdsa-sha384"}
_SHORTEST_RSA = 2048
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
_PSS_MADE = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
_RSA = hashes.SHA256()


def read_public(pem: str, *, where: str) -> Public:
    """Read a public key in PEM; RequestError where it is none, or of a type nobody should use."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise RequestError(
            "holds no public key in PEM",
            where=where,
            remedy="give what `openssl pkey -in KEY -pubout` prints",
        ) from fault
    scheme_of(key, "", where=where)
    if not isinstance(key, Public):
        raise _unusable(where)
    return key


def scheme_of(key: object, asked: Scheme, *, where: str) -> Scheme:
    """Return how a key signs; RequestError where it cannot sign so, or should not at all."""
    usual: tuple[Scheme, ...] = ()
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        curve = _CURVES.get(key.curve.name)
        usual = (curve, *_SHA) if curve else ()
    elif isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        usual = ("ed25519",)
    elif isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) and key.key_size >= _SHORTEST_RSA:
        usual = ("rsa-pkcs1", "rsa-pss")
    if not usual:
        raise _unusable(where)
    if asked and asked not in usual:
        raise RequestError(
            f"is a key that cannot sign by {asked}", where=where, remedy=f"write {usual[0]}"
        )
    return asked or usual[0]


def sign(key: Private, scheme: Scheme, data: bytes) -> bytes:
    """Return the signature of a key over these bytes; ECDSA's is in DER, as Sigstore has it."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_SHA[scheme]))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, _PSS_MADE if scheme == "rsa-pss" else padding.PKCS1v15(), _RSA)


def checker(key: Public, asked: Scheme, *, where: str) -> Check:
    """Return what says whether a signature is this key's over these bytes.

    An RSA key whose scheme nobody named may sign by either. ECDSA's two numbers may stand in DER,
    or side by side as in DSSE's own test vector.
    """
    scheme = scheme_of(key, asked, where=where)
    if isinstance(key, ec.EllipticCurvePublicKey):
        ecdsa, size = ec.ECDSA(_SHA[scheme]), (key.key_size + 7) // 8
        return lambda sig, data: _holds(key.verify, _der(sig, size), data, ecdsa)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return lambda sig, data: _holds(key.verify, sig, data)
    pads = {"rsa-pss": (_PSS,), "rsa-pkcs1": (padding.PKCS1v15(),)}
    own = pads[asked] if asked else (padding.PKCS1v15(), _PSS)
    return lambda sig, data: any(_holds(key.verify, sig, data, pad, _RSA) for pad in own)


def fingerprint(key: Public) -> bytes:
    """Return the SHA-256 of a key's SubjectPublicKeyInfo: what cosign makes its hint of."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return digest.finalize()


def _holds(verify: Callable[..., None], *given: object) -> bool:
    try:
        verify(*given)
    except (InvalidSignature, ValueError):
        return False
    return True


def _der(sig: bytes, size: int) -> bytes:
    if len(sig) != 2 * size:
        return sig
    try:
        decode_dss_signature(sig)
    except ValueError:
        return encode_dss_signature(
            int.from_bytes(sig[:size], "big"), int.from_bytes(sig[size:], "big")
        )
    return sig


def _unusable(where: str) -> RequestError:
    return RequestError(
        "is a key that nobody should sign with",
        where=where,
        remedy="use ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 bits or more",
    )
