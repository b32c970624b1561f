"""where, what, audit: what the records say of what runs, and of what let it in."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from cdkit.cli.main import main
from cdkit.core.digest import sha256
from cdkit.core.documents.document import Document
from cdkit.core.documents.kinds import Decision, Deployment, Evidence, PolicySource
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.subject import Subject
from cdkit.core.verdict import Verdict, judge, no
from cdkit.evidence.signing.keys import open_key
from cdkit.evidence.store import open_store
from tests.evidence.doubles import PASSED, REPOSITORY, origin
from tests.evidence.signing.keys import pem, public
from tests.worlds import world

Call = Callable[..., tuple[int, str, str]]
A, B = (f"{REPOSITORY}@sha256:{letter * 64}" for letter in "ab")


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Call cdkit in an empty folder; returns exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return called


def put(document: Document, image: str, *, key: int | None = None) -> str:
    """Keep a fact, signed by the key of this number; by nobody without."""
    subject = Subject(name=REPOSITORY, digest={"sha256": image.rpartition(":")[2]})
    data = bare = encode_statement(state(document, subject))
    if key is not None:
        outside = world(Path(), environ={"CDKIT_SIGNING_KEY": pem("ed25519", key)})
        data = open_key(outside).sign(bare)
    open_store(".cdkit/records", world(Path())).keep(data)
    return str(sha256(bare))


def deployed(image: str, hour: int, *, status: str = "deployed", **changes: str) -> None:
    usual = {"environment": "production", "service": "orders"} | changes
    document = Deployment(
        origin=origin("emit-event", recorded_at=f"2026-11-23T{hour:02}:00:00Z", actor="ann"),
        image=image,
        status=status,
        commit="c" * 40,
        **usual,  # type: ignore[arg-type]
    )
    put(document, image)


def decided(
    image: str,
    hour: int,
    verdict: Verdict = PASSED,
    *,
    key: int | None = None,
    **changes: object,
) -> str:
    usual: dict[str, object] = {
        "stage": "deployment",
        "environment": "production",
        "policy": PolicySource(where="policy.yaml", digest="sha256:1"),
        "requirements": (),
    }
    document = Decision(
        origin=origin("check-gate", recorded_at=f"2026-11-23T{hour:02}:00:00Z", actor="ann"),
        image=image,
        verdict=verdict,
        **(usual | changes),  # type: ignore[arg-type]
    )
    return put(document, image, key=key)


def test_what_runs_in_an_environment_is_the_newest_of_each_service(call: Call) -> None:
    deployed(A, 9)
    deployed(B, 10)
    deployed(A, 11, service="stock")
    deployed(B, 12, environment="staging")
    code, out, _ = call("what", "production", "--format", "json")
    assert code == 0
    assert [(one["service"], one["image"]) for one in json.loads(out)] == [
        ("orders", B),
        ("stock", A),
    ]


def test_what_was_taken_out_runs_no_more(call: Call) -> None:
    deployed(A, 9)
    deployed(A, 10, status="removed")
    code, _, said = call("what", "production")
    assert code == 3
    assert "no record says what runs in 'production'" in said


@pytest.mark.parametrize("name", [A, A.rpartition("@")[2], "orders", REPOSITORY])
def test_where_it_runs_is_told_by_image_digest_service_or_repository(call: Call, name: str) -> None:
    deployed(A, 9)
    code, out, _ = call("where", name, "--format", "csv")
    assert code == 0
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["environment"], row["image"]) == ("production", A)


def test_where_nothing_runs_is_said(call: Call) -> None:
    deployed(B, 9)
    code, out, said = call("where", A)
    assert (code, out) == (3, "")
    assert "runs anywhere" in said


def test_a_record_that_cannot_be_read_is_told_beside_what_is_known(
    call: Call, tmp_path: Path
) -> None:
    deployed(A, 9)
    folder = tmp_path / ".cdkit/records/environments/production"
    (folder / f"{'0' * 64}.json").write_text("{")
    code, out, said = call("what", "production")
    assert code == 4
    assert "orders" in out
    assert f"{'0' * 64}.json" in said


def rows(out: str) -> list[tuple[str, str]]:
    return [(one["image"][-1], one["fault"]) for one in csv.DictReader(io.StringIO(out))]


def test_the_audit_finds_deployments_that_no_decision_let_in(call: Call) -> None:
    decided(A, 8)
    deployed(A, 9)
    deployed(B, 10)
    code, out, said = call("audit", "--format", "csv")
    assert code == 1
    assert rows(out) == [("a", ""), ("b", "no decision let it in")]
    assert "2 deployments, 1 with a fault" in said


@pytest.mark.parametrize(
    "decision",
    [
        {"hour": 10},
        {"hour": 8, "verdict": judge([no("x", remedy="y")])},
        {"hour": 8, "environment": "staging"},
        {"hour": 8, "question": "stay"},
        {"hour": 7, "incident": "INC-1", "until": "2026-11-23T08:00:00Z"},
    ],
)
def test_a_decision_that_did_not_open_this_is_none(call: Call, decision: dict[str, object]) -> None:
    decided(A, **decision)  # type: ignore[arg-type]
    deployed(A, 9)
    code, out, _ = call("audit", "--format", "csv")
    assert (code, rows(out)[0]) == (1, ("a", "no decision let it in"))
    forced = [("a", "opened by force, not reviewed")] if "incident" in decision else []
    assert rows(out)[1:] == forced


def test_a_gate_that_was_forced_is_listed_until_another_person_has_reviewed_it(
    call: Call,
) -> None:
    digest = decided(A, 8, incident="INC-1", until="2026-11-23T12:00:00Z")
    deployed(A, 9)
    code, out, _ = call("audit", "--format", "csv")
    assert (code, rows(out)) == (1, [("a", "opened by force, not reviewed")])
    review = Evidence(
        origin=origin("review-glass", actor="ann"),
        evidence="break-glass-review",
        verdict=PASSED,
        reports=(),
        said={"decision": digest},
    )
    put(review, A)
    assert call("audit")[0] == 1  # whoever forced it cannot review it
    put(structs.replace(review, origin=origin("review-glass", actor="bob")), A)
    code, out, _ = call("audit", "--format", "csv")
    assert (code, rows(out)) == (0, [("a", "")])


def test_the_audit_can_begin_at_a_day_and_look_everywhere(call: Call) -> None:
    deployed(A, 9, environment="staging")
    assert call("audit")[0] == 3
    assert call("audit", "--everywhere")[0] == 1
    assert call("audit", "--everywhere", "--since", "2026-11-24")[0] == 3
    assert call("audit", "--since", "soon")[0] == 2


def test_a_cell_that_a_spreadsheet_would_run_is_quoted(call: Call) -> None:
    decided(A, 8)
    deployed(A, 9, service="=HYPERLINK(1)")
    _, out, _ = call("audit", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["service"] == "'=HYPERLINK(1)"


def test_control_characters_do_not_reach_a_terminal(call: Call) -> None:
    decided(A, 8)
    deployed(A, 9, service="a\x1b[31mb")
    _, out, _ = call("audit")
    assert "\x1b" not in out


def test_a_deployment_after_the_gate_took_its_yes_back_is_a_fault(call: Call) -> None:
    """Whoever deployed it did not ask again, or did not listen."""
    refused = judge([no("a new vulnerability", remedy="mend it")])
    decided(A, 8)
    decided(A, 9, refused)
    deployed(A, 10)
    code, out, _ = call("audit", "--format", "json")
    assert code == 1
    assert json.loads(out)[0]["fault"] == "the gate said no after that, at 2026-11-23T09:00:00Z"
    decided(A, 11)
    deployed(A, 12)
    _, out, _ = call("audit", "--format", "json")
    assert [one["fault"] for one in json.loads(out)][1] == ""


def test_a_gate_that_was_forced_is_listed_though_nothing_says_what_was_deployed(call: Call) -> None:
    digest = decided(A, 8, incident="INC-7", until="2026-11-23T12:00:00Z")
    code, out, err = call("audit", "--format", "json")
    (found,) = json.loads(out)
    assert (code, found["deployed_at"], found["image"]) == (1, "", A)
    assert (found["incident"], found["fault"]) == ("INC-7", "opened by force, not reviewed")
    assert "0 deployments, 1 with a fault" in err
    review = Evidence(
        origin=origin("review-glass", actor="bob"),
        evidence="break-glass-review",
        verdict=PASSED,
        reports=(),
        said={"decision": digest},
    )
    put(review, A)
    code, out, _ = call("audit", "--format", "json")
    assert (code, json.loads(out)[0]["reviewed_by"]) == (0, "bob")
    deployed(A, 10)
    _, out, _ = call("audit", "--format", "json")
    assert [one["deployed_at"] for one in json.loads(out)] == ["2026-11-23T10:00:00Z"]


def policy(tmp_path: Path, *, everything: bool = True) -> None:
    """Write a policy that trusts the first key: for every fact, or for decisions alone."""
    asks = "{evidence: decision, stage: deployment, signed-by: [gate]}"
    lines = [
        "version: 1",
        *(["signed-by: [gate]"] if everything else []),
        "signers:",
        "  keys:",
        "    - name: gate",
        f"      public-key: |\n{textwrap.indent(public('ed25519'), ' ' * 8)}",
        "stages: [{name: next, enter: [" + ("{evidence: unit}" if everything else asks) + "]}]",
    ]
    (tmp_path / "policy.yaml").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("everything", [True, False])
def test_an_unsigned_decision_lets_nothing_in_where_the_policy_wants_it_signed(
    call: Call, tmp_path: Path, *, everything: bool
) -> None:
    policy(tmp_path, everything=everything)
    decided(A, 8)
    deployed(A, 9)
    decided(B, 8, key=0)
    deployed(B, 10)
    code, out, said = call("audit", "--policy", "policy.yaml", "--format", "csv")
    assert (code, rows(out)) == (
        1,
        [
            (
                "a",
                (
                    "no valid decision let it in: that of 2026-11-23T08:00:00Z is not signed, and"
                    " the policy wants gate"
                ),
            ),
            ("b", ""),
        ],
    )
    signed = [(one["signature"], one["signed_by"]) for one in csv.DictReader(io.StringIO(out))]
    assert signed == [("", ""), ("checked", "gate")]
    assert "nobody checked" not in said


def test_the_policy_of_the_gate_is_that_of_the_audit(call: Call, tmp_path: Path) -> None:
    policy(tmp_path)
    (tmp_path / "cdkit.yaml").write_text("version: 1\ncheck-gate: {policy: policy.yaml}\n")
    decided(A, 8)
    deployed(A, 9)
    assert call("audit")[0] == 1
    decided(A, 8, key=0)
    assert call("audit")[0] == 0


def test_a_decision_that_a_stranger_signed_cannot_be_read(call: Call, tmp_path: Path) -> None:
    policy(tmp_path)
    decided(A, 8, key=7)
    deployed(A, 9)
    code, out, said = call("audit", "--policy", "policy.yaml", "--format", "csv")
    assert (code, rows(out)) == (1, [("a", "no decision let it in")])
    assert "is signed by nobody known" in said


def test_a_review_that_nobody_signed_is_none_where_the_policy_wants_all_signed(
    call: Call, tmp_path: Path
) -> None:
    policy(tmp_path)
    digest = decided(A, 8, incident="INC-1", until="2026-11-23T12:00:00Z", key=0)
    deployed(A, 9)
    review = Evidence(
        origin=origin("review-glass", actor="bob"),
        evidence="break-glass-review",
        verdict=PASSED,
        reports=(),
        said={"decision": digest},
    )
    put(review, A)
    assert call("audit")[0] == 0
    code, out, _ = call("audit", "--policy", "policy.yaml", "--format", "csv")
    assert (code, rows(out)) == (1, [("a", "opened by force, not reviewed")])
    put(review, A, key=0)
    assert call("audit", "--policy", "policy.yaml")[0] == 0


def test_without_a_policy_signatures_are_listed_and_nobody_checked_them(call: Call) -> None:
    decided(A, 8)
    deployed(A, 9)
    decided(B, 8, key=7)
    deployed(B, 10)
    code, out, said = call("audit", "--format", "csv")
    assert code == 0
    unsigned, signed = csv.DictReader(io.StringIO(out))
    assert (unsigned["signature"], unsigned["signed_by"]) == ("unsigned", "")
    assert signed["signature"] == "nobody checked"
    assert signed["signed_by"]
    assert "nobody checked who signed these decisions" in said


def test_a_policy_that_is_not_there_is_no_audit(call: Call) -> None:
    decided(A, 8)
    deployed(A, 9)
    assert call("audit", "--policy", "gone.yaml")[0] == 4
