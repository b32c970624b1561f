"""Signing by a key, and checking it: by our own reader and by Sigstore's."""

from __future__ import annotations

import base64
import functools
import json
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.digest import sha256
from cdkit.core.documents.envelope import Envelope, Signature, encode_envelope, open_envelope
from cdkit.core.documents.fact import Fact, read_fact
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import RequestError, Unreadable
from cdkit.core.trust import Key, Scheme, Trust
from cdkit.evidence.signing import schemes
from cdkit.evidence.signing.keys import NoKey, open_key, to_sign
from cdkit.evidence.signing.signer import open_signer
from cdkit.evidence.signing.verify import open_verifier
from tests.evidence.doubles import SUBJECT, evidence
from tests.evidence.signing.keys import pem, private, public, verifier
from tests.parts.node import Node
from tests.worlds import world

KINDS = ("p256", "p384", "ed25519", "rsa")
STATEMENT = encode_statement(state(evidence(), SUBJECT))
#: What Sigstore's verifier calls them; with P-384 it hashes by SHA-256, which ours does not.
DETAILS = {
    "p256": "PKIX_ECDSA_P256_SHA_256",
    "ed25519": "PKIX_ED25519",
    "rsa": "PKIX_RSA_PKCS1V15_2048_SHA256",
}


def signed(
    folder: Path, kind: str = "p256", statement: bytes = STATEMENT, number: int = 0
) -> bytes:
    outside = world(folder, environ={"CDKIT_SIGNING_KEY": pem(kind, number)})
    return open_key(outside).sign(statement)


def read(data: bytes, kind: str = "p256") -> Fact:
    return read_fact(data, where="a.json", verifier=verifier(kind))


def changed(data: bytes, **changes: object) -> bytes:
    """Return a bundle whose envelope holds something else."""
    bundle = json.loads(data)
    bundle["dsseEnvelope"] |= changes
    return json.dumps(bundle).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_fact_that_a_known_key_signed_names_its_signer(tmp_path: Path, kind: str) -> None:
    fact = read(signed(tmp_path, kind), kind)
    assert (fact.signers, fact.kind) == (("ci",), "unit")


def test_a_signed_fact_is_the_same_fact_as_the_bare_one(tmp_path: Path) -> None:
    assert read(signed(tmp_path)).digest == str(sha256(STATEMENT))


def test_a_bare_fact_has_no_signer() -> None:
    assert read(STATEMENT).signers == ()


def test_without_keys_to_check_by_a_signed_fact_has_no_signer(tmp_path: Path) -> None:
    assert read_fact(signed(tmp_path), where="a.json").signers == ()


def test_a_bare_envelope_is_read_as_its_bundle_is(tmp_path: Path) -> None:
    envelope = open_envelope(signed(tmp_path), where="a.json")
    assert envelope
    assert read(encode_envelope(envelope)).signers == ("ci",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_payload_is_refused(tmp_path: Path, kind: str) -> None:
    other = STATEMENT.replace(b'"failed":0', b'"failed":9')
    data = changed(signed(tmp_path, kind), payload=base64.b64encode(other).decode())
    with pytest.raises(Unreadable, match="was changed after it was signed"):
        read(data, kind)


def test_a_changed_payload_type_is_refused(tmp_path: Path) -> None:
    data = changed(signed(tmp_path), payloadType="application/vnd.in-toto.other+json")
    with pytest.raises(Unreadable, match="was changed after it was signed"):
        read(data)


def test_a_payload_that_is_no_statement_by_its_type_is_refused(tmp_path: Path) -> None:
    data = changed(signed(tmp_path), payloadType="text/plain")
    with pytest.raises(Unreadable, match="of type 'text/plain'"):
        read_fact(data, where="a.json")


def test_the_signature_of_an_unknown_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="signed by nobody known") as caught:
        read(signed(tmp_path, number=1))
    assert "name who signed it" in caught.value.remedy


