"""The page of a delivery as text: what it says, what stands behind it, what it never does."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cdkit.core.documents.delivery import Delivery
from cdkit.core.documents.document import Replay
from cdkit.core.verdict import cannot_tell
from cdkit.dora.told import Told
from cdkit.report.delivery.page import LONGEST
from cdkit.report.report import render
from tests.dora.lives import ASKED, LIVES, UNTIL, delivered, example, told
from tests.report.delivery.deliveries import hostile, report, shown
from tests.report.reading import EVIL, Page


def text_of(delivery: Delivery) -> str:
    return Page(shown(delivery)).text


@pytest.fixture(scope="module")
def whole() -> Page:
    return Page(shown(example()))


@pytest.fixture(scope="module")
def poor() -> Delivery:
    return delivered(told(LIVES[4]))


@pytest.mark.parametrize(
    "said",
    [
        "How well do we deliver to production?",
        "212 deployments of 5 services · 90 days, 29 Aug 2026",
        "A roll-up of 5 services. DORA measures one service at a time",
        "Change lead time 1.5 days",
        "one day to one week better: shorter before 1.98 days",
        "median of 502 changes; from merge 9.93 hours",
        "Change fail rate 10.8 % no clear change, before 7.61 % of 212 deployments",
        "Rests on: 212 of 212 deployments with known changes, 10 of 11 incidents linked",
        "Bands: DORA Quick Check, 2025 (edition 2025-quick-check).",
        "Source: dora.dev, DORA's software delivery performance metrics, 2026-01.",
        "As of 27 Nov 2026, 12:00 , by cdkit 1.2.3.",
    ],
)
def test_it_says_how_well_services_are_delivered(said: str, whole: Page) -> None:
    assert said in whole.text


def test_what_nobody_can_tell_is_no_zero(poor: Delivery) -> None:
    text = text_of(poor)
    assert "Recovery time ? cannot tell" in text
    assert "0 failed deployments known; it takes 5" in text


def test_a_tile_leads_to_the_deployments_behind_it(whole: Page) -> None:
    named = whole.all("id")
    links = [one[1:] for one in whole.all("href") if one.startswith("#")]
    assert set(links) <= set(named)
    assert {"all-lead", "all-frequency", "all-recovery", "all-fail", "all-rework"} <= set(links)
    assert {name: n for name, n in Counter(named).items() if n > 1} == {}


def test_a_deployment_says_what_it_was_and_what_became_of_it(whole: Page) -> None:
    said = (
        "16 Nov 2026, 22:08 catalogue 8d922c739879… , commit 3b8d0bfc8341… , by amira of "
        "discovery, run 2 1.71 days failed an incident (INC-315); mended after 1.3 hours"
    )
    assert said in whole.text


def test_each_service_stands_by_itself_those_that_deploy_most_first(whole: Page) -> None:
    order = re.findall(r"(orders|catalogue|payments|search|billing) \d+ deployments", whole.text)
    assert order == ["orders", "catalogue", "payments", "search", "billing"]


def test_one_service_is_no_roll_up(poor: Delivery) -> None:
    text = text_of(poor)
    assert "roll-up" not in text.replace("roll-ups", "")
    assert "5 deployments of billing" in text


def test_a_chart_is_told_in_words_and_stands_as_a_table(whole: Page) -> None:
    labels = [told["aria-label"] for tag, told in whole.elements if tag == "svg" if "role" in told]
    assert "change fail rate over 13 parts of the time: from 0 % to 20 %, 6.67 % at last" in labels
    assert "All of it as a table" in whole.text


def test_a_gap_is_told_too() -> None:
    page = shown(delivered(told(LIVES[3])))
    assert "; nothing is known of 4" in page


def test_what_could_not_be_read_stands_first(poor: Delivery) -> None:
    page = Page(shown(poor, cannot_tell("a record is broken", remedy="mend it")))
    assert "The whole of it: ? cannot tell" in page.text
    assert page.text.index("a record is broken") < page.text.index("Change lead time")


def test_notes_are_told_and_what_a_service_rests_on_is_not_told_twice() -> None:
    coverage = ", ".join(example().services[0].coverage)
    page = Page(shown(example(), notes=("bands: x", f"billing: {coverage}")))
    assert "Notes bands: x" in page.text
    assert f"billing: {coverage}" not in page.text


def test_what_the_page_shows_itself_is_no_note_on_it() -> None:
    said = structs.replace(example(), said=("bars stand for weeks",))
    text = Page(shown(said, notes=("bars stand for weeks", "git was not asked"))).text
    assert "Notes git was not asked As of" in text


def test_a_replay_is_marked() -> None:
    replay = Replay(run="5f3a", at="2026-11-20T09:00:00Z")
    assert "5f3a" in Page(render("html", report(example(), replay=replay))).text


def test_the_same_facts_give_the_same_page() -> None:
    assert shown(example()) == shown(delivered(told()))


def test_where_nothing_was_measured_the_common_page_stands() -> None:
    page = Page(render("html", report(None, cannot_tell("no record", remedy="mend it"))))
    assert "no record" in page.text
    assert "How well do we deliver?" in page.text


def test_it_lets_a_browser_load_nothing_and_apply_its_own_style_alone(whole: Page) -> None:
    (policy,) = [value for value in whole.all("content") if "default-src" in value]
    known = base64.b64encode(hashlib.sha256(whole.style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{known}';")
    assert not [tag for tag, _ in whole.elements if tag in {"script", "iframe", "img", "object"}]
    assert not whole.all("style")


def test_foreign_text_stays_text() -> None:
    page = Page(shown(hostile(EVIL)))
    assert not [tag for tag, _ in page.elements if tag in {"script", "img"}]
    assert not [one for told in page.elements for one in told[1] if one.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert not [one for one in page.all("href") if not one.startswith(("#", "data:,"))]


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_text_leaves_the_page_whole(text: str) -> None:
    page = shown(hostile(text))
    assert Page(page).open == []
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", page)
    page.encode()


def test_it_is_never_longer_than_two_megabytes() -> None:
    page = shown(hostile("<&>" * 40, services=52, listed=20))
    assert len(page.encode()) <= LONGEST
    assert "The 50 that deploy most; 2 more services left out." in page


def test_of_many_services_the_rest_is_counted() -> None:
    many = structs.replace(example(), services=example().services * 80)
    text = Page(shown(many)).text
    assert "The 300 that deploy most; 100 more services left out." in text


def test_what_cannot_be_listed_is_counted() -> None:
    text = text_of(example())
    assert "Change lead time, from commit: 212 deployments, 50 shown · the slowest first" in text


def test_a_time_without_any_course_says_why() -> None:
    short = structs.replace(
        example(),
        together=None,
        untold="this engine tells no course, `--change-file` does",
        services=tuple(
            structs.replace(one, metrics=tuple(structs.replace(m, parts=()) for m in one.metrics))
            for one in example().services[:1]
        ),
    )
    text = text_of(short)
    assert "Over time this engine tells no course, --change-file does" in text
    assert "nothing to compare with" not in text


def test_without_incidents_the_fail_rate_is_no_zero_and_says_why() -> None:
    asked = structs.replace(ASKED, incidents=False)
    made = tuple(one for one in told(LIVES[0]).deployments if one.outcome == "success")
    few = structs.replace(told(LIVES[0]), deployments=made[::9], incidents=())
    assert "Change fail rate ? cannot tell" in text_of(delivered(few, asked))
    assert "nobody told of incidents" in text_of(delivered(few, asked))


def test_a_short_time_is_told_day_by_day() -> None:
    asked = structs.replace(ASKED, since=UNTIL - timedelta(days=14))
    text = text_of(delivered(Told(deployments=told(LIVES[0]).deployments), asked))
    assert "14 days up to 27 Nov 2026; the newest is on the right." in text
