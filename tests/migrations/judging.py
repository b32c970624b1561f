"""Judging SQL in tests: a text in which `-- released` ends what runs already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from cdkit.core.finding import Finding
from cdkit.core.world import Processes
from cdkit.migrations.catalogue import dispatch, rules
from cdkit.migrations.find import read
from cdkit.migrations.lint import Judged, Request, lint
from cdkit.migrations.server import server_of
from cdkit.migrations.source import Migration
from tests.worlds import NoProcesses

TODAY = date(2026, 11, 23)
RELEASED = "-- released\n"


def judged(
    text: str | bytes,
    *,
    server: str = "postgres",
    question: str = "both",
    disabled: Sequence[str] = (),
    enabled: Sequence[str] = (),
    processes: Processes | None = None,
) -> Judged:
    """Judge the part of a text that is not released; lines count from the text's beginning."""
    data = text.encode() if isinstance(text, str) else text
    if said := re.match(rb"-- server (\S+)\n", data):
        server = said[1].decode()
    meant = server_of(server)
    history, marker, change = data.rpartition(RELEASED.encode())
    blank = re.sub(rb"[^\n]", b" ", history + marker)
    migrations = [_migration("0001.sql", history), _migration("0002.sql", blank + change)]
    tastes = {name for name, rule in rules().items() if rule.opinion} - set(enabled)
    request = Request(
        migrations=migrations,
        change=frozenset({"0002.sql"}),
        released={},
        apart=False,
        server=meant,
        today=TODAY,
        rules=dispatch(tastes | set(disabled), question, meant.engine),
    )
    (found,) = lint(request, processes or NoProcesses()).judged
    return found


def _migration(path: str, data: bytes) -> Migration:
    (one,) = read(path, data)
    return one


def places(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """Return the rule and the line of each finding that counts, sorted by line."""
    counted = [finding for finding in findings if finding.suppressed is None]
    return sorted(((x.rule, x.locations[0].line) for x in counted), key=lambda at: (at[1], at[0]))