def test_a_key_id_decides_nothing(tmp_path: Path) -> None:
    mine = open_envelope(signed(tmp_path), where="a.json")
    other = open_envelope(signed(tmp_path, number=1), where="a.json")
    assert mine
    assert other
    lying = Signature(sig=mine.signatures[0].sig, keyid=other.signatures[0].keyid)
    assert read(encode_envelope(msgspec.structs.replace(mine, signatures=(lying,)))).signers
    foreign = Signature(sig=other.signatures[0].sig, keyid=mine.signatures[0].keyid)
    with pytest.raises(Unreadable, match="nobody known"):
        read(encode_envelope(msgspec.structs.replace(mine, signatures=(foreign,))))


def both(folder: Path, first: int, second: int) -> bytes:
    envelopes = [open_envelope(signed(folder, number=n), where="") for n in (first, second)]
    signatures = tuple(one.signatures[0] for one in envelopes if one)
    envelope = Envelope(
        payload=STATEMENT, payload_type="application/vnd.in-toto+json", signatures=signatures
    )
    return encode_envelope(envelope)


def test_two_signatures_by_one_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="two signatures by one key"):
        read(both(tmp_path, 0, 0))


def test_two_signatures_by_two_keys_are_two_signers(tmp_path: Path) -> None:
    keys = tuple(Key(name=f"k{n}", public_key=public("p256", n)) for n in (0, 1))
    checked = read_fact(
        both(tmp_path, 0, 1),
        where="a.json",
        verifier=open_verifier(Trust(keys=keys), where="policy.yaml"),
    )
    assert checked.signers == ("k0", "k1")


def test_one_key_under_two_names_is_refused() -> None:
    keys = tuple(Key(name=name, public_key=public("p256")) for name in ("a", "b"))
    with pytest.raises(RequestError, match="under another name too"):
        open_verifier(Trust(keys=keys), where="policy.yaml")


def test_a_bundle_with_two_signatures_is_refused(tmp_path: Path) -> None:
    bundle = json.loads(signed(tmp_path))
    bundle["dsseEnvelope"]["signatures"] *= 2
    with pytest.raises(Unreadable, match="2 signatures; exactly one is legal"):
        read(json.dumps(bundle).encode())


@pytest.mark.parametrize("url_safe", [False, True])
def test_both_alphabets_of_base64_are_read(tmp_path: Path, *, url_safe: bool) -> None:
    statement = STATEMENT.replace(b"3 tests passed", "3 tests passed ÿ?>".encode())
    data = signed(tmp_path, statement=statement)
    payload = base64.b64encode(statement).decode()
    assert "/" in payload or "+" in payload
    if url_safe:
        data = changed(data, payload=base64.urlsafe_b64encode(statement).decode())
    assert read(data).signers == ("ci",)


@pytest.mark.parametrize("bad", ["e30", "e30=\n", " e30=", "e3_+", "e31=", "ä", "e30=e30="])
def test_base64_that_is_not_strict_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(Unreadable, match="Base64"):
        read(changed(signed(tmp_path), payload=bad))


@pytest.mark.parametrize(
    "both_at_once",
    [
        {"_type": "https://in-toto.io/Statement/v1"},
        {"payload": "e30="},
        {"messageSignature": {}},
    ],
)
def test_what_can_be_read_as_two_things_is_refused(
    tmp_path: Path, both_at_once: dict[str, object]
) -> None:
    data = json.dumps(json.loads(signed(tmp_path)) | both_at_once).encode()
    with pytest.raises(Unreadable, match="as two things"):
        read(data)


def test_nobody_signed_is_refused(tmp_path: Path) -> None:
    envelope = open_envelope(signed(tmp_path), where="")
    assert envelope
    data = encode_envelope(msgspec.structs.replace(envelope, signatures=()))
    with pytest.raises(Unreadable, match="has 0 signatures"):
        read(data)


@given(st.binary(max_size=300))
def test_garbage_is_unreadable_and_nothing_else(data: bytes) -> None:
    for garbage in (data, b'{"payload":' + data, b'{"dsseEnvelope":' + data):
        with pytest.raises(Unreadable):
            read_fact(garbage, where="a.json", verifier=verifier())


@functools.cache
def one() -> bytes:
    return signed(Path())


@given(st.data())
def test_no_changed_byte_of_a_bundle_makes_another_fact(data: st.DataObject) -> None:
    whole = one()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    try:
        fact = read(whole[:at] + bytes([byte]) + whole[at + 1 :])
    except Unreadable:
        return
    assert fact.digest == str(sha256(STATEMENT))


