"""An event's JSON in few letters that mean nothing anywhere: for runs that start with short texts.

The letters are those of base64url (RFC 4648, 5) without padding, over a zlib stream (RFC 1950): no
shell, no template and no console takes one of them for more than a letter.
"""

import base64
import binascii
import re
import zlib

from cdkit.core.errors import RequestError
from cdkit.core.world import MIB

_LIMIT = 32 * MIB
_LETTERS = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def packed(text: str) -> str:
    """Return a JSON text in such letters: about half as many as it has itself."""
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpacked(text: str) -> str:
    """Return the text that was packed; one that was not is returned as it is.

    Raises RequestError where letters are missing or wrong, and for what unpacks to over 32 MiB.
    """
    if not _LETTERS.fullmatch(text):
        return text
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        stream = zlib.decompressobj()
        found = stream.decompress(data, _LIMIT + 1)
        if len(found) > _LIMIT:
            raise _wrong(f"it unpacks to more than {_LIMIT // MIB} MiB")
        if not stream.eof or stream.unused_data:
            raise _wrong(f"its {len(text)} letters are not all of it, or more than it")
        return found.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as fault:
        raise _wrong(
            f"its {len(text)} letters are no packed event, or not all parts of one in their order: "
            f"{fault}"
        ) from fault


def _wrong(what: str) -> RequestError:
    return RequestError(
        what,
        remedy="hand over every part of it, in their order, with nothing between them",
    )
