"""JMeter's JTL as CSV, with a header or without one.

Source: jmeter.apache.org, "Listeners, CSV Log format": without a header the columns are those that
JMeter saves by default. A row that sums up a transaction is no request of its own, and may fail by
an assertion of its own. A file that ends between two rows cannot be told from a whole one.
"""

import csv
import re
from collections.abc import Iterator

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.decode import lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.latency import LONGEST, Latencies
from cdkit.evidence.reading import Load, Reading

_DEFAULT = [
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Latency",
    "IdleTime",
    "Connect",
]
_HEADER = re.compile(rb"[^\n]*\btimeStamp\b[^\n]*\belapsed\b[^\n]*\bsuccess\b[^\n]*\r?\n")
_ROW = re.compile(rb"\d{13},\d+,[^\n]*,(?:true|false),[^\n]*\r?\n")
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_NEEDED = frozenset({"timeStamp", "elapsed", "success"})
_TRANSACTION = "Number of samples in transaction"
_NONE_FAILED = "number of failing samples : 0"


class _Rows:
    """The lines of the file, as the csv module wants them, with the number of the last one."""

    def __init__(self, stream: Readable, where: str) -> None:
        self._lines = lines_of(stream, where, ended=True)
        self.line = 0

    def __iter__(self) -> Iterator[str]:
        for number, data in self._lines:
            self.line = number
            yield data.decode("utf-8", "replace").replace("\0", "\ufffd") + "\n"


def _recognises(head: bytes) -> bool:
    data = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_HEADER.match(data) or _ROW.match(data))


def _read(stream: Readable, where: str) -> Reading:
    rows = _Rows(stream, where)
    times, transactions, broken = Latencies(), Latencies(), Latencies()
    columns: list[str] | None = None
    delimiter = ","
    lines = iter(rows)
    first = next(lines, "")
    if not first[:1].isdigit():
        delimiter = next((sign for sign in "\t;|," if sign in first), ",")
    try:
        for row in csv.reader(_chain(first, lines), delimiter=delimiter, strict=True):
            if columns is None:
                columns = list(_DEFAULT) if first[:1].isdigit() else row
                if not set(columns) >= _NEEDED or len(set(columns)) < len(columns):
                    raise _unreadable("lacks a column, or has one twice", Location(path=where))
                if columns is row:
                    continue
            place = Location(path=where, line=rows.line)
            _take(row, columns, (times, transactions, broken), place)
    except csv.Error as fault:
        place = Location(path=where, line=rows.line)
        raise _unreadable(f"is not such a CSV file: {fault}", place) from fault
    counted = times if times.requests else transactions
    return Reading(
        load=_with(counted.load(), broken if counted is times else Latencies()),
        metrics=counted.metrics(),
        duration=round(counted.seconds, 6),
    )


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _take(
    row: list[str],
    columns: list[str],
    kinds: tuple[Latencies, Latencies, Latencies],
    where: Location,
) -> None:
    """Take a row: of a request, of a transaction, and of one that failed by itself as well."""
    if len(row) != len(columns):
        raise _unreadable(f"holds a row of {len(row)} fields, not of {len(columns)}", where)
    told = dict(zip(columns, row, strict=True))
    elapsed, at, success = told["elapsed"], told["timeStamp"], told["success"].lower()
    if not _NUMBER.fullmatch(elapsed) or float(elapsed) > LONGEST:
        raise _unreadable(f"holds the time {elapsed[:40]!r}, which is none", where)
    if success not in {"true", "false"}:
        raise _unreadable(f"says {success[:40]!r} where it must say true or false", where)
    message = told.get("responseMessage", "")
    moment = float(at) if _NUMBER.fullmatch(at) else None
    times, transactions, broken = kinds
    kind = transactions if message.startswith(_TRANSACTION) else times
    kind.add(float(elapsed), failed=success == "false", at=moment)
    if kind is transactions and success == "false" and message.rstrip().endswith(_NONE_FAILED):
        broken.add(float(elapsed), failed=True, at=moment)


def _with(load: Load, broken: Latencies) -> Load:
    """Return what was sent, and the transactions that failed though no request of theirs did."""
    return Load(requests=load.requests + broken.requests, failed=load.failed + broken.failed)


def _unreadable(what: str, where: Location) -> Unreadable:
    return Unreadable(what, where=where, remedy="give the JTL file as JMeter wrote it, to its end")


FORMAT = Format(
    name="jmeter-csv",
    title="JMeter JTL (CSV)",
    proves="performance",
    written_by="`jmeter -n -t plan.jmx -l F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="jmeter-csv/jmeter-5.6.jtl", real=False, tool="JMeter 5.6"),
        Sample(path="jmeter-csv/no-header-5.6.jtl", real=False, tool="JMeter 5.6, no header"),
        Sample(path="jmeter-csv/jmeter-good-5.6.jtl", real=False, tool="JMeter 5.6, good"),
    ),
)
