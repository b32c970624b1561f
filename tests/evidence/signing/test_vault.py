"""Signing by a key in Vault: a server on loopback that answers as its transit engine does.

It holds a real key and signs with it, by what "Sign data" in Vault's API documentation says; what
comes of that is verified by Sigstore's own verifier, which knows nothing of either.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from cdkit.core.documents.envelope import open_envelope
from cdkit.core.documents.fact import read_fact
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.world import World
from cdkit.evidence.signing.signer import open_signer
from tests.evidence.places import networked
from tests.evidence.signing.keys import private, public, verifier
from tests.evidence.signing.test_keys import DETAILS, STATEMENT
from tests.parts.node import Node

TYPES = {"p256": "ecdsa-p256", "p384": "ecdsa-p384", "ed25519": "ed25519", "rsa": "rsa-2048"}
HASHES = {"sha2-256": hashes.SHA256(), "sha2-384": hashes.SHA384()}
TOKEN = "hvs.CAESIJ-a-token"


@dataclass
class Vault:
    """A transit engine with one key, `ci`, of which the third version is the newest."""

    address: str = ""
    kind: str = "p256"
    asked: list[tuple[str, str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    signs: Callable[[str], str] = str
    told: dict[str, Any] = field(default_factory=dict)

    def key(self) -> dict[str, Any]:
        held = private(self.kind).public_key()
        shown = public(self.kind)
        if isinstance(held, ed25519.Ed25519PublicKey):
            raw = held.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            shown = base64.b64encode(raw).decode()
        old = {"public_key": public("p256", 9)}
        keys = {"1": old, "2": old, "3": {"public_key": shown, "creation_time": "2026-11-01"}}
        data = {"type": TYPES[self.kind], "latest_version": 3, "keys": keys, "name": "ci"}
        return {"request_id": "x", "data": data | self.told}

    def sign(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["key_version"] == 3
        data, key = base64.b64decode(asked["input"]), private(self.kind)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            assert "prehashed" not in asked
            sig = key.sign(data)
        else:
            assert asked["prehashed"] is True
            hashed = utils.Prehashed(HASHES[asked["hash_algorithm"]])
            if isinstance(key, ec.EllipticCurvePrivateKey):
                assert asked["marshaling_algorithm"] == "asn1"
                sig = key.sign(data, ec.ECDSA(hashed))
            else:
                assert isinstance(key, rsa.RSAPrivateKey)
                assert asked["signature_algorithm"] == "pkcs1v15"
                sig = key.sign(data, padding.PKCS1v15(), hashed)
        return {"data": {"signature": self.signs(f"vault:v3:{base64.b64encode(sig).decode()}")}}


def _handler(vault: Vault) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({"/v1/transit/keys/ci": lambda _: vault.key()})

        def do_POST(self) -> None:
            self._answer({"/v1/transit/sign/ci": vault.sign})

        def _answer(self, known: dict[str, Callable[[dict[str, Any]], dict[str, Any]]]) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked = json.loads(body or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            vault.asked.append((self.command, self.path, headers, asked))
            told: dict[str, Any] = {"errors": []}
            status = 404
            if headers.get("x-vault-token") != TOKEN:
                status, told = 403, {"errors": ["permission denied"]}
            elif self.path in known:
                status, told = 200, known[self.path](asked)
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            del format, args

    return Handler


@pytest.fixture
def vault() -> Iterator[Vault]:
    made = Vault()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(made)) as server:
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def around(vault: Vault, folder: Path, **more: str) -> World:
    environ = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN} | more
    return networked(folder, environ=environ)


@pytest.mark.parametrize("kind", TYPES)
def test_a_key_in_vault_signs_what_every_reader_takes(
    vault: Vault, tmp_path: Path, kind: str
) -> None:
    vault.kind = kind
    signer = open_signer("hashivault://ci", around(vault, tmp_path))
    assert signer
    assert signer.name == "hashivault://ci"
    data = signer.sign(STATEMENT)
    assert read_fact(data, where="a.json", verifier=verifier(kind)).signers == ("ci",)
    assert [(method, path) for method, path, _, _ in vault.asked] == [
        ("GET", "/v1/transit/keys/ci"),
        ("POST", "/v1/transit/sign/ci"),
    ]
    whole = base64.b64encode(STATEMENT).decode()
    assert all(whole not in json.dumps(asked) for _, _, _, asked in vault.asked)


@pytest.mark.needs("node")
@pytest.mark.parametrize("kind", DETAILS)
def test_an_independent_verifier_takes_what_vault_signed(
    vault: Vault, node: Node, tmp_path: Path, kind: str
) -> None:
    vault.kind = kind
    signer = open_signer("hashivault://ci", around(vault, tmp_path))
    assert signer
    (tmp_path / "good").write_bytes(signer.sign(STATEMENT))
    (tmp_path / "key.pem").write_text(public(kind))
    script = Path(__file__).with_name("verify.mjs")
    done = node.run(script, str(tmp_path / "key.pem"), DETAILS[kind], str(tmp_path / "good"))
    assert done.stdout.splitlines() == ["verified"], done.stderr


def test_a_namespace_and_another_mount_are_as_vaults_own_client_has_them(
    vault: Vault, tmp_path: Path
) -> None:
    more = {"VAULT_NAMESPACE": "team/a", "TRANSIT_SECRET_ENGINE_PATH": "signing/transit"}
    with pytest.raises(CannotTell, match="answers 404"):
        open_signer("hashivault://ci", around(vault, tmp_path, **more))
    ((_, path, headers, _),) = vault.asked
    assert path == "/v1/signing/transit/keys/ci"
    assert headers["x-vault-namespace"] == "team/a"


def test_a_signature_that_is_not_the_keys_own_is_not_kept(vault: Vault, tmp_path: Path) -> None:
    signer = open_signer("hashivault://ci", around(vault, tmp_path))
    assert signer
    envelope = open_envelope(signer.sign(STATEMENT), where="")
    assert envelope
    other = base64.b64encode(envelope.signatures[0].sig).decode()
    answers: tuple[Callable[[str], str], ...] = (
        lambda _: "vault:v3:AAAA",
        lambda _: "",
        lambda _: "vault:v3:***",
        lambda said: said[:-8],
    )
    for lie in answers:
        vault.signs = lie
        with pytest.raises(CannotTell, match="not that of the key that it shows"):
            signer.sign(STATEMENT)
    vault.signs = lambda _: f"vault:v3:{other}"  # of another statement
    with pytest.raises(CannotTell, match="not that of the key that it shows"):
        signer.sign(STATEMENT.replace(b"unit", b"lint"))


@pytest.mark.parametrize("token", ["hvs.wrong"])
def test_a_token_that_may_not_is_told_and_never_shown(
    vault: Vault, tmp_path: Path, token: str
) -> None:
    with pytest.raises(CannotTell, match="Vault answers 403") as caught:
        open_signer("hashivault://ci", around(vault, tmp_path, VAULT_TOKEN=token))
    told = f"{caught.value}{caught.value.remedy}"
    assert "transit/sign/KEY" in told
    assert token not in told


@pytest.mark.parametrize(
    ("uri", "environ", "said"),
    [
        ("hashivault://../sys/seal", {}, "no name of a transit key"),
        ("hashivault://a/b", {}, "no name of a transit key"),
        ("hashivault://ci", {"VAULT_ADDR": ""}, "no address of a transit engine"),
        ("hashivault://ci", {"VAULT_ADDR": "ftp://x"}, "no address of a transit engine"),
        ("hashivault://ci", {"VAULT_ADDR": "https://u:p@x"}, "no address of a transit engine"),
        ("hashivault://ci", {"TRANSIT_SECRET_ENGINE_PATH": "a/../sys"}, "no address of a transit"),
        ("hashivault://ci", {"VAULT_TOKEN": ""}, "no token is there for Vault"),
    ],
)
def test_what_cannot_be_asked_is_a_wrong_request(
    vault: Vault, tmp_path: Path, uri: str, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        open_signer(uri, around(vault, tmp_path, **environ))
    assert vault.asked == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"type": "aes256-gcm96"}, "which signs nothing here"),
        ({"type": "rsa-2048", "keys": {}}, "no public key"),
        ({"type": "ed25519"}, "no public key"),
        ({"latest_version": 9}, "no public key"),
        ({"keys": 5}, "something else than it should"),
    ],
)
def test_a_key_that_is_none_is_told(
    vault: Vault, tmp_path: Path, told: dict[str, Any], said: str
) -> None:
    vault.told = told
    with pytest.raises((RequestError, CannotTell), match=said):
        open_signer("hashivault://ci", around(vault, tmp_path))


def test_a_vault_that_is_not_there_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(CannotTell):
        open_signer("hashivault://ci", around(Vault(address="http://127.0.0.1:1"), tmp_path))
