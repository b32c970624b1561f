"""Lines of `name=value` attributes, separated by commas, as docker/metadata-action reads them."""

import csv
import re
from collections.abc import Iterable

from cdkit.core.errors import RequestError

_LONGEST_LINE = 8_192
_COMMENT = re.compile(r"(?:\A|\s+)#.*", re.DOTALL)


def entries(given: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that say something: empty ones and those that begin with `#` do not."""
    lines = (line.strip() for line in given)
    return tuple(line for line in lines if line and not line.startswith("#"))


def uncommented(given: Iterable[str]) -> tuple[str, ...]:
    """Return the lines without the comments that `#` begins, at the start or after a blank.

    A line without a comment stays as it is; one that is nothing else is left out. Only where no
    value can hold a `#`: in tags, images and flavours, not in labels.
    """
    lines = ((line, _COMMENT.sub("", line)) for line in given)
    return tuple(rest for line, rest in lines if rest.strip() or rest == line)


def attributes(line: str) -> tuple[tuple[str, str], ...]:
    """Return the fields of a line as (name, value); the name is empty where there is no `=`.

    Fields are those of RFC 4180: one that holds a comma stands in double quotes, a quote in it
    twice. Names are in lower case, space around both is dropped; a value may hold `=`. Raises
    RequestError for a line that is no CSV.
    """
    return tuple(_pair(field) for field in _fields(line))


def unique(line: str) -> dict[str, str]:
    """Return the attributes of a line by name; RequestError for one that stands twice."""
    found: dict[str, str] = {}
    for name, value in attributes(line):
        if name in found:
            raise RequestError(
                f"{name or 'a value without a name'} is given twice in {line[:200]!r}",
                where=line,
                remedy='give it once; a field that holds a comma is quoted: "value=a,b"',
            )
        found[name] = value
    return found


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals or not name.strip():
        return "", field.strip()
    return name.strip().lower(), value.strip()


def switch(name: str, text: str, line: str) -> bool:
    """Return the truth of `true` or `false`; RequestError for anything else."""
    if text not in {"true", "false"}:
        raise RequestError(
            f"{name}={text[:80]!r} is neither true nor false",
            where=line or None,
            remedy=f"write {name}=true",
        )
    return text == "true"


def _fields(line: str) -> list[str]:
    if len(line) > _LONGEST_LINE:
        raise RequestError(
            f"a line has {len(line)} characters", remedy=f"write {_LONGEST_LINE} at most"
        )
    try:
        rows = list(csv.reader([line], strict=True))
    except csv.Error as fault:
        raise RequestError(
            f"{line[:200]!r} is no line of CSV: {fault}",
            where=line,
            remedy='quote a whole field: "pattern=v(\\d{1,3})"; double a quote inside it',
        ) from fault
    return rows[0] if rows else []
