"""init --observe, ratchet, policy show and export: policies written, tightened, handed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from cdkit.gate.vsa import VERIFIER, level_of
from tests.cli.test_inventory import A, Call, call, deployed, put
from tests.evidence.doubles import evidence, identity

__all__ = ["call"]

KEY = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"


def released() -> None:
    put(identity(image=A, digest=A.rpartition("@")[2]), A)
    put(evidence(), A)
    deployed(A, 9)


def test_observing_writes_a_policy_that_opens_the_gate(call: Call, tmp_path: Path) -> None:
    released()
    code, out, _ = call("init", "--observe")
    assert (code, out) == (
        0,
        "wrote policy.yaml. Next: read it, then `cdkit check-gate --policy policy.yaml`.\n",
    )
    policy = yaml.safe_load((tmp_path / "policy.yaml").read_text())
    assert policy["stages"][0]["stay"] == [{"evidence": "unit", "at-least": {"executed": 3}}]
    opened, _, said = call("check-gate", "--image", A, "--policy", "policy.yaml")
    assert opened == 0, said
    assert call("init", "--observe")[0] == 2  # it stands here already


def test_observing_named_images_and_only_printing(call: Call, tmp_path: Path) -> None:
    put(evidence(), A)
    code, out, _ = call("init", "--observe", "--image", A, "--print")
    assert code == 0
    assert yaml.safe_load(out)["stages"][0]["stay"][0]["evidence"] == "unit"
    assert not (tmp_path / "policy.yaml").exists()


def test_observing_nothing_writes_nothing(call: Call) -> None:
    assert call("init", "--observe")[0] == 3
    code, _, said = call("init", "--observe", "--image", A)
    assert code == 4
    assert "a policy that asks for nothing opens nothing" in said


def test_the_ratchet_tightens_the_file_once(call: Call, tmp_path: Path) -> None:
    released()
    path = tmp_path / "policy.yaml"
    path.write_text(
        "version: 1\nstages: [{name: a, enter: [{evidence: unit, at-least: {executed: 1}}]}]\n"
    )
    assert call("ratchet", "--check")[0] == 1
    code, out, _ = call("ratchet")
    assert (code, out) == (0, "policy.yaml:2: unit (a): at-least executed 1 -> 3\n")
    assert "executed: 3" in path.read_text()
    assert call("ratchet", "--check")[:2] == (
        0,
        "policy.yaml is as tight as the last 1 releases allow\n",
    )


def test_a_policy_is_shown_with_what_it_asks(call: Call) -> None:
    code, out, _ = call("policy", "show")
    assert code == 0
    assert "  to enter: vulnerabilities: not older than 7d, about the image itself" in out
    code, out, _ = call("policy", "show", "--format", "json")
    assert [stage["name"] for stage in json.loads(out)["stages"]][-1] == "deployment"


def test_kyverno_is_told_to_ask_for_the_summary_that_the_gate_signed(
    call: Call, tmp_path: Path
) -> None:
    (tmp_path / "gate.pub").write_text(KEY)
    code, out, _ = call(
        "policy",
        "export",
        "--image",
        "ghcr.io/acme/*",
        "--stage",
        "production",
        "--key",
        "gate.pub",
    )
    assert code == 0
    policy = yaml.safe_load(out)
    assert (policy["kind"], policy["spec"]["failurePolicy"]) == ("ClusterPolicy", "Fail")
    (verify,) = policy["spec"]["rules"][0]["verifyImages"]
    assert (verify["imageReferences"], verify["required"]) == (["ghcr.io/acme/*"], True)
    assert "type" not in verify  # cosign's form, which holds what a key signed
    (attestation,) = verify["attestations"]
    assert attestation["type"] == "https://slsa.dev/verification_summary/v1"
    no_log = {"rekor": {"ignoreTlog": True}, "ctlog": {"ignoreSCT": True}}
    assert attestation["attestors"][0]["entries"] == [{"keys": {"publicKeys": KEY, **no_log}}]
    conditions = {one["key"]: one["value"] for one in attestation["conditions"][0]["all"]}
    assert conditions == {
        "{{ verifier.id }}": VERIFIER,
        "{{ verificationResult }}": "PASSED",
        "{{ verifiedLevels }}": [level_of("production")],
    }


def test_what_was_forced_runs_only_where_that_is_asked_for(call: Call) -> None:
    keyless = ("--identity", "https://ci/gate.yml@main", "--issuer", "https://ci")
    _, out, _ = call("policy", "export", "--image", "a/*", *keyless, "--break-glass")
    assert "CDKIT_ENTER_DEPLOYMENT_BREAK_GLASS" in out
    (verify,) = yaml.safe_load(out)["spec"]["rules"][0]["verifyImages"]
    assert verify["type"] == "SigstoreBundle"  # where what an identity signed stands
    _, out, _ = call("policy", "export", "--for", "sigstore", "--image", "a/*", *keyless)
    assert "BREAK_GLASS" not in out
    policy = yaml.safe_load(out)
    (authority,) = policy["spec"]["authorities"]
    assert authority["keyless"]["identities"] == [
        {"issuer": "https://ci", "subject": "https://ci/gate.yml@main"}
    ]
    assert authority["signatureFormat"] == "bundle"
    assert 'levels := {"CDKIT_ENTER_DEPLOYMENT"}' in authority["attestations"][0]["policy"]["data"]


@pytest.mark.parametrize(
    "signer",
    [(), ("--identity", "x"), ("--key", "k", "--identity", "x", "--issuer", "y")],
)
def test_an_export_that_trusts_nobody_or_two_is_refused(
    call: Call, signer: tuple[str, ...]
) -> None:
    assert call("policy", "export", "--image", "a/*", *signer)[0] == 2


def test_a_private_key_is_never_exported(call: Call, tmp_path: Path) -> None:
    (tmp_path / "k").write_text("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n")
    code, out, said = call("policy", "export", "--image", "a/*", "--key", "k")
    assert code == 2
    assert "secret" not in out + said
