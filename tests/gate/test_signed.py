"""Signatures at the gate: real keys, which the policy names, and facts that they signed."""

from __future__ import annotations

import base64
import json
import textwrap
from pathlib import Path

import pytest

from cdkit.core.documents.document import Document
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.evidence.signing.keys import open_key
from cdkit.evidence.store import open_store
from cdkit.steps.check_gate import STEP, CheckGateOptions
from tests.evidence.doubles import IMAGE, SUBJECT, evidence, identity
from tests.evidence.signing.keys import pem, public
from tests.worlds import world


def policy(folder: Path, *, until: str = "", kinds: str = "", extends: str = "") -> None:
    """Write a policy that trusts the first key, by the name of ci, for every fact."""
    key = textwrap.indent(public("ed25519"), " " * 8)
    lines = [
        "version: 1",
        *([f"extends: {extends}"] if extends else []),
        "signed-by: [ci]",
        "signers:",
        "  keys:",
        "    - name: ci",
        *([f'      valid-until: "{until}"'] if until else []),
        *([f"      kinds: [{kinds}]"] if kinds else []),
        f"      public-key: |\n{key}",
        "stages: [{name: deployment, enter: [{evidence: identity}, {evidence: unit}]}]",
    ]
    (folder / "policy.yaml").write_text("\n".join(lines), encoding="utf-8")


def put(folder: Path, document: Document, *, number: int | None = 0, changed: bool = False) -> None:
    """Keep a fact, signed by a key of this number; by none with None."""
    data = encode_statement(state(document, SUBJECT))
    if number is not None:
        outside = world(folder, environ={"CDKIT_SIGNING_KEY": pem("ed25519", number)})
        data = open_key(outside).sign(data)
    if changed:
        bundle = json.loads(data)
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
        payload = payload.replace(b'"run":"2"', b'"run":"3"')
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        data = json.dumps(bundle).encode()
    open_store(".cdkit/records", world(folder)).keep(data)


def ask(folder: Path) -> Outcome:
    options = CheckGateOptions(image=IMAGE, policy="policy.yaml")
    return STEP.run(options, world(folder))


def against(outcome: Outcome) -> list[str]:
    return [r.what for r in outcome.verdict.reasons if r.answer is not Answer.YES]


def test_facts_that_the_policys_key_signed_open_the_gate(tmp_path: Path) -> None:
    policy(tmp_path)
    put(tmp_path, identity())
    put(tmp_path, evidence())
    assert ask(tmp_path).verdict.answer is Answer.YES


def test_a_fact_that_nobody_signed_keeps_it_shut(tmp_path: Path) -> None:
    policy(tmp_path)
    put(tmp_path, identity())
    put(tmp_path, evidence(), number=None)
    outcome = ask(tmp_path)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert against(outcome) == ["unit: is not signed, and the policy wants ci"]


def test_a_fact_that_an_unknown_key_signed_cannot_be_read(tmp_path: Path) -> None:
    policy(tmp_path)
    put(tmp_path, identity())
    put(tmp_path, evidence(), number=7)
    outcome = ask(tmp_path)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert any("is signed by nobody known" in what for what in against(outcome))


def test_a_fact_that_was_changed_after_it_was_signed_cannot_be_read(tmp_path: Path) -> None:
    policy(tmp_path)
    put(tmp_path, identity())
    put(tmp_path, evidence())
    put(tmp_path, evidence(run="2"), changed=True)
    outcome = ask(tmp_path)
    assert outcome.verdict.answer is Answer.CANNOT_TELL


@pytest.mark.parametrize(
    ("until", "kinds", "answer"),
    [
        ("2026-12-01", "", Answer.YES),
        ("2026-11-23T11:00:01Z", "", Answer.YES),
        ("2026-11-23T11:00:00Z", "", Answer.CANNOT_TELL),
        ("2026-01-01", "", Answer.CANNOT_TELL),
        ("", "identity, unit", Answer.YES),
        ("", "identity", Answer.CANNOT_TELL),
    ],
)
def test_a_key_is_good_for_its_time_and_its_kinds(
    tmp_path: Path, until: str, kinds: str, answer: Answer
) -> None:
    policy(tmp_path, until=until, kinds=kinds)
    put(tmp_path, identity())
    put(tmp_path, evidence())
    assert ask(tmp_path).verdict.answer is answer
