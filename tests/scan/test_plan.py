from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cdkit.core.container import LocalImage
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, RequestError
from cdkit.scan.obtain import obtain
from cdkit.scan.scanner import Look
from cdkit.scan.scanners.trivy import IMAGE
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import single
from tests.scan.doubles import METADATA, FakeEngine, FakeTrivy
from tests.scan.test_obtain import _fill, _outside, _wanted, _whats, report_of
from tests.worlds import Notebook, StandingClock

BAD = "27f446230c60bbf0b70e008db798bd4f33b7826f9f76f756606f5417100beef3"
GOOD = "sha256:" + "e" * 64


@pytest.mark.parametrize(
    "held",
    [
        LocalImage(id=f"sha256:{BAD}"),
        LocalImage(id=GOOD, repo_digests=(f"aquasec/trivy@sha256:{BAD}",)),
        LocalImage(id=GOOD, repo_tags=("aquasec/trivy:0.69.5",)),
        LocalImage(id=GOOD, labels={"org.opencontainers.image.version": "0.69.6"}),
    ],
)
def test_a_malicious_image_is_not_run_whatever_it_is_called(
    tmp_path: Path, held: LocalImage
) -> None:
    folder, _, _ = single(tmp_path / "image")
    engine = FakeEngine(held=held)

    with pytest.raises(CannotTell, match="CVE-2026-33634"):
        obtain(_wanted(folder, scanner_image=GOOD), _outside(tmp_path, engine))

    assert engine.ran == []


