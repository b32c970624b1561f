"""What each scanner's report says. The samples are made by hand after the tools' documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Whole
from cdkit.core.verdict import Answer
from cdkit.scan.doubts import Scan
from cdkit.scan.feed import Kev
from cdkit.scan.foreign import severity_of
from cdkit.scan.judge import Facts, judge_scans
from cdkit.scan.merge import merged
from cdkit.scan.policy import Policy
from cdkit.scan.report import IssueKind, ScanReport, Vulnerability, Word
from cdkit.scan.weigh import Feeds
from tests.scan.test_judge import BASE, FRESH, vulnerability
from tests.scan.test_scanners import SCANNERS, data
from tests.worlds import NOW

SAMPLE = {name: one.samples[0].path for name, one in SCANNERS.items()}


def report(name: str, change: Any = None, path: str = "") -> ScanReport:  # noqa: ANN401 - what a test changes
    document = json.loads(data(path or SAMPLE[name]))
    if change:
        change(document)
    return SCANNERS[name].read(Whole(json.dumps(document).encode()), "r.json")


def found(name: str, id_: str) -> Vulnerability:
    return next(one for one in report(name).vulnerabilities if id_ in one.names)


def test_grype_says_what_is_attacked_and_by_which_names_it_is_known() -> None:
    ssl = found("grype", "CVE-2026-91001")

    assert (ssl.severity, ssl.fixed, ssl.score) == (Severity.CRITICAL, ("3.5.1-r1",), 9.8)
    assert ssl.exploitation is not None
    assert (ssl.exploitation.epss, ssl.exploitation.known_exploited) == (0.91, True)
    assert ssl.kind == "os/apk"
    web = found("grype", "CVE-2026-91004")
    assert (web.id, web.severity) == ("GHSA-made-made-made", Severity.INFO)


def test_grype_names_image_distribution_database_and_what_it_left_out() -> None:
    read = report("grype")

    assert read.image_id == f"sha256:{'2' * 64}"
    assert str(read.distribution) == "alpine 3.22.2"
    assert read.database is not None
    assert read.database.updated_at == "2026-11-23T06:10:00Z"
    assert [(one.id, one.statement) for one in read.excluded] == [
        ("CVE-2026-91002", "not reachable")
    ]


@pytest.mark.parametrize(
    ("family", "release", "judged"),
    [
        ("fedora", "0.74.0", False),
        ("fedora", "", False),
        ("fedora", "0.110.0", True),
        ("arch", "0.104.0", False),
        ("arch", "v0.120.1", True),
        ("debian", "0.74.0", True),
        ("debian", "", True),
        ("gentoo", "0.120.1", False),
    ],
)
def test_grype_is_believed_of_distributions_that_this_release_has_advisories_for(
    family: str,
    release: str,
    judged: bool,  # noqa: FBT001 - a case's
) -> None:
    def change(document: Any) -> None:  # noqa: ANN401
        document["distro"]["name"] = family
        document["descriptor"]["version"] = release

    read = report("grype", change).distribution
    assert read is not None
    assert read.judged is judged


@pytest.mark.parametrize(
    ("alert", "judged", "ended"),
    [
        ("distro-eol", True, True),
        ("distro-unknown", False, False),
        ("distro-disabled", False, False),
        ("another", True, False),
    ],
)
def test_grype_warns_of_a_distribution_that_has_ended_or_is_not_matched(
    alert: str,
    judged: bool,  # noqa: FBT001 - a case's
    ended: bool,  # noqa: FBT001 - a case's
) -> None:
    alerts = [{"package": {"name": "made-ssl"}, "alerts": [{"type": alert, "message": "m"}]}]
    read = report("grype", _with("alertsByPackage", alerts)).distribution

    assert read is not None
    assert (read.judged, read.ended) == (judged, ended)


def test_a_database_that_grype_calls_invalid_is_not_believed() -> None:
    with pytest.raises(Unreadable, match="its database is not valid"):
        report("grype", lambda d: d["descriptor"]["db"]["status"].update(valid=False))


@pytest.mark.parametrize(
    ("state", "told"), [("not-fixed", True), ("wont-fix", True), ("unknown", False), ("", False)]
)
def test_grype_says_where_it_does_not_know_of_a_fix(state: str, told: bool) -> None:  # noqa: FBT001
    def change(document: dict[str, Any]) -> None:
        document["matches"][0]["vulnerability"]["fix"] = {"versions": [], "state": state}

    assert report("grype", change).vulnerabilities[0].fix_told is told


def test_an_older_grype_says_the_databases_date_elsewhere() -> None:
    def older(document: dict[str, Any]) -> None:
        document["descriptor"]["db"] = {"built": "2026-11-20T01:00:00Z", "schemaVersion": 5}

    database = report("grype", older).database

    assert database is not None
    assert (database.updated_at, database.version) == ("2026-11-20T01:00:00Z", "5")


def _without(key: str) -> Any:  # noqa: ANN401
    return lambda document: document.pop(key)


def _with(key: str, value: object) -> Any:  # noqa: ANN401
    return lambda document: document.__setitem__(key, value)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("cyclonedx", _without("vulnerabilities"), "no list of vulnerabilities"),
        ("cyclonedx", _with("specVersion", "1.3"), "of version '1.3'"),
        ("cyclonedx", _with("components", []), "which is no component"),
        (
            "cyclonedx",
            lambda d: d["vulnerabilities"][0].pop("affects"),
            "does not say what 'CVE-2026-91001' affects",
        ),
        (
            "sarif",
            lambda d: d["runs"][0].update(invocations=[{}]),
            "missing required field `executionSuccessful`",
        ),
        (
            "sarif",
            lambda d: d["runs"][0].update(
                invocations=[
                    {
                        "executionSuccessful": True,
                        "toolConfigurationNotifications": [
                            {"level": "error", "message": {"text": "no database"}}
                        ],
                    }
                ]
            ),
            "its run failed: no database",
        ),
        ("sarif", _with("runs", []), "runs of 0 tools"),
        ("sarif", lambda d: d["runs"][0].pop("results"), "no list of results"),
        (
            "sarif",
            lambda d: d["runs"][0].update(invocations=[{"executionSuccessful": False}]),
            "its run failed",
        ),
        ("grype", _without("matches"), "missing required field"),
        ("grype", _without("descriptor"), "missing required field"),
    ],
)
def test_a_report_that_proves_nothing_is_unreadable(name: str, change: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(Unreadable) as caught:
        report(name, change)

    assert said in caught.value.what


def test_sarif_takes_severity_from_the_score_and_never_low_for_nothing() -> None:
    assert found("sarif", "CVE-2026-91001").severity is Severity.CRITICAL
    assert found("sarif", "CVE-2026-91009").severity is Severity.UNKNOWN
    assert found("sarif", "CVE-2026-91001").purl.startswith("pkg:apk/alpine/made-ssl@3.5.0-r0")


def test_a_report_that_lists_no_packages_is_a_doubt_that_another_report_settles() -> None:
    grype = Scan(report=replace(report("grype"), created_at=NOW), database=FRESH)
    trivy = Scan(report=BASE, database=FRESH)

    def rules(*scans: Scan) -> set[str]:
        verdict = judge_scans(
            scans,
            Policy(),
            Facts(),
            now=NOW,
            place=lambda _: None,  # type: ignore[arg-type,return-value]
        ).verdict
        return {r.rule for r in verdict.reasons if r.answer is Answer.CANNOT_TELL}

    assert rules(grype) == {"unlisted-packages"}
    assert rules(grype, trivy) == set()


def scan(scanner: str, *ones: Vulnerability) -> Scan:
    return Scan(report=replace(BASE, scanner=scanner, vulnerabilities=ones), database=FRESH)


def test_two_scanners_words_of_one_vulnerability_become_one() -> None:
    ours = vulnerability(Severity.MEDIUM, "CVE-2026-91001")
    theirs = replace(
        vulnerability(Severity.HIGH, "GHSA-a"), aliases=("CVE-2026-91001",), fixed=("1.0-r2",)
    )

    (one,) = merged([scan("trivy", ours), scan("grype", theirs)])

    assert (one.id, one.aliases, one.severity) == ("CVE-2026-91001", ("GHSA-a",), Severity.HIGH)
    assert one.fixed == ("1.0-r1", "1.0-r2")
    assert one.words == (
        Word(scanner="trivy", id="CVE-2026-91001", severity=Severity.MEDIUM, fixed=("1.0-r1",)),
        Word(scanner="grype", id="GHSA-a", severity=Severity.HIGH, fixed=("1.0-r2",)),
    )


def test_a_severity_is_unknown_only_where_nobody_knows_it() -> None:
    (one,) = merged(
        [
            scan("trivy", vulnerability(Severity.UNKNOWN, "CVE-2026-91001")),
            scan("grype", vulnerability(Severity.LOW, "CVE-2026-91001")),
        ]
    )

    assert one.severity is Severity.LOW


def test_a_third_name_joins_what_two_names_kept_apart() -> None:
    apart = scan("trivy", vulnerability(id_="CVE-2026-1000"), vulnerability(id_="GHSA-b"))
    joining = replace(vulnerability(id_="CVE-2026-1000"), aliases=("GHSA-b",))

    assert len(list(merged([apart, scan("grype", joining)]))) == 2
    assert len(list(merged([scan("grype", joining), scan("trivy", joining)]))) == 1


def test_copies_at_several_paths_stay_as_many() -> None:
    copies = [replace(vulnerability(id_="CVE-2026-1000"), path=path) for path in ("a", "b")]

    both = list(merged([scan("trivy", *copies), scan("grype", copies[0])]))

    assert [one.path for one in both] == ["a", "b"]


def test_other_packages_and_other_vulnerabilities_stay_apart() -> None:
    other = replace(vulnerability(id_="CVE-2026-1000"), purl="pkg:apk/alpine/tls@1.0-r0")

    both = merged([scan("trivy", vulnerability(id_="CVE-2026-1000")), scan("grype", other)])

    assert len(list(both)) == 2


def test_clair_ties_packages_to_their_distribution_and_the_report_to_a_manifest() -> None:
    read = report("clair")

    assert read.digests == (f"sha256:{'5' * 64}",)
    assert read.packages == {"os/alpine": 1, "library/unknown": 1}
    assert str(read.distribution) == "alpine 3.22"
    assert [(v.id, v.severity, v.fixed) for v in read.vulnerabilities] == [
        ("CVE-2026-91001", Severity.CRITICAL, ("3.5.1-r1",)),
        ("GHSA-made-made-made", Severity.UNKNOWN, ()),
    ]


def test_a_report_of_clairs_that_lacks_what_it_speaks_of_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="lacks one of them"):
        report("clair", lambda d: d["vulnerabilities"].pop("356835"))


def test_snyk_is_tied_by_the_digest_that_it_was_asked_for() -> None:
    read = report("snyk")

    assert read.digests == (f"sha256:{'5' * 64}",)
    assert read.packages == {"os/deb": 96}
    assert str(read.distribution) == "debian 12"
    (one,) = read.vulnerabilities
    assert (one.id, one.aliases) == ("CVE-2026-91001", ("SNYK-DEBIAN12-LIBMADE-1",))
    assert (one.severity, one.fixed, one.score) == (Severity.CRITICAL, ("1.4-2",), 9.8)
    assert one.exploitation is not None
    assert one.exploitation.epss == 0.91


def test_a_scan_of_snyks_by_tag_names_no_image() -> None:
    assert report("snyk", _with("path", "registry.example.com/acme/orders:v1")).digests == ()


def test_applications_in_the_image_make_snyk_write_an_array() -> None:
    document = json.loads(data(SAMPLE["snyk"]))
    app = {**document, "ok": True, "packageManager": "npm", "dependencyCount": 7}
    app |= {"vulnerabilities": [], "uniqueCount": 0}
    app |= {"path": f"{document['path']}:/app/package.json"}
    whole = json.dumps([document, app]).encode()

    read = SCANNERS["snyk"].read(Whole(whole), "r.json")

    assert read.digests == (f"sha256:{'5' * 64}",)
    assert read.packages == {"os/deb": 96, "library/npm": 7}
    assert SCANNERS["snyk"].recognises(whole)


def test_an_array_of_snyks_about_two_images_is_of_neither() -> None:
    document = json.loads(data(SAMPLE["snyk"]))
    other = {**document, "path": f"registry.example.com/acme/billing@sha256:{'6' * 64}"}

    with pytest.raises(Unreadable, match="is about 2 images"):
        SCANNERS["snyk"].read(Whole(json.dumps([document, other]).encode()), "r.json")


def test_what_snyk_finds_in_applications_of_the_image_counts() -> None:
    def with_application(document: dict[str, Any]) -> None:
        found = {**document["vulnerabilities"][0], "packageName": "made-web", "version": "2.1.0"}
        app = {"vulnerabilities": [found], "ok": False, "dependencyCount": 7}
        document["applications"] = [{**app, "packageManager": "pip"}]
        document |= {"vulnerabilities": [], "uniqueCount": 0, "ok": True}

    read = report("snyk", with_application)

    assert read.packages == {"os/deb": 96, "library/pip": 7}
    assert [(one.package, one.kind) for one in read.vulnerabilities] == [
        ("made-web", "library/pip")
    ]


def test_what_a_policy_of_snyks_ignored_is_told() -> None:
    def ignored(document: dict[str, Any]) -> None:
        document["filtered"] = {"ignore": [document["vulnerabilities"][0]], "patch": []}

    assert [(one.id, one.package) for one in report("snyk", ignored).excluded] == [
        ("CVE-2026-91001", "libmade")
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_with("error", "no such image"), "its scan failed: no such image"),
        (_with("vulnerabilities", []), "is not ok, and lists nothing"),
        (_without("ok"), "lacks ok"),
        (_without("vulnerabilities"), "lacks ok, vulnerabilities"),
        (_with("applications", [{"ok": False, "error": "out of memory"}]), "out of memory"),
        (_with("applications", [{"ok": True}]), "lacks ok, vulnerabilities"),
    ],
)
def test_a_scan_of_snyks_that_failed_in_any_part_is_unreadable(change: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(Unreadable, match=said):
        report("snyk", change)


def test_a_failed_scan_of_snyks_is_known_for_what_it_is() -> None:
    whole = b'{"ok": false, "error": "no such image", "path": "acme/orders"}'

    assert [name for name, one in SCANNERS.items() if one.recognises(whole)] == ["snyk"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("CRITICAL", Severity.CRITICAL),
        (" critical ", Severity.CRITICAL),
        ("Important", Severity.HIGH),
        ("Moderate", Severity.MEDIUM),
        ("Low", Severity.LOW),
        ("Negligible", Severity.INFO),
        ("None", Severity.INFO),
        ("INFORMATIONAL", Severity.INFO),
        ("Defcon1", Severity.UNKNOWN),
        ("UNTRIAGED", Severity.UNKNOWN),
        ("Unknown", Severity.UNKNOWN),
        ("lo w", Severity.UNKNOWN),
        ("", Severity.UNKNOWN),
    ],
)
def test_a_word_that_nobody_knows_is_unknown_and_never_low(word: str, expected: Severity) -> None:
    assert severity_of(word) is expected


def test_snyk_lists_a_vulnerability_for_each_path_to_its_package_and_it_is_one() -> None:
    def twice(document: dict[str, Any]) -> None:
        (one,) = document["vulnerabilities"]
        document["vulnerabilities"] = [{**one, "from": ["a"]}, {**one, "from": ["b"]}]

    assert [one.id for one in report("snyk", twice).vulnerabilities] == ["CVE-2026-91001"]


@pytest.mark.parametrize(("least", "read"), [("low", True), (None, True), ("critical", False)])
def test_a_report_of_snyks_that_leaves_out_what_is_lesser_is_unreadable(
    least: str | None,
    read: bool,  # noqa: FBT001 - a case's
) -> None:
    change = _with("severityThreshold", least)
    if read:
        assert report("snyk", change).vulnerabilities
        return
    with pytest.raises(Unreadable, match="lists nothing below critical"):
        report("snyk", change)


@pytest.mark.parametrize(
    ("said", "beside", "expected"),
    [
        ("high", "critical", Severity.CRITICAL),
        ("high", "", Severity.HIGH),
        ("critical", "high", Severity.CRITICAL),
        ("", "critical", Severity.CRITICAL),
        ("", "", Severity.UNKNOWN),
    ],
)
def test_older_snyks_say_beside_the_severity_that_it_is_critical(
    said: str, beside: str, expected: Severity
) -> None:
    def change(document: Any) -> None:  # noqa: ANN401
        for one in document["vulnerabilities"]:
            one |= {"severity": said, "severityWithCritical": beside}

    assert {one.severity for one in report("snyk", change).vulnerabilities} == {expected}


def test_a_report_of_snyks_that_counts_more_than_it_lists_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="counts 7 vulnerabilities and lists"):
        report("snyk", _with("uniqueCount", 7))


def test_a_licence_that_snyk_lists_is_no_vulnerability() -> None:
    license_ = {
        "id": "snyk:lic:npm:made:GPL-3.0",
        "type": "license",
        "license": "GPL-3.0",
        "severity": "high",
        "packageName": "made",
    }
    made = report("snyk", _with("vulnerabilities", [license_]))

    assert made.vulnerabilities == ()
    assert [(one.kind, one.id, one.package, one.severity) for one in made.issues] == [
        (IssueKind.LICENSE, "GPL-3.0", "made", Severity.HIGH)
    ]


@pytest.mark.parametrize(
    ("told", "fixed"),
    [
        ("1.2-3", ("1.2-3",)),
        ("", ()),
        ("fixed=2.1.4&introduced=2.0", ("2.1.4",)),
        ("introduced=0", ()),
        ("introduced=0&lastAffected=3.1", ()),
        ("fixed=1.0%2Bb&fixed=2.0&introduced=0", ("1.0+b", "2.0")),
    ],
)
def test_a_range_of_clairs_from_osv_is_no_version(told: str, fixed: tuple[str, ...]) -> None:
    def change(document: dict[str, Any]) -> None:
        for one in document["vulnerabilities"].values():
            one["fixed_in_version"] = told

    assert {one.fixed for one in report("clair", change).vulnerabilities} == {fixed}


@pytest.mark.parametrize(
    ("manager", "told", "fixed", "fix_told"),
    [
        ("deb", {"nearestFixedInVersion": "1.4-2"}, ("1.4-2",), True),
        ("deb", {}, (), True),
        ("npm", {"fixedIn": ["4.17.12", "5.0.1"]}, ("4.17.12", "5.0.1"), True),
        ("npm", {"fixedIn": []}, (), True),
        ("npm", {}, (), False),
    ],
)
def test_snyk_says_the_fix_of_a_library_at_another_place_than_a_systems(
    manager: str,
    told: dict[str, Any],
    fixed: tuple[str, ...],
    fix_told: bool,  # noqa: FBT001 - a case's
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["packageManager"] = manager
        (one,) = document["vulnerabilities"]
        del one["nearestFixedInVersion"]
        one |= told

    (one,) = report("snyk", change).vulnerabilities
    assert (one.fixed, one.fix_told) == (fixed, fix_told)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("CVE-2026-1000 on Ubuntu 24.04 LTS (noble) - medium", "CVE-2026-1000"),
        ("RHSA-2026:1000: openssl security update (Low)", "RHSA-2026:1000"),
        ("GHSA-made-made-made", "GHSA-made-made-made"),
        (":", ":"),
    ],
)
def test_the_words_behind_a_name_of_clairs_are_no_part_of_it(told: str, name: str) -> None:
    def change(document: dict[str, Any]) -> None:
        for one in document["vulnerabilities"].values():
            one["name"] = told

    assert {one.id for one in report("clair", change).vulnerabilities} == {name}


@pytest.mark.parametrize(
    ("named", "exploited"),
    [
        (["CVE-2026-1000", "CVE-2026-1001"], True),
        (["CVE-2026-1001"], True),
        (["CVE-2026-1000", "CVE-2026-1002"], False),
    ],
)
def test_a_bulletin_is_attacked_as_any_cve_that_it_is_about(
    named: list[str],
    exploited: bool,  # noqa: FBT001 - a case's
) -> None:
    def change(document: dict[str, Any]) -> None:
        (one,) = document["vulnerabilities"]
        one["identifiers"]["CVE"] = named

    (one,) = report("snyk", change).vulnerabilities
    catalogue = Kev(released_at=NOW, ids=frozenset({"CVE-2026-1001"}))
    assert Feeds(kev=catalogue).of(one).known_exploited is exploited
