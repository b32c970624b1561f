"""A decision as a SLSA verification summary, for those who ask only for that.

The next environment, an admission policy of the cluster or a cloud role that trusts the gate need
not know our documents: they ask for this statement about the digest, and for its level. Source:
SLSA v1.1, Verification Summary Attestation (https://slsa.dev/verification_summary/v1).
"""

from typing import Any

import msgspec
from msgspec import Raw

import cdkit
from cdkit.core.digest import Digest
from cdkit.core.documents.kinds import Decision
from cdkit.core.documents.purl import image_purl
from cdkit.core.documents.statement import STATEMENT_TYPE, Statement
from cdkit.core.names import NAMESPACE
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
VERIFIER = f"{NAMESPACE}/check-gate"
_BY_FORCE = "_BREAK_GLASS"


def level_of(stage: str, question: str = "enter", *, forced: bool = False) -> str:
    """Return the level that stands for a yes: `CDKIT_ENTER_PRODUCTION`.

    SLSA keeps names that begin with `SLSA_` for itself; an image that was let in by force, against
    the policy, has a level of its own.
    """
    verb = "STAY_IN" if question == "stay" else "ENTER"
    return f"CDKIT_{verb}_{stage.upper().replace('-', '_')}{_BY_FORCE if forced else ''}"


def summary(decision: Decision, *subjects: Subject) -> Statement:
    """Return the verification summary of a decision about these subjects.

    Only a yes is PASSED. Everything that the decision rests on is among the input attestations, by
    the SHA-256 digest of its statement.
    """
    passed = decision.verdict.answer is Answer.YES
    level = level_of(decision.stage, decision.question, forced=bool(decision.incident))
    facts = dict.fromkeys(digest for one in decision.requirements for digest in one.facts)
    predicate: dict[str, Any] = {
        "verifier": {"id": VERIFIER, "version": {"cdkit": cdkit.__version__}},
        "timeVerified": decision.origin.recorded_at,
        "resourceUri": _resource(decision.image),
        "policy": {"uri": _uri(decision.policy.where), "digest": _digest(decision.policy.digest)},
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": [level] if passed else ["FAILED"],
        "slsaVersion": "1.1",
    }
    if facts:
        predicate["inputAttestations"] = [{"digest": _digest(digest)} for digest in facts]
    return Statement(
        type=STATEMENT_TYPE,
        subject=subjects,
        predicate_type=PREDICATE_TYPE,
        predicate=Raw(msgspec.json.encode(predicate)),
    )


def _resource(image: str) -> str:
    repository, _, digest = image.rpartition("@")
    return str(image_purl(repository, Digest.parse(digest, where="image")))


def _digest(text: str) -> dict[str, str]:
    algorithm, _, encoded = text.partition(":")
    return {algorithm: encoded} if encoded else {}


def _uri(where: str) -> str:
    """Return where a policy stood as a URI; spaces cannot stand in one."""
    from urllib.parse import quote

    return where if "://" in where else f"{NAMESPACE}/policy/{quote(where)}"
