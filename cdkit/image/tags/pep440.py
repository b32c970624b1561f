"""Versions of Python packages (PEP 440), as git tags carry them."""

import re

from msgspec import Struct

_VERSION = re.compile(
    r"v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>[0-9]+)?)?"
    r"(?:-(?P<post_only>[0-9]+)|(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>[0-9]+)?))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>[0-9]+)?)?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII | re.IGNORECASE,
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_LONGEST = 256


class Pep440(Struct, frozen=True, kw_only=True):
    """A version: `clean` is its normal form, `final` tells that it is no pre-, post-, dev one."""

    clean: str
    release: tuple[str, ...]
    final: bool

    def part(self, index: int) -> str:
        """Return a number of the release, `0` where it has fewer."""
        return self.release[index] if index < len(self.release) else "0"


def read_pep440(text: str) -> Pep440 | None:
    """Return the version (packaging.python.org, "Version specifiers", appendix), or None."""
    found = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    release = tuple(_number(part) for part in found["release"].split("."))
    clean = ".".join(release)
    if _number(found["epoch"]) != "0":
        clean = f"{_number(found['epoch'])}!{clean}"
    if found["pre"]:
        letters = found["pre"].lower()
        clean += f"{_PRE.get(letters, letters)}{_number(found['pre_n'])}"
    if found["post"] or found["post_only"]:
        clean += f".post{_number(found['post_only'] or found['post_n'])}"
    if found["dev"]:
        clean += f".dev{_number(found['dev_n'])}"
    if found["local"]:
        parts = re.split(r"[-_.]", found["local"].lower())
        clean += "+" + ".".join(_number(part) if part.isdigit() else part for part in parts)
    final = not (found["pre"] or found["post"] or found["post_only"] or found["dev"])
    return Pep440(clean=clean, release=release, final=final)


def _number(text: str | None) -> str:
    return (text or "").lstrip("0") or "0"
