"""What holds for every scanner: samples, recognition, and that nothing odd is believed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cdkit
from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.readable import Whole
from cdkit.scan.doubts import ACCEPTABLE, FIRM
from cdkit.scan.obtain import load_scanners
from cdkit.scan.remedies import REMEDIES
from cdkit.scan.report import ScanReport
from cdkit.scan.scanner import HEAD

CASES = Path(__file__).resolve().parent.parent / "cases" / "scan"
SCANNERS = load_scanners()
SAMPLES = [(name, sample.path) for name, one in SCANNERS.items() for sample in one.samples]


def test_every_doubt_has_a_remedy() -> None:
    assert set(REMEDIES) == set(ACCEPTABLE) | set(FIRM)


def data(path: str) -> bytes:
    return (CASES / path).read_bytes()


def test_every_scanner_has_a_sample_and_every_sample_a_scanner() -> None:
    named = {path for _, path in SAMPLES}
    there = {p.relative_to(CASES).as_posix() for p in CASES.rglob("*.json")}

    assert named == there
    assert all(one.samples for one in SCANNERS.values())


@pytest.mark.parametrize(("name", "path"), SAMPLES)
def test_exactly_one_scanner_recognises_a_sample(name: str, path: str) -> None:
    head = data(path)[:HEAD]

    assert [one.name for one in SCANNERS.values() if one.recognises(head)] == [name]


@pytest.mark.parametrize(("name", "path"), SAMPLES)
def test_a_sample_is_read(name: str, path: str) -> None:
    report = SCANNERS[name].read(Whole(data(path)), "r.json")

    assert report.where == "r.json"
    assert report.scanner


@settings(deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_report_cut_off_anywhere_is_unreadable(
    case: tuple[str, str], draw: st.DataObject
) -> None:
    name, path = case
    whole = data(path).rstrip()
    at = draw.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(Unreadable):
        SCANNERS[name].read(Whole(whole[:at]), "r.json")


@pytest.mark.parametrize(("name", "path"), SAMPLES)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"\x1f\x8b" + text,
        lambda text: text + b"x",
        lambda text: text.replace(b'": "', b'": NaN, "x": "', 1),
        lambda _: b"[" * 100_000,
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"null",
    ],
)
def test_what_is_no_report_is_unreadable(name: str, path: str, change: Any) -> None:  # noqa: ANN401
    with pytest.raises(Unreadable):
        SCANNERS[name].read(Whole(change(data(path))), "r.json")


def test_every_doubt_has_a_name_that_the_documentation_knows() -> None:
    source = Path(cdkit.__file__).parent
    text = "".join(
        p.read_text() for p in (*source.glob("scan/*.py"), *source.glob("steps/scan*.py"))
    )
    said = set(re.findall(r'doubt\(\s*"([a-z-]+)"', text))
    said |= set(re.findall(r'rule="([a-z-]+)"', text))

    assert said <= {*ACCEPTABLE, *FIRM}
    assert len(said) > 10


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Return the way to every value in a document."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(place for key, one in inside for place in places(one, (*at, key)))]


@settings(deadline=None)
@given(st.sampled_from(SAMPLES), st.data(), _JSON)
def test_any_value_at_any_place_is_read_or_refused(
    case: tuple[str, str],
    draw: st.DataObject,
    value: Any,  # noqa: ANN401 - any JSON
) -> None:
    name, path = case
    document = json.loads(data(path))
    *way, last = draw.draw(st.sampled_from([p for p in places(document) if p]))
    target = document
    for key in way:
        target = target[key]
    target[last] = value

    try:
        report = SCANNERS[name].read(Whole(json.dumps(document).encode()), "r.json")
    except CdkitError:
        return
    assert isinstance(report, ScanReport)
