"""How old code fares with a column of another type, and what the change costs."""

from msgspec import Struct


class TypeChange(Struct, frozen=True):
    """Whether the table is rewritten, and how the old code fares: same, wider, narrower, other.

    `shows` says how values that are there already look to who reads them, where they look otherwise
    though each of them fits.
    """

    rewrites: bool
    fares: str
    shows: str = ""

    @property
    def breaks(self) -> bool:
        """Whether the old code can meet, or write, a value that it cannot handle."""
        return self.fares in {"narrower", "other"}
