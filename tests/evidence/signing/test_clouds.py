"""Signing by Google's KMS and Azure's Key Vault: their own SDKs, against doubles with a real key.

Google's is a gRPC server on loopback that answers GetPublicKey and AsymmetricSign
(cloud.google.com, "google.cloud.kms.v1"); Azure's stands in place of the SDK's transport and
answers by its REST API ("Get Key", "Sign", learn.microsoft.com). What they sign on P-256 Sigstore's
own verifier takes, which knows P-384 with another hash only.
"""

# ruff: noqa: ANN401 - what the SDKs hand over has types of theirs
from __future__ import annotations

import base64
import importlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from cdkit.core.documents.fact import read_fact
from cdkit.core.errors import CannotTell
from cdkit.evidence.signing.signer import open_signer
from tests.evidence.signing.keys import private, public, verifier
from tests.evidence.signing.test_keys import STATEMENT
from tests.parts.node import Node
from tests.worlds import world

GOOGLE = "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
HASHES = {"p256": hashes.SHA256(), "p384": hashes.SHA384()}


def sdk(name: str) -> Any:
    """Import a module of an SDK, which is not installed where types are checked."""
    return importlib.import_module(name)


def signed(kind: str, digest: bytes) -> bytes:
    """Return the signature in ASN.1 of what was hashed already."""
    key = private(kind)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.sign(digest, ec.ECDSA(utils.Prehashed(HASHES[kind])))


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Serve one key, whose kind stands in what is returned."""
    grpc, kms = sdk("grpc"), sdk("google.cloud.kms")
    transports = sdk("google.cloud.kms_v1.services.key_management_service.transports")
    held = {"kind": "p256"}
    algorithms = kms.CryptoKeyVersion.CryptoKeyVersionAlgorithm
    named = {"p256": algorithms.EC_SIGN_P256_SHA256, "p384": algorithms.EC_SIGN_P384_SHA384}

    def get(asked: Any, context: Any) -> Any:
        if asked.name != GOOGLE:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "may not view the public key")
        pem = public(held["kind"])
        return kms.PublicKey(
            name=GOOGLE,
            algorithm=named[held["kind"]],
            pem=pem,
            public_key=kms.ChecksummedData(data=pem.encode()),
        )

    def sign(asked: Any, context: Any) -> Any:
        del context
        digest = asked.digest.sha256 or asked.digest.sha384
        return kms.AsymmetricSignResponse(name=GOOGLE, signature=signed(held["kind"], digest))

    handlers = {
        "GetPublicKey": _unary(grpc, get, kms.GetPublicKeyRequest, kms.PublicKey),
        "AsymmetricSign": _unary(grpc, sign, kms.AsymmetricSignRequest, kms.AsymmetricSignResponse),
    }
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    name = "google.cloud.kms.v1.KeyManagementService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    real = kms.KeyManagementServiceClient

    def client() -> Any:
        return real(transport=transports.KeyManagementServiceGrpcTransport(channel=channel))

    monkeypatch.setattr(kms, "KeyManagementServiceClient", client)
    yield held
    channel.close()
    server.stop(None).wait()


def _unary(grpc: Any, act: Any, asked: Any, answered: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        act, request_deserializer=asked.deserialize, response_serializer=answered.serialize
    )


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stand in place of Azure's transport, with one key, whose kind stands in what is returned."""
    keys, crypto = sdk("azure.keyvault.keys"), sdk("azure.keyvault.keys.crypto")
    token = sdk("azure.core.credentials").AccessToken
    signer = sdk("securesystemslib.signer._azure_signer")
    held = {"kind": "p256"}

    class Login:
        def get_token(self, *scopes: str, **more: object) -> Any:
            del scopes, more
            return token("a-token", 4102444800)

    def of(kind: Any) -> Any:
        def client(*given: Any, **named: Any) -> Any:
            return kind(*given, transport=_transport(held), **named)

        return client

    monkeypatch.setattr(signer, "DefaultAzureCredential", Login)
    monkeypatch.setattr(signer, "KeyClient", of(keys.KeyClient))
    monkeypatch.setattr(signer, "CryptographyClient", of(crypto.CryptographyClient))
    return held


