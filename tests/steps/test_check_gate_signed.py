"""A gate whose policy names who may sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.documents.kinds import Deployment
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import ConfigError, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.evidence.store import open_store
from cdkit.steps.check_gate import STEP, CheckGateOptions
from tests.evidence.doubles import (
    IMAGE,
    OTHER_SUBJECT,
    REPOSITORY,
    SUBJECT,
    evidence,
    identity,
    origin,
)
from tests.evidence.signing.keys import public
from tests.evidence.test_stores import signed
from tests.worlds import world

POLICY = """version: 1
signers:
  keys:
    - name: ci
      public-key: |
{key}
      steps: [record-evidence]
stages:
  - name: deployment
    enter:
      - evidence: unit
        signed-by: [{who}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path)
    return tmp_path


def written(folder: Path, *, key: str = "", who: str = "ci") -> None:
    text = key or public("p256")
    lines = "\n".join(f"        {line}" for line in text.splitlines())
    (folder / "policy.yaml").write_text(POLICY.format(key=lines, who=who))


def run(folder: Path) -> Outcome:
    return STEP.run(CheckGateOptions(image=IMAGE, policy="policy.yaml"), world(folder))


def told(folder: Path) -> tuple[Answer, str]:
    verdict = run(folder).verdict
    against = [reason for reason in verdict.reasons if reason.answer is not Answer.YES]
    return verdict.answer, " ".join(reason.what for reason in against)


def keep(folder: Path, data: bytes) -> str:
    return open_store(".cdkit/records", world(folder)).keep(data)


def unit(**changes: object) -> bytes:
    return encode_statement(state(evidence(**changes), SUBJECT))  # type: ignore[arg-type]


def test_a_fact_that_a_signer_of_the_policy_signed_opens(folder: Path) -> None:
    keep(folder, signed(unit()))
    assert told(folder) == (Answer.YES, "")


def test_an_unsigned_fact_keeps_it_shut_where_a_signature_is_asked(folder: Path) -> None:
    keep(folder, unit())
    answer, said = told(folder)
    assert answer is Answer.CANNOT_TELL
    assert said.startswith("unit: is not signed, and the policy ")


def test_the_same_fact_unsigned_beside_it_takes_no_signature_away(folder: Path) -> None:
    keep(folder, unit())
    keep(folder, signed(unit()))
    assert told(folder)[0] is Answer.YES


def test_an_unknown_signer_keeps_it_shut(folder: Path) -> None:
    keep(folder, signed(unit()))
    keep(folder, signed(unit(job="other"), 1))
    answer, said = told(folder)
    assert answer is Answer.CANNOT_TELL
    assert "signed by nobody known" in said


def test_a_changed_fact_keeps_it_shut(folder: Path) -> None:
    place = folder / keep(folder, signed(unit()))
    place.write_bytes(place.read_bytes().replace(b'"payload":"e', b'"payload":"f'))
    assert told(folder)[0] is Answer.CANNOT_TELL


def test_a_signer_that_may_not_sign_such_a_fact_keeps_it_shut(folder: Path) -> None:
    keep(folder, signed(unit()))
    keep(folder, signed(encode_statement(state(identity(), SUBJECT))))
    answer, said = told(folder)
    assert answer is Answer.CANNOT_TELL
    assert "ci may not sign for the step tag-image" in said


def test_a_signer_that_the_policy_does_not_know_is_a_fault_in_it(folder: Path) -> None:
    written(folder, who="nobody")
    with pytest.raises(ConfigError, match="'nobody' is none of the policy's signers") as caught:
        run(folder)
    assert "name one of: ci" in caught.value.remedy


def test_a_key_that_is_none_is_a_fault_in_the_policy(folder: Path) -> None:
    written(folder, key="no key")
    with pytest.raises(RequestError, match="no public key in PEM") as caught:
        run(folder)
    assert str(caught.value.where) == "policy.yaml: ci"


def deployed(at: str) -> bytes:
    """Return the record of a deployment of another image of the repository."""
    document = Deployment(
        origin=origin("emit-event", recorded_at=at),
        image=f"{REPOSITORY}@sha256:{'b' * 64}",
        environment="production",
        service="orders",
        status="deployed",
    )
    return encode_statement(state(document, OTHER_SUBJECT))


def all_signed(folder: Path) -> None:
    written(folder)
    text = (folder / "policy.yaml").read_text()
    text = text.replace("      steps: [record-evidence]\n", "")
    (folder / "policy.yaml").write_text(text + "signed-by: [ci]\n")
    keep(folder, signed(unit()))


def test_what_runs_is_no_matter_of_an_unsigned_record_where_all_must_be_signed(
    tmp_path: Path,
) -> None:
    all_signed(tmp_path)
    assert told(tmp_path)[0] is Answer.YES
    keep(tmp_path, deployed("2026-11-21T10:00:00Z"))
    assert told(tmp_path) == (
        Answer.CANNOT_TELL,
        "a deployment to production is not signed by ci",
    )
    keep(tmp_path, signed(deployed("2026-11-22T10:00:00Z")))
    assert told(tmp_path)[0] is Answer.YES


def test_what_runs_is_no_matter_of_a_clock_from_the_future(folder: Path) -> None:
    keep(folder, signed(unit()))
    keep(folder, deployed("2030-01-01T00:00:00Z"))
    assert told(folder) == (
        Answer.CANNOT_TELL,
        "a deployment to production was recorded at 2030-01-01T00:00:00Z, in the future",
    )
