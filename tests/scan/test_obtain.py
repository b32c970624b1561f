from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from cdkit.core.container import Engine
from cdkit.core.documents.document import Replay
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.files import DiskFiles
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import RequestError
from cdkit.core.oci import media
from cdkit.core.oci.image import Image
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import parse
from cdkit.core.world import Processes, World
from cdkit.scan.contained import CACHE_VOLUME
from cdkit.scan.obtain import Obtained, Wanted, obtain
from cdkit.scan.scanners.trivy import IMAGE
from cdkit.scan.target import image_target
from tests.image.layouts import Layout, layer, single
from tests.parts import trivy
from tests.scan import samples
from tests.scan.doubles import METADATA, FakeEngine, FakeTrivy
from tests.scan.test_scanners import data
from tests.scan.test_trivy import sample
from tests.worlds import NOW, world

NAME = parse("registry.example.com/acme/orders")


def report_of(config: str, base: str = "clean") -> bytes:
    """A recorded report, as if the image had this config."""
    report = json.loads(sample(base))
    report["Metadata"]["ImageID"] = config
    report["CreatedAt"] = "2026-11-23T11:00:00Z"
    return json.dumps(report).encode()


def _outside(
    folder: Path,
    engine: Engine | None = None,
    processes: Processes | None = None,
    *,
    replayed: bool = False,
) -> World:
    replay = Replay(run="r", at="2026-11-23T12:00:00Z") if replayed else None
    environ = {"PATH": "/usr/bin", "HOME": str(folder), "AWS_SECRET_ACCESS_KEY": "hunter2"}
    outside = world(folder, processes=processes, replay=replay, environ=environ)
    programs = processes if isinstance(processes, FakeTrivy | SystemProcesses) else None
    return replace(outside, engine=engine, programs=programs)


def _image(path: Path) -> Image:
    with open_layout(str(path), DiskFiles()) as layout:
        return read_image(layout)


def _wanted(folder: Path, **changes: object) -> Wanted:
    image = _image(folder)
    wanted = Wanted(target=image_target(image, name=NAME, layout=str(folder)))
    return replace(wanted, **changes)  # type: ignore[arg-type]


def _fill(cache: Path, metadata: bytes = METADATA) -> None:
    """A database in a cache folder, as far as we look at it."""
    (cache / "db").mkdir(parents=True)
    (cache / "db/trivy.db").write_bytes(b"bbolt")
    (cache / "db/metadata.json").write_bytes(metadata)


def _whats(obtained: Obtained) -> list[str]:
    return [reason.what for reason in obtained.trouble]


def _two(tmp_path: Path) -> tuple[Path, list[str]]:
    layout = Layout()
    parts = [layout.manifest(({a: b"x"},), f"linux/{a}") for a in ("amd64", "arm64")]
    layout.root(layout.index(*parts))
    configs = [json.loads(layout.blobs[p["digest"]])["config"]["digest"] for p in parts]
    return layout.save(tmp_path / "two"), configs


