"""Keeping logins out of texts that servers have a hand in: one that is echoed is taken out."""

from urllib.parse import quote

from cdkit.core.doors.workers import Turns
from cdkit.core.errors import CdkitError
from cdkit.core.secret import Secret

_SHORTEST = 4
"""Shorter words are no secrets worth the name, and stand in every text."""

_MASK = "***"


class Secrets:
    """The secrets that were used, in every form in which they may come back."""

    def __init__(self) -> None:
        self._forms: frozenset[str] = frozenset()
        self._turns = Turns()

    def add(self, *secrets: Secret | None) -> None:
        """Remember secrets; of a header (`Bearer …`) the value alone too."""
        forms = {form for secret in secrets if secret for form in _forms(secret.reveal())}
        with self._turns.of(""):
            self._forms |= forms

    def without(self, text: str) -> str:
        """Return the text with every secret masked, the longest first."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, _MASK)
        return text

    def clean(self, fault: CdkitError) -> None:
        """Mask every secret in what an error says, and forget what it came from."""
        fault.what = self.without(fault.what)
        fault.remedy = self.without(fault.remedy)
        fault.args = tuple(
            self.without(part) if isinstance(part, str) else part for part in fault.args
        )
        fault.__cause__ = fault.__context__ = None


def _forms(secret: str) -> set[str]:
    words = {secret, secret.partition(" ")[2]}
    escaped = {repr(word)[1:-1] for word in words}
    quoted = {quote(word, safe="") for word in words} | {quote(word) for word in words}
    return {form for form in words | escaped | quoted if len(form) >= _SHORTEST}
