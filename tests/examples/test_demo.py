"""The demonstration, as `make demo` runs it: what it says of the good commit and of the bad one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdkit.core.documents.fact import read_fact
from cdkit.core.documents.kinds import Decision, Deployment

ROOT = Path(__file__).resolve().parents[2]
GOOD, BAD = "A good commit", "A bad commit"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demonstration worked in, and all that it printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py"), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    return folder / "orders", done.stdout


def part(text: str, title: str) -> str:
    """Return what stands under a title, up to the next one."""
    return text.split(title, 1)[1].split("=" * 78)[1].split("=" * 78, maxsplit=1)[0]


def test_the_good_commit_is_deployed(shown: tuple[Path, str]) -> None:
    text = part(shown[1], GOOD)
    for step in ("tag-image", "lint-migrations", "scan-image", "record-evidence", "check-gate"):
        assert f"{step}: yes" in text
    assert "service.deployed" in text


@pytest.mark.parametrize(
    "reason",
    [
        "migrations/0013_tidy_orders.sql:5:20",
        "migrations/0013_tidy_orders.sql:7:20",
        "migrations/0013_tidy_orders.sql:9:20",
        "Dockerfile:",
        "reports/junit.xml:1",
        "critical",
        "check-gate: no",
        "not done   emit-event",
    ],
)
def test_the_bad_commit_is_held_with_every_reason(shown: tuple[Path, str], reason: str) -> None:
    assert reason in part(shown[1], BAD)


def test_every_closed_requirement_says_what_would_open_it(shown: tuple[Path, str]) -> None:
    gate = part(shown[1], BAD).split("== check-gate", 1)[1]
    for command in ("cdkit lint-migrations", "cdkit scan-image", "cdkit record-evidence"):
        assert command in gate


def test_everything_is_marked_as_a_replay(shown: tuple[Path, str]) -> None:
    folder, text = shown
    assert "REPLAY as of" in part(text, GOOD)
    assert "REPLAY as of" in (folder / ".cdkit" / "summary.md").read_text(encoding="utf-8")
    for record in (folder / ".cdkit" / "records" / "subjects").rglob("*.json"):
        fact = read_fact(record.read_bytes(), where=str(record))
        deployed_before = isinstance(fact.document, Deployment) and not fact.document.decision
        identity_before = fact.kind == "identity"
        replayed = fact.document.origin.replay is not None
        assert replayed or deployed_before or identity_before, record


def test_there_is_a_decision_for_each_and_an_event_for_the_good_one(
    shown: tuple[Path, str],
) -> None:
    folder, _ = shown
    records = sorted((folder / ".cdkit" / "records" / "subjects" / "sha256").rglob("*.json"))
    facts = [read_fact(path.read_bytes(), where=str(path)) for path in records]
    answers = {f.document.verdict.answer.value for f in facts if isinstance(f.document, Decision)}
    assert answers == {"yes", "no"}
    lines = (folder / ".cdkit" / "events.ndjson").read_text(encoding="utf-8").splitlines()
    types = [json.loads(line)["context"]["type"] for line in lines]
    assert [kind.split(".")[2:4] for kind in types] == [["service", "deployed"]] * 2


def test_a_replays_fact_opens_no_gate_outside_of_it(
    shown: tuple[Path, str], tmp_path: Path
) -> None:
    folder = shutil.copytree(shown[0], tmp_path / "orders")
    sidecar = json.loads((ROOT / "examples/orders/scan/trivy.sidecar.json").read_text())
    image = f"registry.example.com/acme/orders@{sidecar['manifest_digest']}"
    done = subprocess.run(
        [sys.executable, "-m", "cdkit", "check-gate", "--image", image],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "CDKIT_CI": "terminal"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stdout
    assert "replay" in done.stdout
