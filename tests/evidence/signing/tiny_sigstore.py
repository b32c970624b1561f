"""A Sigstore of our own: a certificate authority, a certificate log and a signature log, offline.

It gives out what the real one does, in the forms that its clients verify: a certificate with a
signed certificate timestamp (RFC 6962), and a log entry with its inclusion proof, checkpoint and
promise (Rekor 1). Its log holds one entry at a time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cdkit.core.documents.envelope import BUNDLE, IN_TOTO
from cdkit.evidence.signing.keys import to_sign
from tests.worlds import NOW

ISSUER = "https://token.actions.githubusercontent.com"
_SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_ORIGIN = "log.example - 1"
_SHA = ec.ECDSA(hashes.SHA256())


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_spki(key)).digest()


class TinySigstore:
    """Signs statements for whatever identity it is told."""

    def __init__(self) -> None:
        self._root, self._ct, self._log = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        )
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tiny")])
        self._authority = (
            self._certificate(self._name, self._root, timedelta(days=900))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._root.public_key()), critical=False
            )
            .sign(self._root, hashes.SHA256())
        )

    def config(self) -> bytes:
        """Return the client trust configuration that names this Sigstore."""
        start = {"start": "2026-01-01T00:00:00Z"}
        authority = {
            "subject": {"organization": "tiny", "commonName": "tiny"},
            "uri": "https://ca.example",
            "certChain": {"certificates": [{"rawBytes": _b64(_der(self._authority))}]},
            "validFor": start,
        }
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_known(self._log, start)],
            "ctlogs": [_known(self._ct, start)],
            "certificateAuthorities": [authority],
            "timestampAuthorities": [],
        }
        whole = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": root,
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }
        return json.dumps(whole).encode()

    def sign(self, statement: bytes, identity: str, *, at: datetime = NOW) -> bytes:
        """Return the bundle of a statement, signed at a time by a certificate of that time."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(key, identity)
        sig = key.sign(to_sign(statement), _SHA)
        bundle = {
            "mediaType": BUNDLE,
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(_der(leaf))},
                "tlogEntries": [self._entry(statement, sig, leaf, at)],
            },
            "dsseEnvelope": {
                "payload": _b64(statement),
                "payloadType": IN_TOTO,
                "signatures": [{"sig": _b64(sig)}],
            },
        }
        return json.dumps(bundle).encode()

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(minutes=1))
            .not_valid_after(NOW + lasts)
        )

    def _leaf(self, key: ec.EllipticCurvePrivateKey, identity: str) -> x509.Certificate:
        """Return a certificate with the promise of the certificate log in it."""
        san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
        builder = (
            self._certificate(x509.Name([]), key, timedelta(minutes=9))
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root.public_key()),
                critical=False,
            )
            .add_extension(san, critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER, ISSUER.encode()), critical=False)
        )
        tbs = builder.sign(self._root, hashes.SHA256()).tbs_certificate_bytes
        promise = x509.UnrecognizedExtension(_SCTS, self._promised(tbs))
        return builder.add_extension(promise, critical=False).sign(self._root, hashes.SHA256())

    def _promised(self, tbs: bytes) -> bytes:
        """Return the list of one signed certificate timestamp, in its OCTET STRING."""
        moment = int(NOW.timestamp() * 1000)
        issuer = hashlib.sha256(_spki(self._root)).digest()
        entry = issuer + len(tbs).to_bytes(3, "big") + tbs
        signed = struct.pack("!BBQH", 0, 0, moment, 1) + entry + b"\0\0"
        sig = self._ct.sign(signed, _SHA)
        sct = b"\0" + _key_id(self._ct) + struct.pack("!QH", moment, 0)
        sct += b"\x04\x03" + struct.pack("!H", len(sig)) + sig
        listed = struct.pack("!H", len(sct)) + sct
        listed = struct.pack("!H", len(listed)) + listed
        return b"\x04" + _length(len(listed)) + listed

    def _entry(
        self, statement: bytes, sig: bytes, leaf: x509.Certificate, at: datetime
    ) -> dict[str, Any]:
        pem = leaf.public_bytes(serialization.Encoding.PEM)
        digest = {"algorithm": "sha256", "value": hashlib.sha256(statement).hexdigest()}
        spec = {
            "envelopeHash": digest,
            "payloadHash": digest,
            "signatures": [{"signature": _b64(sig), "verifier": _b64(pem)}],
        }
        body = json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}).encode()
        root = hashlib.sha256(b"\0" + body).digest()
        seconds = int(at.timestamp())
        note = f"{_ORIGIN}\n1\n{_b64(root)}\n"
        signature = _b64(_key_id(self._log)[:4] + self._log.sign(note.encode(), _SHA))
        promise = {
            "body": _b64(body),
            "integratedTime": seconds,
            "logID": _key_id(self._log).hex(),
            "logIndex": 0,
        }
        canonical = json.dumps(promise, separators=(",", ":"), sort_keys=True).encode()
        return {
            "logIndex": "0",
            "logId": {"keyId": _b64(_key_id(self._log))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": _b64(self._log.sign(canonical, _SHA))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 log.example {signature}\n"},
            },
            "canonicalizedBody": _b64(body),
        }


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )


def _known(key: ec.EllipticCurvePrivateKey, start: dict[str, str]) -> dict[str, Any]:
    return {
        "baseUrl": "https://log.example",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": _b64(_spki(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": start,
        },
        "logId": {"keyId": _b64(_key_id(key))},
    }


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _length(number: int) -> bytes:
    """Return a length as DER has it."""
    if number < 128:
        return bytes([number])
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(data)]) + data
