"""The passport: all of it there, nothing forged, nothing fetched; the same facts, the same page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cdkit.core.documents.kinds import Evidence, Waiver
from cdkit.core.verdict import judge, yes
from cdkit.report.markup import joined, link, tag
from cdkit.report.passport.charts import Series, chart
from cdkit.report.passport.known import Known, trends
from cdkit.report.passport.page import page
from tests.evidence.doubles import origin
from tests.report.passport.facts import IMAGE, KEY, PULL, known


class Page(HTMLParser):
    """What a browser would make of a page: text by section, links, elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: dict[str, str] = {"": ""}
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.section = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag == "section":
            self.section = given["id"] or ""
            self.sections[self.section] = ""
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "section":
            self.section = ""

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.sections[self.section] += data


def shown(found: Known | None = None) -> Page:
    parsed = Page(page(found or known()))
    assert parsed.open == []
    return parsed


def test_every_section_shows_what_is_known() -> None:
    sections = shown().sections
    assert list(sections) == [
        *("", "identity", "decisions", "evidence", "people", "deployments", "trends", "timeline"),
    ]
    for key, texts in {
        "": [IMAGE, "forced deployment", "production", "5 reports, 1 not yes", "c" * 12],
        "identity": [KEY, "main, 1.24.0", "8" * 40, "linux/amd64", "alpine:3.20", "1 labels"],
        "decisions": [
            "May it enter deployment?, by force for INC-7 until 2026-11-23T12:45:00Z",
            "unit: executed is 72 (at least 60)",
            "Dockerfile:5: openssl has CVE-1",
            "What to do: upgrade",
            "origin/main:policy.yaml",
        ],
        "evidence": ["unit", "87.3 %", "p95 199.2 ms", "1 high, 3 medium", "48,213 bytes"],
        "people": ["bob", "github-review", "waived until 2026-12-31", "INC-7", "dora"],
        "deployments": ["production", "orders", "deployed"],
        "trends": ["Tests that ran 72", "Lines covered 87.3 %", "95th percentile 199 ms"],
        "timeline": ["was identified", "was put into production as orders by ann"],
    }.items():
        for text in texts:
            assert text in sections[key].replace("\xa0", " "), (key, text)


def test_the_newest_decision_is_open_and_first() -> None:
    opened = [given for name, given in shown().elements if name == "details" and "open" in given]
    assert len(opened) == 1
    decisions = shown().sections["decisions"]
    assert decisions.index("by force for INC-7") < decisions.index("08:30")


def test_what_is_not_known_is_said_and_what_there_is_none_of_is_left_out() -> None:
    empty = Known(image=IMAGE, key=KEY, at="2026-11-23T12:00:00Z")
    sections = shown(empty).sections
    assert list(sections) == ["", "identity", "decisions", "evidence"]
    assert "nobody says what it was built from" in sections["identity"]
    assert "No gate was asked about it." in sections["decisions"]
    assert "never asked" in sections[""]
    assert "nowhere" in sections[""]


def test_records_that_cannot_be_read_are_told_first() -> None:
    text = shown(known(0, broken=True)).sections[""]
    assert "1 records could not be read, and may have said anything:r.json: is cut off" in text


def test_the_page_has_no_script_and_fetches_nothing() -> None:
    text = page(known())
    found = shown()
    names = {name for name, _ in found.elements}
    assert names.isdisjoint({"script", "img", "link", "iframe", "object", "embed", "form", "base"})
    assert not re.search(r"url\(|@import|\bon[a-z]+=|javascript:", text)
    (policy,) = [g["content"] for n, g in found.elements if n == "meta" and "http-equiv" in g]
    assert policy
    assert policy.startswith("default-src 'none'; ")
    assert all(one.startswith(("#", "https://")) for one in found.links)
    assert PULL in found.links


def test_every_link_within_the_page_leads_somewhere() -> None:
    found = shown()
    ids = [given["id"] for _, given in found.elements if "id" in given]
    assert len(ids) == len(set(ids))
    assert {one[1:] for one in found.links if one.startswith("#")} <= set(ids)
    labels = {x for _, g in found.elements for x in (g.get("aria-labelledby") or "").split()}
    assert labels <= set(ids)


def test_the_same_facts_make_the_same_page() -> None:
    one = known()
    other = structs.replace(one, facts=tuple(reversed(one.facts)))
    assert page(one) == page(other)


HOSTILE = '"><script>alert(1)</script>\x1b[31m</style>\u202e&amp;'


def hostile(text: str) -> Known:
    document = Evidence(
        origin=origin(job=text, url=text, actor=text, run=text),
        evidence=text,
        verdict=judge([yes(text)]),
        reports=(),
        said={text: text},
    )
    waiver = Waiver(
        origin=origin("waive", actor=text, recorded_at=text),
        image=text,
        requirement=text,
        reason=text,
        expires=text,
    )
    found = known(3, document, waiver)
    return structs.replace(found, image=f"{text}@{KEY}", at=text)


def test_no_text_becomes_markup() -> None:
    text = page(hostile(HOSTILE))
    assert "<script" not in text
    assert text.count("</style>") == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "alert(1)" in shown(hostile(HOSTILE)).sections["evidence"]


@given(st.text(max_size=60))
def test_whatever_the_text_the_page_holds_together(text: str) -> None:
    plain = {name for name, _ in shown(known(3)).elements}
    assert {name for name, _ in shown(hostile(text)).elements} <= plain


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil", "http://", "https://[", "ftp://a"]
)
def test_an_address_that_is_none_of_the_web_is_text(url: str) -> None:
    assert link(url, "x") == "x"


def test_attributes_and_children_are_escaped() -> None:
    assert tag("td", "<b>", tag("b", "&"), class_='"x"') == (
        '<td class="&quot;x&quot;">&lt;b&gt;<b>&amp;</b></td>'
    )
    assert joined("a", None, "<") == "a&lt;"


# Charts


def test_a_series_needs_this_image_and_one_before() -> None:
    assert [one.name for one in trends(known(1))] == ["executed", "lines", "duration", "p95"]
    assert list(trends(known(0))) == []
    without = structs.replace(known(3), facts=())
    assert list(trends(without)) == []


def test_a_chart_is_said_in_words() -> None:
    series = Series(
        name="x", title="Tests", unit="", points=(("a", 60.0), ("b", 58.0), ("c", 72.0))
    )
    text = chart(series, 1)
    assert "From 60 to 72 , up; between 58 and 72." in text.replace("  ", " ")
    assert text.count("<circle") == 3
    assert "<title>b: 58</title>" in text


@given(st.lists(st.floats(0, 1e12), min_size=2, max_size=30))
def test_every_point_stands_inside_its_chart(values: list[float]) -> None:
    points = tuple((f"p{n}", value) for n, value in enumerate(values))
    text = chart(Series(name="x", title="T", unit="ms", points=points), 1)
    places = re.findall(r'c([xy])="([\d.]+)"', text)
    assert len(places) == 2 * len(values)
    assert all(0 <= float(at) <= (320 if axis == "x" else 130) for axis, at in places)