def _transport(held: dict[str, str]) -> Any:
    import requests
    import urllib3

    class Adapter(requests.adapters.BaseAdapter):
        def send(self, request: Any, *given: Any, **named: Any) -> requests.Response:
            del given, named
            status, told = _answer(held["kind"], request)
            headers = {"Content-Type": "application/json"}
            if status == 401:
                headers["WWW-Authenticate"] = (
                    'Bearer authorization="https://login.microsoftonline.com/t",'
                    ' resource="https://vault.azure.net"'
                )
            body = io.BytesIO(json.dumps(told).encode())
            raw = urllib3.HTTPResponse(body, headers, status, preload_content=False)
            return requests.adapters.HTTPAdapter().build_response(request, raw)

        def close(self) -> None:
            return

    session = requests.Session()
    session.mount("https://", Adapter())
    return sdk("azure.core.pipeline.transport").RequestsTransport(
        session=session, session_owner=False
    )


def _answer(kind: str, request: Any) -> tuple[int, dict[str, Any]]:
    """Answer as Key Vault does: a key as a JWK, a signature as the two numbers, side by side."""
    size = {"p256": 32, "p384": 48}[kind]
    name = "https://safe.vault.azure.net/keys/ci"
    if "Authorization" not in request.headers:
        return 401, {"error": {"code": "Unauthorized", "message": "no token"}}
    path = request.url.partition("?")[0].rstrip("/")
    if request.method == "GET" and path == name:
        held = private(kind).public_key()
        assert isinstance(held, ec.EllipticCurvePublicKey)
        numbers = held.public_numbers()
        x, y = (_url64(one.to_bytes(size)) for one in (numbers.x, numbers.y))
        key = {"kid": f"{name}/v1", "kty": "EC", "crv": f"P-{kind[1:]}", "x": x, "y": y}
        return 200, {"key": key | {"key_ops": ["sign", "verify"]}, "attributes": {"enabled": True}}
    if request.method == "GET" and path == f"{name}/v1":
        return 403, {"error": {"code": "Forbidden", "message": "may sign only"}}
    if request.method == "POST" and path == f"{name}/v1/sign":
        asked = json.loads(request.body)
        assert asked["alg"] == {"p256": "ES256", "p384": "ES384"}[kind]
        digest = base64.urlsafe_b64decode(asked["value"] + "==")
        r, s = utils.decode_dss_signature(signed(kind, digest))
        return 200, {"kid": f"{name}/v1", "value": _url64(r.to_bytes(size) + s.to_bytes(size))}
    return 404, {"error": {"code": "KeyNotFound", "message": "no such key"}}


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def holds(uri: str, kind: str, folder: Path, node: Node) -> None:
    """Sign, and let our verifier take it, and Sigstore's."""
    signer = open_signer(uri, world(folder))
    assert signer
    assert signer.name == uri
    data = signer.sign(STATEMENT)
    assert read_fact(data, where="a.json", verifier=verifier(kind)).signers == ("ci",)
    if kind != "p256":
        return
    (folder / "good").write_bytes(data)
    (folder / "key.pem").write_text(public(kind))
    details = "PKIX_ECDSA_P256_SHA_256"
    script = Path(__file__).with_name("verify.mjs")
    done = node.run(script, str(folder / "key.pem"), details, str(folder / "good"))
    assert done.stdout.splitlines() == ["verified"], done.stderr


@pytest.mark.needs("clouds", "node")
@pytest.mark.parametrize("kind", HASHES)
def test_a_key_in_googles_kms_signs_what_every_reader_takes(
    google: dict[str, str], node: Node, tmp_path: Path, kind: str
) -> None:
    google["kind"] = kind
    holds(f"gcpkms://{GOOGLE}", kind, tmp_path, node)


@pytest.mark.needs("clouds", "node")
@pytest.mark.parametrize("kind", HASHES)
def test_a_key_in_azures_key_vault_signs_what_every_reader_takes(
    azure: dict[str, str], node: Node, tmp_path: Path, kind: str
) -> None:
    azure["kind"] = kind
    holds("azurekms://safe.vault.azure.net/ci", kind, tmp_path, node)


@pytest.mark.needs("clouds")
def test_a_key_that_google_does_not_give_is_told(google: dict[str, str], tmp_path: Path) -> None:
    del google
    with pytest.raises(CannotTell, match="does not answer as a key that signs") as caught:
        open_signer(f"gcpkms://{GOOGLE[:-1]}2", world(tmp_path))
    assert "may not view the public key" in str(caught.value)


@pytest.mark.needs("clouds")
def test_a_key_that_azure_does_not_have_is_told(azure: dict[str, str], tmp_path: Path) -> None:
    del azure
    with pytest.raises(CannotTell, match="does not answer as a key that signs"):
        open_signer("azurekms://safe.vault.azure.net/other", world(tmp_path))
