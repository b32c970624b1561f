"""What others know of attacks: EPSS scores (FIRST) and the catalogue of known exploits (CISA)."""

import re
import zlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.core.world import MIB

FEED_LIMIT = 256 * MIB
_COMMENT = re.compile(rb"#model_version:[^,\n]*,score_date:([0-9T:+Z.-]+)\s*")
_HEADER = b"cve,epss,percentile"
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_YEAR = slice(4, 8)
"""Where the year stands in the name of a CVE."""


class Score(Struct, frozen=True):
    """An EPSS probability and its percentile, both from 0 to 1."""

    epss: float
    percentile: float


class Epss(Struct, frozen=True, kw_only=True):
    """EPSS scores by CVE, and the day that they are of."""

    scored_at: datetime
    scores: Mapping[str, Score]


class Kev(Struct, frozen=True, kw_only=True):
    """The CVEs that are known to be exploited, and when the catalogue was released."""

    released_at: datetime
    ids: frozenset[str]


class _KevEntry(Struct, frozen=True):
    cveID: str  # noqa: N815 - CISA's name


class _KevCatalogue(Struct, frozen=True):
    dateReleased: datetime  # noqa: N815 - CISA's name
    count: int
    vulnerabilities: tuple[_KevEntry, ...]


def read_epss(data: bytes, where: str) -> Epss:
    """Read FIRST's daily CSV (`epss_scores-YYYY-MM-DD.csv`, also packed with gzip).

    Source: first.org/epss/data_stats: a comment with the model and the day, a header, a line for
    each published CVE, in their order. It nowhere says how many; one that was cut off at the end
    of a line shows it by the years that it lacks, or else by a CVE that somebody looks for (see
    untold.py). Raises Unreadable where it is not that, or was cut off.
    """
    text = _unpacked(data, where)
    comment = _COMMENT.match(text)
    lines = text[comment.end() :].splitlines() if comment else []
    if comment is None or not lines or lines[0].strip() != _HEADER:
        raise _no_epss("does not begin as FIRST's file of EPSS scores does", where)
    moment = _moment(comment[1].decode("ascii"))
    if moment is None:
        raise _no_epss("does not say of which day it is", where)
    if not text.endswith(b"\n"):
        raise _no_epss("is cut off: its last line has no end", where)
    scores = {}
    for number, line in enumerate(lines[1:], start=3):
        score = _score(line)
        if score is None:
            raise _no_epss(f"line {number} is no score", where)
        if score[0] in scores:
            raise _no_epss(f"line {number} has {score[0]} again", where)
        scores[score[0]] = score[1]
    if not scores:
        raise _no_epss("holds no score", where)
    last = max(name[_YEAR] for name in scores)
    if last < str(moment.year - 1):
        raise _no_epss(f"is of {moment.year}, and ends with CVE-{last}: it is cut off", where)
    return Epss(scored_at=moment, scores=scores)


def read_kev(data: bytes, where: str) -> Kev:
    """Read CISA's catalogue (known_exploited_vulnerabilities.json).

    Source: cisa.gov/known-exploited-vulnerabilities-catalog and its JSON schema. Raises Unreadable
    where it is not that, or holds another number of entries than it says.
    """
    try:
        catalogue = msgspec.json.decode(data, type=_KevCatalogue)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _no_kev(f"is not CISA's catalogue: {fault}", where) from fault
    if catalogue.dateReleased.tzinfo is None:
        raise _no_kev("does not say when it was released, with a zone", where)
    if not catalogue.vulnerabilities or catalogue.count != len(catalogue.vulnerabilities):
        found = len(catalogue.vulnerabilities)
        raise _no_kev(f"holds {found} entries, and says {catalogue.count}", where)
    ids = frozenset(entry.cveID for entry in catalogue.vulnerabilities)
    if odd := sorted(one for one in ids if not _CVE.fullmatch(one)):
        raise _no_kev(f"names {odd[0][:40]!r}, which is no CVE", where)
    return Kev(released_at=catalogue.dateReleased, ids=ids)


def _unpacked(data: bytes, where: str) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    opened = zlib.decompressobj(wbits=31)
    try:
        text = opened.decompress(data, FEED_LIMIT)
    except zlib.error as fault:
        raise _no_epss(f"cannot be unpacked: {fault}", where) from fault
    if opened.unconsumed_tail:
        raise _no_epss(f"unpacks to more than {FEED_LIMIT // MIB} MiB", where)
    if not opened.eof:
        raise _no_epss("is cut off", where)
    return text


def _score(line: bytes) -> tuple[str, Score] | None:
    name, _, rest = line.decode("ascii", "replace").strip().partition(",")
    epss, _, percentile = rest.partition(",")
    try:
        score = Score(float(epss), float(percentile))
    except ValueError:
        return None
    sound = _CVE.fullmatch(name) and 0 <= score.epss <= 1 and 0 <= score.percentile <= 1
    return (name, score) if sound else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _no_epss(what: str, where: str) -> Unreadable:
    return Unreadable(what, where=where, remedy="fetch it again from FIRST")


def _no_kev(what: str, where: str) -> Unreadable:
    return Unreadable(what, where=where, remedy="fetch it again from cisa.gov")
