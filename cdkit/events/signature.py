"""Signatures by Standard Webhooks 1.0.0, so that a receiver knows who sent an event."""

import base64
import binascii
import hashlib
import hmac

from cdkit.core.secret import Secret

_PREFIX = "whsec_"
_SIZES = range(24, 65)
_MOST = 20
"""Signatures that are looked at: a rotation has two."""


def keys_of(text: str) -> list[bytes]:
    """Return the keys of one or more secrets with blanks between them; none where one is wrong.

    Source: Standard Webhooks, "Signature scheme": `whsec_` and 24 to 64 bytes in base64. Several
    are for the time of a rotation: a message is then signed with each.
    """
    keys = []
    for word in text.split():
        try:
            key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            return []
        if not word.startswith(_PREFIX) or len(key) not in _SIZES:
            return []
        keys.append(key)
    return keys


def sign(
    keys: list[bytes],
    *,
    id: str,  # noqa: A002 - the standard's word
    moment: int,
    body: bytes,
) -> dict[str, str | Secret]:
    """Return the three headers: id, time of this try in Unix seconds, a signature for each key."""
    signed = f"{id}.{moment}.".encode() + body
    signatures = [
        base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys
    ]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(moment),
        "webhook-signature": Secret(" ".join(f"v1,{signature}" for signature in signatures)),
    }


def is_signed(
    keys: list[bytes],
    *,
    id: str,  # noqa: A002 - the standard's word
    moment: str,
    signatures: str,
    body: bytes,
) -> bool:
    """Whether one of the signatures is of one of the keys, compared in constant time."""
    signed = f"{id}.{moment}.".encode("utf-8", "replace") + body
    right = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    given = [_decoded(word) for word in signatures.split()[:_MOST]]
    return any(hmac.compare_digest(one, other) for one in right for other in given)


def _decoded(word: str) -> bytes:
    version, _, text = word.partition(",")
    try:
        return base64.b64decode(text, validate=True) if version == "v1" else b""
    except (binascii.Error, ValueError):
        return b""
