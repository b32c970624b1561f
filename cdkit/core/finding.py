"""A finding: what is wrong, how bad, how sure, where, and what would mend it."""

import functools
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Callable


class Severity(StrEnum):
    """How much harm a finding does; `unknown` is a word that a tool did not say."""

    UNKNOWN = "unknown"
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Order of harm: 0 for info up to 4 for critical, and -1 for unknown."""
        return _RANKS[self._value_]


_RANKS = {"unknown": -1, "info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
"""By word: to look one up by its member runs Python code of the enum's."""


class Confidence(StrEnum):
    """How sure the finder is that the finding holds here."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Location(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in a file: a path as the user wrote it (`/` between parts), lines and columns from 1.

    Zero means "not known": a finding about a whole file has no line.
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        """Return `path`, `path:line` or `path:line:column`, as compilers print it."""
        if not self.line:
            return self.path
        place = f"{self.path}:{self.line}"
        return f"{place}:{self.column}" if self.column else place


class Edit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of a file: its bytes from `start` up to `end` (from 0) become `text`.

    `location` says the same in lines and columns, its end not included.
    """

    location: Location
    start: int
    end: int
    text: str


class Fix(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would mend a finding: a sentence, and text that can be pasted where there is one.

    `edits` mend it in the file without changing what it means, so that a program may make them;
    `by_hand` says why there are none where one could expect them.
    """

    summary: str
    replacement: str = ""
    edits: tuple[Edit, ...] = ()
    by_hand: str = ""


class Suppression(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a finding does not count, who says so, and until when (`YYYY-MM-DD`, UTC)."""

    reason: str
    owner: str = ""
    expires: str = ""
    source: str = ""


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a step found.

    `fingerprint` is stable between runs and survives line moves; `about` names the thing itself
    (`orders.customer_name`, a package URL); `question` says which of the rule's questions it
    answers; `suppressed` findings are shown and counted, and decide nothing.
    """

    rule: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    message: str
    locations: tuple[Location, ...] = ()
    fingerprint: str
    about: str = ""
    question: str = ""
    fix: Fix | None = None
    suppressed: Suppression | None = None
    properties: dict[str, str] = {}

    @property
    def where(self) -> str:
        """The first location as text, or an empty string."""
        return str(self.locations[0]) if self.locations else ""


def fingerprint(*parts: str) -> str:
    """Return a 64-digit hexadecimal name for these parts, order and boundaries included."""
    written = "".join([f"{len(part)}:{part}" for part in parts])
    if written.isascii():  # then each has as many bytes as it has characters
        return _sha256()(written.encode()).hexdigest()
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return _sha256()(b"".join([b"%d:%b" % (len(x), x) for x in encoded])).hexdigest()


@functools.cache
def _sha256() -> "Callable[[bytes], hashlib._Hash]":
    import hashlib  # loads OpenSSL, which a run that finds nothing need not pay for

    return hashlib.sha256
