"""Grype as a program, played by a stand-in, standin_grype.py: the real one cannot be had here."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cdkit.core.documents.kinds import Findings
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell, RequestError, Unreadable
from cdkit.core.oci.reference import parse
from cdkit.core.world import World
from cdkit.scan.obtain import Obtained, Wanted, obtain
from cdkit.scan.running import GRACE
from cdkit.scan.scanner import Job, Look, TargetKind
from cdkit.scan.scanners.grype import IMAGE, RUNNER, read, read_status, read_version
from cdkit.scan.target import Part, Target, image_target
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import ScanImageOptions
from tests.image.layouts import layer, single
from tests.scan import samples
from tests.scan.doubles import FakeEngine
from tests.scan.test_archive import saved
from tests.scan.test_obtain import _image, _two
from tests.worlds import world

NAME = parse("registry.example.com/acme/orders")
ADVISORIES = {"made-ssl": {"id": "CVE-2026-91001", "fixed": "3.5.1-r1", "severity": "Critical"}}
BUILT = "2026-11-23T06:10:00Z"


class _StandIn(SystemProcesses):
    """The programs of this machine, with a Grype among them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "grype"
        script = Path(__file__).parent / "standin_grype.py"
        self.path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
        self.path.chmod(0o755)

    def which(self, program: str) -> str | None:
        return str(self.path) if program == "grype" else None


def database(cache: Path, mode: str = "", built: str = BUILT) -> Path:
    """A database of the stand-in's in a cache folder."""
    data = json.dumps({"built": built, "advisories": ADVISORIES, "mode": mode}).encode()
    (cache / "6").mkdir(parents=True, exist_ok=True)
    (cache / "6/vulnerability.db").write_bytes(data)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    (cache / "6/import.json").write_text(json.dumps({"digest": digest}))
    return cache


def _outside(folder: Path) -> World:
    programs = _StandIn(folder)
    environ = {"HOME": str(folder), "AWS_SECRET_ACCESS_KEY": "hunter2", "GRYPE_ONLY_FIXED": "true"}
    return replace(world(folder, processes=programs, environ=environ), programs=programs)


def _obtain(folder: Path, target: Target, **changes: object) -> Obtained:
    wanted = Wanted(target=target, scanner="grype", way="program", database=str(folder / "cache"))
    return obtain(replace(wanted, **changes), _outside(folder))  # type: ignore[arg-type]


def _layout(folder: Path, name: str = "findings") -> Target:
    path, _, _ = single(folder / "image", samples.SAMPLES[name])
    return image_target(_image(path), name=NAME, layout=str(path))


def _whats(obtained: Obtained) -> list[str]:
    return [reason.what for reason in obtained.trouble]


