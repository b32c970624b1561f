"""Signing without a key: what can be known of it without the public Sigstore."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sigstore.models import ClientTrustConfig

from cdkit.core.digest import sha256
from cdkit.core.documents.envelope import Envelope, open_envelope
from cdkit.core.documents.fact import Fact, read_fact
from cdkit.core.errors import CannotTell, Unreadable
from cdkit.core.trust import Identity, Trust
from cdkit.evidence.signing.keyless import KeylessSigner, NoIdentity, certified, open_keyless
from cdkit.evidence.signing.verify import open_verifier
from tests.evidence.signing.keys import certificate
from tests.evidence.signing.test_keys import STATEMENT, signed
from tests.evidence.signing.tiny_sigstore import ISSUER, TinySigstore
from tests.worlds import NOW, world

WORKFLOW = "https://github.com/acme/orders/.github/workflows/ci.yml@refs/heads/main"
US = Identity(name="our-ci", identity=WORKFLOW, issuer=ISSUER)


def self_made(folder: Path) -> bytes:
    """A bundle that carries a certificate which nobody's Sigstore gave out."""
    bundle = json.loads(signed(folder))
    der = base64.b64encode(certificate(WORKFLOW)).decode()
    bundle["verificationMaterial"] = {"certificate": {"rawBytes": der}, "tlogEntries": []}
    return json.dumps(bundle).encode()


def opened(data: bytes) -> Envelope:
    envelope = open_envelope(data, where="a.json")
    assert envelope
    return envelope


class Says:
    """Sigstore's verifier, which here says that all is well."""

    def __init__(self, kind: str, payload: bytes) -> None:
        self.said = (kind, payload)

    def verify_dsse(self, bundle: object, policy: object) -> tuple[str, bytes]:
        del bundle, policy
        return self.said


def test_a_job_without_a_token_has_no_identity(tmp_path: Path) -> None:
    with pytest.raises(NoIdentity, match="gave this job no OIDC token") as caught:
        open_keyless(world(tmp_path))
    assert "id-token: write" in caught.value.remedy


def test_a_token_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", "no token")
    with pytest.raises(CannotTell, match="token gives no answer"):
        open_keyless(world(tmp_path))


class Token:
    identity = WORKFLOW


def test_a_sigstore_that_cannot_be_reached_is_told() -> None:
    def config() -> ClientTrustConfig:
        raise OSError("no route")

    signer = KeylessSigner(Token(), config)
    assert signer.name == WORKFLOW
    with pytest.raises(CannotTell, match="no route") as caught:
        signer.sign(STATEMENT)
    assert "sign with a key" in caught.value.remedy


def test_a_bundle_with_a_certificate_is_keyless(tmp_path: Path) -> None:
    assert opened(self_made(tmp_path)).keyless
    assert not opened(signed(tmp_path)).keyless


def test_a_certificate_that_sigstore_never_gave_is_refused(tmp_path: Path) -> None:
    check = open_verifier(Trust(identities=(US,)), where="policy.yaml")
    with pytest.raises(Unreadable, match=r"nobody known to the policy|no bundle that Sigstore"):
        read_fact(self_made(tmp_path), where="a.json", verifier=check)


def test_a_sigstore_of_ones_own_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "sigstore.json").write_text("{}")
    outside = world(tmp_path, environ={"CDKIT_SIGSTORE_CONFIG": "sigstore.json"})
    check = open_verifier(Trust(identities=(US,)), where="policy.yaml", world=outside)
    with pytest.raises(CannotTell, match=r"sigstore.json gives no answer"):
        read_fact(self_made(tmp_path), where="a.json", verifier=check)


def test_a_policy_without_identities_trusts_no_certificate(tmp_path: Path) -> None:
    envelope = opened(self_made(tmp_path))
    verifier: Any = Says("", b"")
    read: Any = bytes
    with pytest.raises(Unreadable, match="names no identity"):
        certified(envelope, (), verifier, where="a.json", read=read)


def stubbed(folder: Path, said: tuple[str, bytes]) -> tuple[str, ...]:
    verifier: Any = Says(*said)
    read: Any = bytes
    envelope = opened(self_made(folder))
    return certified(envelope, (US,), verifier, where="a.json", read=read)


def test_an_identity_that_sigstore_confirms_is_named(tmp_path: Path) -> None:
    assert stubbed(tmp_path, ("application/vnd.in-toto+json", STATEMENT)) == ("our-ci",)


@pytest.mark.parametrize(
    "said", [("text/plain", STATEMENT), ("application/vnd.in-toto+json", b"{}")]
)
def test_what_sigstore_confirms_must_be_what_we_read(
    tmp_path: Path, said: tuple[str, bytes]
) -> None:
    with pytest.raises(Unreadable, match="signs another payload"):
        stubbed(tmp_path, said)


