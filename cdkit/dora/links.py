"""The `Link` header, as far as lists use it: where the next page is (RFC 8288)."""

import re

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)", re.ASCII)
_NEXT = re.compile(
    r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next(?![^\s;]))", re.IGNORECASE
)
_LONGEST = 16_384


def next_of(header: str) -> str:
    """Return the address of the next page; empty where the header names none."""
    for found in _LINK.finditer(header[:_LONGEST]):
        if _NEXT.search(found[2]):
            return found[1]
    return ""
