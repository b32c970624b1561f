"""What a team makes of findings: severities, what is off, what a baseline accepts."""

from __future__ import annotations

import contextlib
import functools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.core.finding import Finding, Location, Severity
from cdkit.migrations.baseline import Accepted, LintBaseline, accept, read_baseline, written
from cdkit.migrations.regard import Regard, regard_of, regarded
from tests.migrations.judging import judged

TODAY = date(2026, 11, 23)
WHERE = "lint-baseline.json"
ENDS_SOON = (
    b'{"kind": "lint-baseline", "version": 1, "accepted": '
    b'[{"rule": "r", "path": "p", "fingerprint": "f", "expires": "soon"}]}'
)


def finding(rule: str = "dropped-column", print_of: str = "f", path: str = "m/1.sql") -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        message="drops it",
        locations=(Location(path=path, line=1),),
        fingerprint=print_of,
    )


def still_there(_: str) -> bool:
    return False


_accept = functools.partial(accept, gone=still_there)
_written = functools.partial(written, gone=still_there)


def regard(*, disable: tuple[str, ...] = (), enable: tuple[str, ...] = (), **said: str) -> Regard:
    named = {name.replace("_", "-"): level for name, level in said.items()}
    return regard_of(disable=disable, enable=enable, severity=named)


def test_a_rule_has_the_severity_that_the_team_gives_it() -> None:
    (one,) = regarded([finding()], regard(dropped_column="info"))
    assert one.severity is Severity.INFO
    assert one.suppressed is None


@pytest.mark.parametrize("said", ["off (nobody reads it)", "off: nobody reads it"])
def test_what_is_off_is_shown_with_its_reason(said: str) -> None:
    (one,) = regarded([finding()], regard(dropped_column=said))
    assert one.suppressed
    assert one.suppressed.reason == "nobody reads it"
    assert one.suppressed.source == "severity"


def test_what_is_allowed_already_keeps_its_own_reason() -> None:
    text = "ALTER TABLE o DROP COLUMN a; -- cdkit: allow dropped-column (gone)"
    found = regarded(judged(text).findings, regard(dropped_column="off (no)"))
    reasons = [each.suppressed.reason for each in found if each.suppressed]
    assert reasons == ["gone"]


WRONG = {
    "an unknown rule": ({"dropped_colum": "low"}, "did you mean 'dropped-column'?"),
    "an unknown level": ({"dropped_column": "severe"}, "write one of info, low, medium"),
    "off without a reason": ({"dropped_column": "off"}, "write `dropped-column: off (why)`"),
    "off with an empty reason": ({"dropped_column": "off ()"}, "off (why)"),
    "a rule that nobody can tell of": ({"syntax_error": "low"}, "allow it where it stands"),
}


@pytest.mark.parametrize(("said", "remedy"), WRONG.values(), ids=WRONG)
def test_a_wrong_severity_is_a_wrong_request(said: dict[str, str], remedy: str) -> None:
    with pytest.raises(RequestError) as caught:
        regard_of(disable=(), enable=(), severity={k.replace("_", "-"): v for k, v in said.items()})
    assert remedy in caught.value.remedy
    assert caught.value.where
    assert str(caught.value.where) == "severity"


def test_a_matter_of_taste_is_left_out_until_somebody_asks() -> None:
    assert "narrow-integer" in regard().disabled
    assert "narrow-integer" not in regard(enable=("narrow-integer",)).disabled
    assert "narrow-integer" not in regard(narrow_integer="high").disabled
    assert "narrow-integer" in regard(disable=("narrow-integer",)).disabled


def test_a_rule_that_is_disabled_stays_so_whatever_else_is_said() -> None:
    asked = regard(disable=("narrow-integer",), enable=("narrow-integer",))
    assert "narrow-integer" in asked.disabled


def test_what_is_written_is_what_is_accepted() -> None:
    data = _written(
        [finding(), finding("renamed-column", "g")], LintBaseline(version=1), whole=True
    )
    held = read_baseline(data, where=WHERE)
    found, notes = _accept(
        [finding(), finding("renamed-column", "g")], held, TODAY, where=WHERE, whole=True
    )
    assert all(each.suppressed and each.suppressed.source == WHERE for each in found)
    assert notes == ()


def test_the_same_break_in_a_file_of_another_folder_is_another_one() -> None:
    held = read_baseline(_written([finding()], LintBaseline(version=1), whole=True), where=WHERE)
    both = [finding(path="other/1.sql"), finding()]
    found, _ = _accept(both, held, TODAY, where=WHERE, whole=True)
    assert [each.suppressed is not None for each in found] == [False, True]
    found, told = _accept(both[:1], held, TODAY, where=WHERE, whole=True)
    assert found[0].suppressed is None
    assert told


