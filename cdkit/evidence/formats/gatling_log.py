"""Gatling's simulation.log in its text form (before 3.10): a record a line, fields between tabs.

Source: gatling/gatling, `LogFileDataWriter`: `REQUEST`, groups, name, begin and end in
milliseconds, `OK` or `KO`, a message; older ones have a user before. The binary form of 3.10 and
later is refused. A file that ends between two lines cannot be told from a whole one.
"""

import re

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.evidence.decode import lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.latency import LONGEST, Latencies
from cdkit.evidence.reading import Reading

_BEGINNING = re.compile(rb"(?:ASSERTION\t[^\n]*\n)*RUN\t[^\t\n]+\t")
_REQUEST = re.compile(r"REQUEST\t.*?\t(\d{13})\t(\d{13})\t(OK|KO)(?:\t.*)?", re.ASCII | re.DOTALL)
_OTHER = re.compile(rb"(?:RUN|USER|GROUP|ERROR|ASSERTION)\t|$")
"""Records that are no request, and empty lines."""


def _recognises(head: bytes) -> bool:
    return _BEGINNING.match(head) is not None


def _read(stream: Readable, where: str) -> Reading:
    times = Latencies()
    told: list[Reason] = []
    for line, data in lines_of(stream, where, ended=True):
        if _OTHER.match(data):
            if not told and data.startswith(b"ERROR\t"):
                told.append(_crash(data, Location(path=where, line=line)))
            continue
        found = _REQUEST.fullmatch(data.decode("utf-8", "replace"))
        elapsed = int(found[2]) - int(found[1]) if found else -1
        if found is None or not 0 <= elapsed <= LONGEST:
            raise Unreadable(
                "holds a request without begin, end and result",
                where=Location(path=where, line=line),
                remedy="give simulation.log as Gatling wrote it, or js/stats.json of its report",
            )
        times.add(elapsed, failed=found[3] == "KO", at=int(found[1]))
    return Reading(
        load=times.load(),
        metrics=times.metrics(),
        duration=round(times.seconds, 6),
        reasons=tuple(told),
    )


def _crash(data: bytes, where: Location) -> Reason:
    """Return a doubt: a user could not send what it wanted to, and no request tells of that."""
    text = data.decode("utf-8", "replace").split("\t")[1][:300]
    return cannot_tell(
        f"a virtual user had an error beside its requests: {text}",
        where=where,
        remedy="mend the simulation, and run it again",
    )


FORMAT = Format(
    name="gatling-log",
    title="Gatling simulation.log",
    proves="performance",
    written_by="Gatling before 3.10, by itself: `simulation.log`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="gatling-log/simulation-3.9.log", real=False, tool="Gatling 3.9"),
        Sample(path="gatling-log/simulation-good-3.9.log", real=False, tool="Gatling 3.9, good"),
    ),
)
