"""A gate whose policy names whom a Sigstore of one's own certified."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell
from cdkit.core.verdict import Answer
from cdkit.core.world import Git
from cdkit.evidence.store import open_store
from cdkit.steps.check_gate import STEP, CheckGateOptions
from tests.evidence.doubles import IMAGE, SUBJECT, evidence
from tests.evidence.signing.tiny_sigstore import ISSUER, TinySigstore
from tests.worlds import world

WORKFLOW = "https://github.com/acme/orders/.github/workflows/ci.yml@refs/heads/main"
POLICY = f"""version: 1
signers:
  identities: [{{name: ci, identity: "{WORKFLOW}", issuer: "{ISSUER}"}}]
stages: [{{name: deployment, enter: [{{evidence: unit, signed-by: [ci]}}]}}]
"""
CHANGE = BuildContext(system="github", branch="feature", event="push", commit="")


@pytest.fixture(scope="module")
def sigstore() -> TinySigstore:
    return TinySigstore()


@pytest.fixture
def folder(tmp_path: Path, sigstore: TinySigstore) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "sigstore.json").write_bytes(sigstore.config())
    unit = encode_statement(state(evidence(), SUBJECT))
    open_store(".cdkit/records", world(tmp_path)).keep(sigstore.sign(unit, WORKFLOW))
    return tmp_path


def answer(
    folder: Path, config: str, *, context: BuildContext | None = None, git: Git | None = None
) -> Answer:
    environ = {"CDKIT_SIGSTORE_CONFIG": config} if config else {}
    around = world(folder, environ=environ, context=context, git=git)
    options = CheckGateOptions(image=IMAGE, policy="policy.yaml")
    return STEP.run(options, around).verdict.answer


def test_what_it_certified_opens_where_it_is_named(folder: Path) -> None:
    assert answer(folder, "sigstore.json") is Answer.YES
    assert answer(folder, "") is Answer.CANNOT_TELL


def test_one_that_the_change_brought_certifies_nothing(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "feature")
    git("add", "sigstore.json")
    git("commit", "-q", "-m", "one")
    checkout = GitRepository(SystemProcesses(), str(folder))
    with pytest.raises(CannotTell, match="came with the checkout") as caught:
        answer(folder, "sigstore.json", context=CHANGE, git=checkout)
    assert "git show origin/main" in caught.value.remedy
    outside = tmp_path_factory.mktemp("outside") / "sigstore.json"
    outside.write_bytes((folder / "sigstore.json").read_bytes())
    found = answer(folder, str(outside), context=CHANGE, git=checkout)
    assert found is Answer.CANNOT_TELL  # for the policy's sake alone, which is the change's own
    on_main = BuildContext(system="github", branch="main", event="push")
    assert answer(folder, "sigstore.json", context=on_main, git=checkout) is Answer.YES
