"""Several scanners of one image: which doubts of one the others settle, and what is one package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cdkit.core.finding import Location, Severity
from cdkit.core.readable import Whole
from cdkit.core.verdict import Answer
from cdkit.scan.doubts import Scan
from cdkit.scan.foreign import aliases_of
from cdkit.scan.judge import Facts, judge_scans
from cdkit.scan.merge import merged
from cdkit.scan.policy import Policy
from cdkit.scan.report import Distribution, Excluded, ScanReport, Vulnerability
from tests.scan.test_judge import BASE, FRESH, vulnerability
from tests.scan.test_scanners import SCANNERS, data
from tests.worlds import NOW

ALPINE = Distribution(family="alpine", version="3.22.2", judged=True)
FEDORA = Distribution(family="fedora", version="42", judged=False)
CONDA = {"os/a": 1, "library/conda": 2}
UNSCANNED = replace(
    BASE, packages={"os/alpine": 2, "library/npm": 2}, distribution=ALPINE, looked=False
)
TRACELESS = replace(UNSCANNED, looked=True, traceless=True)
#: As Grype's: it names the distribution and lists nothing.
SILENT = replace(
    BASE, scanner="grype", packages=None, unlisting=True, distribution=ALPINE, unjudged=frozenset()
)


def listing(
    packages: Mapping[str, int], distribution: Distribution | None = ALPINE, *unjudged: str
) -> ScanReport:
    return replace(
        BASE, packages=dict(packages), distribution=distribution, unjudged=frozenset(unjudged)
    )


def doubts(*reports: ScanReport) -> set[str]:
    verdict = judge_scans(
        [Scan(report=one, database=FRESH) for one in reports],
        Policy(),
        Facts(),
        now=NOW,
        place=lambda _: None,  # type: ignore[arg-type,return-value]
    ).verdict
    return {str(r.rule) for r in verdict.reasons if r.answer is Answer.CANNOT_TELL}


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        # One that lists and judges the distribution settles what another cannot show.
        ((SILENT, listing({"os/alpine": 3})), set()),
        ((SILENT, listing({"library/npm": 3, "os/alpine": 3})), set()),
        ((replace(SILENT, distribution=None), listing({"os/alpine": 3})), set()),
        (
            (
                listing({"os/rpm": 3}, FEDORA, "os/rpm"),
                replace(listing({"os/rpm": 3}), scanner="another"),
            ),
            set(),
        ),
        # Its own list, which cannot say so, does not settle that a scanner has no advisories.
        (
            (
                replace(SILENT, distribution=replace(ALPINE, judged=False)),
                replace(listing({"os/alpine": 3}), scanner="grype"),
            ),
            {"unlisted-packages", "unknown-distribution"},
        ),
        ((listing({"library/npm": 3}, None), listing({"os/apk": 3})), set()),
        ((listing({"library/npm": 3}), listing({"os/apk": 3})), set()),
        (
            (listing(CONDA, ALPINE, "library/conda"), listing(CONDA)),
            set(),
        ),
        # Libraries show nothing of the distribution that another one has seen.
        ((SILENT, listing({"library/npm": 3}, None)), {"unlisted-packages", "no-distribution"}),
        ((SILENT, listing({"library/npm": 3})), {"unlisted-packages", "no-system-packages"}),
        # What nobody judged is judged by nobody, however many list it.
        ((SILENT, SILENT), {"unlisted-packages"}),
        (
            (SILENT, listing({"os/rpm": 3}, FEDORA, "os/rpm")),
            {"unlisted-packages", "unknown-distribution", "unjudged-packages"},
        ),
        (
            (SILENT, listing({"os/alpine": 3}, ALPINE, "os/alpine")),
            {"unlisted-packages", "unjudged-packages"},
        ),
        (
            (listing(CONDA, ALPINE, "library/conda"), listing({"os/a": 1})),
            {"unjudged-packages"},
        ),
        (
            (SILENT, listing({"os/alpine": 0})),
            {"unlisted-packages", "no-packages"} | {"no-system-packages"},
        ),
        # A list of packages that nobody looked into settles nothing, and is settled by who did.
        ((SILENT, UNSCANNED), {"unlisted-packages", "unscanned-list"}),
        ((UNSCANNED, UNSCANNED), {"unscanned-list"}),
        ((UNSCANNED, listing({"os/apk": 2, "library/npm": 2})), set()),
        ((UNSCANNED, listing({"os/apk": 2})), {"unjudged-packages"}),
        # What reads the same unscanned is settled kind by kind, and settles nothing itself.
        ((TRACELESS,), {"not-looked-for"}),
        ((TRACELESS, TRACELESS), {"not-looked-for"}),
        ((TRACELESS, SILENT), {"not-looked-for", "unlisted-packages"}),
        ((TRACELESS, listing({"os/apk": 2, "library/npm": 2})), set()),
        ((TRACELESS, listing({"os/apk": 2})), {"unjudged-packages"}),
        ((replace(TRACELESS, excluded=(Excluded(id="CVE-1", status="ignored"),)),), set()),
        # An image without a distribution: what lists its libraries settles that they were seen.
        (
            (replace(SILENT, distribution=None), listing({"library/npm": 3}, None)),
            {"no-distribution"},
        ),
    ],
)
def test_a_doubt_is_settled_only_by_who_judged_that_kind_of_package(
    reports: tuple[ScanReport, ...], expected: set[str]
) -> None:
    assert doubts(*reports) == expected
    assert doubts(*reversed(reports)) == expected


def test_a_distribution_that_has_ended_stays_a_doubt_whoever_else_judged_it() -> None:
    ended = replace(ALPINE, ended=True)

    assert doubts(listing({"os/a": 1}, ended), listing({"os/a": 1})) == {"ended-distribution"}


def test_a_scan_of_another_platform_settles_nothing() -> None:
    verdict = judge_scans(
        [
            Scan(report=SILENT, database=FRESH, platform="linux/amd64"),
            Scan(report=listing({"os/a": 1}), database=FRESH, platform="linux/arm64"),
        ],
        Policy(),
        Facts(),
        now=NOW,
        place=lambda _: None,  # type: ignore[arg-type,return-value]
    ).verdict

    assert {r.rule for r in verdict.reasons if r.answer is Answer.CANNOT_TELL} == {
        "unlisted-packages"
    }


def test_a_scan_of_another_image_for_the_same_platform_settles_nothing() -> None:
    scans = [
        Scan(report=one, database=FRESH, platform="linux/amd64", digests=frozenset({digest}))
        for one, digest in ((SILENT, "sha256:1"), (listing({"os/a": 1}), "sha256:2"))
    ]
    verdict = judge_scans(
        scans,
        Policy(),
        Facts(),
        now=NOW,
        place=lambda _: None,  # type: ignore[arg-type,return-value]
    ).verdict

    assert {r.rule for r in verdict.reasons if r.answer is Answer.CANNOT_TELL} == {
        "unlisted-packages"
    }


@pytest.mark.parametrize(
    ("ours", "theirs", "one"),
    [
        ("pkg:deb/debian/libmade%2B%2B@1.0", "pkg:deb/debian/libmade++@1.0?arch=amd64", True),
        ("pkg:npm/%40acme/web@1.0", "pkg:npm/@acme/web@1.0", True),
        ("PKG:deb/debian/ssl@1.0", "pkg:DEB/debian/ssl@1.0", True),
        ("pkg:npm/web@1.0", "pkg:pypi/web@1.0", False),
        ("pkg:deb/debian/ssl@1.0", "pkg:deb/ubuntu/ssl@1.0", False),
        ("pkg:", "pkg:", True),
        ("not a purl", "nor this one", False),
    ],
)
def test_a_package_is_one_by_what_its_url_means(
    ours: str,
    theirs: str,
    one: bool,  # noqa: FBT001 - a case's
) -> None:
    scans = [
        Scan(
            report=replace(
                BASE,
                scanner=scanner,
                vulnerabilities=(replace(vulnerability(Severity.LOW, "CVE-2026-1"), purl=purl),),
            ),
            database=FRESH,
        )
        for scanner, purl in (("trivy", ours), ("grype", theirs))
    ]

    assert (len(list(merged(scans))) == 1) is one


def test_a_fix_that_one_of_them_tells_is_told() -> None:
    silent = replace(vulnerability(Severity.LOW, "CVE-2026-1"), fixed=(), fix_told=False)
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=(found,)), database=FRESH)
        for name, found in (("sarif", silent), ("trivy", replace(silent, fix_told=True)))
    ]

    assert [found.fix_told for found in merged(scans)] == [True]


def test_two_that_one_bulletin_mends_stay_two() -> None:
    one, two = (
        replace(vulnerability(Severity.LOW, id_), aliases=("RHSA-2026:1",))
        for id_ in ("CVE-2026-1000", "CVE-2026-2000")
    )
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=found), database=FRESH)
        for name, found in (("trivy", (one, two)), ("clair", (two,)))
    ]

    assert [(found.id, len(found.words)) for found in merged(scans)] == [
        ("CVE-2026-1000", 1),
        ("CVE-2026-2000", 2),
    ]


@pytest.mark.parametrize(
    ("id_", "names", "expected"),
    [
        ("GHSA-a", ("CVE-2026-1000", "GHSA-a", ""), ("CVE-2026-1000",)),
        ("ALAS-2026-1", ("CVE-2026-1000", "CVE-2026-2000"), ()),
        ("CVE-2026-1000", ("CVE-2026-2000", "GHSA-a"), ("GHSA-a",)),
        ("CVE-2026-1000", ("CVE-2026-1000", "RHSA-2026:1"), ("RHSA-2026:1",)),
    ],
)
def test_an_exception_for_one_cve_of_a_bulletin_covers_no_other(
    id_: str, names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert aliases_of(id_, names) == expected


def test_two_cves_that_two_scanners_know_by_one_alias_stay_two() -> None:
    one, other = (
        replace(vulnerability(), id=f"CVE-2026-{n}", aliases=("GHSA-made-made-made",))
        for n in (1000, 2000)
    )
    scans = [Scan(report=replace(BASE, vulnerabilities=(found,))) for found in (one, other)]

    assert [found.id for found in merged(scans)] == ["CVE-2026-1000", "CVE-2026-2000"]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"installed": "2.0-r0"}, 2),
        ({"package": "tls"}, 2),
        ({"kind": "library/apk"}, 2),
        ({"id": "CVE-2026-2"}, 2),
    ],
)
def test_a_package_without_a_url_is_the_one_of_that_sort_name_and_version(
    changes: dict[str, Any], count: int
) -> None:
    ours = vulnerability(Severity.LOW, "CVE-2026-1")
    theirs = replace(ours, purl="", **changes)
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=(found,)), database=FRESH)
        for name, found in (("sarif", theirs), ("trivy", ours))
    ]

    assert len(list(merged(scans))) == count


def test_a_package_without_a_url_that_may_be_one_of_two_is_neither() -> None:
    npm, pypi = (
        replace(vulnerability(Severity.LOW, "CVE-2026-1"), purl=f"pkg:{kind}/web@1.0", kind=kind)
        for kind in ("npm", "pypi")
    )
    nameless = replace(npm, purl="")
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=found), database=FRESH)
        for name, found in (("trivy", (npm, pypi)), ("sarif", (nameless,)))
    ]

    assert len(list(merged(scans))) == 3


def test_a_real_trivys_formats_merge_into_what_each_says() -> None:
    reports = [
        SCANNERS[name].read(Whole(data(path)), path)
        for name, path in (
            ("trivy", "trivy/0.68.2/findings.json"),
            ("cyclonedx", "cyclonedx/1.6/trivy.json"),
            ("sarif", "sarif/2.1.0/trivy.json"),
        )
    ]

    both = list(merged([Scan(report=one, database=FRESH) for one in reports]))

    assert [len(one.words) for one in both] == [3] * 5
    assert len({(one.id, one.package, one.path) for one in both}) == 5


def _named(*names: tuple[str, ...]) -> tuple[Vulnerability, ...]:
    return tuple(
        replace(vulnerability(Severity.LOW, first), aliases=tuple(others))
        for first, *others in names
    )


def test_what_comes_after_joins_is_joined_to_nothing_else() -> None:
    first = _named(("GHSA-a",), ("GHSA-b",), ("GHSA-c",), ("GHSA-d",))
    second = _named(("GHSA-a", "GHSA-b"), ("GHSA-a", "GHSA-c"), ("GHSA-e",))
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=found), database=FRESH)
        for name, found in (("trivy", first), ("grype", second))
    ]

    both = {one.names for one in merged(scans)}

    assert {"GHSA-d"} in both
    assert {"GHSA-e"} in both


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=12))
def test_no_finding_is_lost_and_none_shares_a_group_without_a_reason(
    names: list[list[str]],
) -> None:
    found = _named(*(tuple(dict.fromkeys(one)) for one in names))
    half = len(found) // 2
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=part), database=FRESH)
        for name, part in (("trivy", found[:half]), ("grype", found[half:]))
    ]

    both = list(merged(scans))
    words = [word.id for one in both for word in one.words]

    assert sorted(words) == sorted(one.id for one in found)
    assert all(one.names <= _reachable(one.id, found) for one in both)


def _reachable(name: str, found: tuple[Vulnerability, ...]) -> frozenset[str]:
    """All names that chains of aliases lead to from one."""
    known = frozenset({name})
    while wider := known.union(*(one.names for one in found if one.names & known)) - known:
        known |= wider
    return known


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        (("a", "b"), ("/b", "/a"), {("a", 2), ("b", 2)}),
        (("a", "b"), ("/b",), {("a", 1), ("b", 2)}),
        (("a",), ("/b", "/a"), {("a", 2), ("/b", 1)}),
        (("a", "b"), ("app.jar:lib/b",), {("a", 2), ("b", 1)}),
        (("", ""), ("",), {("", 2), ("", 1)}),
    ],
)
def test_copies_at_the_same_path_are_the_same_copy(
    ours: tuple[str, ...], theirs: tuple[str, ...], pairs: set[tuple[str, int]]
) -> None:
    one = vulnerability(Severity.LOW, "CVE-2026-1")
    scans = [
        Scan(
            report=replace(
                BASE,
                scanner=name,
                vulnerabilities=tuple(replace(one, path=path) for path in paths),
            ),
            database=FRESH,
        )
        for name, paths in (("trivy", ours), ("grype", theirs))
    ]

    both = list(merged(scans))

    assert {(found.path, len(found.words)) for found in both} == pairs
    assert len(both) == max(len(ours), len(theirs))


def test_many_findings_that_all_join_end() -> None:
    apart = _named(*((f"GHSA-{n}",) for n in range(20_000)))
    joining = _named(*((f"GHSA-{n}", f"GHSA-{n + 1}") for n in range(19_999)))
    scans = [
        Scan(report=replace(BASE, scanner=name, vulnerabilities=found), database=FRESH)
        for name, found in (("trivy", apart), ("grype", joining))
    ]

    assert len(list(merged(scans))) == 20_000


def test_one_package_of_pypi_is_one_however_its_name_is_written() -> None:
    scans = [
        Scan(report=replace(BASE, vulnerabilities=(replace(vulnerability(), purl=purl),)))
        for purl in ("pkg:pypi/made-web@2.1.0", "pkg:pypi/Made_Web@2.1.0")
    ]

    assert len(list(merged(scans))) == 1


@pytest.mark.parametrize(
    ("seconds", "version", "doubted"),
    [(2, "1.0", False), (11, "1.0", True), (2, "2.0", True)],
)
def test_two_formats_of_one_run_have_one_database(
    seconds: int,
    version: str,
    doubted: bool,  # noqa: FBT001 - a case's
) -> None:
    dated = replace(BASE, version="1.0", created_at=NOW, database=FRESH)
    other = replace(BASE, version=version, created_at=NOW - timedelta(seconds=seconds))
    scans = [Scan(report=dated, database=FRESH), Scan(report=other)]

    verdict = judge_scans(
        scans, Policy(), Facts(), now=NOW, place=lambda _: Location(path="i")
    ).verdict

    assert ("undated-database" in {one.rule for one in verdict.reasons}) is doubted
