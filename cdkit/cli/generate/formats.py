"""The page of reports that record-evidence reads: which, who writes them, what was tried."""

from cdkit.core.escape import markdown
from cdkit.evidence.format import Format, formats

_INTRO = """\
What [`cdkit record-evidence`](steps/record-evidence.md) reads. A report is recognised by what is in
it, not by its name; one that nothing recognises, that is cut off, or that proves nothing is *cannot
tell*. A sample is real where the tool itself wrote it, else made by hand after the tool's
documentation, or a real one that was changed. How to use them: [Evidence](evidence.md)."""

_TITLES = {
    "tests": "Tests",
    "coverage": "Coverage",
    "performance": "Load tests and benchmarks",
    "findings": "Analyses",
    "statements": "Statements",
}


def evidence_formats() -> str:
    """Return the page."""
    parts = ["# Reports", _INTRO]
    found = list(formats().values())
    for proves in sorted({one.proves for one in found}, key=list(_TITLES).index):
        parts += [f"## {_TITLES[proves]}", _table([one for one in found if one.proves == proves])]
    return "\n\n".join(parts)


def _table(found: list[Format]) -> str:
    lines = ["format | how its tools write it | real samples of | made-up samples of"]
    lines.append("--- | --- | --- | ---")
    for one in found:
        real = ", ".join(each.tool for each in one.samples if each.real)
        made = ", ".join(each.tool for each in one.samples if not each.real)
        lines.append(
            f"{markdown(one.title)} | {one.written_by} | {markdown(real)} | {markdown(made)}"
        )
    return "\n".join(f"| {line} |" for line in lines)
