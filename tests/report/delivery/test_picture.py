"""The picture of the metrics: well-formed SVG, which says in words what it shows."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.core.documents.document import Replay
from cdkit.core.errors import CannotTell
from cdkit.core.verdict import cannot_tell
from cdkit.report.report import render
from tests.dora.lives import LIVES, delivered, example, told
from tests.report.delivery.deliveries import hostile, report

SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def test_it_says_in_words_what_it_shows() -> None:
    root = read(render("svg", report(example())))
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == (
        "a roll-up of 5 services in production, 90 days up to 27 Nov 2026: change lead time 1.5 "
        "days (of 502); deployments 2.36 a day (of 212); recovery time 1.78 hours (of 23); change "
        "fail rate 10.8 % (of 212); rework rate 10.2 % (of 225)"
    )


def test_what_nobody_can_tell_is_said() -> None:
    root = read(render("svg", report(delivered(told(LIVES[4])))))
    untold = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "untold"]
    assert untold == ["cannot tell"]


def test_what_could_not_be_read_is_said() -> None:
    root = read(render("svg", report(example(), cannot_tell("a record is broken", remedy="x"))))
    assert [one.text for one in root.iter(f"{SVG}tspan") if one.get("class") == "unread"] == [
        "not all of it could be read"
    ]
    assert str(root.get("aria-label")).endswith("; not all of it could be read")


def test_a_replay_is_marked() -> None:
    replay = Replay(run="5f3a", at="2026-11-20T09:00:00Z")
    assert "5f3a" in render("svg", report(example(), replay=replay))


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_leaves_it_well_formed(text: str) -> None:
    root = read(render("svg", report(hostile(text))))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        *("svg", "title", "style", "rect", "text", "tspan", "g", "polygon", "polyline", "circle"),
    }


def test_where_nothing_was_measured_there_is_no_picture() -> None:
    with pytest.raises(CannotTell, match="report-dora has nothing to show, so no svg is written"):
        render("svg", report(None, cannot_tell("no record", remedy="mend it")))
