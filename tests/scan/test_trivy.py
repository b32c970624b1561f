from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.finding import Severity
from cdkit.scan.report import ScanReport, Vulnerability
from cdkit.scan.scanner import Job, TargetKind
from cdkit.scan.scanners.trivy import RUNNER, SCANNER, arguments, read, read_database, refusal
from cdkit.scan.trivy.advised import is_known_release
from tests.parts import docker as engine
from tests.parts import trivy
from tests.scan import samples
from tests.worlds import NOW


def sample(name: str) -> bytes:
    return (samples.FOLDER / f"{name}.json").read_bytes()


def _changed(name: str, **changes: object) -> bytes:
    return json.dumps({**json.loads(sample(name)), **changes}).encode()


def _by_id(report: ScanReport) -> dict[str, list[Vulnerability]]:
    found: dict[str, list[Vulnerability]] = {}
    for vulnerability in report.vulnerabilities:
        found.setdefault(vulnerability.id, []).append(vulnerability)
    return found


@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
def test_every_sample_is_recognised(name: str) -> None:
    assert SCANNER.recognises(sample(name)[:4096])


def test_a_vulnerable_system_package_is_read_with_its_fix() -> None:
    (found,) = _by_id(read(io.BytesIO(sample("findings")), "r.json"))["CVE-2026-91001"]

    assert (found.package, found.installed, found.fixed) == ("made-ssl", "3.5.0-r0", ("3.5.1-r1",))
    assert found.severity is Severity.CRITICAL
    assert found.kind == "os/alpine"
    assert found.name == "pkg:apk/alpine/made-ssl"


def test_a_library_is_read_with_its_place_and_both_fixes() -> None:
    found = _by_id(read(io.BytesIO(sample("findings")), "r.json"))["CVE-2026-91004"]

    assert [v.path for v in found] == [
        "srv/vendor/made_web-2.1.0.dist-info/METADATA",
        "usr/lib/python3.12/site-packages/made_web-2.1.0.dist-info/METADATA",
    ]
    assert {v.fixed for v in found} == {("2.1.4", "3.0.2")}
    assert {v.name for v in found} == {"pkg:pypi/made-web"}


def test_a_severity_that_nobody_said_is_unknown() -> None:
    (found,) = _by_id(read(io.BytesIO(sample("findings")), "r.json"))["CVE-2026-91003"]

    assert found.severity is Severity.UNKNOWN


def test_packages_are_counted_by_kind() -> None:
    report = read(io.BytesIO(sample("findings")), "r.json")

    assert report.packages == {"os/alpine": 3, "library/python-pkg": 2}
    assert (report.package_count, report.system_packages) == (5, 3)


def test_an_image_without_anything_has_no_packages_and_no_distribution() -> None:
    report = read(io.BytesIO(sample("scratch")), "r.json")

    assert report.packages is None
    assert report.distribution is None


def test_an_ended_distribution_is_marked() -> None:
    distribution = read(io.BytesIO(sample("ended")), "r.json").distribution

    assert distribution is not None
    assert (str(distribution), distribution.judged, distribution.ended) == (
        "alpine 3.9.4",
        True,
        True,
    )


def test_a_distribution_without_advisories_is_marked() -> None:
    distribution = read(io.BytesIO(sample("fedora")), "r.json").distribution

    assert distribution is not None
    assert not distribution.judged


def test_a_kind_of_package_without_advisories_is_unjudged() -> None:
    results = [{"Class": "lang-pkgs", "Type": "conda-pkg", "Packages": [{"Name": "made-math"}]}]

    assert read(io.BytesIO(_changed("clean", Results=results)), "r.json").unjudged == {
        "library/conda-pkg"
    }


def test_the_image_is_named_by_its_config_digest() -> None:
    expected = json.loads(sample("clean"))["Metadata"]["ImageID"]

    assert read(io.BytesIO(sample("clean")), "r.json").image_id == expected


