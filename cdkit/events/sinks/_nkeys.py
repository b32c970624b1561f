"""The login at NATS by a file of credentials: what a server is shown, and a key that signs.

Source: NATS, "Decentralized JWT Authentication" and "NKeys": a token and a seed stand between lines
of dashes; a seed is base32 of two bytes that say what for, an Ed25519 key of 32, and a CRC-16.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import NamedTuple

from cdkit.core.errors import CdkitError, MissingExtra
from cdkit.core.world import World
from cdkit.events.sinks._posting import Held

_LARGEST = 64 * 1024
_PART = rb"-{3,}BEGIN %b-{3,}\s+([A-Za-z0-9_.=-]+)\s+-{3,}END %b-{3,}"
_SEED_OF_A_USER = (18 << 3, 20 << 3)
"""The prefixes S and U, each in the upper five bits of what becomes a letter of base32."""


class Login(NamedTuple):
    """What a server is shown, and what signs the number that it asks about."""

    token: Callable[[], bytes]
    sign: Callable[[str], bytes]


def login_of(path: str, world: World) -> Login:
    """Read a file of credentials; raises Held where it holds none, or is not there."""
    try:
        data = world.files.read(path, limit=_LARGEST)
    except CdkitError as fault:
        raise Held(f"{path}: {fault.what}") from fault
    token, seed = _part(data, b"NATS USER JWT"), _part(data, b"USER NKEY SEED")
    key = _key(seed) if seed else None
    if not token or not key:
        raise Held(f"{path} holds no credentials of a user of NATS")
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as fault:
        missing = MissingExtra("cryptography", "nats", wanted_by="a file of credentials")
        raise Held(f"{missing.what}: {missing.remedy}") from fault
    signer = Ed25519PrivateKey.from_private_bytes(key)
    return Login(
        token=lambda: token, sign=lambda number: base64.b64encode(signer.sign(number.encode()))
    )


def _part(data: bytes, name: bytes) -> bytes:
    found = re.search(_PART % (name, name), data)
    return found[1] if found else b""


def _key(seed: bytes) -> bytes | None:
    """Return the key in a user's seed; None where it is none."""
    try:
        raw = base64.b32decode(seed + b"=" * (-len(seed) % 8))
    except binascii.Error:
        return None
    whole = len(raw) == 36 and binascii.crc_hqx(raw[:34], 0) == int.from_bytes(raw[34:], "little")
    kind = (raw[0] & 0xF8, (raw[0] & 7) << 5 | (raw[1] & 0xF8) >> 3) if whole else None
    return raw[2:34] if kind == _SEED_OF_A_USER else None
