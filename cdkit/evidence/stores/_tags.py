"""The names of facts in a registry: each has tags of its own, made of content, that never move.

    cdkit.<algorithm>-<encoded>.<kind><32 digits>        about the subject with this digest
    cdkit.env-<name>.<time>.<kind><32 digits>            a deployment, by its environment
    cdkit.att-<algorithm>-<encoded>.<kind><32 digits>    no fact: what others are told of a subject

The digits are the first 32 of the SHA-256 of the record's bytes; the kind is `u` for a bare
statement, `k` for one that a key signed, `c` for one with a certificate of Sigstore. A subject's
part that would be too long, or holds what no tag may, is `h-` and the SHA-256 of the digest's text.
"""

import re
from datetime import UTC, datetime

from cdkit.core.digest import sha256
from cdkit.core.documents.envelope import Envelope

OWN = "cdkit."
ENVIRONMENTS = f"{OWN}env-"
ATTACHED = f"{OWN}att-"
_RESERVED = frozenset({"env", "att"})
_PLAIN = re.compile(r"[A-Za-z0-9]+-[A-Za-z0-9_-]+", re.ASCII)
_LONGEST_SUBJECT = 80
_NAME = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-")
_LONGEST_NAME = 60
_END = re.compile(r"\.([ukc])([0-9a-f]{32})", re.ASCII)
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)


def subject_prefix(key: str) -> str:
    """Return what the tags of all facts about a digest begin with."""
    return f"{OWN}{_subject(key)}."


def attached_prefix(key: str) -> str:
    """Return what the tags of all that others are told of a digest begin with."""
    return f"{ATTACHED}{_subject(key)}."


def _subject(key: str) -> str:
    algorithm, _, encoded = key.partition(":")
    text = f"{algorithm}-{encoded}"
    if len(text) > _LONGEST_SUBJECT or not _PLAIN.fullmatch(text) or algorithm in _RESERVED:
        return f"h-{sha256(key.encode('utf-8', 'surrogatepass')).encoded}"
    return text


def environment_prefix(name: str) -> str:
    """Return what the tags of all deployments to an environment begin with."""
    data = name.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(byte) if byte in _NAME else f"_{byte:02x}" for byte in data)
    if len(quoted) > _LONGEST_NAME:
        quoted = f"__{sha256(data).encoded[:40]}"
    return f"{ENVIRONMENTS}{quoted}."


def ending(data: bytes, envelope: Envelope | None) -> str:
    """Return what the tags of a record end with, after the last dot."""
    kind = "u" if envelope is None else "c" if envelope.keyless else "k"
    return f"{kind}{sha256(data).encoded[:32]}"


def moment_of(recorded_at: str) -> str:
    """Return a fact's time as it stands in a tag; `0` where it does not say it."""
    try:
        found = datetime.fromisoformat(recorded_at)
        text = found.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError):
        return "0"
    return text if _TIME.fullmatch(text) else "0"


def promised(tag: str) -> str:
    """Return the digits that a tag ends with; an empty string where it is no tag of a fact."""
    found = _END.search(tag, len(tag) - 34) if len(tag) > 34 else None
    return found[2] if found else ""


def is_key_signed(tag: str) -> bool:
    """Whether a tag says that a key signed its record."""
    return tag[-33:-32] == "k" and bool(promised(tag))
