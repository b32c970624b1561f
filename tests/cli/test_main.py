"""The command line from outside: what a person sees and what a script gets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cdkit

ROOT = Path(cdkit.__file__).resolve().parents[1]
HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)
"""Which Windows lacks."""


def call(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Call cdkit in a folder."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "cdkit", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "CDKIT_CI": "terminal", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_version_is_data(tmp_path: Path) -> None:
    done = call(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"cdkit {cdkit.__version__}\n")


def test_help_lists_every_command_with_what_it_does(tmp_path: Path) -> None:
    text = call(tmp_path, "--help").stdout
    assert "lint-migrations" in text
    assert "May this image enter this stage?" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lint-migration"], "Did you mean 'lint-migrations'?"),
        (["tag-image", "--repositry", "x"], "--repository"),
        (["check-gate", "--image", "orders:latest"], "sha256"),
        (["check-gate"], "image"),
        (["explain", "dropped-colum"], "did you mean 'dropped-column'?"),
        (["run"], "cdkit init"),
        (["run", "--at", "yesterday"], "is no time"),
        (["run", "--at", "2026-11-23T09:00:00"], "no time zone"),
        (["tag-image", "--config", "nothing.yaml"], "nothing.yaml"),
        (["tag-image", "--format", "yaml"], "no report format"),
        (["tag-image", "--ci", "jenkinz"], "jenkins"),
        (["tag-image", "--mode", "whatever"], "enforce"),
    ],
)
def test_a_wrong_request_is_one_clear_error(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = call(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag-imag: {}\n", "cdkit.yaml:1:1: unknown key 'tag-imag'"),
        ("tag-image: {repositori: x}\n", "did you mean 'repository'?"),
        ("tag-image: {allow-dirty: 1}\n", "expected true or false"),
        ("tag-image: {}\ntag-image: {}\n", "stands twice"),
        ("version: 2\n", "version 2"),
        ("tag-image: [\n", "is not YAML"),
    ],
)
def test_a_broken_configuration_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "cdkit.yaml").write_text(text)
    done = call(tmp_path, "tag-image", "--repository", "example.com/a/b")
    assert done.returncode == 2
    assert said in done.stderr
    assert "what to do:" in done.stderr


def test_a_wrong_request_still_sets_the_outputs_of_an_action(tmp_path: Path) -> None:
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "out"), "CDKIT_CI": ""}
    done = call(tmp_path, "check-gate", "--image", "orders:latest", **environ)
    assert done.returncode == 2
    assert "cannot-tell" in (tmp_path / "out").read_text()
    assert "title=check-gate%3A wrong request::" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_an_answer_that_nobody_hears_is_no_yes(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cdkit", "explain"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    assert "standard output: cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (HANG_UP, 143)]
)
def test_a_signal_ends_it_with_the_code_that_shells_expect(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    wait = (
        "import os, signal, sys, cdkit.cli.explain as e\n"
        "from cdkit.cli.main import main\n"
        f"e.COMMAND.callback = lambda name: os.kill(os.getpid(), {int(number)}) or 0\n"
        "main(['explain'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", wait],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_init_writes_a_configuration_that_doctor_accepts(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "0001_a.sql").write_text("SELECT 1;\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert call(tmp_path, "init").returncode == 0
    text = (tmp_path / "cdkit.yaml").read_text()
    assert 'paths: ["db"]' in text
    assert call(tmp_path, "doctor").returncode == 0


def test_init_sees_the_projects_of_tools_and_their_database(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "sqitch.plan").write_text("%project=x\n\na x\n")
    (tmp_path / "sqitch.conf").write_text("[core]\n\tengine = pg\n")
    (tmp_path / "deploy" / "a.sql").write_text("SELECT 1;\n")
    (tmp_path / "db" / "migrate").mkdir(parents=True)
    (tmp_path / "db" / "migrate" / "1_a.rb").write_text("class A < ActiveRecord::Migration[8.0]\n")
    text = call(tmp_path, "init", "--print").stdout
    section = text.partition("# Can the version")[2].partition("\n\n")[0].splitlines()[1:]
    assert section == [
        "# .: Sqitch",
        "# db/migrate: a framework's code",
        "lint-migrations:",
        '  server: "postgres"  # with its version: "postgres:18"',
        "  against: production",
    ]


def test_init_takes_over_who_answered_for_what_and_says_what_it_does_not_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "exceptions.yaml").write_text("exceptions: []\n")
    (tmp_path / "orders.openvex.json").write_text("{}")
    (tmp_path / ".trivyignore").write_text("CVE-2026-1\n")
    text = call(tmp_path, "init", "--print").stdout
    section = text.partition("# Does the image carry")[2].partition("\n\n")[0].splitlines()[1:]
    assert section == [
        "scan-image:",
        "  fail-on: high",
        '  dockerfile: "service/Dockerfile"',
        '  exceptions: "scan/exceptions.yaml"',
        '  vex: ["orders.openvex.json"]',
        "  # .trivyignore is not read: docs/coming-from-scanners.md says how to take it over",
        "  # what production runs already goes on a clock, as soon as the records know of it",
    ]


def test_doctor_says_how_a_scanner_would_run_here(tmp_path: Path) -> None:
    socket = f"unix://{tmp_path}/none.sock"
    folder = tmp_path / "bin"
    folder.mkdir()
    environ = {"DOCKER_HOST": socket, "XDG_RUNTIME_DIR": str(tmp_path), "PATH": str(folder)}
    said = call(tmp_path, "doctor", **environ).stdout.splitlines()
    assert f"missing  docker engine    no Docker engine: there is no {tmp_path}/none.sock" in next(
        line for line in said if "docker engine" in line
    )
    (scanner,) = [line for line in said if line.split()[1] == "scanner"]
    assert scanner.startswith("missing  scanner")
    assert "scan-image --report" in scanner
    (folder / "trivy").write_text("#!/bin/sh\n")
    (folder / "trivy").chmod(0o755)
    said = call(tmp_path, "doctor", **environ).stdout.splitlines()
    (scanner,) = [line for line in said if line.split()[1] == "scanner"]
    assert scanner.startswith(f"ok       scanner          the program {folder}/trivy")


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "cdkit.yaml").write_text("version: 1\n")
    done = call(tmp_path, "init")
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "cdkit.yaml").read_text() == "version: 1\n"


def test_doctor_ends_with_two_where_the_configuration_is_broken(tmp_path: Path) -> None:
    (tmp_path / "cdkit.yaml").write_text("emit-event: {sink: x}\n")
    done = call(tmp_path, "doctor")
    assert done.returncode == 2
    assert "did you mean 'sinks'?" in done.stderr


def test_generated_files_are_as_the_steps_say() -> None:
    done = call(ROOT, "generate", "--check")
    assert done.returncode == 0, done.stdout
