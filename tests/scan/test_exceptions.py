from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError, ConfigError
from cdkit.scan.exceptions import read_exceptions

GOOD = b"""exceptions:
  - id: CVE-2026-1
    reason: the code is not reachable
    owner: team-orders
    expires: "2027-01-31"
    purls: ["pkg:apk/alpine/ssl"]
  - id: CVE-2026-2
    reason: upstream has no fix
    owner: team-orders
    expires: '2026-12-24'
"""


def _faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        read_exceptions(text.encode(), where="exceptions.yaml")
    return [(str(fault.where), fault.what) for fault in caught.value.faults]


def test_exceptions_are_read_with_their_places() -> None:
    first, second = read_exceptions(GOOD, where="exceptions.yaml")

    assert (first.id, first.expires, str(first.where)) == (
        "CVE-2026-1",
        date(2027, 1, 31),
        "exceptions.yaml:2:5",
    )
    assert first.purls == ("pkg:apk/alpine/ssl",)
    assert str(second.where) == "exceptions.yaml:7:5"


def test_the_last_day_needs_no_quotes() -> None:
    bare = GOOD.replace(b'"2027-01-31"', b"2027-01-31").replace(b"'2026-12-24'", b"2026-12-24")

    assert read_exceptions(bare, where="exceptions.yaml") == read_exceptions(
        GOOD, where="exceptions.yaml"
    )


def test_an_impossible_date_without_quotes_is_a_fault_as_with_them() -> None:
    broken = GOOD.decode().replace('"2027-01-31"', "2026-02-30")

    assert _faults(broken) == [("exceptions.yaml:5:14", "'2026-02-30' is no date")]


def test_a_time_is_no_last_day() -> None:
    broken = GOOD.decode().replace('"2027-01-31"', "2027-01-31T10:00:00Z")

    what = "exceptions[0].expires is the date '2027-01-31T10:00:00Z'; expected text"
    assert _faults(broken) == [("exceptions.yaml:5:14", what)]


@pytest.mark.parametrize("key", ["reason", "owner", "expires", "id"])
def test_what_an_exception_must_say_is_missed_at_its_line(key: str) -> None:
    lines = [f"    {name}: x" for name in ("id", "reason", "owner", "expires") if name != key]
    text = "exceptions:\n  - " + "\n".join(lines).strip()

    faults = _faults(text)

    assert faults[0] == ("exceptions.yaml:2:5", f"exceptions[0] lacks {key!r}")


@pytest.mark.parametrize(
    "text", ["2026-02-30", "soon", "20-1-1", "2026-13-01", "20270131", "2027-W05-7", ""]
)
def test_an_impossible_date_is_a_fault_at_its_line(text: str) -> None:
    broken = GOOD.decode().replace("2027-01-31", text)

    assert _faults(broken) == [("exceptions.yaml:5:14", f"{text!r} is no date")]


@pytest.mark.parametrize("key", ["reason", "owner"])
def test_an_empty_reason_or_owner_is_a_fault(key: str) -> None:
    text = GOOD.decode().replace("the code is not reachable", '" "', 1)
    text = text if key == "reason" else GOOD.decode().replace("team-orders", '""', 1)

    assert [what for _, what in _faults(text)] == [f"{key} is empty"]


def test_every_fault_is_named() -> None:
    text = GOOD.decode().replace("2027-01-31", "x").replace("2026-12-24", "y")

    assert [place for place, _ in _faults(text)] == [
        "exceptions.yaml:5:14",
        "exceptions.yaml:10:14",
    ]


def test_an_unknown_key_is_a_fault() -> None:
    faults = _faults(GOOD.decode().replace("owner", "ownr", 1))

    assert ("exceptions.yaml:4:5", "unknown key 'ownr' in exceptions[0]") in faults


def test_a_package_url_that_is_none_is_a_fault() -> None:
    for text in ("openssl", "pkg:/x", "pkg:apk/%zz", "pkg:apk/alpine/ssl@>=3.0"):
        faults = _faults(GOOD.decode().replace("pkg:apk/alpine/ssl", text))

        assert faults == [("exceptions.yaml:6:12", f"{text!r} is no package URL")]


def test_a_pattern_in_a_package_url_is_a_fault_and_not_an_exception_that_covers_nothing() -> None:
    faults = _faults(GOOD.decode().replace("pkg:apk/alpine/ssl", "pkg:apk/alpine/*"))

    what = "'pkg:apk/alpine/*' is a pattern, and covers nothing"
    assert faults == [("exceptions.yaml:6:12", what)]


@given(st.binary(max_size=200))
def test_any_bytes_are_exceptions_or_refused(data: bytes) -> None:
    try:
        read_exceptions(data, where="x")
    except CdkitError:
        return