def test_a_layout_is_scanned_with_what_was_looked_at(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    target = _layout(tmp_path)

    obtained = _obtain(tmp_path, target)

    assert obtained.trouble == []
    (scan,) = obtained.scans
    report = scan.report
    assert report.image_id == target.parts[0].config_digest
    assert [(v.id, v.fixed) for v in report.vulnerabilities] == [("CVE-2026-91001", ("3.5.1-r1",))]
    assert report.packages == {"os/apk": 3}
    assert [one.name for one in report.components] == ["made-ssl", "made-box", "made-zip"]
    assert not report.unlisting
    assert report.version == "0.120.1"
    assert scan.database is not None
    assert scan.database.updated_at == BUILT
    assert scan.database.version == "v6.1.3"


def test_a_clean_image_is_a_yes_with_nothing_to_accept(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    _, digest, _ = single(tmp_path / "image", samples.SAMPLES["clean"])
    options = ScanImageOptions(
        image=f"{NAME.name}@{digest}",
        layout="image",
        scanner="grype",
        by="program",
        database="cache",
        records="none",
    )

    outcome = run(options, _outside(tmp_path))

    assert [reason.what for reason in outcome.verdict.reasons] == [
        "no known vulnerability at high or above in 2 packages of linux/amd64"
    ]
    assert outcome.verdict.is_yes
    document = outcome.document
    assert isinstance(document, Findings)
    assert (document.tool.name, document.tool.version) == ("grype", "0.120.1")
    assert [part.name for part in document.inventory] == ["made-ssl", "made-tools"]


def test_every_platform_of_an_index_is_scanned_by_itself(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    folder, configs = _two(tmp_path)
    target = image_target(_image(folder), name=NAME, layout=str(folder))

    obtained = _obtain(tmp_path, target)

    assert [scan.report.image_id for scan in obtained.scans] == configs


def test_an_archive_is_scanned(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    from cdkit.core.doors.files import DiskFiles
    from cdkit.scan.archive import read_archive

    trees = samples.SAMPLES["clean"]
    config = saved(tmp_path / "a.tar", [layer(tree) for tree in trees])

    obtained = _obtain(tmp_path, read_archive(str(tmp_path / "a.tar"), DiskFiles()))

    assert obtained.trouble == []
    assert [scan.report.image_id for scan in obtained.scans] == [config]
    assert obtained.scans[0].report.packages == {"os/apk": 2}


def test_a_root_file_system_is_scanned(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    for name, content in samples.SAMPLES["clean"][0].items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_bytes(content)
    target = Target(
        kind=TargetKind.ROOTFS, path=str(tmp_path / "root"), called="root", parts=(Part(),)
    )

    obtained = _obtain(tmp_path, target)

    assert obtained.trouble == []
    assert obtained.scans[0].report.packages == {"os/apk": 2}


def test_an_image_without_packages_counts_none(tmp_path: Path) -> None:
    database(tmp_path / "cache")

    obtained = _obtain(tmp_path, _layout(tmp_path, "scratch"))

    assert obtained.scans[0].report.packages == {}
    assert obtained.scans[0].report.distribution is None


def test_what_its_user_has_it_ignore_is_not_ignored(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    (tmp_path / ".grype.yaml").write_text("ignore:\n  - vulnerability: CVE-2026-91001\n")

    obtained = _obtain(tmp_path, _layout(tmp_path))

    assert [v.id for v in obtained.scans[0].report.vulnerabilities] == ["CVE-2026-91001"]


def test_without_a_list_of_packages_that_is_said(tmp_path: Path) -> None:
    database(tmp_path / "cache", "no-list")

    obtained = _obtain(tmp_path, _layout(tmp_path))

    assert obtained.scans[0].report.packages is None
    assert obtained.scans[0].report.unlisting


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("exit-2", "grype failed with exit code 2: [0000] ERROR discovered vulnerabilities"),
        ("killed", "grype failed with exit code -9: it said nothing"),
        ("half", "is not what it should be"),
        ("too-many", "TOOMANYREQUESTS"),
    ],
)
def test_a_scan_that_fails_is_cannot_tell(tmp_path: Path, mode: str, said: str) -> None:
    database(tmp_path / "cache", mode)

    obtained = _obtain(tmp_path, _layout(tmp_path))

    assert obtained.scans == []
    (what,) = _whats(obtained)
    assert said in what


def test_a_scan_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    database(tmp_path / "cache", "sleeps")

    obtained = _obtain(tmp_path, _layout(tmp_path), timeout=1 - GRACE)

    assert "did not end within 1 s" in _whats(obtained)[0]


def test_a_database_that_is_not_what_was_fetched_is_cannot_tell(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    (tmp_path / "cache/6/vulnerability.db").write_bytes(b"{}")

    obtained = _obtain(tmp_path, _layout(tmp_path))

    assert "bad db checksum" in _whats(obtained)[0]
    assert obtained.scans == []


@pytest.mark.parametrize("gone", ["vulnerability.db", "import.json"])
def test_a_folder_without_a_database_says_how_to_fetch_one(tmp_path: Path, gone: str) -> None:
    cache = database(tmp_path / "cache")
    (cache / "6" / gone).unlink()

    with pytest.raises(CannotTell, match="holds no database of grype") as caught:
        _obtain(tmp_path, _layout(tmp_path))

    assert caught.value.remedy == f"fetch it: GRYPE_DB_CACHE_DIR={cache} grype db update"


def test_without_one_at_hand_it_uses_its_own(tmp_path: Path) -> None:
    database(tmp_path / ".cache/grype/db", built="2026-11-22T06:10:00Z")

    obtained = _obtain(tmp_path, _layout(tmp_path), database="")

    assert obtained.scans[0].database is not None
    assert obtained.scans[0].database.updated_at == "2026-11-22T06:10:00Z"


def test_a_program_that_pulls_gets_the_login_of_that_registry_in_a_file(tmp_path: Path) -> None:
    database(tmp_path / "cache")
    auths = {name: {"auth": base64.b64encode(b"ci:x").decode()} for name in (NAME.registry, "o.io")}
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": auths}))
    layout = _layout(tmp_path)
    assert layout.image is not None

    obtained = _obtain(tmp_path, image_target(layout.image, name=NAME))

    digest = layout.image.digest
    pulls = f"[0000] ERROR pulls {NAME.name}@{digest} with {[NAME.registry]}"
    assert _whats(obtained) == [f"grype failed with exit code 1: {pulls}"]


def test_it_looks_for_vulnerabilities_alone(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="grype cannot look for secrets"):
        _obtain(tmp_path, _layout(tmp_path), look_for=(Look.VULNERABILITIES, Look.SECRETS))


def test_it_has_no_server_and_no_mirrors_in_registries(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has no server"):
        _obtain(tmp_path, _layout(tmp_path), server="http://trivy:4954")
    with pytest.raises(RequestError, match="lies in no registry"):
        _obtain(tmp_path, _layout(tmp_path), database="", mirrors=("r.example.com/db:6",))


def test_in_a_container_it_has_its_own_folder_of_the_shared_cache(tmp_path: Path) -> None:
    engine = FakeEngine(reports=[b""], metadata=None)
    wanted = Wanted(target=_layout(tmp_path), scanner="grype", way="docker")

    obtain(wanted, replace(world(tmp_path), engine=engine))

    (container,) = engine.ran
    assert container.image == IMAGE.replace(":v0.120.1", "")
    assert container.command == (
        "-o", "json", "-o", "cyclonedx-json=/tmp/packages.cdx.json", "oci-dir:/scan/image",
    )  # fmt: skip
    assert container.environ["GRYPE_DB_CACHE_DIR"] == "/cache/grype"
    assert container.environ["GRYPE_DB_AUTO_UPDATE"] == "true"
    assert container.environ["GRYPE_CHECK_FOR_APP_UPDATE"] == "false"
    assert container.network
    assert container.collect == ("/tmp/packages.cdx.json",)


def test_in_a_container_with_a_database_it_has_no_network(tmp_path: Path) -> None:
    cache = database(tmp_path / "cache")
    engine = FakeEngine(reports=[b""], metadata=None)
    wanted = Wanted(target=_layout(tmp_path), scanner="grype", way="docker", database=str(cache))

    obtain(wanted, replace(world(tmp_path), engine=engine))

    (container,) = engine.ran
    assert not container.network
    mounts = {mount.target: (mount.source, mount.read_only) for mount in container.mounts}
    assert mounts["/cache/grype/6"] == (f"{cache}/6", True)
    assert container.environ["GRYPE_DB_AUTO_UPDATE"] == "false"
    assert container.environ["GRYPE_DB_VALIDATE_BY_HASH_ON_START"] == "true"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (TargetKind.REFERENCE, "registry:r.example.com/a@sha256:00"),
        (TargetKind.SBOM, "sbom:r.example.com/a@sha256:00"),
        (TargetKind.ROOTFS, "dir:r.example.com/a@sha256:00"),
    ],
)
def test_a_target_is_never_left_to_its_guess(kind: TargetKind, target: str) -> None:
    job = Job(kind=kind, target="r.example.com/a@sha256:00", timeout=60)

    assert RUNNER.arguments(job)[-1] == target
    assert "--fail-on" not in RUNNER.arguments(job)


def test_the_status_of_either_schema_is_read() -> None:
    six = {"schemaVersion": "v6.1.3", "built": BUILT, "path": "/c/6", "valid": True}
    five = {"built": BUILT, "schemaVersion": 5, "location": "/c/5", "checksum": "x", "error": None}

    assert read_status(json.dumps(six).encode()).version == "v6.1.3"
    assert read_status(json.dumps(five).encode()).updated_at == BUILT


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"built": BUILT, "valid": False}, "not valid"),
        ({"built": BUILT, "valid": True, "error": "bad checksum"}, "not valid"),
        ({"built": BUILT, "schemaVersion": 5, "error": {}}, "not valid"),
        ({"built": "0001", "valid": True}, "does not say when"),
        ({"valid": True}, "does not say when"),
        ([], "is not what Grype writes"),
    ],
)
def test_a_status_that_is_not_sound_is_refused(status: object, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_status(json.dumps(status).encode())


def test_a_version_that_is_none_is_refused() -> None:
    assert read_version(b'{"application": "grype", "version": "0.120.1"}') == ("0.120.1", None)
    with pytest.raises(Unreadable, match="is not what Grype writes"):
        read_version(b"grype 0.120.1")


def test_a_report_with_a_broken_database_is_refused() -> None:
    from cdkit.core.readable import Whole

    report = {
        "matches": [],
        "descriptor": {"name": "grype", "db": {"built": BUILT, "schemaVersion": 5, "error": {}}},
    }

    with pytest.raises(Unreadable, match="not valid"):
        read(Whole(json.dumps(report).encode()), "r.json")


@pytest.mark.parametrize("packages", [b"{}", b"[", b'{"bomFormat": "SPDX", "specVersion": "2"}'])
def test_a_list_of_packages_that_is_none_is_refused(packages: bytes) -> None:
    from cdkit.core.readable import Whole

    report = Whole(json.dumps({"matches": [], "descriptor": {"name": "grype"}}).encode())

    with pytest.raises(Unreadable):
        RUNNER.read_scan(report, "r.json", TargetKind.LAYOUT, packages)
