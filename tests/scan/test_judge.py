from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from cdkit.core.documents.kinds import Database
from cdkit.core.finding import Location, Severity
from cdkit.core.verdict import Answer
from cdkit.scan.doubts import ACCEPTABLE, Scan
from cdkit.scan.exceptions import Waiver
from cdkit.scan.judge import Facts, Judgement, judge_scans
from cdkit.scan.policy import Policy, Threshold
from cdkit.scan.report import Distribution, ScanReport, Vulnerability, version_of, versionless
from cdkit.scan.scanners.trivy import read
from tests.scan.test_trivy import sample
from tests.worlds import NOW

ELSEWHERE = {
    "foreign-list",
    "undated-report",
    "unnamed-image",
    "unscored-vulnerability",
    "untold-scores",
}
"""Doubts that are raised, and tried, in other places."""

FRESH = Database(updated_at="2026-11-23T06:00:00Z")
ALPINE = Distribution(family="alpine", version="3.22.2", judged=True)
BASE = ScanReport(
    where="r.json",
    scanner="trivy",
    created_at=NOW,
    image_id="sha256:x",
    distribution=ALPINE,
    packages={"os/alpine": 3},
)


def vulnerability(
    severity: Severity = Severity.CRITICAL, id_: str = "CVE-1", *, fixed: bool = True
) -> Vulnerability:
    return Vulnerability(
        id=id_,
        package="ssl",
        purl="pkg:apk/alpine/ssl@1.0-r0?arch=x86_64",
        installed="1.0-r0",
        fixed=("1.0-r1",) if fixed else (),
        severity=severity,
        kind="os/alpine",
    )


def waiver(**changes: object) -> Waiver:
    made = Waiver(
        id="CVE-1",
        reason="not reachable",
        owner="team-a",
        expires=date(2027, 1, 31),
        where=Location(path="exceptions.yaml", line=2),
    )
    return replace(made, **changes)


def judged(
    *found: Vulnerability,
    report: ScanReport = BASE,
    database: Database | None = FRESH,
    policy: Policy | None = None,
    waivers: tuple[Waiver, ...] = (),
) -> Judgement:
    scan = Scan(report=replace(report, vulnerabilities=found), database=database)
    return judge_scans(
        [scan],
        policy or Policy(),
        Facts(covers=waivers),
        now=NOW,
        place=lambda v: Location(path=v.path or "image"),
    )


def test_nothing_known_in_something_is_yes_and_never_safe() -> None:
    verdict = judged().verdict

    assert verdict.answer is Answer.YES
    assert verdict.reasons[0].what == "no known vulnerability at high or above in 3 packages"


@pytest.mark.parametrize(
    ("severity", "answer"),
    [
        (Severity.LOW, Answer.YES),
        (Severity.MEDIUM, Answer.YES),
        (Severity.HIGH, Answer.NO),
        (Severity.CRITICAL, Answer.NO),
        (Severity.UNKNOWN, Answer.CANNOT_TELL),
    ],
)
def test_the_threshold_decides(severity: Severity, answer: Answer) -> None:
    assert judged(vulnerability(severity)).verdict.answer is answer


def test_a_no_names_package_fix_and_place() -> None:
    (reason,) = judged(vulnerability()).verdict.reasons

    assert reason.rule == "CVE-1"
    assert str(reason.where) == "image"
    assert reason.what == "critical: ssl 1.0-r0 has CVE-1"
    assert reason.remedy.startswith("upgrade ssl to 1.0-r1")


def test_fixed_only_counts_what_a_new_version_mends() -> None:
    policy = Policy(fixed_only=True)

    assert judged(vulnerability(fixed=False), policy=policy).verdict.answer is Answer.YES
    assert judged(vulnerability(fixed=True), policy=policy).verdict.answer is Answer.NO


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            Policy(grace={Severity.CRITICAL: timedelta(days=30)}),
            "1 in their days of grace",
        ),
        (
            Policy(
                thresholds=(
                    Threshold(severity=Severity.HIGH),
                    Threshold(scope="os", severity=None),
                )
            ),
            "1 lesser or excepted",
        ),
    ],
)
def test_a_yes_does_not_deny_what_only_does_not_count(policy: Policy, said: str) -> None:
    found = replace(vulnerability(), published=NOW - timedelta(days=3))
    (reason,) = judged(found, policy=policy).verdict.reasons

    told = f"no known vulnerability that counts at high or above in 3 packages; {said}"
    assert (reason.answer, reason.what) == (Answer.YES, told)


