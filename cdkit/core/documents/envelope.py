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

_PAYLOADS = r"application/vnd\.in-toto(\.[a-zA-Z0-9._-]{1,80})?\+json"
_BUNDLES = r"application/vnd\.dev\.sigstore\.bundle(\.v0\.[0-9]\+json|\+json;version=0\.[0-9])"
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


class _Outer(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that an envelope, a bundle or a statement may have at its top."""

    type: Raw = msgspec.field(name="_type", default=Raw())
    payload: str | None = None
    payload_type: str = ""
    signatures: tuple[_Signed, ...] = ()
    media_type: str = ""
    verification_material: _Material | None = None
    dsse_envelope: _Wire | None = None
    message_signature: Raw = Raw()


def open_envelope(data: bytes, *, where: str) -> Envelope | None:
    """Take an envelope or a bundle apart; None where these bytes are neither, but bare.

    Raises Unreadable where they could be read as two things, where the Base64 is not strict (either
    alphabet, with its padding), where nobody signed, or where the payload is no statement by its
    type. No signature is checked here.
    """
    if data.startswith(_STATEMENT):
        return None  # as we write it: thousands of these are read
    try:
        outer = msgspec.json.decode(data, type=_Outer)
    except msgspec.ValidationError as fault:
        raise _unreadable(f"is no envelope: {fault}", where) from fault
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # no JSON: whoever reads a statement says so
    blob = bool(bytes(outer.message_signature))
    is_bundle = outer.dsse_envelope is not None
    if bool(bytes(outer.type)) + (outer.payload is not None) + is_bundle + blob > 1:
        raise _unreadable("can be read as two things: a statement, an envelope, a bundle", where)
    if blob:
        raise NoStatement(
            "is a bundle that signs a blob, and holds no statement", where=where, remedy=_REMEDY
        )
    if outer.payload is not None:
        return _opened(
            _Wire(
                payload=outer.payload,
                payload_type=outer.payload_type,
                signatures=outer.signatures,
            ),
            where,
        )
    return _of_bundle(outer, data, where) if is_bundle else None


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


def _of_bundle(outer: _Outer, data: bytes, where: str) -> Envelope | None:
    material = outer.verification_material
    if (
        not re.fullmatch(_BUNDLES, outer.media_type)
        or outer.dsse_envelope is None
        or material is None
    ):
        raise _unreadable(f"is a bundle of the unknown type {outer.media_type[:100]!r}", where)
    if len(outer.dsse_envelope.signatures) != 1:
        number = len(outer.dsse_envelope.signatures)
        raise _unreadable(f"is a bundle with {number} signatures; exactly one is legal", where)
    certified = bool(bytes(material.certificate) or bytes(material.x509_certificate_chain))
    if certified and material.public_key:
        raise _unreadable("is a bundle with a certificate and with a key", where)
    return _opened(outer.dsse_envelope, where, bundle=data, keyless=certified)


def _opened(wire: _Wire, where: str, *, bundle: bytes = b"", keyless: bool = False) -> Envelope:
    if not re.fullmatch(_PAYLOADS, wire.payload_type):
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
        bundle=bundle,
        keyless=keyless,
    )


def _base64(text: str, where: str) -> bytes:
    """Read Base64 of either alphabet, but not of both, with no other form for the same bytes."""
    plain = text.translate(_URL_SAFE) if "-" in text or "_" in text else text
    if plain is not text and ("+" in text or "/" in text):
        raise _unreadable("holds Base64 of two alphabets at once", where)
    try:
        data = binascii.a2b_base64(plain, strict_mode=True)
        last = binascii.b2a_base64(binascii.a2b_base64(plain[-4:]), newline=False)
    except ValueError as fault:  # binascii.Error is one, and so is text beyond ASCII
        raise _unreadable(f"holds what is no Base64: {fault}", where) from fault
    if last.decode() != plain[-4:]:
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
