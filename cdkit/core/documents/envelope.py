"""The envelope around a statement that somebody signed: DSSE, alone or in a Sigstore bundle.

Nothing here knows a key: who checks signatures is handed `Envelope.signed`, the very bytes that
were signed, and afterwards reads `Envelope.payload`, never the envelope again (DSSE 1.0.2,
envelope.md and protocol.md; Sigstore bundle v0.3, sigstore_bundle.proto).
"""

import base64
import binascii
import re

import msgspec
from msgspec import Raw, Struct

from cdkit.core.errors import NoStatement, Unreadable

IN_TOTO = "application/vnd.in-toto+json"
"""The payload type of a statement (in-toto attestation spec, envelope.md)."""

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The media type of a bundle, as it names itself and as a registry's manifest names it."""

DSSE = "application/vnd.dsse.envelope.v1+json"
"""The media type of an envelope alone, as cosign's `.att` manifests name it."""

_PAYLOADS = re.compile(r"application/vnd\.in-toto(\.[a-zA-Z0-9._-]{1,80})?\+json", re.ASCII)
_BUNDLES = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(\.v0\.[0-9]\+json|\+json;version=0\.[0-9])", re.ASCII
)
_URL_SAFE = str.maketrans("-_", "+/")
_STATEMENT = b'{"_type":'
_REMEDY = "let the step that signed it run again, and keep what it leaves"
_MOST = 64
"""Signatures in one envelope; no policy asks for as many."""


class Signature(Struct, frozen=True, kw_only=True):
    """One signature. Whoever changes an envelope can change `keyid`: it is a hint, no proof."""

    sig: bytes
    keyid: str = ""


class Envelope(Struct, frozen=True, kw_only=True):
    """A payload with signatures over it.

    `bundle` are the bytes of the Sigstore bundle that it came in, if it did; `keyless` says that
    this one carries a certificate in place of a key's hint.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]
    bundle: bytes = b""
    keyless: bool = False

    @property
    def signed(self) -> bytes:
        """The bytes that are signed: DSSE's pre-authentication encoding, over payload and type."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


class _Signed(Struct, frozen=True, kw_only=True):
    sig: str
    keyid: str = ""


class _Wire(Struct, frozen=True, kw_only=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: tuple[_Signed, ...]


class _Hint(Struct, frozen=True, kw_only=True):
    hint: str = ""


class _Material(Struct, frozen=True, kw_only=True, rename="camel"):
    public_key: _Hint | None = None
    certificate: Raw = Raw()
    x509_certificate_chain: Raw = Raw()


class _Bundle(Struct, frozen=True, kw_only=True, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Wire | None = None


class _Shape(Struct, frozen=True, kw_only=True):
    type: Raw = msgspec.field(name="_type", default=Raw())
    payload: Raw = Raw()
    bundle: Raw = msgspec.field(name="dsseEnvelope", default=Raw())
    other: Raw = msgspec.field(name="messageSignature", default=Raw())


def open_envelope(data: bytes, *, where: str) -> Envelope | None:
    """Take an envelope or a bundle apart; None where these bytes are neither, but bare.

    Raises Unreadable where they could be read as two things, where the Base64 is not strict (either
    alphabet, with its padding), where nobody signed, or where the payload is no statement by its
    type. No signature is checked here.
    """
    if data.startswith(_STATEMENT):
        return None  # as we write it: thousands of these are read
    try:
        shape = msgspec.json.decode(data, type=_Shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = [bool(bytes(part)) for part in (shape.type, shape.payload, shape.bundle, shape.other)]
    if sum(found) > 1:
        raise _unreadable("can be read as two things: a statement, an envelope, a bundle", where)
    if found[3]:
        raise NoStatement(
            "is a bundle that signs a blob, and holds no statement", where=where, remedy=_REMEDY
        )
    try:
        if found[1]:
            return _opened(msgspec.json.decode(data, type=_Wire), where)
        return _of_bundle(data, where) if found[2] else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _unreadable(f"is no envelope: {fault}", where) from fault


def encode_envelope(envelope: Envelope) -> bytes:
    """Return an envelope as JSON, newline at the end: the form that cosign's `.att` holds."""
    return msgspec.json.encode(_wire(envelope)) + b"\n"


def encode_bundle(envelope: Envelope, *, hint: str) -> bytes:
    """Return a Sigstore bundle v0.3 around an envelope with one signature, newline at the end.

    `hint` names the key: SHA-256 of its SubjectPublicKeyInfo in Base64, as cosign has it.
    """
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "dsseEnvelope": _wire(envelope),
    }
    return msgspec.json.encode(bundle) + b"\n"


def _of_bundle(data: bytes, where: str) -> Envelope:
    bundle = msgspec.json.decode(data, type=_Bundle)
    if not _BUNDLES.fullmatch(bundle.media_type) or bundle.dsse_envelope is None:
        raise _unreadable(f"is a bundle of the unknown type {bundle.media_type[:100]!r}", where)
    envelope = _opened(bundle.dsse_envelope, where)
    if len(envelope.signatures) != 1:
        raise _unreadable(
            f"is a bundle with {len(envelope.signatures)} signatures; exactly one is legal", where
        )
    material = bundle.verification_material
    certified = bool(bytes(material.certificate) or bytes(material.x509_certificate_chain))
    if certified and material.public_key:
        raise _unreadable("is a bundle with a certificate and with a key", where)
    return msgspec.structs.replace(envelope, bundle=data, keyless=certified)


def _opened(wire: _Wire, where: str) -> Envelope:
    if not _PAYLOADS.fullmatch(wire.payload_type):
        raise NoStatement(
            f"is an envelope of type {wire.payload_type[:100]!r}, not of {IN_TOTO}",
            where=where,
            remedy=_REMEDY,
        )
    if not 0 < len(wire.signatures) <= _MOST:
        raise _unreadable(f"has {len(wire.signatures)} signatures", where)
    return Envelope(
        payload=_base64(wire.payload, where),
        payload_type=wire.payload_type,
        signatures=tuple(
            Signature(sig=_base64(one.sig, where), keyid=one.keyid) for one in wire.signatures
        ),
    )


def _base64(text: str, where: str) -> bytes:
    """Read Base64 of either alphabet, but not of both, with no other form for the same bytes."""
    plain = text.translate(_URL_SAFE)
    mixed = plain != text and ("+" in text or "/" in text)
    try:
        data = base64.b64decode(plain.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        raise _unreadable(f"holds what is no Base64: {fault}", where) from fault
    if mixed or base64.b64encode(data).decode() != plain:
        raise _unreadable("holds Base64 in a form that nobody writes", where)
    return data


def _wire(envelope: Envelope) -> _Wire:
    return _Wire(
        payload=base64.b64encode(envelope.payload).decode(),
        payload_type=envelope.payload_type,
        signatures=tuple(
            _Signed(sig=base64.b64encode(one.sig).decode(), keyid=one.keyid)
            for one in envelope.signatures
        ),
    )


def _unreadable(what: str, where: str) -> Unreadable:
    return Unreadable(what, where=where, remedy=_REMEDY)