def test_the_version_that_the_image_says_is_the_scanners(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    labels = {"org.opencontainers.image.version": "0.69.3"}
    engine = FakeEngine(reports=[report_of(config)], held=LocalImage(id=GOOD, labels=labels))

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert obtained.scans[0].report.version == "0.69.3"
    assert obtained.notes == []


def test_who_names_an_image_gets_no_program_in_its_place(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    program = FakeTrivy(reports=[report_of(config)])
    outside = _outside(tmp_path, FakeEngine(pulls=False), program)

    obtained = obtain(_wanted(folder, scanner_image=GOOD), outside)

    assert program.ran == []
    assert "cannot pull sha256:" in _whats(obtained)[0]


def test_a_program_that_is_run_for_want_of_a_container_is_told_of(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    talk = Notebook()
    program = FakeTrivy(reports=[report_of(config)])
    outside = _outside(tmp_path, FakeEngine(why_missing="no engine"), program)

    obtained = obtain(_wanted(folder), replace(outside, talk=talk))

    assert obtained.trouble == []
    assert [line.partition(": ")[2] for line in talk.said] == ["no engine."]


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (b'{"Version": 1, "UpdatedAt": "2026-11-23T06:00:00Z"}', "is of version 1"),
        (b"{}", "is of version none"),
        (b"[]", "is not what Trivy writes"),
        (b"", "is empty"),
    ],
)
def test_a_database_that_the_scanner_cannot_read_is_found_before_the_scan(
    tmp_path: Path, metadata: bytes, said: str
) -> None:
    folder, _, _ = single(tmp_path / "image")
    _fill(tmp_path / "cache", metadata)
    engine = FakeEngine()

    with pytest.raises(CannotTell, match=said):
        obtain(_wanted(folder, database=str(tmp_path / "cache")), _outside(tmp_path, engine))

    assert engine.ran == []


@pytest.mark.parametrize("lacking", ["db/trivy.db", "db/metadata.json"])
def test_a_folder_without_a_database_says_how_to_fetch_one(tmp_path: Path, lacking: str) -> None:
    folder, _, _ = single(tmp_path / "image")
    _fill(tmp_path / "cache")
    (tmp_path / "cache" / lacking).unlink()

    with pytest.raises(CannotTell, match=lacking) as caught:
        obtain(_wanted(folder, database=str(tmp_path / "cache")), _outside(tmp_path, FakeEngine()))

    assert caught.value.remedy.startswith("fetch it: cdkit scan-image --fetch-db")


def test_what_is_looked_for_and_the_memory_reach_the_container(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    engine = FakeEngine(reports=[report_of(config)])
    looks = (Look.VULNERABILITIES, Look.SECRETS, Look.MISCONFIGURATIONS, Look.LICENSES)

    obtain(_wanted(folder, look_for=looks, memory=512), _outside(tmp_path, engine))

    (container,) = engine.ran
    assert container.memory == 512 * 1024**2
    at = container.command.index
    assert container.command[at("--scanners") + 1] == "vuln,secret,misconfig,license"
    assert container.command[at("--image-config-scanners") + 1] == "secret,misconfig"


def test_mirrors_are_given_in_order(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    engine = FakeEngine(reports=[report_of(config)])

    obtain(
        _wanted(folder, mirrors=("a.example.com/db:2", "b.example.com/db:2")),
        _outside(tmp_path, engine),
    )

    command = engine.ran[0].command
    named = [command[at + 1] for at, word in enumerate(command) if word == "--db-repository"]
    assert named == ["a.example.com/db:2", "b.example.com/db:2"]


def test_a_registry_that_wants_fewer_questions_is_asked_again_later(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    busy = (1, b"FATAL TOOMANYREQUESTS: retry-after: 1s, allowed: 44000/minute")
    engine = FakeEngine(reports=[b"", b"", report_of(config)], endings=[busy, busy])
    outside = _outside(tmp_path, engine)

    obtained = obtain(_wanted(folder), outside)

    assert obtained.trouble == []
    assert isinstance(outside.clock, StandingClock)
    assert outside.clock.slept == [5, 20]


def test_a_registry_that_stays_busy_is_cannot_tell_at_last(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path / "image")
    engine = FakeEngine(code=1, said=b"FATAL TOOMANYREQUESTS\n")

    obtained = obtain(_wanted(folder), _outside(tmp_path, engine))

    assert len(engine.ran) == 4
    assert _whats(obtained) == ["trivy failed with exit code 1: FATAL TOOMANYREQUESTS"]


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("", "the image, the database or the network may be missing, or this trivy is older"),
        (
            "http://trivy:4954",
            "the server http://trivy:4954 may not answer, or this trivy is older",
        ),
    ],
)
def test_a_scanner_that_failed_is_told_of_with_what_may_be_the_matter(
    tmp_path: Path, server: str, said: str
) -> None:
    folder, _, _ = single(tmp_path / "image")
    engine = FakeEngine(code=1, said=b"FATAL it broke\n")

    (reason,) = obtain(_wanted(folder, server=server), _outside(tmp_path, engine)).trouble

    assert reason.remedy.startswith(f"read what it said: {said}")


def test_no_registry_is_waited_for_longer_than_a_scan_may_take(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path / "image")
    engine = FakeEngine(code=1, said=b"FATAL TOOMANYREQUESTS\n")
    outside = _outside(tmp_path, engine)

    obtain(_wanted(folder, timeout=20), outside)

    assert isinstance(outside.clock, StandingClock)
    assert outside.clock.slept == [5]


def test_podman_runs_where_it_is_asked_for(tmp_path: Path) -> None:
    from dataclasses import replace

    folder, _, config = single(tmp_path / "image")
    docker, podman = FakeEngine(), FakeEngine(reports=[report_of(config)])
    outside = replace(_outside(tmp_path, docker), podman=podman)

    obtained = obtain(_wanted(folder, way="podman"), outside)

    assert obtained.trouble == []
    assert docker.ran == []
    assert len(podman.ran) == 1


@pytest.mark.parametrize(
    ("version", "body", "dated"),
    [
        ("0.69.3", METADATA.decode(), "2026-11-23T06:00:00Z"),
        ("0.69.3", "null", None),
        ("not json", "", None),
    ],
)
def test_a_servers_database_is_dated_by_the_server(
    tmp_path: Path, version: str, body: str, dated: str | None
) -> None:
    folder, _, config = single(tmp_path / "image")
    program = FakeTrivy(reports=[report_of(config)])

    def script(asked: Asked) -> Answer:
        assert asked.path == "/version"
        text = f'{{"Version": "{version}", "VulnerabilityDB": {body}}}'
        return Answer(body=text.encode())

    with serving(script) as server:
        from dataclasses import replace

        outside = _outside(tmp_path, processes=program)
        outside = replace(outside, http=RequestsHttp(outside.clock))
        obtained = obtain(_wanted(folder, way="program", server=server.url + "/"), outside)

    (scan,) = obtained.scans
    assert (scan.database.updated_at if scan.database else None) == dated
    assert program.ran[-1][0][-4:-2] == ["--server", server.url]


def test_a_malicious_server_is_not_asked_to_judge(tmp_path: Path) -> None:
    from dataclasses import replace

    folder, _, _ = single(tmp_path / "image")
    program = FakeTrivy()
    with serving(lambda _: Answer(body=b'{"Version": "0.69.4"}')) as server:
        outside = _outside(tmp_path, processes=program)
        outside = replace(outside, http=RequestsHttp(outside.clock))
        obtained = obtain(_wanted(folder, way="program", server=server.url), outside)

    assert "CVE-2026-33634" in _whats(obtained)[0]
    assert all(argv[1] == "version" for argv, _, _ in program.ran)


def test_a_server_of_this_machine_is_not_reached_from_a_container(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path / "image")

    wanted = _wanted(folder, way="docker", server="http://127.0.0.1:4954")
    obtained = obtain(wanted, _outside(tmp_path, FakeEngine()))

    assert _whats(obtained)[0].endswith("is the container itself: use --by program")


@pytest.mark.parametrize("server", ["trivy:4954", "http://u:p@trivy", "file:///etc", "http://a:x"])
def test_an_address_that_is_none_is_a_wrong_request(tmp_path: Path, server: str) -> None:
    folder, _, _ = single(tmp_path / "image")

    with pytest.raises(RequestError, match="no address that can be asked"):
        obtain(_wanted(folder, server=server), _outside(tmp_path, FakeEngine()))


def test_a_default_image_is_pinned() -> None:
    assert "@sha256:" in IMAGE


def test_progress_says_which_image_is_run(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path / "image")
    outside = _outside(tmp_path, FakeEngine(reports=[report_of(config)]))

    obtain(_wanted(folder), outside)

    assert isinstance(outside.talk, Notebook)
    assert outside.talk.said[0].startswith("Scanning with trivy in a container (ghcr.io/")
