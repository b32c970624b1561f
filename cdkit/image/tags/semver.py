"""Semantic versions (https://semver.org), as git tags carry them."""

import re

from msgspec import Struct

_NUMBER = r"(?:0|[1-9][0-9]*)"
_VERSION = re.compile(
    rf"v?(?P<version>(?P<core>(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER}))"
    rf"(?:-(?P<pre>(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    rf"(?:\.(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?)",
    re.ASCII,
)
_LONGEST = 256
_GREATEST = 2**53 - 1


class SemVer(Struct, frozen=True, kw_only=True):
    """A version; `raw` is how it was written, `build` what follows the `+`."""

    raw: str
    major: str
    minor: str
    patch: str
    prerelease: str = ""
    build: str = ""

    @property
    def precedence(self) -> str:
        """The version without its build metadata."""
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{self.prerelease}" if self.prerelease else core

    @property
    def version(self) -> str:
        """The whole version, build metadata included: two builds are two versions here."""
        return f"{self.precedence}+{self.build}" if self.build else self.precedence


def read_semver(text: str) -> SemVer | None:
    """Return the version that a text is, a `v` before it allowed; None where it is none.

    The limits are those of node-semver, which most tools share: 256 characters, numbers that
    JavaScript can hold.
    """
    found = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or any(int(found[part]) > _GREATEST for part in ("major", "minor", "patch")):
        return None
    return SemVer(
        raw=text,
        major=found["major"],
        minor=found["minor"],
        patch=found["patch"],
        prerelease=found["pre"] or "",
        build=found["build"] or "",
    )
