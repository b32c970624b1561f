"""Signing by a key in a cloud's key store: AWS KMS, as moto answers for it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from cdkit.core.documents.fact import read_fact
from cdkit.core.errors import CannotTell, RequestError, Unreadable
from cdkit.evidence.signing import schemes
from cdkit.evidence.signing.kms import KmsKey, is_kms, open_kms
from cdkit.evidence.signing.signer import open_signer
from tests.evidence.signing.keys import private, public, verifier
from tests.evidence.signing.test_keys import STATEMENT
from tests.parts.amazon import Amazon
from tests.worlds import world


@pytest.fixture
def kms(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> Amazon:
    for name, value in amazon.environ.items():
        monkeypatch.setenv(name, value)
    return amazon


def made(spec: str) -> str:
    """Make a key in the store; return its id."""
    import boto3

    made = boto3.client("kms").create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["KeyId"])


class _Amazon:
    """AWS KMS as its SDK has it: it signs the hash that it is sent."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.hashed = {"p256": hashes.SHA256(), "p384": hashes.SHA384()}[kind]

    def get_public_key(self, **_asked: str) -> dict[str, object]:
        der = base64.b64decode("".join(public(self.kind).splitlines()[1:-1]))
        sized = self.hashed.digest_size * 8
        return {"SigningAlgorithms": [f"ECDSA_SHA_{sized}"], "PublicKey": der}

    def sign(self, **asked: object) -> dict[str, bytes]:
        key, message = private(self.kind), asked["Message"]
        assert asked["MessageType"] == "DIGEST"
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert isinstance(message, bytes)
        return {"Signature": key.sign(message, ec.ECDSA(utils.Prehashed(self.hashed)))}


@pytest.mark.needs("aws")
@pytest.mark.parametrize("kind", ["p256", "p384"])
def test_a_key_that_never_leaves_its_store_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import boto3

    monkeypatch.setattr(boto3, "client", lambda _service: _Amazon(kind))
    signer = open_signer("awskms:///alias/ci", world(tmp_path))
    assert signer
    fact = read_fact(signer.sign(STATEMENT), where="a.json", verifier=verifier(kind))
    assert fact.signers == ("ci",)


@pytest.mark.needs("aws")
@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384"])
def test_a_signature_that_is_not_the_keys_is_not_kept(
    kms: Amazon, tmp_path: Path, spec: str
) -> None:
    """AWS signs the hash that it is sent; moto 5.2 takes it for the message, and hashes again."""
    del kms
    key = made(spec)
    signer = open_signer(f"awskms:///{key}", world(tmp_path))
    assert signer
    assert signer.name == f"awskms:///{key}"
    with pytest.raises(Unreadable, match="not that of the key that the store shows") as caught:
        signer.sign(STATEMENT)
    assert str(caught.value.where) == f"awskms:///{key}"


def test_what_a_store_signs_is_verified_as_any_other() -> None:
    """The same, with securesystemslib's signer of keys in memory in place of a store's."""
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # it is there

    public = private("p256").public_key()
    check = schemes.checker(public, "", where="it")
    signer = CryptoSigner(private("p256"))
    data = KmsKey("awskms:///x", signer, schemes.fingerprint(public), check).sign(STATEMENT)
    fact = read_fact(data, where="a.json", verifier=verifier())
    assert fact.signers == ("ci",)


@pytest.mark.needs("aws")
def test_a_key_that_is_not_in_its_store_is_told(kms: Amazon) -> None:
    del kms
    with pytest.raises(CannotTell, match="does not answer as a key that signs") as caught:
        open_kms("awskms:///alias/nobody", world(Path()))
    assert "that the job may use the key" in caught.value.remedy


@pytest.mark.parametrize("uri", ["awskms://", "vault://key", "key", "AWSKMS:///a", "awskms:///a\n"])
def test_what_names_no_key_store_is_none(uri: str) -> None:
    assert not is_kms(uri)
    with pytest.raises(RequestError, match="names no key"):
        open_kms(uri, world(Path()))


def test_an_azure_key_needs_vault_and_name() -> None:
    with pytest.raises(RequestError, match="names no key"):
        open_kms("azurekms://only-a-vault", world(Path()))