def test_a_bundle_with_a_certificate_and_a_key_is_refused(tmp_path: Path) -> None:
    bundle = json.loads(self_made(tmp_path))
    bundle["verificationMaterial"]["publicKey"] = {"hint": "x"}
    with pytest.raises(Unreadable, match="with a certificate and with a key"):
        open_envelope(json.dumps(bundle).encode(), where="a.json")


@pytest.fixture(scope="module")
def sigstore() -> TinySigstore:
    return TinySigstore()


def checked(folder: Path, sigstore: TinySigstore, data: bytes, *who: Identity) -> Fact:
    (folder / "sigstore.json").write_bytes(sigstore.config())
    outside = world(folder, environ={"CDKIT_SIGSTORE_CONFIG": "sigstore.json"})
    check = open_verifier(Trust(identities=who or (US,)), where="policy.yaml", world=outside)
    return read_fact(data, where="a.json", verifier=check)


def test_an_identity_that_a_sigstore_certified_and_logged_signs(
    tmp_path: Path, sigstore: TinySigstore
) -> None:
    fact = checked(tmp_path, sigstore, sigstore.sign(STATEMENT, WORKFLOW))
    assert (fact.signers, fact.digest) == (("our-ci",), str(sha256(STATEMENT)))


def changed(data: bytes, *path: str, to: object) -> bytes:
    """Return a bundle with something else in one place."""
    bundle = json.loads(data)
    place = bundle
    for name in path[:-1]:
        place = place[0][name] if isinstance(place, list) else place[name]
    place = place[0] if isinstance(place, list) else place
    place[path[-1]] = to
    return json.dumps(bundle).encode()


OTHER_STATEMENT = base64.b64encode(STATEMENT.replace(b'"failed":0', b'"failed":9')).decode()


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("dsseEnvelope", "payload"), OTHER_STATEMENT),
        (("dsseEnvelope", "payloadType"), "application/vnd.in-toto.x+json"),
        (("dsseEnvelope", "signatures", "sig"), "AAAA"),
        (("verificationMaterial", "tlogEntries"), []),
        (("verificationMaterial", "tlogEntries", "integratedTime"), "1"),
        (("verificationMaterial", "tlogEntries", "canonicalizedBody"), "e30="),
        (
            ("verificationMaterial", "tlogEntries", "inclusionPromise"),
            {"signedEntryTimestamp": "AAAA"},
        ),
    ],
)
def test_a_bundle_that_was_changed_anywhere_is_refused(
    tmp_path: Path, sigstore: TinySigstore, path: tuple[str, ...], to: object
) -> None:
    data = changed(sigstore.sign(STATEMENT, WORKFLOW), *path, to=to)
    with pytest.raises(Unreadable, match=r"nobody known to the policy|no bundle that Sigstore"):
        checked(tmp_path, sigstore, data)


def test_another_workflow_or_another_issuer_is_not_the_one_that_is_trusted(
    tmp_path: Path, sigstore: TinySigstore
) -> None:
    fork = WORKFLOW.replace("acme", "mallory")
    with pytest.raises(Unreadable, match="SANs do not match"):
        checked(tmp_path, sigstore, sigstore.sign(STATEMENT, fork))
    gitlab = Identity(name="our-ci", identity=WORKFLOW, issuer="https://gitlab.com")
    with pytest.raises(Unreadable, match="nobody known to the policy"):
        checked(tmp_path, sigstore, sigstore.sign(STATEMENT, WORKFLOW), gitlab)


def test_another_sigstore_is_not_the_one_that_is_trusted(
    tmp_path: Path, sigstore: TinySigstore
) -> None:
    with pytest.raises(Unreadable, match="nobody known to the policy"):
        checked(tmp_path, sigstore, TinySigstore().sign(STATEMENT, WORKFLOW))


def test_a_signature_after_the_certificates_end_is_refused(
    tmp_path: Path, sigstore: TinySigstore
) -> None:
    late = sigstore.sign(STATEMENT, WORKFLOW, at=NOW + timedelta(hours=1))
    with pytest.raises(Unreadable, match="nobody known to the policy"):
        checked(tmp_path, sigstore, late)


def test_an_identity_has_its_limits_too(tmp_path: Path, sigstore: TinySigstore) -> None:
    bound = Identity(name="our-ci", identity=WORKFLOW, issuer=ISSUER, kinds=("lint",))
    with pytest.raises(Unreadable, match="our-ci may not sign for the kind unit"):
        checked(tmp_path, sigstore, sigstore.sign(STATEMENT, WORKFLOW), bound)