def test_the_test_vector_of_dsse_verifies() -> None:
    """The specification's own: protocol.md, "Test Vectors" (a P-256 key, r and s side by side)."""
    numbers = ec.EllipticCurvePublicNumbers(
        curve=ec.SECP256R1(),
        x=46950820868899156662930047687818585632848591499744589407958293238635476079160,
        y=5640078356564379163099075877009565129882514886557779369047442380624545832820,
    )
    envelope = Envelope(
        payload=b"hello world", payload_type="http://example.com/HelloWorld", signatures=()
    )
    assert envelope.signed == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    sig = base64.b64decode(
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
    )
    check = schemes.checker(numbers.public_key(), "", where="the vector")
    assert check(sig, envelope.signed)
    assert not check(sig, envelope.signed + b"!")


@pytest.mark.needs("node")
@pytest.mark.parametrize("kind", sorted(DETAILS))
def test_sigstores_own_verifier_takes_what_we_sign_and_refuses_what_was_changed(
    tmp_path: Path, node: Node, kind: str
) -> None:
    good = signed(tmp_path, kind)
    other = base64.b64encode(STATEMENT.replace(b'"failed":0', b'"failed":9')).decode()
    bundles = {
        "good": good,
        "payload": changed(good, payload=other),
        "type": changed(good, payloadType="application/vnd.in-toto.other+json"),
        "foreign": signed(tmp_path, kind, number=1),
    }
    for name, data in bundles.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "key.pem").write_text(public(kind))
    script = Path(__file__).with_name("verify.mjs")
    paths = [str(tmp_path / name) for name in bundles]
    done = node.run(script, str(tmp_path / "key.pem"), DETAILS[kind], *paths)
    assert done.returncode == 0, done.stderr
    refused = ["refused: SIGNATURE_ERROR"] * 3
    assert done.stdout.splitlines() == ["verified", *refused]


