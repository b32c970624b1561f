"""The page of DORA's sources: each type, what it tells, what lets it be asked, its settings."""

from collections.abc import Iterator

from cdkit.core import plugins
from cdkit.dora import sources as folder
from cdkit.dora.source import Source

_INTRO = """\
What stands behind `type:` under `sources:` of [`report-dora`](steps/report-dora.md), and how each
is written in a line: `--from github`. How to use them: [How well do we deliver](dora.md). Each can
be given `url`, `token-env`, `environments` and `service` too; what follows stands under
`settings:`."""


def sources() -> str:
    """Return the page."""
    found = plugins.collect(folder, "SOURCE", Source)
    parts = ["# Sources of report-dora", _INTRO]
    for name, source in found.items():
        parts += [f"## {name}", *_source(name, source)]
    return "\n\n".join(parts)


def _source(name: str, source: Source) -> Iterator[str]:
    yield source.title
    short = f"`{name}`, or with {source.place} `{name}:…`"
    yield f"In a line: {short}. The token: the variable `{source.token}`."
    rows = [f"| `{setting}` | {what} |" for setting, what in source.settings.items()]
    yield "\n".join(["| setting | what it says |", "| --- | --- |", *rows])
