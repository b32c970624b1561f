from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import Unreadable
from cdkit.scan.feed import Score, read_epss, read_kev

# Written by hand after first.org/epss/data_stats and CISA's schema.
EPSS = (
    b"#model_version:v2025.03.14,score_date:2026-11-22T12:55:00Z\n"
    b"cve,epss,percentile\nCVE-2026-1000,0.93,0.998\nCVE-2026-1001,0.00043,0.1\n"
)
KEV = json.dumps(
    {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.11.20",
        "dateReleased": "2026-11-20T15:00:00.5Z",
        "count": 1,
        "vulnerabilities": [{"cveID": "CVE-2026-1000", "vendorProject": "Acme"}],
    }
).encode()


@pytest.mark.parametrize("data", [EPSS, gzip.compress(EPSS), EPSS.replace(b"\n", b"\r\n")])
def test_epss_scores_are_read_packed_or_not(data: bytes) -> None:
    feed = read_epss(data, "epss.csv")

    assert feed.scores["CVE-2026-1000"] == Score(0.93, 0.998)
    assert feed.scored_at.date().isoformat() == "2026-11-22"


@given(st.integers(0, len(EPSS) - 1))
def test_scores_that_are_cut_off_are_unreadable(cut: int) -> None:
    whole = EPSS[:cut]
    complete_lines = whole.endswith(b"\n") and whole.count(b"\n") > 2
    if complete_lines:
        return
    with pytest.raises(Unreadable):
        read_epss(whole, "epss.csv")


@given(st.integers(0, len(gzip.compress(EPSS)) - 1))
def test_packed_scores_that_are_cut_off_are_unreadable(cut: int) -> None:
    with pytest.raises(Unreadable):
        read_epss(gzip.compress(EPSS)[:cut], "epss.csv.gz")


@pytest.mark.parametrize(
    "line", [b"CVE-2026-1,2,0.1\n", b"CVE-2026-1,nan,0.1\n", b"CVE-2026-1,0.1\n", b"x,0.1,0.1\n"]
)
def test_a_line_that_is_no_score_is_named(line: bytes) -> None:
    with pytest.raises(Unreadable, match="line 5 is no score"):
        read_epss(EPSS + line, "epss.csv")


@pytest.mark.parametrize("day", ["2028-01-01", "2026-11-22", "2027-12-31"])
def test_scores_that_end_years_before_their_day_are_cut_off(day: str) -> None:
    text = EPSS.replace(b"2026-11-22", day.encode())
    is_cut = day == "2028-01-01"

    if not is_cut:
        assert read_epss(text, "epss.csv").scores
        return
    with pytest.raises(Unreadable, match="is of 2028, and ends with CVE-2026: it is cut off"):
        read_epss(text, "epss.csv")


def test_scores_that_name_a_vulnerability_twice_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="line 5 has CVE-2026-1000 again"):
        read_epss(EPSS + b"CVE-2026-1000,0.1,0.1\n", "epss.csv")


def test_the_catalogue_is_read() -> None:
    assert read_kev(KEV, "kev.json").ids == {"CVE-2026-1000"}


@pytest.mark.parametrize(
    "change", [{"count": 2}, {"dateReleased": "2026-11-20"}, {"vulnerabilities": [], "count": 0}]
)
def test_a_catalogue_that_contradicts_itself_is_unreadable(change: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        read_kev(json.dumps({**json.loads(KEV), **change}).encode(), "kev.json")


@given(st.integers(0, len(KEV) - 1))
def test_a_catalogue_that_is_cut_off_is_unreadable(cut: int) -> None:
    with pytest.raises(Unreadable):
        read_kev(KEV[:cut], "kev.json")


@pytest.mark.parametrize("name", ["cve-2026-1000", "CVE-2026-1000 ", "", "GHSA-made-made-made"])
def test_an_entry_of_the_catalogue_that_names_no_cve_is_told(name: str) -> None:
    catalogue = {
        "dateReleased": "2026-11-23T10:00:00Z",
        "count": 1,
        "vulnerabilities": [{"cveID": name}],
    }

    with pytest.raises(Unreadable, match="which is no CVE"):
        read_kev(json.dumps(catalogue).encode(), "kev.json")
