"""Names with a hole: `{service}-production`, which tells the environment and the service."""

import re
from collections.abc import Iterable

from cdkit.core.errors import RequestError

_HOLE = "{service}"
_LONGEST = 200


class Pattern:
    """A name that others are compared with: `{service}` stands for a service, `*` for any text.

    Upper and lower case are the same: environments of GitHub do not tell them apart either.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_plain = _HOLE not in text and "*" not in text
        parts = re.split(r"(\{service\}|\*)", text)
        holes = {_HOLE: "(?P<service>[^\\s].*?)", "*": ".*?"}
        whole = "".join(holes.get(part) or re.escape(part) for part in parts)
        self._expression = re.compile(whole, re.IGNORECASE | re.DOTALL)

    def service(self, name: str) -> str | None:
        """Return the service that a name tells, empty where it has no hole; None: another name."""
        found = self._expression.fullmatch(name[:_LONGEST])
        if found is None or len(name) > _LONGEST:
            return None
        return found.groupdict().get("service") or ""


def patterns(texts: Iterable[str], *, where: str) -> tuple[Pattern, ...]:
    """Return the patterns; raises RequestError for one that could tell two services, or none."""
    found = tuple(texts)
    for text in found:
        rest = text.replace(_HOLE, "", 1)
        if not text.strip() or len(text) > _LONGEST or "{" in rest or rest.count("*") > 2:
            raise RequestError(
                f"{text[:60]!r} is no pattern of a name",
                where=where,
                remedy="write a name, with {service} once where it holds the service, and * twice "
                "at most for any text",
            )
    return tuple(Pattern(text) for text in found)


def told_by(given: Iterable[Pattern], name: str) -> str | None:
    """Return the service that the first fitting pattern tells; None where none fits."""
    for pattern in given:
        if (found := pattern.service(name)) is not None:
            return found
    return None
