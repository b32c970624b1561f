"""A passport of an image after 200 releases: the command, from its start to the page."""

from __future__ import annotations

import statistics
import sys
from datetime import date
from pathlib import Path

from cdkit.core.documents.document import Document
from cdkit.core.documents.statement import state
from cdkit.core.subject import Subject
from cdkit.evidence.store import open_store
from tests.bench.measure import run, show
from tests.report.passport.facts import IMAGE, KEY, REPOSITORY, deployment, earlier, own
from tests.worlds import world

RELEASES = 200
ALLOWED = 1.0
"""Seconds."""


def passport(folder: Path) -> int:
    """Compare writing a passport with what is allowed."""
    place = folder / "passport"
    place.mkdir()
    store = open_store(".cdkit/records", world(place))

    def put(document: Document, key: str) -> None:
        subject = Subject(name=REPOSITORY, digest={"sha256": key.partition(":")[2]})
        store.put(state(document, subject))

    for release in earlier(RELEASES):
        for fact in release.facts:
            put(fact.document, release.key)
        put(deployment(release.key, _day(release.deployed_at)), release.key)
    for document in own():
        put(document, KEY)
    command = [sys.executable, "-m", "cdkit", "passport", IMAGE]
    seconds = statistics.median(run(command, place).seconds for _ in range(5))
    return show("a passport of 200 releases / 1 s", seconds / ALLOWED, 1)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])