def test_no_is_stronger_than_a_doubt_and_the_doubt_is_still_said() -> None:
    verdict = judged(vulnerability(), database=None).verdict

    assert verdict.answer is Answer.NO
    assert {reason.rule for reason in verdict.reasons} == {"CVE-1", "undated-database"}


@pytest.mark.parametrize(
    ("report", "doubt"),
    [
        (replace(BASE, packages=None), "no-packages"),
        (replace(BASE, packages={}), "no-packages"),
        (replace(BASE, packages={"os/alpine": 0}), "no-packages"),
        (replace(BASE, distribution=None), "no-distribution"),
        (replace(BASE, distribution=replace(ALPINE, judged=False)), "unknown-distribution"),
        (replace(BASE, distribution=replace(ALPINE, ended=True)), "ended-distribution"),
        (replace(BASE, distribution=replace(ALPINE, known=False)), "unknown-distribution"),
        (replace(BASE, traceless=True), "not-looked-for"),
        (replace(BASE, packages={"library/npm": 9}), "no-system-packages"),
        (replace(BASE, unjudged=frozenset({"library/conda-pkg"})), "unjudged-packages"),
        (replace(BASE, created_at=NOW - timedelta(days=14)), "old-report"),
        (replace(BASE, created_at=NOW + timedelta(days=1)), "old-report"),
    ],
)
def test_a_report_without_findings_is_doubted(report: ScanReport, doubt: str) -> None:
    verdict = judged(report=report).verdict

    assert verdict.answer is Answer.CANNOT_TELL
    assert doubt in {reason.rule for reason in verdict.reasons}


def test_a_vulnerability_in_the_system_shows_that_its_release_is_known() -> None:
    newer = replace(BASE, distribution=replace(ALPINE, known=False), traceless=True)

    found = judged(vulnerability(severity=Severity.LOW), report=newer)
    other = judged(replace(vulnerability(severity=Severity.LOW), kind="library/npm"), report=newer)

    assert found.verdict.is_yes
    assert [reason.rule for reason in other.verdict.reasons] == ["unknown-distribution"]


@pytest.mark.parametrize(
    ("updated_at", "doubt"),
    [
        ("", "undated-database"),
        ("yesterday", "undated-database"),
        ("2026-11-22T00:00:00", "undated-database"),
        ("2026-11-09T12:00:00Z", "stale-database"),
        ("2020-01-01T00:00:00Z", "stale-database"),
        ("2026-11-24T00:00:00Z", "stale-database"),
    ],
)
def test_a_database_that_is_old_or_has_no_date_is_doubted(updated_at: str, doubt: str) -> None:
    verdict = judged(database=Database(updated_at=updated_at)).verdict

    assert [reason.rule for reason in verdict.reasons] == [doubt]
    assert verdict.answer is Answer.CANNOT_TELL


def test_an_ageing_database_is_warned_of() -> None:
    judgement = judged(database=Database(updated_at="2026-11-17T12:00:00Z"))

    assert judgement.verdict.is_yes
    assert judgement.notes[0].startswith("The vulnerability database is 6 days old")


@pytest.mark.parametrize("name", sorted({*ACCEPTABLE} - ELSEWHERE))
def test_an_accepted_doubt_becomes_a_note(name: str) -> None:
    doubted = {
        "no-distribution": replace(BASE, distribution=None),
        "unknown-distribution": replace(BASE, distribution=replace(ALPINE, judged=False)),
        "ended-distribution": replace(BASE, distribution=replace(ALPINE, ended=True)),
        "no-system-packages": replace(BASE, packages={"library/npm": 9}),
        "unjudged-packages": replace(BASE, unjudged=frozenset({"library/conda-pkg"})),
        "unlisted-packages": replace(BASE, packages=None, unlisting=True),
        "not-looked-for": replace(BASE, traceless=True),
    }
    found = [vulnerability(Severity.UNKNOWN)] if name == "unknown-severity" else []
    judgement = judged(
        *found,
        report=doubted.get(name, BASE),
        database=None if name == "undated-database" else FRESH,
        policy=Policy(accept=frozenset({name})),
    )

    assert judgement.verdict.is_yes
    assert judgement.notes[0].startswith(f"Accepted ({name})")


