"""The page of reports that record-evidence reads: which, who writes them, what was tried."""

from cdkit.core.escape import markdown
from cdkit.evidence.format import Format, formats
from cdkit.evidence.predicate import predicates

_INTRO = """\
What [`cdkit record-evidence`](steps/record-evidence.md) reads. A report is recognised by what is in
it, not by its name; one that nothing recognises, that is cut off, or that proves nothing is *cannot
tell*. A sample is real where the tool itself wrote it, else made by hand after the tool's
documentation, or a real one that was changed. How to use them: [Evidence](evidence.md)."""

_STATEMENTS = """\
In-toto statements, bare, in a DSSE envelope, or in a Sigstore bundle; one, or one a line
(`.intoto.jsonl`). A statement counts where one of its subjects is the image, or the source that is
checked out, by digest. Signatures are not checked here: take statements from where you trust them.
What one says of itself (`builder`, `levels`) a policy can ask for with `says`. Besides these, the
facts that cdkit left in other jobs."""

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
    parts += [f"## {_TITLES['statements']}", _STATEMENTS, _predicates()]
    return "\n\n".join(parts)


def _predicates() -> str:
    lines = ["predicate | its types | who writes it", "--- | --- | ---"]
    for one in predicates().values():
        types = ", ".join(f"`{kind}`" for kind in one.types)
        lines.append(f"{markdown(one.title)} | {types} | {one.written_by}")
    return "\n".join(f"| {line} |" for line in lines)


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
