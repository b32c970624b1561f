from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cdkit.core.finding import Severity
from cdkit.scan.feed import Epss, Kev, Score
from cdkit.scan.policy import DEFAULT_CLOCK, Policy, Threshold
from cdkit.scan.report import Cvss, Exploitation, Issue, IssueKind, Vulnerability
from cdkit.scan.weigh import Feeds, Standing, Weighed, weigh, weigh_issue
from tests.scan.test_judge import vulnerability
from tests.worlds import NOW

TODAY = NOW.date()
CLOCK = {severity: timedelta(days=days) for severity, days in DEFAULT_CLOCK.items()}
ALL = Threshold(severity=Severity.HIGH)


def weighed(
    found: Vulnerability, policy: Policy | None = None, since: date | None = None, **feeds: object
) -> Weighed:
    return weigh(found, policy or Policy(clock=CLOCK), Feeds(**feeds), NOW, since)  # type: ignore[arg-type]


def limits(**scopes: str) -> Policy:
    narrower = (
        Threshold(scope=scope, severity=None if text == "never" else Severity(text))
        for scope, text in scopes.items()
    )
    return Policy(thresholds=(ALL, *narrower), clock=CLOCK)


@pytest.mark.parametrize(
    ("scopes", "fails"),
    [
        ({}, True),
        ({"os": "critical"}, False),
        ({"library": "critical"}, True),
        ({"os": "never"}, False),
        ({"os": "never", "purl:pkg:apk/*": "high"}, True),
        ({"purl:pkg:apk/alpine/ssl": "never"}, False),
        ({"purl:pkg:apk/alpine/ssl@1.0-r0": "never"}, False),
        ({"purl:pkg:apk/alpine/ssl@1.0-r1": "never"}, True),
        ({"purl:*": "never", "purl:pkg:apk/*": "high"}, True),
        ({"path:/opt/*": "never"}, True),
    ],
)
def test_the_narrowest_threshold_counts(scopes: dict[str, str], *, fails: bool) -> None:
    standing = weighed(vulnerability(Severity.HIGH), limits(**scopes)).standing

    assert standing is (Standing.FAILS if fails else Standing.SHOWN)


def test_a_path_is_matched_with_and_without_its_first_slash() -> None:
    found = replace(
        vulnerability(Severity.HIGH), kind="library/npm", path="opt/vendor/package.json"
    )

    for pattern in ("path:/opt/vendor/*", "path:opt/vendor/*"):
        assert weighed(found, limits(**{pattern: "never"})).standing is Standing.SHOWN


def test_a_cvss_score_fails_what_its_severity_would_not() -> None:
    found = replace(vulnerability(Severity.MEDIUM), cvss=(Cvss(source="nvd", score=8.1),))

    assert weighed(found).standing is Standing.SHOWN
    failing = weighed(found, Policy(cvss=8.0))
    assert (failing.standing, failing.why) == (Standing.FAILS, "medium, CVSS 8.1")


@pytest.mark.parametrize(
    ("score", "standing"),
    [(9.8, Standing.FAILS), (7.0, Standing.FAILS), (6.9, Standing.SHOWN), (0.0, Standing.UNKNOWN)],
)
def test_a_score_tells_a_severity_that_nobody_named(score: float, standing: Standing) -> None:
    found = replace(vulnerability(Severity.UNKNOWN), cvss=(Cvss(source="nvd", score=score),))

    assert weighed(found).standing is standing


def test_an_epss_score_fails_by_any_of_its_names() -> None:
    found = replace(vulnerability(Severity.LOW, "GHSA-x"), aliases=("CVE-2026-1000",))
    epss = Epss(scored_at=NOW, scores={"CVE-2026-1000": Score(0.7, 0.99)})

    failing = weighed(found, Policy(epss=0.5), epss=epss)

    assert (failing.standing, failing.why) == (Standing.FAILS, "low, EPSS 0.70")
    assert weighed(found, Policy(epss=0.8), epss=epss).standing is Standing.SHOWN