def test_a_stale_database_cannot_be_accepted() -> None:
    verdict = judged(
        database=Database(updated_at="2020-01-01T00:00:00Z"),
        policy=Policy(accept=frozenset({"stale-database", "undated-database"})),
    ).verdict

    assert verdict.answer is Answer.CANNOT_TELL


def test_an_exception_covers_its_vulnerability_and_is_shown() -> None:
    judgement = judged(vulnerability(), waivers=(waiver(),))

    assert judgement.verdict.is_yes
    (finding,) = judgement.findings
    assert finding.suppressed is not None
    assert (finding.suppressed.owner, finding.suppressed.expires) == ("team-a", "2027-01-31")
    assert finding.suppressed.source == "exceptions.yaml:2"


def test_an_exception_holds_through_its_last_day() -> None:
    today, yesterday = NOW.date(), NOW.date() - timedelta(days=1)

    assert judged(vulnerability(), waivers=(waiver(expires=today),)).verdict.is_yes
    verdict = judged(vulnerability(), waivers=(waiver(expires=yesterday),)).verdict
    assert verdict.answer is Answer.NO
    assert "the exception for CVE-1 of team-a ended on 2026-11-22" in verdict.reasons[0].what


def test_who_looks_at_a_finding_alone_sees_whose_exception_of_it_is_over() -> None:
    (finding,) = judged(vulnerability(), waivers=(waiver(expires=date(2026, 11, 22)),)).findings

    assert finding.message.endswith("; the exception for CVE-1 of team-a ended on 2026-11-22")


@pytest.mark.parametrize(
    ("expires", "told"),
    [
        (date(2026, 11, 22), "ended on 2026-11-22; team-a answers for it."),
        (date(2026, 12, 1), "ends on 2026-12-01; team-a answers for it."),
        (date(2027, 11, 1), ""),
        (date(2099, 1, 1), "ends on 2099-01-01, in over a year, when nobody remembers why."),
    ],
)
def test_the_end_of_an_exception_is_told_of(expires: date, told: str) -> None:
    judgement = judged(vulnerability(), waivers=(waiver(expires=expires),))

    expected = (f"exceptions.yaml:2: the exception for CVE-1 {told}",) if told else ()
    assert judgement.notes == expected


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({"purls": ("pkg:apk/alpine/ssl",)}, True),
        ({"purls": ("pkg:apk/alpine/ssl@1.0-r0",)}, True),
        ({"purls": ("pkg:apk/alpine/ssl@1.0-r1",)}, False),
        ({"purls": ("pkg:apk/alpine/other", "pkg:apk/alpine/ssl")}, True),
        ({"purls": ("pkg:apk/alpine/s",)}, False),
        ({"paths": ("srv/*",)}, False),
        ({"id": "CVE-10"}, False),
    ],
)
def test_an_exception_covers_no_more_than_its_scope(
    scope: dict[str, object], *, covered: bool
) -> None:
    judgement = judged(vulnerability(), waivers=(waiver(**scope),))

    assert judgement.verdict.is_yes is covered


def test_an_exception_for_one_path_leaves_the_other_open() -> None:
    library = replace(vulnerability(), kind="library/npm", purl="pkg:npm/ssl@1.0-r0")
    here, there = replace(library, path="srv/a"), replace(library, path="opt/a")

    judgement = judged(here, there, waivers=(waiver(paths=("srv/*",)),))

    assert judgement.verdict.answer is Answer.NO
    open_ = [f.properties["path"] for f in judgement.findings if f.suppressed is None]
    assert open_ == ["opt/a"]


def test_an_exception_that_covers_nothing_is_reported() -> None:
    judgement = judged(waivers=(waiver(),))

    assert judgement.notes == (
        "exceptions.yaml:2: the exception for CVE-1 covers nothing: remove it.",
    )