def test_a_severity_of_another_vocabulary_is_unknown() -> None:
    results = json.loads(sample("findings"))["Results"]
    results[0]["Vulnerabilities"][0]["Severity"] = "negligible"

    report = read(io.BytesIO(_changed("findings", Results=results)), "r.json")

    assert report.vulnerabilities[0].severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xef\xbb\xbf" + sample("clean"), "byte order mark"),
        (gzip.compress(sample("clean")), "gzip"),
        (sample("clean").decode().encode("utf-16"), "not what Trivy writes"),
        (b"[]", "not what Trivy writes"),
        (b"{}", "missing required field `SchemaVersion`"),
        (_changed("clean", SchemaVersion=1), "SchemaVersion 1, not 2"),
        (_changed("clean", SchemaVersion="2"), "Expected `int`, got `str`"),
        (_changed("clean", SchemaVersion=float("nan")), "not what Trivy writes"),
        (_changed("clean", Results="none"), "got `str`"),
        (_changed("clean", Metadata=[]), "got `array`"),
        (_changed("clean", ArtifactType="filesystem"), "about a 'filesystem', not an image"),
        (b"[" * 100_000, "nests deeper than 500 brackets"),
        (sample("clean") + b"x", "not what Trivy writes"),
    ],
)
def test_what_trivy_does_not_write_is_unreadable(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(io.BytesIO(data), "r.json")

    assert said in caught.value.what


@pytest.mark.parametrize("key", ["VulnerabilityID", "PkgName", "Severity", "FixedVersion"])
def test_a_number_for_a_string_is_unreadable(key: str) -> None:
    results = json.loads(sample("findings"))["Results"]
    results[0]["Vulnerabilities"][0][key] = 7

    with pytest.raises(Unreadable, match="got `int`"):
        read(io.BytesIO(_changed("findings", Results=results)), "r.json")


@given(st.integers(0, len(sample("findings").rstrip()) - 1))
def test_a_report_cut_off_anywhere_is_unreadable(cut: int) -> None:
    with pytest.raises(Unreadable):
        read(io.BytesIO(sample("findings")[:cut]), "r.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(sample("findings")))), _JSON)
def test_any_value_for_a_key_is_read_or_refused(key: str, value: object) -> None:
    try:
        report = read(io.BytesIO(_changed("findings", **{key: value})), "r.json")
    except CdkitError:
        return
    assert isinstance(report, ScanReport)


@pytest.mark.parametrize(
    "text",
    [
        "0.69.4",
        "v0.69.5",
        "ghcr.io/aquasecurity/trivy:0.69.6",
        "aquasec/trivy:0.69.4-amd64",
        "mirror/trivy@sha256:425cd3e1a2846ac73944e891250377d2b03653e6f028833e30fc00c1abbc6d33",
    ],
)
def test_the_malicious_releases_are_refused(text: str) -> None:
    assert "CVE-2026-33634" in refusal(text)


@pytest.mark.parametrize("text", ["0.69.3", "0.69.40", "10.69.4", "0.70.0", RUNNER.image, "dev"])
def test_other_releases_are_not_refused(text: str) -> None:
    assert refusal(text) == ""


def test_the_command_asks_for_everything_and_lets_us_judge() -> None:
    given_ = arguments(
        Job(kind=TargetKind.LAYOUT, target="/scan/image", cache="/cache", offline=True, timeout=60)
    )

    assert "--list-all-pkgs" in given_
    assert given_[given_.index("--exit-code") + 1] == "0"
    assert given_[given_.index("--cache-backend") + 1] == "memory"
    assert "--skip-db-update" in given_
    assert "--severity" not in given_
    assert "--ignore-unfixed" not in given_


def test_the_databases_date_is_read_from_its_metadata() -> None:
    data = b'{"Version": 2, "UpdatedAt": "2026-11-22T06:00:00.5Z", "NextUpdate": "x"}'

    database = read_database(data, "metadata.json")

    assert (database.updated_at, database.version) == ("2026-11-22T06:00:00.500000Z", "2")


@pytest.mark.parametrize("data", [b"", b"[]", b'{"UpdatedAt": 7}', b'{"UpdatedAt": "yesterday"}'])
def test_metadata_that_is_none_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read_database(data, "metadata.json")


@pytest.mark.needs("docker", "trivy")
@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
def test_a_real_trivy_still_reports_what_was_recorded(name: str, tmp_path: Path) -> None:
    layout = samples.build(name, tmp_path)
    cache = samples.database(tmp_path, NOW)
    with engine._client(timeout=120) as client:
        report = read(io.BytesIO(trivy.scan_layout(layout, cache, client)), "r.json")

    recorded = read(io.BytesIO(sample(name)), "r.json")
    assert report.image_id == recorded.image_id
    assert report.packages == recorded.packages
    assert report.distribution == recorded.distribution
    assert set(report.vulnerabilities) == set(recorded.vulnerabilities)


@pytest.mark.parametrize(
    ("family", "release", "trivy", "known"),
    [
        ("alpine", "3.22.9", "", True),
        ("alpine", "3.99.1", "", False),
        ("alpine", "3.99.1", "0.68.2", False),
        ("alpine", "3.99.1", "0.69.3", True),
        ("alpine", "3.99.1", "v1.0.0", True),
        ("ubuntu", "25.04", "0.68.2", True),
        ("ubuntu", "25.10", "0.68.2", False),
        ("wolfi", "20990101", "0.44.0", True),
    ],
)
def test_a_release_is_unknown_to_a_trivy_that_was_asked_or_is_older(
    family: str,
    release: str,
    trivy: str,
    known: bool,  # noqa: FBT001 - a case's
) -> None:
    assert is_known_release(family, release, trivy) is known
