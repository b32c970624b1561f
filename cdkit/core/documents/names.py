"""The names of the tests that ran, as a fact holds them: `ran` packs and unpacks them."""

from msgspec import Struct


class Names(Struct, frozen=True, kw_only=True):
    """A set of test names: how many, the digest of their bytes (`sha256:…`), and their block."""

    count: int
    digest: str
    block: str