def test_an_exception_beside_one_for_the_same_is_not_needed() -> None:
    second = waiver(where=Location(path="exceptions.yaml", line=3))

    judgement = judged(vulnerability(), waivers=(waiver(), second))

    assert judgement.notes == (
        "exceptions.yaml:3: the exception for CVE-1 is not needed: another covers the same.",
    )


def test_a_fingerprint_survives_a_new_version_of_image_and_package() -> None:
    old = vulnerability()
    new = replace(old, purl="pkg:apk/alpine/ssl@1.0-r9?arch=aarch64", installed="1.0-r9")

    first, second = judged(old).findings[0], judged(new).findings[0]

    assert first.fingerprint == second.fingerprint
    assert first.about != second.about


def test_copies_of_a_library_have_fingerprints_of_their_own() -> None:
    prints = [finding.fingerprint for finding in _real("findings").findings]

    assert len(prints) == len(set(prints)) == 5


def _real(name: str) -> Judgement:
    report = replace(read(io.BytesIO(sample(name)), "r.json"), created_at=NOW)
    return judge_scans(
        [Scan(report=report, database=FRESH)],
        Policy(),
        Facts(),
        now=NOW,
        place=lambda v: Location(path=v.path or "image"),
    )


@pytest.mark.parametrize(
    ("name", "answer", "rules"),
    [
        ("findings", Answer.NO, {"CVE-2026-91001", "CVE-2026-91004", "unknown-severity"}),
        ("clean", Answer.YES, {""}),
        ("scratch", Answer.CANNOT_TELL, {"no-packages", "no-distribution"}),
        ("no-distribution", Answer.CANNOT_TELL, {"no-distribution"}),
        ("ended", Answer.CANNOT_TELL, {"ended-distribution"}),
        ("fedora", Answer.CANNOT_TELL, {"unknown-distribution", "no-system-packages"}),
        ("no-package-database", Answer.CANNOT_TELL, {"no-system-packages"}),
    ],
)
def test_real_reports_get_the_right_answer(name: str, answer: Answer, rules: set[str]) -> None:
    verdict = _real(name).verdict

    assert verdict.answer is answer
    assert {reason.rule for reason in verdict.reasons} == rules


def test_the_worst_comes_first() -> None:
    ranks = [finding.severity.rank for finding in _real("findings").findings]

    assert ranks == sorted(ranks, reverse=True)


def test_many_vulnerabilities_are_named_up_to_a_point_and_counted_beyond() -> None:
    many = [vulnerability(id_=f"CVE-{number}") for number in range(30)]

    reasons = judged(*many).verdict.reasons

    assert len(reasons) == 21
    assert reasons[-1].what == "10 more vulnerabilities or issues fail"


def test_no_scan_at_all_is_cannot_tell() -> None:
    judgement = judge_scans([], Policy(), Facts(), now=NOW, place=lambda _: Location(path="x"))

    assert judgement.verdict.answer is Answer.CANNOT_TELL


def test_one_vulnerability_on_two_platforms_is_one_finding() -> None:
    scans = [
        Scan(
            report=replace(BASE, vulnerabilities=(vulnerability(),)),
            database=FRESH,
            platform=platform,
        )
        for platform in ("linux/amd64", "linux/arm64")
    ]

    judgement = judge_scans(scans, Policy(), Facts(), now=NOW, place=lambda _: Location(path="x"))

    (finding,) = judgement.findings
    assert finding.properties["platforms"] == "linux/amd64, linux/arm64"


@pytest.mark.parametrize(
    ("purl", "name", "version"),
    [
        ("pkg:apk/alpine/ssl@1.0-r0?arch=x86_64&distro=3", "pkg:apk/alpine/ssl", "1.0-r0"),
        ("pkg:npm/%40angular/core@17.0.0#src", "pkg:npm/%40angular/core", "17.0.0"),
        ("pkg:npm/@angular/core", "pkg:npm/@angular/core", ""),
        ("pkg:pypi/made", "pkg:pypi/made", ""),
    ],
)
def test_a_package_url_is_told_from_its_version(purl: str, name: str, version: str) -> None:
    assert (versionless(purl), version_of(purl)) == (name, version)