def test_what_is_known_to_be_exploited_fails_and_gets_no_grace() -> None:
    found = replace(vulnerability(Severity.LOW, "CVE-2026-1000"), published=NOW)
    kev = Kev(released_at=NOW, ids=frozenset({"CVE-2026-1000"}))
    policy = Policy(known_exploited=True, grace={Severity.LOW: timedelta(days=30)})

    assert weighed(found, policy, kev=kev).standing is Standing.FAILS
    assert weighed(found, policy).standing is Standing.SHOWN


def test_the_reports_own_word_on_exploits_counts_as_well() -> None:
    told = Exploitation(known_exploited=True)
    found = replace(vulnerability(Severity.LOW), exploitation=told)

    assert weighed(found, Policy(known_exploited=True)).standing is Standing.FAILS


@pytest.mark.parametrize(
    ("days", "standing"), [(0, Standing.GRACE), (3, Standing.GRACE), (4, Standing.FAILS)]
)
def test_grace_runs_from_the_day_of_publication(days: int, standing: Standing) -> None:
    found = replace(vulnerability(), published=NOW - timedelta(days=days))
    policy = Policy(grace={Severity.CRITICAL: timedelta(days=3)})

    assert weighed(found, policy).standing is standing


def test_without_a_day_of_publication_or_with_one_to_come_there_is_no_grace() -> None:
    policy = Policy(grace={Severity.CRITICAL: timedelta(days=3)})

    assert weighed(vulnerability(), policy).standing is Standing.FAILS
    coming = replace(vulnerability(), published=NOW + timedelta(days=9))
    assert weighed(coming, policy).standing is Standing.FAILS


@pytest.mark.parametrize(
    ("severity", "days", "standing"),
    [
        (Severity.CRITICAL, 7, Standing.CLOCKED),
        (Severity.CRITICAL, 8, Standing.OVERDUE),
        (Severity.HIGH, 30, Standing.CLOCKED),
        (Severity.HIGH, 31, Standing.OVERDUE),
    ],
)
def test_what_runs_already_is_on_a_clock_that_ends(
    severity: Severity, days: int, standing: Standing
) -> None:
    since = TODAY - timedelta(days=days)

    assert weighed(vulnerability(severity), since=since).standing is standing


def test_without_a_clock_what_runs_already_has_its_first_day_only() -> None:
    policy = Policy()

    assert weighed(vulnerability(), policy, TODAY).standing is Standing.CLOCKED
    assert weighed(vulnerability(), policy, TODAY - timedelta(days=1)).standing is Standing.OVERDUE


def test_an_unknown_severity_that_fails_otherwise_gets_the_shortest_time() -> None:
    found = vulnerability(Severity.UNKNOWN, "CVE-2026-1000")
    kev = Kev(released_at=NOW, ids=frozenset({"CVE-2026-1000"}))
    policy = Policy(known_exploited=True, clock=CLOCK)

    assert weighed(found, policy, TODAY - timedelta(days=8), kev=kev).standing is Standing.OVERDUE


def test_a_secret_has_a_threshold_of_its_own() -> None:
    secret = Issue(
        kind=IssueKind.SECRET, id="aws", title="AWS key", severity=Severity.MEDIUM, path="app/.env"
    )

    assert weigh_issue(secret, Policy(), NOW, None).standing is Standing.SHOWN
    assert weigh_issue(secret, limits(secret="low"), NOW, None).standing is Standing.FAILS
    unknown = replace(secret, severity=Severity.UNKNOWN)
    assert weigh_issue(unknown, Policy(), NOW, None).standing is Standing.UNKNOWN


@given(
    st.sampled_from([s for s in Severity if s is not Severity.UNKNOWN]),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_an_earlier_day_never_gives_more_time(severity: Severity, one: int, other: int) -> None:
    order = (Standing.SHOWN, Standing.CLOCKED, Standing.OVERDUE)
    long, short = max(one, other), min(one, other)
    late = weighed(vulnerability(severity), since=TODAY - timedelta(days=short)).standing
    early = weighed(vulnerability(severity), since=TODAY - timedelta(days=long)).standing

    assert order.index(early) >= order.index(late)
