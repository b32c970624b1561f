"""Signing by a key that never leaves a cloud's key store, through securesystemslib's signers.

The addresses are cosign's (cosign docs, "KMS"): `awskms:///alias/NAME`, `gcpkms://projects/…/
cryptoKeyVersions/1`, `azurekms://VAULT.vault.azure.net/KEY`, `hashivault://KEY`. A cloud's store
is logged in to as its own SDK does, from the job's environment; Vault is asked by `vault.py`.
"""

import re
from collections.abc import Callable
from typing import Any

from cdkit.core.errors import CannotTell, MissingExtra, RequestError, Unreadable
from cdkit.core.world import World
from cdkit.evidence.signing.keys import bundle_of, to_sign
from cdkit.evidence.signing.signer import Signer
from cdkit.evidence.signing.vault import open_vault

_KMS = re.compile(r"(awskms|gcpkms|azurekms|hashivault)://(.+)", re.ASCII)
_AZURE = re.compile(r"([a-zA-Z0-9-]+)(?:\.vault\.azure\.net)?/([a-zA-Z0-9-]+)", re.ASCII)


def is_kms(sign: str) -> bool:
    """Whether this names a key in a key store."""
    return _KMS.fullmatch(sign) is not None


def open_kms(uri: str, world: World) -> Signer:
    """Return who signs with the key at an address.

    The store is asked for the public key at once: what cannot be reached is told before a step
    runs. Raises RequestError where the address is none, MissingExtra where a package is missing,
    CannotTell where the store does not give the key.
    """
    match = _KMS.fullmatch(uri)
    if match is None:
        raise RequestError(f"{uri[:200]!r} names no key", where="sign", remedy=_REMEDY)
    if match[1] == "hashivault":
        return open_vault(match[2].lstrip("/"), world, where=uri)
    try:
        from cdkit.evidence.signing import schemes

        imported = _imported(match[1], match[2], uri)
    except ImportError as fault:
        raise MissingExtra("securesystemslib", "kms", wanted_by=match[1]) from fault
    signer, pem = imported
    public = schemes.read_public(pem, where=uri)
    check = schemes.checker(public, "", where=uri)
    return KmsKey(uri, signer, schemes.fingerprint(public), check)


class KmsKey:
    """Signs with a key in a key store."""

    def __init__(
        self,
        uri: str,
        signer: Any,  # noqa: ANN401 - of a library that an extra brings
        fingerprint: bytes,
        check: Callable[[bytes, bytes], bool],
    ) -> None:
        self._uri = uri
        self._signer = signer
        self._fingerprint = fingerprint
        self._check = check

    @property
    def name(self) -> str:
        """The key's address."""
        return self._uri

    def sign(self, statement: bytes) -> bytes:
        """Return the bundle of a statement; CannotTell where the store does not sign it.

        What comes back is held against the public key: nobody keeps what nobody can verify.
        """
        signed = to_sign(statement)
        sig = _asked(self._uri, lambda: bytes.fromhex(self._signer.sign(signed).signature))
        if not self._check(sig, signed):
            raise Unreadable(
                "the signature is not that of the key that the store shows",
                where=self._uri,
                remedy="see that the key signs with SHA-256 (P-384: SHA-384), and what stands"
                " between this job and its store",
            )
        return bundle_of(statement, sig, self._fingerprint)


def _imported(kind: str, key: str, uri: str) -> tuple[Any, str]:
    """Return a signer and its public key in PEM."""
    import importlib

    library: Any = importlib.import_module("securesystemslib.signer")
    key = key.lstrip("/")
    importers: dict[str, Callable[[], Any]] = {
        "awskms": lambda: library.AWSSigner.import_(key),
        "gcpkms": lambda: library.GCPSigner.import_(key),
        "azurekms": lambda: library.AzureSigner.import_(*_azure(key, uri)),
    }
    private, public = _asked(uri, importers[kind])
    signer = _asked(uri, lambda: library.Signer.from_priv_key_uri(private, public))
    return signer, str(public.keyval["public"])


def _azure(key: str, uri: str) -> tuple[str, str]:
    if not (match := _AZURE.fullmatch(key)):
        raise RequestError(f"{uri[:200]!r} names no key", where="sign", remedy=_REMEDY)
    return match[1], match[2]


def _asked(uri: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - as above
    """Ask a cloud's SDK, which fails in as many ways as it has versions."""
    from securesystemslib.exceptions import UnsupportedLibraryError

    try:
        return ask()
    except UnsupportedLibraryError as fault:
        raise ImportError from fault
    except (RequestError, ImportError):
        raise
    except Exception as fault:
        raise CannotTell(
            f"{uri} does not answer as a key that signs: {type(fault).__name__}: "
            f"{str(fault)[:300]}",
            remedy="check the address, and that the job may use the key: its public half, and to "
            "sign by it",
        ) from fault


_REMEDY = (
    "write awskms:///alias/NAME, gcpkms://projects/…/cryptoKeyVersions/1, "
    "azurekms://VAULT.vault.azure.net/KEY or hashivault://KEY"
)
