"""Signing by a key in a cloud's key store: AWS KMS, as moto answers for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.documents.envelope import open_envelope
from cdkit.core.documents.fact import read_fact
from cdkit.core.errors import CannotTell, RequestError
from cdkit.evidence.signing import schemes
from cdkit.evidence.signing.kms import KmsKey, is_kms, open_kms
from cdkit.evidence.signing.signer import open_signer
from tests.evidence.signing.keys import private, verifier
from tests.evidence.signing.test_keys import STATEMENT
from tests.parts.amazon import Amazon
from tests.worlds import world


@pytest.fixture
def kms(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> Amazon:
    for name, value in amazon.environ.items():
        monkeypatch.setenv(name, value)
    return amazon


def made(spec: str) -> tuple[str, str]:
    """Make a key in the store; return its id and its public half in PEM."""
    import boto3
    from cryptography.hazmat.primitives import serialization

    client = boto3.client("kms")
    key = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(client.get_public_key(KeyId=key)["PublicKey"])
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return str(key), pem.decode()


@pytest.mark.needs("aws")
@pytest.mark.parametrize(
    ("spec", "hashed"),
    [("ECC_NIST_P256", hashlib.sha256), ("ECC_NIST_P384", hashlib.sha384)],
)
def test_a_key_that_never_leaves_its_store_signs(
    kms: Amazon, tmp_path: Path, spec: str, hashed: Callable[[bytes], Any]
) -> None:
    """AWS signs the hash that it is sent; moto 5.2 takes it for the message, and hashes again."""
    del kms
    key, pem = made(spec)
    signer = open_signer(f"awskms:///{key}", world(tmp_path))
    assert signer
    assert signer.name == f"awskms:///{key}"
    envelope = open_envelope(signer.sign(STATEMENT), where="a.json")
    assert envelope
    assert envelope.payload == STATEMENT
    check = schemes.checker(schemes.read_public(pem, where="it"), "", where="it")
    assert check(envelope.signatures[0].sig, hashed(envelope.signed).digest())


def test_what_a_store_signs_is_verified_as_any_other() -> None:
    """The same, with securesystemslib's signer of keys in memory in place of a store's."""
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # it is there

    fingerprint = schemes.fingerprint(private("p256").public_key())
    data = KmsKey("awskms:///x", CryptoSigner(private("p256")), fingerprint).sign(STATEMENT)
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
