from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cdkit.core.documents.inventory import Component
from cdkit.core.finding import Location, Severity
from cdkit.scan.baseline import Baseline
from cdkit.scan.doubts import Scan
from cdkit.scan.judge import Facts, Judgement, judge_scans
from cdkit.scan.key import canonical, key_of, package_of, rule_of
from cdkit.scan.policy import Policy
from cdkit.scan.report import Issue, IssueKind
from tests.scan.test_judge import BASE, FRESH, vulnerability
from tests.worlds import NOW

TODAY = NOW.date()
FOUND = vulnerability(Severity.HIGH, "CVE-2026-1000")
KEY = key_of(FOUND)
SCANNED = NOW - timedelta(days=10)


def baseline(known: dict[str, date] | None = None, *packages: str) -> Baseline:
    return Baseline(
        environment="production",
        image="registry.example.com/acme/orders@sha256:x",
        known=known or {},
        packages=frozenset(packages),
        scanned_at=SCANNED,
    )


def test_what_a_scan_of_the_deployed_image_knew_keeps_its_day() -> None:
    day = TODAY - timedelta(days=40)

    assert baseline({KEY: day}).since(KEY, FOUND, TODAY) == day


def test_what_neither_a_scan_knew_nor_runs_is_new() -> None:
    assert baseline(None, "pkg:apk/alpine/ssl@0.9-r0").since(KEY, FOUND, TODAY) is None


def test_todays_vulnerability_in_yesterdays_package_is_known_since_today() -> None:
    assert baseline(None, package_of(FOUND)).since(KEY, FOUND, TODAY) == TODAY


@pytest.mark.parametrize(("days", "since"), [(3, 3), (10, 10), (400, 10)])
def test_it_became_known_when_it_was_published_and_after_the_last_scan(
    days: int, since: int
) -> None:
    found = replace(FOUND, published=NOW - timedelta(days=days))

    assert baseline(None, package_of(FOUND)).since(KEY, found, TODAY) == TODAY - timedelta(
        days=since
    )


def test_a_day_to_come_counts_as_today() -> None:
    found = replace(FOUND, published=NOW + timedelta(days=30))

    assert baseline(None, package_of(FOUND)).since(KEY, found, TODAY) == TODAY
    assert baseline({KEY: TODAY + timedelta(days=5)}).since(KEY, FOUND, TODAY) == TODAY


def test_a_key_survives_another_version_layer_and_architecture() -> None:
    rebuilt = replace(
        FOUND,
        installed="1.0-r1",
        purl="pkg:apk/alpine/ssl@1.0-r1?arch=aarch64&distro=3.22",
        layer="sha256:other",
        severity=Severity.CRITICAL,
    )

    assert key_of(rebuilt) == KEY


def test_a_key_is_the_same_under_an_alias() -> None:
    other = replace(FOUND, id="GHSA-aaaa-bbbb-cccc", aliases=("CVE-2026-1000",))

    assert key_of(other) == KEY
    assert canonical(frozenset({"GHSA-a", "ALPINE-1"})) == "ALPINE-1"


def test_a_second_copy_and_another_package_have_keys_of_their_own() -> None:
    assert (
        len({KEY, key_of(FOUND, 2), key_of(replace(FOUND, purl="pkg:apk/alpine/tls@1.0-r0"))}) == 3
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "pkg:apk/alpine/ssl@1.0-r0?arch=x86_64",
            "pkg:apk/alpine/ssl@1.0-r0?arch=aarch64&distro=3",
        ),
        ("pkg:npm/%40acme/web@1.0.0", "pkg:npm/@acme/web@1.0.0"),
    ],
)
def test_a_package_is_itself_however_its_purl_is_written(one: str, other: str) -> None:
    first = Component(name="x", version="1", purl=one, kind="k")

    assert package_of(first) == package_of(replace(first, purl=other))


def test_a_package_without_a_purl_is_known_by_kind_name_and_version() -> None:
    component = Component(name="jq", version="1.7", kind="binary/unknown")

    assert package_of(component) == "binary/unknown:jq@1.7"


@pytest.mark.parametrize(
    ("written", "rule"),
    [("DS002", "DS-0002"), ("DS-0002", "DS-0002"), ("AVD-DS-0002", "DS-0002"), ("x-y", "x-y")],
)
def test_a_misconfiguration_has_one_name(written: str, rule: str) -> None:
    assert rule_of(written) == rule


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_no_sequence_of_builds_and_scans_lengthens_the_time(gaps: list[int]) -> None:
    """Each build is scanned, deployed and becomes the baseline of the next one."""
    moment = NOW
    since: date | None = None
    for gap in gaps:
        moment += timedelta(days=gap)
        known = {KEY: since} if since else {}
        before = replace(baseline(known, package_of(FOUND)), scanned_at=moment)
        told = before.since(KEY, FOUND, moment.date())
        assert told is not None
        assert since is None or told <= since
        since = told
    assert since == (NOW + timedelta(days=gaps[0])).date()


def _secrets(*lines: int) -> tuple[Issue, ...]:
    return tuple(
        Issue(
            kind=IssueKind.SECRET,
            id="github-pat",
            title="a token",
            severity=Severity.CRITICAL,
            path="srv/.env",
            line=line,
        )
        for line in lines
    )


@pytest.mark.parametrize(
    ("before", "now", "fails", "clocked"),
    [
        ((3,), (3,), 0, 1),
        ((3,), (30,), 0, 1),
        ((3,), (3, 4), 1, 1),
        ((3, 9), (3, 4), 0, 2),
        ((3, 9), (5,), 0, 1),
        ((), (3,), 1, 0),
    ],
)
def test_a_secret_more_than_there_was_at_one_place_is_new(
    before: tuple[int, ...], now: tuple[int, ...], fails: int, clocked: int
) -> None:
    first = _judged(_secrets(*before), None)
    known = {one.key: date.fromisoformat(one.since) for one in first.known}

    second = _judged(_secrets(*now), baseline(known))

    assert (second.numbers["new"], second.numbers["clocked"]) == (fails, clocked)
    assert len({one.fingerprint for one in second.findings}) == len(now)


def test_a_secret_in_two_reports_of_one_image_is_one() -> None:
    twice = _judged(_secrets(3, 4), None, _secrets(3, 4))

    assert (twice.numbers["secret"], twice.numbers["new"]) == (2, 2)


def _judged(
    issues: tuple[Issue, ...], running: Baseline | None, *others: tuple[Issue, ...]
) -> Judgement:
    return judge_scans(
        [Scan(report=replace(BASE, issues=one), database=FRESH) for one in (issues, *others)],
        Policy(clock={Severity.CRITICAL: timedelta(days=7)}),
        Facts(baseline=running),
        now=NOW,
        place=lambda _: Location(path="x"),
    )
