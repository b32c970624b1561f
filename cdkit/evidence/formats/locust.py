"""Locust's statistics as CSV (`PREFIX_stats.csv`): a row a request, and `Aggregated` at its end.

Source: docs.locust.io, "Retrieve test statistics in CSV format". Times are in milliseconds. Without
the last row the file is cut off. Locust itself ends with a failure where any request failed.
"""

import csv
import math

from cdkit.core.documents.kinds import Metric
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.decode import lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Load, Reading
from cdkit.evidence.tally import whole

_BEGINNING = b"Type,Name,Request Count,Failure Count,"
_COLUMNS = {
    "Average Response Time": ("mean", "ms", "lower"),
    "50%": ("p50", "ms", "lower"),
    "90%": ("p90", "ms", "lower"),
    "95%": ("p95", "ms", "lower"),
    "99%": ("p99", "ms", "lower"),
    "Max Response Time": ("max", "ms", "lower"),
    "Requests/s": ("rps", "1/s", "higher"),
}
_MOST_ROWS = 10_000
_MOST_NAMED = 100


def _recognises(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").startswith(_BEGINNING)


def _read(stream: Readable, where: str) -> Reading:
    told = lines_of(stream, where, ended=True)
    lines = (data.decode("utf-8", "replace") + "\n" for _, data in told)
    try:
        rows = list(zip(range(_MOST_ROWS), csv.reader(lines, strict=True), strict=False))
    except csv.Error as fault:
        raise _unreadable(f"is not such a CSV file: {fault}", where, 0) from fault
    header, *rest = [row for _, row in rows if row]
    last = rest[-1] if rest else []
    if len(last) != len(header) or last[1] != "Aggregated":
        raise _unreadable("is cut off: it has no row Aggregated at its end", where, len(rows))
    named = [dict(zip(header, row, strict=False)) for row in rest]
    requests, failed = whole(named[-1]["Request Count"]), whole(named[-1]["Failure Count"])
    if requests is None or failed is None or failed > requests:
        raise _unreadable("counts no requests and failures in its last row", where, len(rows))
    rows_failed = sum(whole(row.get("Failure Count")) or 0 for row in named[:-1])
    failed = min(requests, max(failed, rows_failed))
    metrics = _metrics(named[-1], "", requests)
    for row in named[:-1][:_MOST_NAMED]:
        name = f"{row.get('Type', '')} {row.get('Name', '')}".strip()[:150]
        metrics += _metrics(row, f"{{{name}}}", whole(row.get("Request Count")) or 0)
    return Reading(load=Load(requests=requests, failed=failed), metrics=tuple(metrics))


def _metrics(row: dict[str, str], suffix: str, samples: int) -> list[Metric]:
    found = []
    for column, (name, unit, better) in _COLUMNS.items():
        value = _number(row.get(column, ""))
        if value is not None and samples:
            found.append(
                Metric(name=name + suffix, value=value, unit=unit, better=better, samples=samples)
            )
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value, 6) if math.isfinite(value) and 0 <= value < 1e12 else None


def _unreadable(what: str, where: str, line: int) -> Unreadable:
    return Unreadable(
        what,
        where=Location(path=where, line=line),
        remedy="give PREFIX_stats.csv as `locust --headless --csv PREFIX` left it at its end",
    )


FORMAT = Format(
    name="locust",
    title="Locust CSV",
    proves="performance",
    written_by="`locust --headless --csv PREFIX`: `PREFIX_stats.csv`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="locust/locust-2.47_stats.csv", real=True, tool="Locust 2.47"),
        Sample(path="locust/locust-good-2.47_stats.csv", real=False, tool="Locust 2.47, good"),
    ),
)
