"""A content digest: the only name that cannot move."""

import re

from msgspec import Struct

from cdkit.core.errors import RequestError

_DIGEST = r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+"
HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The algorithms that can be checked here, and how many digits each gives."""


class Digest(Struct, frozen=True, order=True):
    """An OCI digest: an algorithm and the encoded hash (OCI image-spec, descriptor, "Digests")."""

    algorithm: str
    encoded: str

    def __str__(self) -> str:
        """Return `algorithm:encoded`."""
        return f"{self.algorithm}:{self.encoded}"

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> "Digest":
        """Read `sha256:<64 lower-case hexadecimal digits>` (or sha384, sha512).

        Raises RequestError where the text is no digest, names an algorithm that nobody here can
        check, or has the wrong length.
        """
        if not re.fullmatch(_DIGEST, text):
            raise _illegal(text, "is not a digest", where)
        algorithm, encoded = text.split(":", 1)
        length = HEX_LENGTH.get(algorithm)
        if length is None:
            raise _illegal(text, f"uses the algorithm {algorithm!r}, which is unknown", where)
        if len(encoded) != length:
            found = f"has {len(encoded)} characters after the colon, not {length}"
            raise _illegal(text, found, where)
        if not re.fullmatch(r"[a-f0-9]+", encoded, re.ASCII):
            raise _illegal(text, "holds characters other than 0-9 and a-f", where)
        return cls(algorithm, encoded)

    def matches(self, data: bytes) -> bool:
        """Whether these bytes have this digest."""
        import hashlib

        return hashlib.new(self.algorithm, data).hexdigest() == self.encoded


def _illegal(text: str, fault: str, where: str) -> RequestError:
    return RequestError(
        f"{text[:200]!r} {fault}",
        where=where or None,
        remedy="write a digest as sha256:<64 lower-case hexadecimal digits>",
    )


def sha256(data: bytes) -> Digest:
    """Return the SHA-256 digest of these bytes."""
    import hashlib

    return Digest("sha256", hashlib.sha256(data).hexdigest())
