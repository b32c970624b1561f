"""Admission policies for a cluster that trusts only the gate: what it signed may run.

Sources: Kyverno's documentation, "Verify Images Rules" (`kyverno.io/v1`, `verifyImages` with
`attestations`; "Verifying Sigstore Bundles"); Sigstore policy-controller's, "Policies" and
"Sigstore bundle format" (`policy.sigstore.dev/v1beta1`, 0.13 or later). What a key signed is found
in cosign's older form by both, what an identity signed in bundles alone.
"""

from typing import Any

from msgspec import Struct

from cdkit.gate.vsa import PREDICATE_TYPE, VERIFIER, level_of

KINDS = ("kyverno", "sigstore")


class Trust(Struct, frozen=True, kw_only=True):
    """Which images, into which stage, signed by whom: a public key (PEM), or an identity.

    `forced` lets in what a person let in by force as well.
    """

    images: tuple[str, ...]
    stage: str
    key: str = ""
    identity: str = ""
    issuer: str = ""
    forced: bool = False

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of a verification summary that let an image in."""
        levels = (level_of(self.stage),)
        return (*levels, level_of(self.stage, forced=True)) if self.forced else levels


def kyverno(trust: Trust) -> dict[str, Any]:
    """Return a ClusterPolicy that lets in only images with a signed summary that passed.

    What a key signs stands in no public log, so that none is asked for. Every summary that this
    key signed must meet the conditions, as Kyverno has it: hence a key for each stage.
    """
    entry: dict[str, Any] = (
        {
            "keys": {
                "publicKeys": trust.key,
                "rekor": {"ignoreTlog": True},
                "ctlog": {"ignoreSCT": True},
            }
        }
        if trust.key
        else {"keyless": {"subject": trust.identity, "issuer": trust.issuer}}
    )
    conditions = [
        {"key": "{{ verifier.id }}", "operator": "Equals", "value": VERIFIER},
        {"key": "{{ verificationResult }}", "operator": "Equals", "value": "PASSED"},
        {
            "key": "{{ verifiedLevels }}",
            "operator": "AnyIn",
            "value": list(trust.levels),
        },
    ]
    verify = {
        "imageReferences": list(trust.images),
        "mutateDigest": True,
        "verifyDigest": True,
        "required": True,
        "attestations": [
            {
                "type": PREDICATE_TYPE,
                "attestors": [{"count": 1, "entries": [entry]}],
                "conditions": [{"all": conditions}],
            }
        ],
    }
    if not trust.key:
        verify = {"type": "SigstoreBundle", **verify}  # the default is cosign's older form alone
    match = {"any": [{"resources": {"kinds": ["Pod"]}}]}
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": f"cdkit-{trust.stage}"},
        "spec": {
            "validationFailureAction": "Enforce",
            "failurePolicy": "Fail",
            "background": False,
            "webhookTimeoutSeconds": 30,
            "rules": [{"name": "let-in-by-the-gate", "match": match, "verifyImages": [verify]}],
        },
    }


def sigstore(trust: Trust) -> dict[str, Any]:
    """Return a ClusterImagePolicy of Sigstore's policy-controller that does the same."""
    authority: dict[str, Any] = {"name": "gate"}
    if trust.key:
        authority["key"] = {"data": trust.key}
    else:
        authority["signatureFormat"] = "bundle"
        authority["keyless"] = {"identities": [{"issuer": trust.issuer, "subject": trust.identity}]}
    authority["attestations"] = [
        {
            "name": "let-in-by-the-gate",
            "predicateType": PREDICATE_TYPE,
            "policy": {"type": "rego", "data": _rego(trust)},
        }
    ]
    return {
        "apiVersion": "policy.sigstore.dev/v1beta1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": f"cdkit-{trust.stage}"},
        "spec": {
            "mode": "enforce",
            "images": [{"glob": image} for image in trust.images],
            "authorities": [authority],
        },
    }


def _rego(trust: Trust) -> str:
    levels = ", ".join(f'"{level}"' for level in trust.levels)
    return (
        "package sigstore\n\n"
        "default isCompliant = false\n\n"
        "isCompliant {\n"
        f'  input.predicate.verifier.id == "{VERIFIER}"\n'
        '  input.predicate.verificationResult == "PASSED"\n'
        f"  levels := {{{levels}}}\n"
        "  levels[input.predicate.verifiedLevels[_]]\n"
        "}\n"
    )
