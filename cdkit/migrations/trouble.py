"""A trouble: a part of a migration that cannot be read, so that nobody can tell."""

from msgspec import Struct


class Trouble(Struct, frozen=True, kw_only=True):
    """Which rule names it, what is so, the byte where, and what would make it readable.

    Where it stands in no SQL, the line in the file that people wrote is given instead.
    """

    rule: str
    what: str
    offset: int = 0
    line: int = 0
    remedy: str
