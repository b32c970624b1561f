"""SLSA provenance: who built the image, from what.

Sources: slsa.dev/spec/v1.1/provenance (`buildDefinition`, `runDetails`) and
slsa.dev/provenance/v0.2 (`builder`, `buildType`, `materials`).
"""

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.evidence.format import Sample
from cdkit.evidence.predicate import Predicate
from cdkit.evidence.reading import Reading
from cdkit.evidence.statements import decoded

_LONGEST = 500


class _Builder(Struct, frozen=True):
    id: str


class _Resource(Struct, frozen=True):
    uri: str = ""
    digest: dict[str, str] = field(default_factory=dict)


class _Definition(Struct, frozen=True, rename="camel"):
    build_type: str
    resolved_dependencies: list[_Resource] | None = None


class _Details(Struct, frozen=True):
    builder: _Builder


class _V1(Struct, frozen=True, rename="camel"):
    build_definition: _Definition
    run_details: _Details


class _V02(Struct, frozen=True, rename="camel"):
    builder: _Builder
    build_type: str
    materials: list[_Resource] | None = None


def _read(data: bytes, where: str) -> Reading:
    if b'"buildDefinition"' in data:
        new: _V1 = decoded(data, _V1, where)
        kind, builder = new.build_definition.build_type, new.run_details.builder.id
        materials = new.build_definition.resolved_dependencies or []
    else:
        old: _V02 = decoded(data, _V02, where)
        kind, builder, materials = old.build_type, old.builder.id, old.materials or []
    if not builder.strip():
        raise Unreadable(
            "names no builder", where=where, remedy="take the provenance from who built the image"
        )
    said = {"builder": builder[:_LONGEST], "build-type": kind[:_LONGEST]}
    sources = [one for one in materials if {"gitCommit", "sha1"} & set(one.digest)]
    if sources:
        commit = sources[0].digest.get("gitCommit") or sources[0].digest["sha1"]
        said["source"] = f"{sources[0].uri}@{commit}"[:_LONGEST]
    return Reading(said=said)


PREDICATE = Predicate(
    name="slsa-provenance",
    title="SLSA provenance",
    proves="statements",
    types=("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"),
    written_by="`actions/attest-build-provenance` · BuildKit `--provenance` · slsa-generator",
    read=_read,
    samples=(
        Sample(path="slsa-provenance/v1.json", real=False, tool="actions/attest, v1"),
        Sample(path="slsa-provenance/v0.2.json", real=False, tool="BuildKit, v0.2"),
    ),
)
