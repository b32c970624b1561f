"""Lists that commands print: for a person, as CSV, or as JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

from cdkit.core.escape import terminal
from cdkit.core.spoken import cut

FORMATS = ("text", "csv", "json")
_MOST = 250
"""Characters of a cell that a person is shown, so that an image can be copied with its digest; CSV
and JSON hold all of it.
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def listing(columns: Sequence[str], rows: Iterable[Sequence[str]], style: str) -> str:
    """Return rows in one of the FORMATS, without the last newline.

    Foreign text is stripped of control characters; a cell of CSV that a spreadsheet would take for
    a formula is quoted (OWASP, CSV Injection).
    """
    kept = [tuple(row) for row in rows]
    if style == "json":
        return json.dumps([dict(zip(columns, row, strict=True)) for row in kept], indent=2)
    if style == "csv":
        return _csv(columns, kept)
    shown = [
        tuple(cut(terminal(cell), _MOST) or "-" for cell in row) for row in (tuple(columns), *kept)
    ]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in shown)
    return "\n".join(line.rstrip() for line in lines)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return text.getvalue().rstrip("\n")
