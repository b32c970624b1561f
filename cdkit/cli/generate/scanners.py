"""The page of scanners: whose reports are read, who is run, which doubts there are."""

from collections.abc import Iterable, Sequence

from cdkit.core.escape import markdown
from cdkit.scan.doubts import ACCEPTABLE, FIRM
from cdkit.scan.obtain import load_scanners
from cdkit.scan.remedies import REMEDIES

_INTRO = """\
Reports are recognised by what is in them. A sample is real where the tool itself wrote it, else
made by hand after the tool's documentation. What is run is `--scanner NAME`: in a container from
this image, or from your own with `--scanner-image`, or as the program on the PATH."""
_DOUBTS = """\
What makes a report worthless says *cannot tell* under one of these names. `--accept NAME` takes on
the first kind; the others mean that nobody has looked. `cdkit explain NAME` says the same."""


def scanners() -> str:
    """Return the page."""
    rows = []
    for one in load_scanners().values():
        real = sorted({sample.tool for sample in one.samples if sample.real})
        made = sorted({sample.tool for sample in one.samples if not sample.real})
        run = f"`{one.runner.program}`; `{one.runner.image}`" if one.runner else "reports only"
        rows.append((f"`{one.name}`", one.title, run, ", ".join(real), ", ".join(made)))
    named = [
        (f"`{name}`", what, REMEDIES[name], "`--accept`" if name in ACCEPTABLE else "")
        for name, what in {**ACCEPTABLE, **FIRM}.items()
    ]
    return "\n\n".join(
        [
            "# Scanners",
            _INTRO,
            _table(("name", "report", "run as", "real samples of", "made-up samples of"), rows),
            "## Doubts",
            _DOUBTS,
            _table(("doubt", "what it says", "what to do", "can be taken on"), named),
        ]
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [
        " | ".join(cell if cell.startswith("`") else markdown(cell) for cell in row) for row in rows
    ]
    return "\n".join(f"| {line} |" for line in lines)
