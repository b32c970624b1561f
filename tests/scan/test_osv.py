"""OSV-Scanner's reports. The sample is made by hand after its documentation and its models."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.scan.report import ScanReport
from cdkit.scan.target import Part, Target, image_target
from tests.image.layouts import single
from tests.scan import samples
from tests.scan.test_readers import report

LAYERS = tuple(f"sha256:{digit * 64}" for digit in "34")


def read(change: Any = None) -> ScanReport:  # noqa: ANN401 - what a test changes
    return report("osv", change)


def test_advisories_of_one_group_are_one_vulnerability() -> None:
    found = [
        (one.id, one.aliases, one.package, one.fixed, one.severity)
        for one in read().vulnerabilities
    ]

    assert found == [
        ("DEBIAN-CVE-2026-91001", ("CVE-2026-91001",), "libmade", ("2.4-4",), Severity.CRITICAL),
        (
            "GHSA-made-made-made",
            ("CVE-2026-91004", "PYSEC-2026-1"),
            "made-web",
            ("2.1.4",),
            Severity.MEDIUM,
        ),
        ("PYSEC-2026-2", (), "made-web", (), Severity.UNKNOWN),
    ]


def test_packages_are_placed_by_ecosystem_layer_and_file() -> None:
    first, second, _ = read().vulnerabilities

    assert (first.kind, first.path, first.layer) == ("os/debian", "", LAYERS[0])
    assert (second.kind, second.path) == ("library/pypi", "srv/made_web-2.1.0.dist-info/METADATA")
    assert second.layer == LAYERS[1]
    assert second.published == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


def test_the_image_is_named_by_its_layers_and_its_distribution_by_os_release() -> None:
    made = read()

    assert (made.image_id, made.digests, made.layers) == ("", (), LAYERS)
    assert str(made.distribution) == "debian 12"
    assert made.distribution is not None
    assert made.distribution.judged


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alpine Linux v3.22", ("alpine", "3.22", True)),
        ("Ubuntu 24.04.1 LTS", ("ubuntu", "24.04.1", True)),
        ("Fedora Linux 42 (Container Image)", ("fedora", "42", False)),
        ("x", ("x", "", False)),
        ("  ", None),
    ],
)
def test_a_distribution_that_it_does_not_read_is_not_judged(
    text: str, expected: tuple[str, str, bool] | None
) -> None:
    found = read(lambda d: d["image_metadata"].update(os=text)).distribution

    assert (found and (found.family, found.version, found.judged)) == expected


def test_packages_are_listed_where_one_of_them_has_nothing() -> None:
    def only_vulnerable(document: dict[str, Any]) -> None:
        document["results"][0]["packages"].pop()

    assert read().packages == {"os/debian": 2, "library/pypi": 1}
    assert not read().unlisting
    silent = read(only_vulnerable)
    assert (silent.packages, silent.unlisting) == (None, True)


def test_a_bulletin_about_several_cves_has_none_of_them_as_its_name() -> None:
    def bulletin(document: dict[str, Any]) -> None:
        held = document["results"][0]["packages"][0]
        held["vulnerabilities"] = [
            {"id": "DSA-1-1", "upstream": ["CVE-2026-1000", "CVE-2026-2000"]}
        ]
        held["groups"] = [{"ids": ["DSA-1-1"], "aliases": ["DSA-1-1"], "max_severity": "junk"}]

    one = read(bulletin).vulnerabilities[0]

    assert (one.id, one.aliases, one.severity) == ("DSA-1-1", (), Severity.UNKNOWN)


@pytest.mark.parametrize(
    ("affected", "fixed", "fix_told"),
    [
        ([("Debian:12", [{"introduced": "0"}, {"fixed": "2.4-4"}])], ("2.4-4",), True),
        ([("Debian:11", [{"introduced": "0"}, {"fixed": "1.9-1"}])], (), False),
        ([("Debian:12", [{"introduced": "0"}])], (), True),
        ([("Debian:12", [{"introduced": "0"}, {"last_affected": "2.4"}])], (), False),
        ([("Debian", [{"introduced": "0"}, {"fixed": "2.4-4"}])], ("2.4-4",), True),
        ([], (), False),
    ],
)
def test_a_fix_is_one_of_this_release(
    affected: list[tuple[str, list[dict[str, str]]]],
    fixed: tuple[str, ...],
    fix_told: bool,  # noqa: FBT001 - a case's
) -> None:
    def change(document: dict[str, Any]) -> None:
        held = next(one for one in document["results"][0]["packages"] if one["vulnerabilities"])
        held["package"]["ecosystem"] = "Debian:12"
        (advisory,) = held["vulnerabilities"]
        advisory["affected"] = [
            {
                "package": {"name": held["package"]["name"], "ecosystem": ecosystem},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
            for ecosystem, events in affected
        ]

    first = read(change).vulnerabilities[0]
    assert (first.fixed, first.fix_told) == (fixed, fix_told)


def _image_target(folder: Path, base: str = "findings") -> Target:
    path, _, _ = single(folder / base, samples.SAMPLES[base])
    with open_layout(str(path), DiskFiles()) as layout:
        return image_target(read_image(layout), name=None, layout=str(path))


def test_a_report_that_names_layers_alone_is_of_the_image_with_exactly_these(
    tmp_path: Path,
) -> None:
    target = _image_target(tmp_path)
    (part,) = target.parts
    assert part.image is not None
    layers = tuple(map(str, part.image.config.rootfs.diff_ids))

    def named(*ids: str, **others: Any) -> Part | None:  # noqa: ANN401
        return target.part_of(replace(read(), layers=ids, **others))

    assert len(layers) > 2
    assert named(*layers) is part
    for other in (layers[:1], layers[::-1], (*layers, layers[0]), LAYERS, ()):
        assert named(*other) is None
    assert named(*layers, image_id=f"sha256:{'1' * 64}") is None
    assert target.part_of(replace(read(), layers=(), diff_ids=layers)) is None


def test_of_two_platforms_with_the_same_layers_none_is_named(tmp_path: Path) -> None:
    target = _image_target(tmp_path)
    (part,) = target.parts
    assert part.image is not None
    layers = tuple(map(str, part.image.config.rootfs.diff_ids))
    twins = replace(target, others=(replace(part, platform="linux/arm64"),))

    assert twins.part_of(replace(read(), layers=layers)) is None


def test_a_group_whose_advisories_are_gone_shows_a_report_that_is_cut() -> None:
    def cut(document: dict[str, Any]) -> None:
        for held in document["results"][0]["packages"]:
            held["vulnerabilities"] = []

    with pytest.raises(Unreadable, match="and does not hold it"):
        report("osv", cut)
