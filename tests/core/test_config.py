from __future__ import annotations

import contextlib
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from cdkit.core.config import load, sections
from cdkit.core.errors import ConfigError


class Sink(Struct, frozen=True, kw_only=True):
    path: str


class Config(Struct, frozen=True, kw_only=True, rename="kebab"):
    fail_on: Literal["low", "high"] = "low"
    paths: tuple[str, ...] = ()
    sinks: tuple[str | Sink, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    days: int = 1
    share: float = 0.5
    quiet: bool = False


def faults(text: str | bytes) -> list[tuple[str, str, str]]:
    """Return each fault of a configuration: where, what, what to do."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigError) as caught:
        load(data, Config, where="c.yaml")
    return [(str(fault.where), fault.what, fault.remedy) for fault in caught.value.faults]


def test_a_good_file_becomes_its_struct() -> None:
    text = b"fail-on: high\npaths: [a]\nsinks: [x, {path: y}]\nnames: {a: b}\ndays: 3\nquiet: yes\n"
    assert load(text, Config, where="c.yaml") == Config(
        fail_on="high",
        paths=("a",),
        sinks=("x", Sink(path="y")),
        names={"a": "b"},
        days=3,
        quiet=True,
    )


def test_an_empty_file_is_all_defaults() -> None:
    assert load(b"# nothing yet\n", Config, where="c.yaml") == Config()


def test_an_unknown_key_names_the_nearest_one() -> None:
    assert faults("fail-onn: high\n") == [
        ("c.yaml:1:1", "unknown key 'fail-onn'", "did you mean 'fail-on'?")
    ]


def test_every_fault_is_told_in_the_order_of_the_file() -> None:
    told = faults("days: many\nfail-on: hihg\npaths: a\nquiet: 1\n")
    assert [where for where, _, _ in told] == [
        "c.yaml:1:7",
        "c.yaml:2:10",
        "c.yaml:3:8",
        "c.yaml:4:8",
    ]
    assert told[1][2] == "did you mean 'high'?"


def test_a_repeated_key_is_an_error_that_names_the_first() -> None:
    assert faults("days: 1\ndays: 2\n") == [
        ("c.yaml:2:1", "'days' stands twice (first in line 1)", "remove one")
    ]


@pytest.mark.parametrize(
    "number", ["010", "9" * 19, "9" * 5000, "0x1f", "1:30", "1_000", ".inf", ".nan", "1e3"]
)
def test_a_number_that_yaml_reads_in_its_own_way_is_refused(number: str) -> None:
    assert faults(f"days: {number}\n")[0][0] == "c.yaml:1:7"


def test_text_that_yaml_takes_for_something_else_wants_quotes() -> None:
    assert faults("paths: [1.10]\n")[0][2] == 'write it in quotes: "1.10"'
    assert faults("names: {a: no}\n")[0][2] == 'write it in quotes: "no"'


@pytest.mark.parametrize("day", ["2026-12-01", "2026-02-30", "'2026-12-01'"])
def test_a_day_without_quotes_is_its_own_text(day: str) -> None:
    found = load(f"paths: [{day}]\nnames: {{a: {day}}}\n".encode(), Config, where="c.yaml")
    assert (found.paths, found.names) == ((day.strip("'"),), {"a": day.strip("'")})


@pytest.mark.parametrize(
    "time", ["2026-12-01T10:00:00Z", "2026-12-01 10:00:00", "2026-12-01t10:00:00+02:00"]
)
def test_a_time_without_quotes_is_refused_with_what_to_write(time: str) -> None:
    remedy = "write the day alone, as in 2027-01-31; or, where a time may stand, write it in quotes"
    assert faults(f"paths: [{time}]\n") == [
        ("c.yaml:1:9", f"paths[0] is the date {time!r}; expected text", f'{remedy}: "{time}"')
    ]


def test_a_day_is_text_and_nothing_else() -> None:
    told = [what for _, what, _ in faults("days: 2026-12-01\nquiet: 2026-12-01\n")]
    assert told == [
        "days is the date '2026-12-01'; expected a whole number",
        "quiet is the date '2026-12-01'; expected true or false",
    ]


def test_an_alias_bomb_goes_off_at_a_bound() -> None:
    levels = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 9))
    text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n" + levels + "paths: *l8\n"
    assert any("too large" in what or "is a list" in what for _, what, _ in faults(text))


def test_an_alias_to_itself_ends() -> None:
    assert faults("sinks: &a [*a]\n")


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"paths: [", "c.yaml:2:1"),
        (b"days: 1\n---\ndays: 2\n", "c.yaml:2:1"),
        (b"ok: 1\n\xff", "c.yaml:2"),
        (b"a: \x00", "c.yaml"),
        (b"[" * 100_000, "c.yaml:1:41"),
        (b"{a: " * 5_000, "c.yaml:1:161"),
        (b"x" * 2_000_000, "c.yaml"),
        (b"<<: {days: 1}\n", "c.yaml:1:1"),
        (b"? [a]\n: 1\n", "c.yaml:1:3"),
        (b"- a\n", "c.yaml:1:1"),
    ],
)
def test_what_is_no_configuration_is_one_clear_error(data: bytes, where: str) -> None:
    assert faults(data)[0][0] == where


def test_a_byte_order_mark_is_no_fault() -> None:
    assert load(b"\xef\xbb\xbfdays: 2\n", Config, where="c.yaml").days == 2


def test_a_section_of_another_step_is_left_unread() -> None:
    found = sections(
        b"mine: {days: 2}\nother: {what: ever}\n", {"mine": Config}, ("other",), where="c"
    )
    assert found == {"mine": Config(days=2)}


def test_a_section_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ConfigError, match="unknown key 'mien'") as caught:
        sections(b"mien: {}\n", {"mine": Config}, (), where="c")
    assert caught.value.faults[0].remedy == "did you mean 'mine'?"


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_no_bytes_do_worse_than_a_configuration_error(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(load(data, Config, where="c.yaml"), Config)
