"""What is fuzzed: every reader of evidence, each with what must hold whatever it is given.

A target takes any bytes, and raises nothing: a reader either understands, or says that it cannot
with an error of ours. What it understood is held against what it must never be (`oracles.py`).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cdkit.core.documents.envelope import encode_bundle, encode_envelope, open_envelope
from cdkit.core.documents.fact import names_of, read_fact
from cdkit.core.documents.kinds import Evidence, Report
from cdkit.core.documents.names import Names
from cdkit.core.documents.ran import pack, unpack
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import CdkitError
from cdkit.core.oci.artifacts import read_artifact, read_entries
from cdkit.core.trust import Verifier
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.evidence.format import HEAD, Format, Read, formats
from cdkit.evidence.judge import Gathered, evidence_of
from cdkit.evidence.records import read_stated
from cdkit.evidence.signing.keys import open_key
from cdkit.gate.policy import Policy, Requirement, Stage
from cdkit.gate.read import read_policy
from tests.evidence.doubles import SOURCE, SUBJECT, evidence, fact, identity, origin
from tests.evidence.signing.keys import pem, verifier
from tests.fuzz.oracles import check_evidence, check_opened, check_report
from tests.gate.asking import ask
from tests.worlds import world

CASES = Path(__file__).parents[1] / "cases"
SIGNED = Policy(
    version=1,
    stages=(Stage(name="deployment", enter=(Requirement(evidence="unit"),)),),
    signed_by=("ci",),
    may_waive=("ann",),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A reader, given any bytes; and inputs that it understands, to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def targets() -> Mapping[str, Target]:
    """Return every target by its name, such as `report-junit`, `envelope` or `policy`."""
    reports = {
        f"report-{found.name}": Target(run=functools.partial(_report, found), seeds=_samples(found))
        for found in formats().values()
    }
    return {
        **reports,
        "statement": Target(run=_statement, seeds=_statements()),
        "fact": Target(run=_fact, seeds=_facts()),
        "envelope": Target(run=_envelope, seeds=_envelopes()),
        "names": Target(run=_names, seeds=_packed()),
        "policy": Target(run=_policy, seeds=_policies()),
        "artifact": Target(run=_artifact, seeds=_manifests()),
    }


def cases(name: str) -> tuple[Path, ...]:
    """Return what fuzzing found for a target, and was mended."""
    folder = CASES / "fuzz" / name
    return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()


def _samples(found: Format) -> tuple[bytes, ...]:
    data = [(CASES / "evidence" / sample.path).read_bytes() for sample in found.samples]
    return tuple(sorted(data, key=len))


def _report(found: Format, data: bytes) -> None:
    """Read a report whose beginning is of this format, and judge what it says."""
    if not found.recognises(data[:HEAD]):
        return
    try:
        reading = found.read(io.BytesIO(data), "report")
    except CdkitError:
        return
    report = Report(path="report", digest="sha256:0", size=len(data), format=found.name)
    document = evidence_of(
        Gathered(kind="unit", reads=(Read(report=report, reading=reading),)), origin()
    )
    check_evidence(document)
    if document.verdict.answer is Answer.YES:
        check_report(found.name, data, document)


def _statement(data: bytes) -> None:
    """Read a file of statements about the image of the doubles."""
    try:
        stated = read_stated(data, "facts.jsonl", SUBJECT, SOURCE)
    except CdkitError:
        return
    for read in stated.reads:
        check_evidence(evidence_of(Gathered(kind="provenance", reads=(read,)), origin()))


def _fact(data: bytes) -> None:
    """Read a fact that nobody signed; a gate that wants signatures stays shut."""
    try:
        found = read_fact(data, where="fact.json")
    except CdkitError:
        return
    if isinstance(found.document, Evidence):
        _quietly(lambda document=found.document: names_of(document))  # type: ignore[misc]
    ask(found, fact(identity()))  # opens or not, and does not break
    check_opened(ask(found, fact(identity()), by=SIGNED), may=False)


def _envelope(data: bytes) -> None:
    """Read a fact with its signature checked: only the statements that were signed are facts."""
    try:
        envelope = open_envelope(data, where="fact.json")
    except CdkitError:
        return
    try:
        found = read_fact(data, where="fact.json", verifier=_verifier())
    except CdkitError:
        return
    if envelope is None:
        assert not found.signers, "nobody signed what stands in no envelope"
    else:
        assert envelope.payload in _plain(), "another statement passes for a signed one"


def _names(data: bytes) -> None:
    """Unpack names of tests: bounded, sorted, as many as was said."""
    try:
        names = msgspec.json.decode(data, type=Names)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    try:
        found = list(unpack(names))
    except CdkitError:
        return
    assert len(found) == names.count


def _policy(data: bytes) -> None:
    """Read a policy; whatever it says, an image without any fact enters nowhere."""
    try:
        policy = read_policy(data, where="policy.yaml")
    except CdkitError:
        return
    for stage in policy.stages:
        for question in ("enter", "stay", "return"):
            check_opened(ask(by=policy, stage=stage.name, question=question), may=False)


def _artifact(data: bytes) -> None:
    """Read what a registry calls a manifest or a list."""
    _quietly(lambda: read_artifact(data, where="manifest"))
    for part in ("manifests", "layers"):
        _quietly(lambda part=part: list(read_entries(data, part, where="list")))  # type: ignore[misc]


def _quietly(read: Callable[[], object]) -> None:
    try:
        read()
    except CdkitError:
        return


@functools.cache
def _verifier() -> Verifier:
    return verifier("ed25519")


def _outside() -> World:
    return world(Path(), environ={"CDKIT_SIGNING_KEY": pem("ed25519")})


@functools.cache
def _plain() -> tuple[bytes, ...]:
    """Return the statements that our key signed."""
    documents = (evidence(), evidence("lint"), identity())
    return tuple(encode_statement(state(document, SUBJECT)) for document in documents)


def _envelopes() -> tuple[bytes, ...]:
    signer = open_key(_outside())
    bundles = [signer.sign(data) for data in _plain()]
    opened = [one for data in bundles if (one := open_envelope(data, where=""))]
    return (*bundles, *map(encode_envelope, opened), *(encode_bundle(o, hint="x") for o in opened))


def _facts() -> tuple[bytes, ...]:
    return (*_plain(), encode_statement(state(evidence(), SUBJECT, SOURCE)))


def _statements() -> tuple[bytes, ...]:
    folder = CASES / "evidence"
    kinds = ("slsa-provenance", "test-result", "vulns", "verification-summary")
    files = [path for kind in kinds for path in sorted((folder / kind).glob("*.json"))]
    return (*(path.read_bytes() for path in files), *_envelopes(), b"".join(_facts()))


def _packed() -> tuple[bytes, ...]:
    lists = (
        [b"tests.a"],
        [b"tests.a", b"tests.b[1]", b"tests.b[2]"],
        [b"x%d" % n for n in range(9)],
    )
    return tuple(msgspec.json.encode(pack(sorted(one))) for one in lists)


def _policies() -> tuple[bytes, ...]:
    root = CASES.parents[1]
    pages = (root / "docs" / "policy.md", root / "docs" / "signing.md", root / "docs" / "gate.md")
    blocks = [
        block.partition("```")[0]
        for page in pages
        for block in page.read_text(encoding="utf-8").split("```yaml\n")[1:]
    ]
    return tuple(block.encode() for block in blocks if "version: 1" in block)


def _manifests() -> tuple[bytes, ...]:
    entry = (
        '{"mediaType":"application/vnd.in-toto+json","digest":"sha256:%s","size":7,'
        '"annotations":{"dev.cdkit.tag":"x"}}' % ("a" * 64)
    )
    return tuple(
        f'{{"schemaVersion":2,"artifactType":"a/b","{part}":[{entry}]}}'.encode()
        for part in ("manifests", "layers")
    )
