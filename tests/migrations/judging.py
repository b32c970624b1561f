"""Judging SQL in tests: a text in which `-- released` ends what runs already."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

import msgspec
from msgspec import structs

from cdkit.core.finding import Finding
from cdkit.core.world import Hands, Processes
from cdkit.migrations.catalogue import Dispatch, asked, dispatch, rules
from cdkit.migrations.contract import Release, Terms, declarations
from cdkit.migrations.find import read
from cdkit.migrations.lint import Judged, Request, lint
from cdkit.migrations.server import engines, server_of
from cdkit.migrations.source import Migration
from tests.worlds import NoProcesses

TODAY = date(2026, 11, 23)
ABOUT_OTHERS = (
    "changed-result-type", "empty-down", "lossy-down", "missing-down", "mixed-phases",
)  # fmt: skip
"""Rules that speak of nearly every migration: left out where a test is about its tool."""
RELEASED = "-- released\n"
RELEASES = {
    "v1.4": Release(commit="4" * 40),
    "v9.9": Release(unknown="git knows no revision 'v9.9'", remedy="fetch the tags"),
    "v2.0": Release(commit="2" * 40, early="it is no part of what runs", remedy="wait for it"),
}
"""What is known of the releases that examples name."""


def judged(
    text: str | bytes,
    *,
    server: str = "postgres",
    question: str = "both",
    disabled: Sequence[str] = (),
    in_transaction: bool | None = None,
    enabled: Sequence[str] = (),
    processes: Processes | None = None,
    hands: Hands | None = None,
    dispatched: Callable[[AbstractSet[str], str, str], Dispatch] = dispatch,
) -> Judged:
    """Judge the part of a text that is not released; lines count from the text's beginning.

    `in_transaction` says whether the tool makes a transaction of the file; None: nobody can tell.
    """
    data = text.encode() if isinstance(text, str) else text
    if said := re.match(rb"-- server (\S+)\n", data):
        server = said[1].decode()
    meant = server_of(server)
    history, marker, change = data.rpartition(RELEASED.encode())
    blank = re.sub(rb"[^\n]", b" ", history + marker)
    # The two may be of different tools, whose orders do not compare.
    first = structs.replace(_migration("0001.sql", history), order=())
    migrations = [first, _migration("0002.sql", blank + change)]
    if in_transaction is not None:
        script = structs.replace(migrations[1].script, in_transaction=in_transaction)
        migrations[1] = structs.replace(migrations[1], script=script)
    tastes = {name for name, rule in rules().items() if rule.opinion} - set(enabled)
    left_out = frozenset({*tastes, *disabled})
    dialect = engines()[meant.engine].dialect()
    declared = declarations(migrations, frozenset({"0002.sql"}), {}, dialect)
    request = Request(
        migrations=migrations,
        change=frozenset({"0002.sql"}),
        released={},
        apart=False,
        server=meant,
        today=TODAY,
        rules=dispatched(left_out, question, meant.engine),
        asked=asked(left_out, question, meant.engine),
        terms={
            name: Terms(declared=said, release=RELEASES.get(said.since, Release()))
            for name, said in declared.items()
        },
        hands=hands,
    )
    (found,) = lint(request, processes or NoProcesses()).judged
    for finding in found.findings:
        # Whatever a test is about: it can be written down.
        msgspec.json.encode(finding)
    return found


def _migration(path: str, data: bytes) -> Migration:
    (one,) = read(path, data)
    return one


def places(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """Return the rule and the line of each finding that counts, sorted by line."""
    counted = [finding for finding in findings if finding.suppressed is None]
    return sorted(((x.rule, x.locations[0].line) for x in counted), key=lambda at: (at[1], at[0]))