def test_an_entry_whose_file_was_moved_accepts_it_in_one_folder() -> None:
    held = read_baseline(_written([finding()], LintBaseline(version=1), whole=True), where=WHERE)
    moved = [finding(path="new/1.sql"), finding(path="new/1.sql"), finding(path="other/1.sql")]
    found, _ = accept(
        moved, held, TODAY, gone=lambda path: path == "m/1.sql", where=WHERE, whole=True
    )
    assert [each.suppressed is not None for each in found] == [True, True, False]
    reason = Accepted(rule="dropped-column", path="m/1.sql", fingerprint="f", reason="old")
    old = LintBaseline(version=1, accepted=(reason,))
    again = written(moved[:1], old, gone=lambda _: True, whole=True)
    (entry,) = read_baseline(again, where=WHERE).accepted
    assert (entry.path, entry.reason) == ("new/1.sql", "old")


def test_a_new_finding_is_not_accepted() -> None:
    held = read_baseline(_written([finding()], LintBaseline(version=1), whole=True), where=WHERE)
    found, _ = _accept([finding(print_of="new")], held, TODAY, where=WHERE, whole=False)
    assert found[0].suppressed is None


def test_an_entry_speaks_of_its_own_rule_alone() -> None:
    held = LintBaseline(
        version=1, accepted=(Accepted(rule="dropped-table", path="m/1.sql", fingerprint="f"),)
    )
    found, _ = _accept([finding()], held, TODAY, where=WHERE, whole=False)
    assert found[0].suppressed is None


def test_what_cannot_be_read_is_never_accepted() -> None:
    untold = finding("syntax-error")
    assert b"syntax-error" not in _written([untold], LintBaseline(version=1), whole=True)
    held = LintBaseline(
        version=1, accepted=(Accepted(rule="syntax-error", path="m/1.sql", fingerprint="f"),)
    )
    found, _ = _accept([untold], held, TODAY, where=WHERE, whole=False)
    assert found[0].suppressed is None


@pytest.mark.parametrize(("expires", "holds"), [("2026-11-23", True), ("2026-11-22", False)])
def test_an_entry_holds_through_its_last_day(expires: str, holds: bool) -> None:  # noqa: FBT001
    one = Accepted(rule="dropped-column", path="m/1.sql", fingerprint="f", expires=expires)
    found, notes = _accept(
        [finding()], LintBaseline(version=1, accepted=(one,)), TODAY, where=WHERE, whole=False
    )
    assert (found[0].suppressed is not None) is holds
    assert bool(notes) is not holds


def test_an_entry_of_no_use_is_told_where_everything_was_judged() -> None:
    held = read_baseline(_written([finding()], LintBaseline(version=1), whole=True), where=WHERE)
    _, told = _accept([], held, TODAY, where=WHERE, whole=True)
    assert told == (f"{WHERE}: not found any more, so take it out: dropped-column in m/1.sql",)
    assert _accept([], held, TODAY, where=WHERE, whole=False)[1] == ()


def test_what_people_added_stays_when_it_is_written_again_and_what_is_gone_goes() -> None:
    one = Accepted(rule="dropped-column", path="m/1.sql", fingerprint="f", reason="old", owner="me")
    two = Accepted(rule="dropped-column", path="m/2.sql", fingerprint="gone")
    again = read_baseline(
        _written([finding()], LintBaseline(version=1, accepted=(two, one)), whole=True), where=WHERE
    )
    assert again.accepted == (one,)


def test_a_run_that_judged_a_change_alone_takes_nothing_out() -> None:
    one = Accepted(rule="dropped-column", path="m/0.sql", fingerprint="of another file")
    data = _written([finding()], LintBaseline(version=1, accepted=(one,)), whole=False)
    prints = [each.fingerprint for each in read_baseline(data, where=WHERE).accepted]
    assert prints == ["of another file", "f"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b'{"kind": "lint-baseline"}', b'{"kind": "lint-baseline", "version": 2}',
        b'{"kind": "image-lock", "version": 1}', b'{"kind": "lint-baseline", "version": 1, "a": 1}',
        b'{"kind": "lint-baseline", "version": 1, "accepted": [{"rule": "r"}]}',
        b'{"kind": "lint-baseline", "version": 1, "accepted": [], "accepted": []}',
        ENDS_SOON,
        b"\xff", b"[" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_a_wrong_request(data: bytes) -> None:
    with pytest.raises(RequestError):
        read_baseline(data, where=WHERE)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_baseline_or_a_wrong_request(data: bytes) -> None:
    with contextlib.suppress(RequestError):
        assert read_baseline(data, where=WHERE).version == 1