def test_a_container_scans_a_layout_without_network_rights_or_secrets(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    _fill(tmp_path / "cache")
    engine = FakeEngine(reports=[report_of(config)])

    obtained = obtain(_wanted(folder, database=str(tmp_path / "cache")), _outside(tmp_path, engine))

    assert obtained.trouble == []
    assert obtained.scans[0].platform == "linux/amd64"
    assert obtained.scans[0].database is not None
    (container,) = engine.ran
    assert container.image == "ghcr.io/aquasecurity/trivy@" + IMAGE.partition("@")[2]
    assert not container.network
    assert all(mount.read_only for mount in container.mounts)
    assert "hunter2" not in str(container)
    assert set(container.environ) == {
        "TRIVY_NO_PROGRESS",
        "TRIVY_SKIP_VERSION_CHECK",
        "TRIVY_DISABLE_TELEMETRY",
    }


def test_without_a_database_at_hand_the_scanner_keeps_its_own_volume(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    engine = FakeEngine(reports=[report_of(config)])

    obtain(_wanted(folder), _outside(tmp_path, engine))

    (container,) = engine.ran
    assert container.network
    assert [(m.source, m.is_volume) for m in container.mounts if not m.read_only] == [
        (CACHE_VOLUME, True)
    ]


def test_every_platform_of_an_index_is_scanned_alone(tmp_path: Path) -> None:
    folder, configs = _two(tmp_path)
    engine = FakeEngine(reports=[report_of(config) for config in configs])

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert [scan.platform for scan in obtained.scans] == ["linux/amd64", "linux/arm64"]
    sources = [container.mounts[0].source for container in engine.ran]
    assert str(folder) not in sources
    assert len(set(sources)) == 2


def test_a_scanner_that_scans_the_wrong_platform_is_not_believed(tmp_path: Path) -> None:
    folder, configs = _two(tmp_path)
    engine = FakeEngine(reports=[report_of(configs[0]), report_of(configs[0])])

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert any(
        what.startswith("linux/arm64") and "not scanned" in what for what in _whats(obtained)
    )


def test_a_report_of_another_image_is_no_scan(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path / "image")
    engine = FakeEngine(reports=[sample("clean")])

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert obtained.scans == []
    assert [reason.rule for reason in obtained.trouble] == ["other-image"]


def test_a_layer_that_was_exchanged_is_found_before_the_scan(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    layer = _image(folder).platforms[0].manifest.layers[0].digest.replace(":", "/")
    (folder / "blobs" / layer).write_bytes(b"\0" * 10240)
    engine = FakeEngine(reports=[report_of(config)])

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert engine.ran == []
    assert "other bytes" in _whats(obtained)[0]


@pytest.mark.parametrize("code", [1, 2, 137, -9])
def test_any_exit_code_but_zero_is_cannot_tell_with_the_last_word(
    tmp_path: Path, code: int
) -> None:
    folder, _, config = single(tmp_path / "image")
    engine = FakeEngine(reports=[report_of(config)], code=code, said=b"INFO a\nFATAL no DB\n")

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert _whats(obtained) == [f"trivy failed with exit code {code}: FATAL no DB"]


def test_no_output_is_cannot_tell(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path / "image")

    obtained = obtain(_wanted(folder), _outside(tmp_path, FakeEngine(reports=[b""])))

    assert _whats(obtained) == ["trivy gave no report"]


def test_a_database_without_metadata_leaves_the_date_open(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    engine = FakeEngine(reports=[report_of(config)], metadata=None)

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert obtained.scans[0].database is None


def test_a_release_that_the_scanner_does_not_know_is_said(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    said = b'WARN\tThis OS version is not on the EOL list\tfamily="alpine" version="3.99"\n'
    engine = FakeEngine(reports=[report_of(config)], said=said)

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert [reason.rule for reason in obtained.trouble] == ["unknown-distribution"]


@pytest.mark.parametrize(
    ("release", "server", "known"),
    [
        ({"Family": "alpine", "Name": "3.99.1"}, "", True),
        ({"Family": "alpine", "Name": "3.99.1"}, "http://trivy.example.com:4954", False),
        ({"Family": "alpine", "Name": "3.22.9"}, "http://trivy.example.com:4954", True),
        ({"Family": "azurelinux", "Name": "4.0"}, "", False),
        ({"Family": "azurelinux", "Name": "3.0"}, "", True),
    ],
)
def test_a_release_is_known_where_the_scanner_would_have_warned_of_it(
    tmp_path: Path, release: dict[str, str], server: str, *, known: bool
) -> None:
    folder, _, config = single(tmp_path / "image")
    made = json.loads(report_of(config))
    made["Metadata"]["OS"] = release
    engine = FakeEngine(reports=[json.dumps(made).encode()])

    obtained = obtain(_wanted(folder, server=server), _outside(tmp_path, engine))

    distribution = obtained.scans[0].report.distribution
    assert distribution is not None
    assert (distribution.known, obtained.trouble) == (known, [])


@pytest.mark.parametrize("platforms", [1, 2])
def test_a_report_that_names_no_image_may_be_of_the_only_one_there_is(
    tmp_path: Path, platforms: int
) -> None:
    folder = single(tmp_path / "image")[0] if platforms == 1 else _two(tmp_path)[0]
    scout = json.loads(data("sarif/2.1.0/scout.json"))
    del scout["runs"][0]["properties"]
    (tmp_path / "scout.json").write_text(json.dumps(scout))

    obtained = obtain(_wanted(folder, reports=("scout.json",)), _outside(tmp_path))

    rules = [reason.rule for reason in obtained.trouble]
    assert (len(obtained.scans), rules) == (
        (1, ["unnamed-image"]) if platforms == 1 else (0, ["other-image"])
    )


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("aquasec/trivy:latest", "carries no digest"),
        ("aquasec/trivy:0.69.4@sha256:" + "a" * 64, "CVE-2026-33634"),
    ],
)
def test_a_scanner_image_that_can_move_or_is_malicious_is_refused(
    tmp_path: Path, image: str, said: str
) -> None:
    folder, _, _ = single(tmp_path / "image")

    with pytest.raises(RequestError, match=said):
        obtain(_wanted(folder, scanner_image=image), _outside(tmp_path, FakeEngine()))


def test_a_program_runs_in_an_empty_folder_without_secrets(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    program = FakeTrivy(reports=[report_of(config)])

    obtained = obtain(_wanted(folder, way="program"), _outside(tmp_path, processes=program))

    assert obtained.trouble == []
    assert obtained.scans[0].report.version == "0.69.3"
    for _, environ, cwd in program.ran:
        assert "hunter2" not in str(environ)
        assert cwd
        assert cwd != str(tmp_path)
        assert {environ[name] for name in ("TMPDIR", "TEMP", "TMP")} == {cwd}


def test_a_malicious_program_is_not_run_beyond_its_version(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    program = FakeTrivy(reports=[report_of(config)], version="0.69.4")

    obtained = obtain(_wanted(folder, way="program"), _outside(tmp_path, processes=program))

    assert [argv[1] for argv, _, _ in program.ran] == ["version"]
    assert "CVE-2026-33634" in _whats(obtained)[0]


def test_where_no_image_can_be_pulled_the_program_serves(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    program = FakeTrivy(reports=[report_of(config)])

    outside = _outside(tmp_path, FakeEngine(pulls=False), program)

    assert obtain(_wanted(folder), outside).scans[0].report.version == "0.69.3"


def test_nothing_to_scan_with_is_cannot_tell_with_every_reason(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path / "image")

    obtained = obtain(_wanted(folder), _outside(tmp_path, FakeEngine(why_missing="no socket")))

    assert _whats(obtained) == [
        f"{NAME.name} cannot be scanned: no socket; no program trivy on the PATH"
    ]


def _record(folder: Path, config: str, digest: str, **changes: object) -> str:
    report = report_of(config)
    sidecar = {
        "kind": "recorded-scan",
        "version": 1,
        "manifest_digest": digest,
        "config_digest": config,
        "report_sha256": hashlib.sha256(report).hexdigest(),
        "recorded_at": "2026-11-23T11:00:00Z",
        "scanner": {"name": "trivy", "version": "0.68.2"},
        "database": {"updated_at": "2026-11-23T00:00:00Z", "version": 2},
        **changes,
    }
    (folder / "trivy.json").write_bytes(report)
    (folder / "trivy.sidecar.json").write_text(json.dumps(sidecar))
    return "trivy.json"


def test_a_recording_outside_a_replay_is_shown_and_proves_nothing(tmp_path: Path) -> None:
    folder, digest, config = single(tmp_path / "image")
    path = _record(tmp_path, config, digest)

    obtained = obtain(_wanted(folder, recorded=(path,)), _outside(tmp_path))

    assert [reason.rule for reason in obtained.trouble] == ["recording"]
    assert obtained.scans[0].report.version == "0.68.2"
    assert obtained.notes[0].startswith("Not scanned live: no container engine")
    assert "recorded at 2026-11-23 11:00 UTC with trivy 0.68.2, replayed" in obtained.notes[1]


def test_a_scanner_goes_before_a_recording(tmp_path: Path) -> None:
    folder, digest, config = single(tmp_path / "image")
    path = _record(tmp_path, config, digest)
    engine = FakeEngine(reports=[report_of(config)])

    obtained = obtain(_wanted(folder, recorded=(path,)), _outside(tmp_path, engine))

    assert len(engine.ran) == 1
    assert obtained.notes == ["This trivy does not say which release it is."]


def test_a_scan_that_fails_is_not_replaced_by_a_recording(tmp_path: Path) -> None:
    folder, digest, config = single(tmp_path / "image")
    path = _record(tmp_path, config, digest)

    obtained = obtain(_wanted(folder, recorded=(path,)), _outside(tmp_path, FakeEngine(code=1)))

    assert obtained.scans == []
    assert obtained.trouble


def test_in_a_replay_the_recording_goes_before_the_scanner(tmp_path: Path) -> None:
    folder, digest, config = single(tmp_path / "image")
    path = _record(tmp_path, config, digest)
    engine = FakeEngine()

    obtained = obtain(_wanted(folder, recorded=(path,)), _outside(tmp_path, engine, replayed=True))

    assert engine.ran == []
    assert len(obtained.scans) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"report_sha256": "0" * 64}, "its bytes have changed"),
        ({"manifest_digest": "sha256:" + "0" * 64}, "was recorded of sha256:0000"),
        ({"config_digest": "sha256:" + "0" * 64}, "recorded of another config"),
        ({"kind": "other"}, "is 'other', version 1"),
        ({"version": 2}, "version 2"),
        ({"recorded_at": "yesterday"}, "is no sidecar"),
        ({"database": None}, "is no sidecar"),
    ],
)
def test_a_sidecar_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    folder, digest, config = single(tmp_path / "image")
    path = _record(tmp_path, config, digest, **changes)

    obtained = obtain(_wanted(folder, recorded=(path,), way="none"), _outside(tmp_path))

    assert obtained.scans == []
    assert said in _whats(obtained)[0]


def test_a_recording_without_a_sidecar_is_refused(tmp_path: Path) -> None:
    folder, digest, config = single(tmp_path / "image")
    path = _record(tmp_path, config, digest)
    (tmp_path / "trivy.sidecar.json").unlink()

    obtained = obtain(_wanted(folder, recorded=(path,)), _outside(tmp_path))

    assert str(obtained.trouble[0].where) == "trivy.sidecar.json"


def test_a_made_report_takes_its_databases_date_from_the_cache_folder(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    (tmp_path / "r.json").write_bytes(report_of(config))
    (tmp_path / "cache/db").mkdir(parents=True)
    (tmp_path / "cache/db/metadata.json").write_bytes(METADATA)
    outside = _outside(tmp_path, FakeEngine())

    dated = obtain(_wanted(folder, reports=("r.json",), database="cache"), outside)
    undated = obtain(_wanted(folder, reports=("r.json",)), outside)

    assert dated.scans[0].database is not None
    assert dated.scans[0].database.updated_at == "2026-11-23T06:00:00Z"
    assert undated.scans[0].database is None


@pytest.mark.parametrize(
    ("created", "why"),
    [
        ("2026-11-23T05:00:00Z", "r.json is of 2026-11-23 05:00 UTC, and the database came after"),
        ("2026-11-23T11:00:00", "r.json does not say when it was made"),
        (None, "r.json does not say when it was made"),
    ],
)
def test_a_database_that_a_report_was_not_made_by_says_nothing_of_it(
    tmp_path: Path, created: str | None, why: str
) -> None:
    folder, _, config = single(tmp_path / "image")
    report = json.loads(report_of(config))
    report.pop("CreatedAt")
    report |= {"CreatedAt": created} if created else {}
    (tmp_path / "r.json").write_text(json.dumps(report))
    (tmp_path / "cache/db").mkdir(parents=True)
    (tmp_path / "cache/db/metadata.json").write_bytes(METADATA)

    obtained = obtain(_wanted(folder, reports=("r.json",), database="cache"), _outside(tmp_path))

    assert obtained.scans[0].database is None
    assert why in obtained.notes[0]


def test_one_report_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    folder, configs = _two(tmp_path)
    (tmp_path / "a.json").write_bytes(b"{")
    (tmp_path / "b.json").write_bytes(report_of(configs[1]))

    obtained = obtain(_wanted(folder, reports=("a.json", "b.json", "c.json")), _outside(tmp_path))

    assert [scan.platform for scan in obtained.scans] == ["linux/arm64"]
    places = {str(reason.where) for reason in obtained.trouble}
    assert {"a.json", "c.json"} <= places
    assert any("linux/amd64" in what and "not scanned" in what for what in _whats(obtained))


def test_a_packed_report_is_cannot_tell_with_what_to_do(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    (tmp_path / "r.json").write_bytes(gzip.compress(report_of(config)))

    obtained = obtain(_wanted(folder, reports=("r.json",)), _outside(tmp_path))

    assert _whats(obtained) == ["is packed with gzip"]


def test_a_report_by_a_malicious_release_is_not_believed(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    report = json.loads(report_of(config)) | {"Trivy": {"Version": "0.69.4"}}
    (tmp_path / "r.json").write_text(json.dumps(report))

    obtained = obtain(_wanted(folder, reports=("r.json",)), _outside(tmp_path))

    assert "CVE-2026-33634" in _whats(obtained)[0]
    assert obtained.scans == []


@pytest.mark.needs("docker", "trivy")
def test_a_real_trivy_in_a_real_container_scans_every_platform(
    tmp_path: Path, trivy_image: str
) -> None:
    layout = Layout()
    parts = [
        layout.manifest(samples.SAMPLES[name], f"linux/{platform}")
        for name, platform in (("findings", "amd64"), ("clean", "arm64"))
    ]
    layout.root(layout.index(*parts))
    folder = layout.save(tmp_path / "image")
    cache = samples.database(tmp_path, NOW)

    wanted = _wanted(folder, scanner_image=trivy_image, database=str(cache), way="docker")
    obtained = obtain(wanted, _outside(tmp_path, DockerEngine()))

    assert obtained.trouble == []
    counts = {scan.platform: len(scan.report.vulnerabilities) for scan in obtained.scans}
    assert counts == {"linux/amd64": 5, "linux/arm64": 0}
    assert obtained.scans[0].database is not None
    assert obtained.scans[0].database.updated_at == "2026-11-23T12:00:00Z"


class _RealTrivy(SystemProcesses):
    def which(self, program: str) -> str | None:
        return str(trivy.binary()) if program == "trivy" else super().which(program)


@pytest.mark.needs("trivy")
def test_a_real_trivy_as_a_program_heeds_no_ignore_file_of_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = samples.build("findings", tmp_path)
    cache = samples.database(tmp_path, NOW)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".trivyignore").write_text("CVE-2026-91001\n")
    (tmp_path / "trivy.yaml").write_text("severity: [LOW]\n")

    wanted = _wanted(folder, way="program", database=str(cache))
    obtained = obtain(wanted, _outside(tmp_path, processes=_RealTrivy()))

    assert obtained.trouble == []
    ids = {found.id for found in obtained.scans[0].report.vulnerabilities}
    assert "CVE-2026-91001" in ids


def _packed_twice(folder: Path) -> str:
    """An index with one image packed in two ways; return its config's digest."""
    tree = {"hello": b"hello"}
    made = Layout()
    plain = made.manifest((tree,))
    manifest = json.loads(made.blobs[plain["digest"]])
    packed = gzip.compress(layer(tree), mtime=0)
    manifest["layers"] = [made.put(packed, "application/vnd.oci.image.layer.v1.tar+gzip")]
    zipped = made.put_json(manifest, media.OCI_MANIFEST, platform=plain["platform"])
    made.root(made.index(plain, zipped))
    made.save(folder)
    return str(manifest["config"]["digest"])


def test_an_image_that_an_index_holds_packed_in_two_ways_is_scanned_in_both(tmp_path: Path) -> None:
    config = _packed_twice(tmp_path / "image")
    program = FakeTrivy(reports=[report_of(config), report_of(config)])
    outside = _outside(tmp_path, processes=program)

    obtained = obtain(_wanted(tmp_path / "image", way="program"), outside)

    assert obtained.trouble == []
    assert len({scan.digests for scan in obtained.scans}) == 2


def test_a_made_report_of_it_is_of_both(tmp_path: Path) -> None:
    config = _packed_twice(tmp_path / "image")
    (tmp_path / "made.json").write_bytes(report_of(config))

    wanted = _wanted(tmp_path / "image", reports=("made.json",))

    assert obtain(wanted, _outside(tmp_path)).trouble == []


def test_what_an_index_names_for_two_platforms_is_scanned_once_for_both(tmp_path: Path) -> None:
    made = Layout()
    one = made.manifest()
    other = {**one, "platform": {"os": "linux", "architecture": "arm64"}}
    made.root(made.index(one, other))
    image = _image(made.save(tmp_path / "image"))

    for platform in ("", "linux/arm64"):
        target = image_target(image, name=None, layout="image", platform=platform)
        assert [part.platform for part in target.parts] == ["linux/amd64, linux/arm64"]
        assert target.others == ()


def _scanned(folder: Path, home: Path) -> str:
    """Which folder the program is sent to for a layout's one image."""
    (part,) = _image(folder).platforms
    program = FakeTrivy(reports=[report_of(str(part.config_digest))])

    obtained = obtain(_wanted(folder, way="program"), _outside(home, processes=program))

    assert obtained.trouble == []
    argv = next(argv for argv, _, _ in program.ran if "--input" in argv)
    return argv[argv.index("--input") + 1]


def test_a_scanner_never_sees_what_calls_itself_no_image(tmp_path: Path) -> None:
    made = Layout()
    sound = made.manifest(({"a": b"1"},))
    manifest = json.loads(made.blobs[sound["digest"]])
    kind = "application/vnd.oci.image.layer.v1.tar"
    manifest["layers"] = [made.put(layer({"another": b"2"}), kind)]
    other = made.put_json(manifest, media.OCI_MANIFEST)
    besides = {"vnd.docker.reference.type": "attestation-manifest"}
    unknown = {"os": "unknown", "architecture": "unknown"}
    made.roots.append({**other, "platform": unknown, "annotations": besides})
    made.root(sound)
    alone, _, _ = single(tmp_path / "alone")

    assert _scanned(alone, tmp_path) == str(alone)
    assert _scanned(made.save(tmp_path / "image"), tmp_path) != str(tmp_path / "image")


@pytest.mark.parametrize("name", ["job@2", "orders:1"])
def test_a_folder_is_not_given_under_a_name_in_which_trivy_reads_a_tag(
    tmp_path: Path, name: str
) -> None:
    folder, _, _ = single(tmp_path / name / "image")

    assert not {"@", ":"} & set(_scanned(folder, tmp_path))