def test_a_key_may_stand_in_a_file_and_be_encrypted(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(pem("p256", password="open sesame"))
    outside = world(
        tmp_path,
        environ={"CDKIT_SIGNING_KEY": "key.pem", "CDKIT_SIGNING_PASSWORD": "open sesame"},
    )
    assert read(open_key(outside).sign(STATEMENT)).signers == ("ci",)


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_password_that_is_missing_or_wrong_is_told_without_the_key(
    tmp_path: Path, password: str
) -> None:
    text = pem("p256", password="open sesame")
    environ = {"CDKIT_SIGNING_KEY": text, "CDKIT_SIGNING_PASSWORD": password}
    with pytest.raises(RequestError, match=r"password|encrypted") as caught:
        open_key(world(tmp_path, environ=environ))
    told = f"{caught.value}{caught.value.remedy}{caught.value.__context__}"
    assert not any(line in told for line in text.splitlines()[1:])


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "no key is there"),
        ({"CDKIT_SIGNING_KEY": " \n"}, "no key is there"),
        ({"CDKIT_SIGNING_KEY": "nowhere.pem"}, "neither a key in PEM nor the path"),
        ({"CDKIT_SIGNING_KEY": "-----BEGIN PRIVATE KEY-----\nAAAA\n"}, "no private key in PEM"),
        (
            {"CDKIT_SIGNING_KEY": "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"},
            "cosign's own form",
        ),
    ],
)
def test_a_key_that_is_none_is_told(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        open_key(world(tmp_path, environ=environ))
    assert str(caught.value.where) == "CDKIT_SIGNING_KEY"
    assert isinstance(caught.value, NoKey) is (said == "no key is there")


def _short() -> str:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_a_weak_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nobody should sign with"):
        open_key(world(tmp_path, environ={"CDKIT_SIGNING_KEY": _short()}))


def test_a_scheme_that_is_not_the_keys_is_refused(tmp_path: Path) -> None:
    environ = {"CDKIT_SIGNING_KEY": pem("p256"), "CDKIT_SIGNING_SCHEME": "ed25519"}
    with pytest.raises(RequestError, match="cannot sign by ed25519"):
        open_key(world(tmp_path, environ=environ))


@pytest.mark.parametrize(("asked", "holds"), [("rsa-pss", True), ("rsa-pkcs1", False), ("", True)])
def test_an_rsa_key_signs_by_the_scheme_that_is_asked(
    tmp_path: Path, asked: Scheme, *, holds: bool
) -> None:
    environ = {"CDKIT_SIGNING_KEY": pem("rsa"), "CDKIT_SIGNING_SCHEME": "rsa-pss"}
    data = open_key(world(tmp_path, environ=environ)).sign(STATEMENT)
    check = verifier("rsa", scheme=asked)
    if holds:
        assert read_fact(data, where="a", verifier=check).signers == ("ci",)
    else:
        with pytest.raises(Unreadable, match="nobody known"):
            read_fact(data, where="a", verifier=check)


def admits(folder: Path, key: Key) -> Fact:
    check = open_verifier(Trust(keys=(key,)), where="policy.yaml")
    return read_fact(signed(folder), where="a.json", verifier=check)


@pytest.mark.parametrize(
    "limits",
    [
        {"valid_from": "2026-11-23", "valid_until": "2026-11-24"},
        {"valid_from": "2026-11-23T11:00:00Z"},
        {"kinds": ("unit", "lint")},
        {"steps": ("record-evidence",)},
        {"environments": ("production",)},
    ],
)
def test_a_key_counts_within_its_limits(tmp_path: Path, limits: dict[str, object]) -> None:
    key = msgspec.structs.replace(Key(name="ci", public_key=public("p256")), **limits)
    assert admits(tmp_path, key).signers == ("ci",)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"valid_from": "2026-11-24"}, "ci is valid from 2026-11-24 on"),
        ({"valid_until": "2026-11-23T11:00:00Z"}, "ci was valid until 2026-11-23T11:00:00Z"),
        ({"kinds": ("lint",)}, "ci may not sign for the kind unit"),
        ({"steps": ("scan-image",)}, "ci may not sign for the step record-evidence"),
    ],
)
def test_a_key_beyond_its_limits_does_not_count(
    tmp_path: Path, limits: dict[str, object], said: str
) -> None:
    key = msgspec.structs.replace(Key(name="ci", public_key=public("p256")), **limits)
    with pytest.raises(Unreadable, match=said):
        admits(tmp_path, key)


@pytest.mark.parametrize("time", ["yesterday", "", "2026-13-01"])
def test_a_fact_without_a_time_does_not_count_where_a_key_has_one(
    tmp_path: Path, time: str
) -> None:
    statement = encode_statement(state(evidence(recorded_at=time), SUBJECT))
    key = Key(name="ci", public_key=public("p256"), valid_until="2030-01-01")
    check = open_verifier(Trust(keys=(key,)), where="policy.yaml")
    with pytest.raises(Unreadable, match="does not say when"):
        read_fact(signed(tmp_path, statement=statement), where="a.json", verifier=check)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((Key(name="a", public_key="no PEM"),), "no public key in PEM"),
        ((Key(name="", public_key=""),), "twice, or not at all"),
        ((Key(name="a", public_key="", valid_until="soon"),), "'soon' is no time"),
    ],
)
def test_a_policy_with_a_broken_key_is_refused(keys: tuple[Key, ...], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        open_verifier(Trust(keys=keys), where="policy.yaml")


def test_nobody_signs_unless_somebody_is_asked(tmp_path: Path) -> None:
    assert open_signer("", world(tmp_path)) is None
    assert open_signer("none", world(tmp_path, environ={"CDKIT_SIGNING_KEY": "x"})) is None


def test_a_key_in_the_environment_signs_unasked(tmp_path: Path) -> None:
    signer = open_signer("", world(tmp_path, environ={"CDKIT_SIGNING_KEY": pem("p256")}))
    assert signer
    fingerprint = schemes.fingerprint(private("p256").public_key()).hex()
    assert signer.name == f"ecdsa-sha256 key sha256:{fingerprint[:16]}"


def test_a_signer_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="'gpg' is nothing that signs"):
        open_signer("gpg", world(tmp_path))


def test_what_is_signed_is_what_dsse_says() -> None:
    assert to_sign(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
