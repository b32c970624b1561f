"""Breaking the glass: what is out of reach, and what only has a wrong name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.kinds import Decision
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.evidence.store import open_store
from cdkit.steps.check_gate import STEP, CheckGateOptions
from tests.evidence.doubles import IMAGE, SUBJECT, evidence, identity
from tests.evidence.signing.keys import public
from tests.evidence.test_stores import signed
from tests.parts.double import Double, Given, running
from tests.parts.registry import Registry
from tests.worlds import FakeGit, StandingClock, world

PERSON = BuildContext(system="github", actor="ann", run="7", branch="main")


@pytest.fixture
def double() -> Iterator[Double]:
    with running() as double:
        yield double


def run(folder: Path, policy: str, *, unknown: str = "", incident: str = "INC-7") -> Outcome:
    git = FakeGit(unknown=frozenset({unknown}))
    around = world(folder, context=PERSON, git=git, http=RequestsHttp(StandingClock()))
    return STEP.run(CheckGateOptions(image=IMAGE, policy=policy, break_glass=incident), around)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_it_breaks_where_the_registry_of_the_policy_fails(
    tmp_path: Path, double: Double, status: int
) -> None:
    double.always = Given(status)
    outcome = run(tmp_path, f"oci://{double.address}/acme/policy:3")
    assert outcome.verdict.answer is Answer.YES
    assert outcome.stands


def test_it_breaks_where_nobody_answers_for_the_policy(tmp_path: Path) -> None:
    assert run(tmp_path, "oci://127.0.0.1:1/acme/policy:3").verdict.answer is Answer.YES


@pytest.mark.parametrize(("who", "answer"), [("ann", Answer.YES), ("bob", Answer.CANNOT_TELL)])
def test_whom_a_policy_names_that_can_be_read_counts_though_what_it_extends_is_out_of_reach(
    tmp_path: Path, who: str, answer: Answer
) -> None:
    (tmp_path / "policy.yaml").write_text(
        f"version: 1\nextends: oci://127.0.0.1:1/acme/policy:3\nbreak-glass: {{by: [{who}]}}\n"
    )
    assert run(tmp_path, "policy.yaml").verdict.answer is answer


@pytest.mark.parametrize("policy", ["nowhere.yaml", "/nowhere/policy.yaml", "git:gone:policy.yaml"])
def test_a_policy_that_is_not_there_is_not_out_of_reach(tmp_path: Path, policy: str) -> None:
    """Else a wrong name would get around the people whom it lets break the glass."""
    with pytest.raises(CannotTell):
        run(tmp_path, policy, unknown="gone")


@pytest.mark.parametrize("status", [200, 401, 403, 404])
def test_nor_is_one_that_its_registry_has_not_or_does_not_give(
    tmp_path: Path, double: Double, status: int
) -> None:
    double.always = Given(status)
    with pytest.raises(CannotTell):
        run(tmp_path, f"oci://{double.address}/acme/policy:3")


def test_nor_is_one_whose_tag_is_wrong(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(CannotTell, match="is not in the registry"):
        run(tmp_path, f"oci://{registry.address}/acme/policy:typo")


def test_nor_is_one_whose_host_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="cannot be reached"):
        run(tmp_path, "oci://registry.invalid/acme/policy:3")


def test_a_gate_that_could_not_check_signatures_was_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fact that was changed counts as an unsigned one then: that is no yes of the policy's."""
    key = "\n".join(f"        {line}" for line in public("p256").splitlines())
    (tmp_path / "policy.yaml").write_text(
        "version: 1\nsigners:\n  keys:\n    - name: ci\n      public-key: |\n" + key + "\n"
        "stages: [{name: deployment, enter: [{evidence: unit}]}]\n"
    )
    store = open_store(".cdkit/records", world(tmp_path))
    store.keep(signed(encode_statement(state(identity(), SUBJECT))))
    store.keep(signed(encode_statement(state(evidence(), SUBJECT))))
    monkeypatch.setitem(sys.modules, "cdkit.evidence.signing._keyring", None)
    outcome = run(tmp_path, "policy.yaml", incident=" INC-7 ")
    assert isinstance(outcome.document, Decision)
    assert outcome.document.incident == "INC-7"
    told = [reason.what for one in outcome.document.requirements for reason in one.reasons]
    assert any("cryptography" in what for what in told)
