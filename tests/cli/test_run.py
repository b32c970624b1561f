"""`cdkit run`: the walk, what the gate keeps back, and what a run leaves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.test_main import call

DIGEST = "sha256:" + "a" * 64
POLICY = "version: 1\nstages: [{name: deployment, enter: [{evidence: unit}]}]\n"
CONFIG = f"""version: 1
record-evidence: {{image: example.com/acme/orders@{DIGEST}, reports: {{unit: junit.xml}}}}
check-gate: {{image: example.com/acme/orders@{DIGEST}, policy: policy.yaml}}
emit-event: {{image: example.com/acme/orders@{DIGEST}, environment: production}}
"""
PASSED = '<testsuite tests="1"><testcase classname="a" name="b" time="0.1"/></testsuite>\n'
FAILED = PASSED.replace("/></", '><failure message="no"/></testcase></')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cdkit.yaml").write_text(CONFIG)
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "junit.xml").write_text(PASSED)
    return tmp_path


def test_an_open_gate_lets_the_event_out(folder: Path) -> None:
    done = call(folder, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / ".cdkit" / "events.ndjson").is_file()


def test_a_closed_gate_keeps_back_what_follows_it(folder: Path) -> None:
    (folder / "junit.xml").write_text(FAILED)
    done = call(folder, "run")
    assert done.returncode == 1
    assert "not done   emit-event: the gate is not open" in done.stdout
    assert not (folder / ".cdkit" / "events.ndjson").exists()


def test_a_missing_report_is_cannot_tell_and_keeps_the_gate_shut(folder: Path) -> None:
    (folder / "junit.xml").unlink()
    done = call(folder, "run")
    assert done.returncode == 4
    assert not (folder / ".cdkit" / "events.ndjson").exists()


def test_a_summary_that_cannot_be_written_leaves_a_no_a_no(folder: Path) -> None:
    (folder / "junit.xml").write_text(FAILED)
    (folder / "file").write_text("")
    done = call(folder, "run", "--summary", "file/summary.md")
    assert done.returncode == 1
    assert "file/summary.md: cannot be written" in done.stderr


def test_a_summary_that_cannot_be_written_makes_a_yes_a_cannot_tell(folder: Path) -> None:
    (folder / "file").write_text("")
    assert call(folder, "run", "--summary", "file/summary.md").returncode == 4


def test_every_section_is_checked_before_anything_is_done(folder: Path) -> None:
    (folder / "cdkit.yaml").write_text(CONFIG + "scan-image: {fail-onn: high}\n")
    done = call(folder, "run")
    assert done.returncode == 2
    assert "did you mean 'fail-on'?" in done.stderr
    assert not (folder / ".cdkit").exists()


def test_a_walk_takes_the_steps_that_it_names_in_their_order(folder: Path) -> None:
    (folder / "cdkit.yaml").write_text(CONFIG + "run: {steps: [record-evidence]}\n")
    done = call(folder, "run")
    assert done.returncode == 0
    assert "== record-evidence" in done.stdout
    assert "== check-gate" not in done.stdout


def test_a_walk_that_names_no_step_of_ours_is_a_wrong_request(folder: Path) -> None:
    (folder / "cdkit.yaml").write_text(CONFIG + "run: {steps: [deploy]}\n")
    done = call(folder, "run")
    assert done.returncode == 2
    assert "'deploy', which is no step" in done.stderr


def test_on_github_the_whole_walk_shares_its_ten_annotations(folder: Path) -> None:
    (folder / "junit.xml").write_text(FAILED)
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "CDKIT_CI": "github"}
    done = call(folder, "run", **environ)
    lines = [line for line in done.stderr.splitlines() if line.startswith("::error")]
    assert 1 <= len(lines) <= 10
    assert any("check-gate" in line for line in lines)


def test_in_a_git_checkout_the_facts_name_the_source(folder: Path) -> None:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", *who, *words], cwd=folder, check=True)
    assert call(folder, "run").returncode == 0
    record = next((folder / ".cdkit" / "records" / "subjects" / "sha256").rglob("*.json"))
    assert '"tree":"' in record.read_text()
