"""What a verifier found: SLSA's verification summary, in-toto's simple verification result.

Sources: slsa.dev/spec/v1.1/verification_summary; in-toto attestation, `predicates/svr.md`: an SVR
lists the properties that hold, and none that do not.
"""

from msgspec import Struct

from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.format import Sample
from cdkit.evidence.predicate import Predicate
from cdkit.evidence.reading import Reading
from cdkit.evidence.statements import decoded

_LONGEST = 500


class _Verifier(Struct, frozen=True):
    id: str


class _Vsa(Struct, frozen=True, rename="camel"):
    verifier: _Verifier
    resource_uri: str
    verification_result: str
    verified_levels: list[str] = []
    time_verified: str = ""


class _Svr(Struct, frozen=True):
    verifier: _Verifier
    properties: list[str]


def _read(data: bytes, where: str) -> Reading:
    if b'"verificationResult"' in data:
        return _vsa(decoded(data, _Vsa, where), where)
    return _svr(decoded(data, _Svr, where), where)


def _vsa(found: _Vsa, where: str) -> Reading:
    said = {
        "verifier": found.verifier.id[:_LONGEST],
        "result": found.verification_result[:40],
        "levels": " ".join(found.verified_levels)[:_LONGEST],
        "resource": found.resource_uri[:_LONGEST],
    }
    reasons: list[Reason] = []
    place = Location(path=where)
    if found.verification_result == "FAILED":
        what = f"{found.verifier.id[:200]} says that it failed"
        reasons.append(no(what, where=place, remedy="see why the verifier refused it"))
    elif found.verification_result != "PASSED" or not found.verifier.id.strip():
        what = f"{found.verification_result[:40]!r} is no result of a known verifier"
        reasons.append(cannot_tell(what, where=place, remedy="verify the image again"))
    return Reading(
        said={name: text for name, text in said.items() if text},
        at=found.time_verified,
        reasons=tuple(reasons),
    )


def _svr(found: _Svr, where: str) -> Reading:
    properties = " ".join(found.properties)[:_LONGEST]
    if not properties or not found.verifier.id.strip():
        what = "names no property that holds, or nobody who verified it"
        doubt = cannot_tell(what, where=Location(path=where), remedy="verify the image again")
        return Reading(said={}, reasons=(doubt,))
    return Reading(said={"verifier": found.verifier.id[:_LONGEST], "properties": properties})


PREDICATE = Predicate(
    name="verification-summary",
    title="SLSA verification summary, in-toto SVR",
    proves="statements",
    types=(
        "https://slsa.dev/verification_summary/v1",
        "https://in-toto.io/attestation/svr/v0.1",
        "https://in-toto.io/attestation/svr/v0.2",
    ),
    written_by="`cdkit check-gate --vsa F` · slsa-verifier · Conforma",
    read=_read,
    samples=(
        Sample(path="verification-summary/vsa.json", real=True, tool="cdkit, check-gate"),
        Sample(path="verification-summary/vsa-failed.json", real=False, tool="SLSA, failed"),
        Sample(path="verification-summary/svr.json", real=False, tool="in-toto, SVR"),
    ),
)
