from __future__ import annotations

import base64
import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cdkit.core.container import Container, Ended
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import RequestError
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.scan.live import scan_part
from cdkit.scan.running import Plan, check_image, login_folder
from cdkit.scan.scanners.trivy import IMAGE, RUNNER, SCANNER, read
from cdkit.scan.target import image_target
from tests.image.layouts import single
from tests.parts.registry import Registry as RealRegistry
from tests.scan import samples
from tests.scan.doubles import FakeEngine
from tests.scan.test_obtain import _image, _RealTrivy
from tests.worlds import NOW, StandingClock, world

NAME = parse("registry.example.com/acme/orders")


class _Looking(FakeEngine):
    """An engine that looks into what is mounted while the container runs."""

    def run(self, container: Container) -> Ended:
        login = [mount.source for mount in container.mounts if mount.target == "/login"]
        self.login = (Path(login[0]) / "config.json").read_text() if login else ""
        self.login_folder = Path(login[0]) if login else None
        return super().run(container)


def test_a_private_registrys_login_reaches_the_container_as_a_file_and_is_gone_after(
    tmp_path: Path,
) -> None:
    folder, digest, _ = single(tmp_path / "image")
    target = image_target(_image(folder), name=NAME)
    auths = {
        "registry.example.com": {"auth": base64.b64encode(b"ci:hunter2").decode()},
        "other.example.com": {"auth": base64.b64encode(b"ci:other").decode()},
    }
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": auths}))
    engine = _Looking(reports=[b"report"])
    plan = Plan(scanner=SCANNER, runner=RUNNER, engine=engine, image=IMAGE, timeout=60)
    outside = world(tmp_path, environ={"HOME": str(tmp_path)})

    with scan_part(plan, target, target.parts[0], outside):
        pass

    (container,) = engine.ran
    assert container.command[-1] == f"registry.example.com/acme/orders@{digest}"
    assert container.network
    assert container.environ["DOCKER_CONFIG"] == "/login"
    assert "hunter2" not in str(container)
    assert list(json.loads(engine.login)["auths"]) == ["registry.example.com"]
    assert engine.login_folder is not None
    assert not engine.login_folder.exists()


def test_a_login_of_docker_hub_stands_under_the_name_that_scanners_look_for(
    tmp_path: Path,
) -> None:
    auths = {"https://index.docker.io/v1/": {"auth": base64.b64encode(b"ci:hunter2").decode()}}
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": auths}))
    outside = world(tmp_path, environ={"HOME": str(tmp_path)})

    with login_folder(parse("acme/orders"), outside) as folder:
        written = json.loads((Path(folder) / "config.json").read_text())

    assert written == {"auths": auths}


def test_without_a_login_nothing_is_mounted_for_one(tmp_path: Path) -> None:
    target = image_target(_image(single(tmp_path / "image")[0]), name=NAME)
    engine = FakeEngine(reports=[b"report"])
    plan = Plan(scanner=SCANNER, runner=RUNNER, engine=engine, image=IMAGE, timeout=60)

    with scan_part(plan, target, target.parts[0], world(tmp_path)):
        pass

    (container,) = engine.ran
    assert "DOCKER_CONFIG" not in container.environ
    assert [mount.target for mount in container.mounts] == ["/cache"]


def test_a_scanner_image_is_named_by_its_digest_alone() -> None:
    assert check_image(IMAGE, SCANNER) == IMAGE.replace(":0.69.3", "")
    assert check_image("sha256:" + "a" * 64, SCANNER) == "sha256:" + "a" * 64


def test_a_scanner_image_by_tag_is_refused_with_the_one_to_use() -> None:
    with pytest.raises(RequestError) as caught:
        check_image("aquasec/trivy:0.69.3", SCANNER)

    assert IMAGE in caught.value.remedy


@pytest.mark.needs("trivy", "registry", "skopeo")
def test_a_real_trivy_scans_a_digest_in_a_real_registry(
    tmp_path: Path, registry: RealRegistry
) -> None:
    layout = samples.build("findings", tmp_path)
    reference = parse(f"{registry.address}/scan/findings:v1")
    command = ["skopeo", "copy", "--preserve-digests", "--dest-tls-verify=false"]
    subprocess.run(
        [*command, "--insecure-policy", f"oci:{layout}:v1", f"docker://{reference}"],
        check=True,
        capture_output=True,
    )
    outside = world(
        tmp_path,
        http=RequestsHttp(StandingClock()),
        processes=_RealTrivy(),
        environ={"PATH": "/usr/bin", "HOME": str(tmp_path)},
    )
    outside = replace(outside, programs=_RealTrivy())
    target = image_target(Registry(outside).image(reference), name=reference)
    cache = samples.database(tmp_path, NOW)
    plan = Plan(
        scanner=SCANNER,
        runner=RUNNER,
        program=str(_RealTrivy().which("trivy")),
        database=str(cache),
        timeout=120,
    )

    with scan_part(plan, target, target.parts[0], outside) as ran:
        report = read(io.BytesIO(Path(ran.report).read_bytes()), "r.json")

    assert not Path(ran.report).exists()
    assert report.image_id == target.parts[0].config_digest
    assert len(report.vulnerabilities) == 5
    assert ran.database is not None
    assert ran.database.updated_at == "2026-11-23T12:00:00Z"
