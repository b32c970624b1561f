from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cdkit.core.container import LocalImage
from cdkit.core.doors.engine import DockerEngine, PodmanEngine
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.report.report import scan_format_names
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import OF_ONE_IMAGE, ScanImageOptions
from tests.image.layouts import layer as packed
from tests.image.layouts import push, single
from tests.parts.podman import Podman
from tests.parts.registry import Registry as RealRegistry
from tests.scan import samples
from tests.scan.doubles import FakeEngine
from tests.scan.test_archive import saved
from tests.scan.test_obtain import _fill, _outside, _RealTrivy, report_of
from tests.worlds import NOW

if TYPE_CHECKING:
    from docker import DockerClient

FOUND = ["CVE-2026-91001", "CVE-2026-91002", "CVE-2026-91003", "CVE-2026-91004", "CVE-2026-91004"]


def _options(**changes: object) -> ScanImageOptions:
    made: dict[str, object] = {"records": "none", "database": "cache", **changes}
    return ScanImageOptions(**made)  # type: ignore[arg-type]


def _archive(folder: Path) -> str:
    return saved(folder / "a.tar", [packed(tree) for tree in samples.SAMPLES["findings"]])


def _found(outcome: Outcome) -> list[str]:
    return sorted(finding.rule for finding in outcome.findings)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"layout": "a", "rootfs": "b"},
        {"archive": "a", "local": "b"},
        {"image": "example.com/a@sha256:" + "a" * 64, "rootfs": "b"},
        {"image": "example.com/a@sha256:" + "a" * 64, "local": "b"},
        {"archive": "a.tar", "platform": "linux/amd64"},
    ],
)
def test_exactly_one_target_is_named(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(RequestError):
        run(_options(**given), _outside(tmp_path))


def test_an_archives_fact_is_about_its_config(tmp_path: Path) -> None:
    config = _archive(tmp_path)
    _fill(tmp_path / "cache")
    engine = FakeEngine(reports=[report_of(config)])

    outcome = run(_options(archive="a.tar"), _outside(tmp_path, engine))

    assert outcome.verdict.is_yes
    assert outcome.subjects[0].keys() == {config}
    assert outcome.document is not None
    assert not engine.ran[0].network


def test_a_report_of_another_archive_is_cannot_tell(tmp_path: Path) -> None:
    _archive(tmp_path)
    _fill(tmp_path / "cache")
    engine = FakeEngine(reports=[report_of("sha256:" + "0" * 64)])

    verdict = run(_options(archive="a.tar"), _outside(tmp_path, engine)).verdict

    assert [reason.rule for reason in verdict.reasons] == ["other-image"]


@pytest.mark.needs("registry")
def test_an_archive_is_the_pushed_image_where_its_config_is_that_ones(
    tmp_path: Path, registry: RealRegistry
) -> None:
    from tests.image.layouts import Layout

    config = _archive(tmp_path)
    layout = Layout()
    layout.root(layout.manifest(samples.SAMPLES["findings"], "linux/amd64"))
    push(layout, registry.address, "scan/other", "1")
    (root,) = layout.roots
    name = f"{registry.address}/scan/other@{root['digest']}"
    outside = _outside(tmp_path, FakeEngine(reports=[report_of(config)]))
    outside = replace(outside, http=RequestsHttp(outside.clock))

    with pytest.raises(CannotTell, match="is another image"):
        run(_options(archive="a.tar", image=name), outside)


def test_a_local_image_is_saved_and_scanned_without_the_socket(tmp_path: Path) -> None:
    config = _archive(tmp_path)
    _fill(tmp_path / "cache")
    engine = FakeEngine(
        reports=[report_of(config)],
        local=LocalImage(id=config, repo_digests=(f"example.com/a@sha256:{'a' * 64}",)),
        saved=(tmp_path / "a.tar").read_bytes(),
    )

    outcome = run(_options(local="example.com/a:1"), _outside(tmp_path, engine))

    assert outcome.subjects[0].keys() == {config}
    assert outcome.notes[0].startswith(f"The subject is the config of example.com/a:1, {config}")
    (container,) = engine.ran
    assert not [m for m in container.mounts if "docker.sock" in m.source + m.target]
    assert not Path(container.mounts[0].source).exists()


def test_nobody_is_sent_to_the_file_that_a_local_image_was_saved_in(tmp_path: Path) -> None:
    config = _archive(tmp_path)
    _fill(tmp_path / "cache")
    report = json.loads(report_of(config)) | {"Results": []}
    saved = (tmp_path / "a.tar").read_bytes()
    engine = FakeEngine(
        reports=[json.dumps(report).encode()], local=LocalImage(id=config), saved=saved
    )

    outcome = run(_options(local="example.com/a:1"), _outside(tmp_path, engine))

    assert outcome.verdict.reasons
    assert {one.where.path for one in outcome.verdict.reasons if one.where} == {"example.com/a:1"}


def test_a_root_file_system_leaves_a_verdict_and_no_fact(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/file").write_text("a")
    _fill(tmp_path / "cache")
    report = json.loads(report_of("")) | {"ArtifactType": "filesystem"}
    engine = FakeEngine(reports=[json.dumps(report).encode()])

    outcome = run(_options(rootfs="root"), _outside(tmp_path, engine))

    assert outcome.verdict.is_yes
    assert outcome.document is None
    assert outcome.subjects == ()


@pytest.mark.parametrize("made", ["missing", "empty"])
def test_a_root_file_system_that_is_not_there_is_cannot_tell(tmp_path: Path, made: str) -> None:
    if made == "empty":
        (tmp_path / "root").mkdir()

    with pytest.raises(CannotTell):
        run(_options(rootfs="root"), _outside(tmp_path, FakeEngine()))


def test_a_made_report_cannot_be_tied_to_a_root_file_system(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/file").write_text("a")
    (tmp_path / "r.json").write_bytes(report_of("sha256:" + "a" * 64))
    options = _options(rootfs="root", reports=("r.json",), database="")

    verdict = run(options, _outside(tmp_path)).verdict

    assert verdict.answer is Answer.CANNOT_TELL
    assert verdict.reasons[0].what.startswith("nothing ties the report to root")


def _bill(folder: Path, digest: str = "") -> None:
    component = {"type": "container", "purl": f"pkg:oci/a@{digest}"} if digest else {}
    tree = {"bomFormat": "CycloneDX", "metadata": {"component": component}}
    (folder / "bom.json").write_text(json.dumps(tree))
    _fill(folder / "cache")


def _of_a_bill(folder: Path, **more: object) -> Outcome:
    report = json.loads(report_of("")) | {"ArtifactType": "cyclonedx"}
    engine = FakeEngine(reports=[json.dumps(report).encode()])
    return run(_options(sbom="bom.json", **more), _outside(folder, engine))


def test_every_format_of_an_image_is_known_to_the_step() -> None:
    assert set(scan_format_names()) == OF_ONE_IMAGE


@pytest.mark.parametrize("form", sorted(OF_ONE_IMAGE))
def test_a_format_of_an_image_is_refused_before_a_folder_is_scanned(
    tmp_path: Path, form: str
) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/hello").write_text("hello")
    engine = FakeEngine()
    with pytest.raises(RequestError, match=f"{form} is made of one image that has a digest"):
        run(_options(rootfs="root", write={form: "x.json"}), _outside(tmp_path, engine))

    assert not engine.ran


def test_a_format_of_an_image_is_refused_before_a_database_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="fetching a database scans none"):
        run(_options(fetch_db="db", format="gitlab"), _outside(tmp_path, FakeEngine()))


def test_a_list_of_packages_is_about_the_image_that_it_names(tmp_path: Path) -> None:
    _bill(tmp_path, "sha256:" + "a" * 64)

    outcome = _of_a_bill(tmp_path)

    assert outcome.subjects[0].keys() == {"sha256:" + "a" * 64}
    assert outcome.document is not None


def test_a_list_of_packages_is_no_yes_until_somebody_vouches_for_it(tmp_path: Path) -> None:
    _bill(tmp_path, "sha256:" + "a" * 64)

    verdict = _of_a_bill(tmp_path).verdict

    assert verdict.answer is Answer.CANNOT_TELL
    assert {reason.rule for reason in verdict.reasons} == {"foreign-list"}
    assert _of_a_bill(tmp_path, accept=("foreign-list",)).verdict.is_yes


def test_a_list_of_packages_that_names_no_image_leaves_no_fact(tmp_path: Path) -> None:
    _bill(tmp_path)

    outcome = _of_a_bill(tmp_path)

    assert outcome.document is None
    assert "it can be tied to none" in outcome.notes[0]


def test_a_list_of_packages_is_of_the_image_beside_it_only_where_it_says_so(
    tmp_path: Path,
) -> None:
    _bill(tmp_path, "sha256:" + "a" * 64)

    outcome = _of_a_bill(tmp_path, image="example.com/a@sha256:" + "a" * 64)
    assert outcome.subjects[0].name == "example.com/a"
    with pytest.raises(CannotTell, match="not of sha256:bbbb"):
        _of_a_bill(tmp_path, image="example.com/a@sha256:" + "b" * 64)


@pytest.fixture
def findings(tmp_path: Path, docker_engine: DockerClient) -> Iterator[str]:
    """The sample's image in the engine of this machine, and its database beside."""
    _archive(tmp_path)
    samples.database(tmp_path, NOW)
    (image,) = docker_engine.images.load((tmp_path / "a.tar").read_bytes())
    image.tag("cdkit-parts/findings", "targets")
    yield "cdkit-parts/findings:targets"
    docker_engine.images.remove(str(image.id), force=True)


@pytest.mark.needs("docker", "trivy")
def test_a_real_trivy_finds_the_same_in_every_target(
    tmp_path: Path, trivy_image: str, findings: str
) -> None:
    import io
    import tarfile

    (tmp_path / "root").mkdir()
    for tree in samples.SAMPLES["findings"]:
        with tarfile.open(fileobj=io.BytesIO(packed(tree))) as tar:
            tar.extractall(tmp_path / "root", filter="data")
    single(tmp_path / "image", samples.SAMPLES["findings"])
    outside = _outside(tmp_path, DockerEngine())

    for target in (
        {"layout": "image"},
        {"archive": "a.tar"},
        {"local": findings},
        {"rootfs": "root"},
    ):
        outcome = run(_options(scanner_image=trivy_image, by="docker", **target), outside)
        assert _found(outcome) == FOUND, target


@pytest.mark.needs("docker", "podman", "trivy")
def test_a_real_trivy_runs_under_podman(
    tmp_path: Path, trivy_image: str, docker_engine: DockerClient, podman: Podman,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    saved_image = tmp_path / "trivy.tar"
    with saved_image.open("wb") as stream:
        for chunk in docker_engine.images.get(trivy_image).save():
            stream.write(chunk)
    podman.run("load", "--input", str(saved_image))
    single(tmp_path / "image", samples.SAMPLES["findings"])
    samples.database(tmp_path, NOW)
    monkeypatch.setenv("CONTAINER_HOST", podman.host)
    outside = replace(_outside(tmp_path), podman=PodmanEngine())

    outcome = run(_options(layout="image", scanner_image=trivy_image, by="podman"), outside)

    assert _found(outcome) == FOUND, outcome.verdict
    monkeypatch.delenv("CONTAINER_HOST")  # or the program asks there, and knows no storage
    assert podman.run("ps", "--all", "--quiet", "--filter", "label=dev.cdkit") == ""


@pytest.mark.needs("trivy", "registry", "skopeo")
def test_a_real_trivy_scans_a_private_image_with_the_login_of_the_machine(
    tmp_path: Path, registry_with_login: RealRegistry
) -> None:
    import base64

    _, digest, _ = single(tmp_path / "image", samples.SAMPLES["findings"])
    samples.database(tmp_path, NOW)
    private = registry_with_login
    login = f"{private.user}:{private.password}"
    name = f"{private.address}/scan/private"
    command = [
        "skopeo",
        "copy",
        "--preserve-digests",
        "--dest-tls-verify=false",
        "--insecure-policy",
    ]
    subprocess.run(
        [*command, "--dest-creds", login, f"oci:{tmp_path}/image:v1", f"docker://{name}:v1"],
        check=True,
        capture_output=True,
    )
    options = _options(image=f"{name}@{digest}", by="program")

    with pytest.raises(CannotTell, match="wants a login"):
        run(options, _asking(tmp_path))
    auths = {private.address: {"auth": base64.b64encode(login.encode()).decode()}}
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": auths}))

    outcome = run(options, _asking(tmp_path))

    assert _found(outcome) == FOUND
    assert outcome.subjects[0].keys() == {digest}


def _asking(folder: Path) -> World:
    outside = _outside(folder, processes=_RealTrivy())
    return replace(outside, http=RequestsHttp(outside.clock))


@pytest.mark.needs("registry")
def test_an_image_that_does_not_exist_is_cannot_tell(
    tmp_path: Path, registry: RealRegistry
) -> None:
    with pytest.raises(CannotTell, match="is not in the registry"):
        run(_options(image=f"{registry.address}/none@sha256:{'a' * 64}"), _asking(tmp_path))
