"""What a migration says of itself: its phase, the release that a contract waits for, no way back.

    -- cdkit: phase contract since v1.4: orders.note, orders.old_name (nobody reads them any more)
    -- cdkit: irreversible (the rows are merged)

in whatever comment the file has: `--`, `#`, `//`, `/*` or `<!--`.
"""

import functools
import posixpath
import re
from collections.abc import Mapping

from msgspec import Struct

from cdkit.core.finding import Location
from cdkit.migrations.text import Text

PHASES = ("expand", "migrate", "contract")
_LONGEST = 1000
"""Characters that a declaration may hold."""

_AS = "write `phase contract since v1.4: orders.note (why)`, `phase expand` or `phase migrate`"


class Declared(Struct, frozen=True, kw_only=True):
    """A declared phase and where it stands.

    `since` is the release that stopped using the objects, as it is written; no objects mean all.
    `fault` says why it cannot be understood, empty where it can.
    """

    phase: str
    since: str = ""
    objects: tuple[str, ...] = ()
    reason: str = ""
    place: Location
    fault: str = ""

    def names(self, about: str) -> bool:
        """Whether it speaks of this object: of it, of what it is in, or of everything."""
        wanted = _plain(about)
        return not self.objects or any(
            wanted == each or wanted.startswith(f"{each}.") for each in map(_plain, self.objects)
        )


class Irreversible(Struct, frozen=True, kw_only=True):
    """The word that nothing takes a migration back, with its reason (which must not be empty)."""

    reason: str
    line: int


def _plain(name: str) -> str:
    """Return a name as two people would write it alike."""
    return name.replace('"', "").replace("`", "").strip().lower().removeprefix("public.")


@functools.cache
def _comment() -> re.Pattern[bytes]:
    return re.compile(rb"(?:--|#|//|/\*)[ \t]*cdkit:[ \t]*(phase|irreversible)\b([^\r\n]*)")


@functools.cache
def _shape() -> re.Pattern[str]:
    return re.compile(
        r"\s+(?P<phase>[^\s:(]+)(?:\s+since\s+(?P<since>[^\s(]+?))?"
        r"(?:\s*:\s+(?P<objects>[^()]+?))?(?:\s*\((?P<reason>.*)\))?\s*"
    )


def declared(text: Text, after: int = 0, until: int | None = None) -> Declared | None:
    """Return the phase that a file declares in the lines behind `after`, up to `until`.

    Two that differ are a fault of the first: nobody can tell which is meant.
    """
    found = [
        parse_phase(rest, Location(path=text.path, line=line))
        for word, rest, line in _said(text)
        if word == "phase" and after < line and (until is None or line <= until)
    ]
    if not found:
        return None
    first, *more = found
    meant = (first.phase, first.since, first.objects)
    other = next((x for x in more if (x.phase, x.since, x.objects) != meant), None)
    if other is None or first.fault:
        return first
    return Declared(
        phase=first.phase,
        place=first.place,
        fault=f"line {other.place.line} declares another phase for the same migration",
    )


def irreversible(*texts: Text) -> Irreversible | None:
    """Return the first word in these texts that nothing takes the migration back."""
    for text in texts:
        for word, rest, line in _said(text):
            if word == "irreversible":
                found = re.fullmatch(r"\s*\((.*)\)\s*", rest)
                return Irreversible(reason=found[1].strip() if found else "", line=line)
    return None


def parse_phase(rest: str, place: Location) -> Declared:
    """Return what stands behind the word `phase`."""
    found = _shape().fullmatch(rest) if len(rest) <= _LONGEST else None
    if found is None or found["phase"] not in PHASES:
        return Declared(phase="", place=place, fault=f"{rest.strip()[:80]!r} is no phase: {_AS}")
    phase, since = found["phase"], found["since"] or ""
    objects = tuple(filter(None, (each.strip() for each in (found["objects"] or "").split(","))))
    fault = ""
    if phase != "contract" and (since or objects):
        fault = f"only a contract waits for a release, and this declares {phase}: {_AS}"
    return Declared(
        phase=phase,
        since=since,
        objects=objects,
        reason=(found["reason"] or "").strip(),
        place=place,
        fault=fault,
    )


def by_pattern(given: Mapping[str, str], path: str) -> Declared | None:
    """Return the phase that the user's patterns give a path: the first that matches it counts."""
    from fnmatch import fnmatchcase

    for pattern, rest in given.items():
        if fnmatchcase(posixpath.normpath(path), pattern):
            return parse_phase(f" {rest}", Location(path=path))
    return None


@functools.lru_cache(maxsize=2)  # for each of the migrations in a file
def _said(text: Text) -> tuple[tuple[str, str, int], ...]:
    """Return each word of ours in the comments of a text, what follows it, and its line."""
    if b"cdkit:" not in text.data:
        return ()
    found = []
    for match in _comment().finditer(text.data):
        rest = match[2].decode("utf-8", "replace").rstrip()
        rest = rest.removesuffix("-->").removesuffix("*/").rstrip()
        found.append((match[1].decode(), rest, text.line(match.start())))
    return tuple(found)
