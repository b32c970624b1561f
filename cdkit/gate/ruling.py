"""The answer of the gate, and of each requirement by itself."""

from msgspec import Struct

from cdkit.core.documents.kinds import Answered
from cdkit.core.verdict import Verdict


class Ruling(Struct, frozen=True, kw_only=True):
    """The answer of the gate, and of each requirement by itself."""

    verdict: Verdict
    requirements: tuple[Answered, ...]
