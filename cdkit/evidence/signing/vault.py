"""Signing by a key in HashiCorp Vault, or OpenBao: the transit engine's own API over HTTP.

Source: developer.hashicorp.com/vault/api-docs/secret/transit, "Read key" and "Sign data". The
environment is what Vault's own client and cosign read: VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE,
TRANSIT_SECRET_ENGINE_PATH (`transit`). Of a statement only its hash leaves the job, but for
Ed25519, which has no such form.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, MissingExtra, RequestError, Unreadable
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.evidence.signing.keys import bundle_of, to_sign
from cdkit.evidence.signing.signer import Signer

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_MOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,255}", re.ASCII)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._/-]*)?", re.ASCII)
_HASHES = {"ecdsa-p256": "sha2-256", "ecdsa-p384": "sha2-384"}
_RSA = frozenset({"rsa-2048", "rsa-3072", "rsa-4096"})
_ED25519 = "ed25519"
_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410)."""

_REMEDY = (
    "set VAULT_ADDR and VAULT_TOKEN, of a policy that may `read` transit/keys/KEY and `update` "
    "transit/sign/KEY"
)


class _Version(Struct, frozen=True):
    public_key: str = ""


class _Data(Struct, frozen=True):
    type: str
    latest_version: int
    keys: dict[str, _Version]


class _Key(Struct, frozen=True):
    data: _Data


class _Made(Struct, frozen=True):
    signature: str


class _Signed(Struct, frozen=True):
    data: _Made


def open_vault(name: str, world: World, *, where: str) -> Signer:
    """Return who signs with the newest version of a transit key.

    Raises RequestError where the address or the key's name is none, or where the key is of a type
    that cannot sign for us; MissingExtra without `cryptography`; CannotTell where Vault does not
    give it.
    """
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"{name[:100]!r} is no name of a transit key",
            where=where,
            remedy="write hashivault://KEY",
        )
    try:
        from cdkit.evidence.signing import schemes
    except ImportError as fault:
        raise MissingExtra("cryptography", "sign", wanted_by="signing with a key") from fault
    transit = _Transit(world, where)
    found = transit.ask("GET", f"keys/{quote(name)}", b"", _Key).data
    version = found.keys.get(str(found.latest_version), _Version())
    if found.type not in {*_HASHES, *_RSA, _ED25519}:
        raise RequestError(
            f"is a key of the type {found.type[:40]!r}, which signs nothing here",
            where=where,
            remedy="`vault write -f transit/keys/KEY type=ecdsa-p256`",
        )
    public = schemes.read_public(_pem(found.type, version.public_key), where=where)
    check = schemes.checker(public, "", where=where)
    return VaultKey(transit, name, found, schemes.fingerprint(public), check)


class VaultKey:
    """Signs with one version of a transit key."""

    def __init__(
        self,
        transit: "_Transit",
        name: str,
        found: _Data,
        fingerprint: bytes,
        check: Callable[[bytes, bytes], bool],
    ) -> None:
        self._transit, self._name, self._found = transit, name, found
        self._fingerprint, self._check = fingerprint, check

    @property
    def name(self) -> str:
        """The key's address."""
        return self._transit.where

    def sign(self, statement: bytes) -> bytes:
        """Return the bundle of a statement; CannotTell where Vault does not sign it.

        What comes back is held against the public key: nobody keeps what nobody can verify.
        """
        signed = to_sign(statement)
        asked = msgspec.json.encode(self._asked(signed))
        made = self._transit.ask("POST", f"sign/{quote(self._name)}", asked, _Signed).data
        try:
            sig = base64.b64decode(made.signature.rpartition(":")[2], validate=True)
        except (binascii.Error, ValueError):
            sig = b""
        if not self._check(sig, signed):
            raise Unreadable(
                "Vault's signature is not that of the key that it shows",
                where=self._transit.where,
                remedy="see what stands between this job and Vault",
            )
        return bundle_of(statement, sig, self._fingerprint)

    def _asked(self, signed: bytes) -> dict[str, str | bool | int]:
        import hashlib

        asked: dict[str, str | bool | int] = {"key_version": self._found.latest_version}
        if self._found.type == _ED25519:
            return asked | {"input": base64.b64encode(signed).decode()}
        kind = _HASHES.get(self._found.type, "sha2-256")
        hashed = (hashlib.sha384 if kind == "sha2-384" else hashlib.sha256)(signed)
        return asked | {
            "input": base64.b64encode(hashed.digest()).decode(),
            "prehashed": True,
            "hash_algorithm": kind,
            "signature_algorithm": "pkcs1v15",
            "marshaling_algorithm": "asn1",
        }


class _Transit:
    """The transit engine of one Vault, as the job may use it."""

    def __init__(self, world: World, where: str) -> None:
        self.where = where
        environ = world.environ
        address = environ.get("VAULT_ADDR", "").rstrip("/")
        mount = (environ.get("TRANSIT_SECRET_ENGINE_PATH", "") or "transit").strip("/")
        token = Secret(environ.get("VAULT_TOKEN", ""))
        if not _ADDRESS.fullmatch(address) or not _MOUNT.fullmatch(mount) or ".." in mount:
            raise RequestError(
                f"{address[:200]!r} with {mount[:100]!r} is no address of a transit engine",
                where=where,
                remedy=_REMEDY,
            )
        if not token:
            raise RequestError("no token is there for Vault", where=where, remedy=_REMEDY)
        self._base = f"{address}/v1/{mount}"
        self._http = world.http
        self._headers: dict[str, str | Secret] = {
            "X-Vault-Token": token,
            "X-Vault-Request": "true",
            "Content-Type": "application/json",
        }
        if namespace := environ.get("VAULT_NAMESPACE", ""):
            self._headers["X-Vault-Namespace"] = namespace

    def ask(self, method: str, path: str, body: bytes, kind: type[T]) -> T:
        """Return what Vault answers; CannotTell where it does not, or answers something else."""
        url = f"{self._base}/{path}"
        answer = self._http.request(method, url, headers=self._headers, body=body)
        if answer.status != 200:
            raise CannotTell(
                f"Vault answers {answer.status} at {path}", where=self.where, remedy=_REMEDY
            )
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise Unreadable(
                f"Vault answers something else than it should at {path}: {fault}",
                where=self.where,
                remedy="see what stands between this job and Vault",
            ) from fault


def _pem(kind: str, public: str) -> str:
    """Return a public key in PEM; Ed25519's comes as 32 bytes in Base64."""
    if kind != _ED25519:
        return public
    try:
        raw = base64.b64decode(public, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    der = base64.b64encode(_SPKI_ED25519 + raw).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n"
