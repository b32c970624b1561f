"""The two lists of an image's attestations that clients keep: for other tools, never for us.

Where a registry has no referrers API, an index under the tag `sha256-<encoded>` stands in for it
(OCI distribution-spec 1.1, "Referrers Tag Schema"); cosign's older form is a manifest under
`sha256-<encoded>.att`, a layer an attestation. Both are read, added to, and written whole, so
that of two writers at once one loses. Hence each writer makes them of what the facts' own tags
say, and looks again after it has written, until nothing is missing: the last one to write has
seen all, so nothing stays lost. What is read back never depends on them.
"""

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Raw

from cdkit.core.digest import Digest
from cdkit.core.documents.envelope import DSSE, encode_envelope, open_envelope
from cdkit.core.errors import CdkitError
from cdkit.core.oci import media
from cdkit.core.oci.artifacts import Artifacts, Entry, Pulled, read_artifact, read_entries
from cdkit.core.world import World
from cdkit.evidence.stores._tags import (
    attached_prefix,
    is_key_signed,
    promised,
    subject_prefix,
)

TAG = "dev.cdkit.tag"
"""Which tag of ours an entry stands for."""

_Adding = Callable[[Pulled | None, list[str]], tuple[bytes, str]]
_Wanting = Callable[[str], bool]
_MOST_TRIES = 25
_PAUSE = 0.05
_DONE = 201


class Lists:
    """The lists of one repository."""

    def __init__(self, artifacts: Artifacts, world: World) -> None:
        self._artifacts = artifacts
        self._world = world
        self._where = str(artifacts.repository)

    def index(self, digest: Digest) -> None:
        """Let the index of a subject name all that we keep about it; what cannot be is said."""
        self._tried(f"sha256-{digest.encoded}", digest, self._in_index, _is_own)

    def attestations(self, digest: Digest) -> None:
        """Let cosign's manifest hold all that we keep about a subject and a key signed."""
        self._tried(f"sha256-{digest.encoded}.att", digest, self._in_manifest, is_key_signed)

    def _tried(self, name: str, digest: Digest, added: _Adding, wanted: _Wanting) -> None:
        """Complete a list; the facts stand already, so that what goes wrong is only said."""
        prefixes = (subject_prefix(str(digest)), attached_prefix(str(digest)))
        try:
            said = self._complete(name, prefixes, added, wanted)
        except CdkitError as fault:
            said = fault.what
        if said:
            self._world.talk.say(
                f"{self._where}:{name} may lack facts, which cdkit finds and other tools do not: "
                f"{said}"
            )

    def _complete(
        self, name: str, prefixes: tuple[str, ...], added: _Adding, wanted: _Wanting
    ) -> str:
        """Write a list until nothing is missing; return what hinders that, or an empty string."""
        for number in range(_MOST_TRIES):
            found = self._artifacts.manifest(name)
            there = _named(found, self._where)
            tags = self._artifacts.tags()
            missing = [
                tag for tag in tags if tag.startswith(prefixes) and wanted(tag) and tag not in there
            ]
            if not missing:
                return ""
            if number:
                self._world.clock.sleep(_PAUSE * number)
            pushed = self._artifacts.push_manifest(name, *added(found, missing))
            if pushed.status != _DONE:
                return pushed.said
        return "many write it at once"

    def _in_index(self, found: Pulled | None, missing: list[str]) -> tuple[bytes, str]:
        entries = read_entries(found.data, "manifests", where=self._where) if found else []
        raws = {entry.digest: raw for entry, raw in entries}
        for tag in missing:
            pulled = self._artifacts.manifest(tag)
            if pulled is None:
                continue
            artifact = read_artifact(pulled.data, where=f"{self._where}:{tag}")
            entry = Entry(
                media_type=artifact.media_type or media.OCI_MANIFEST,
                digest=str(pulled.digest),
                size=len(pulled.data),
                artifact_type=artifact.artifact_type,
                annotations={**(artifact.annotations or {}), TAG: tag},
            )
            raws[entry.digest] = Raw(msgspec.json.encode(entry))
        whole = _sorted(raws.values())
        index = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": whole}
        return msgspec.json.encode(index), media.OCI_INDEX

    def _in_manifest(self, found: Pulled | None, missing: list[str]) -> tuple[bytes, str]:
        old = read_entries(found.data, "layers", where=self._where) if found else []
        layers = [raw for _, raw in old]
        new = (entry for entry in map(self._layer, missing) if entry)
        layers += [Raw(msgspec.json.encode(entry)) for entry in new]
        config = self._artifacts.push_blob(
            b'{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}',
            "application/vnd.oci.image.config.v1+json",
        )
        manifest = {
            "schemaVersion": 2,
            "mediaType": media.OCI_MANIFEST,
            "config": config,
            "layers": _sorted(layers),
        }
        return msgspec.json.encode(manifest), media.OCI_MANIFEST

    def _layer(self, tag: str) -> Entry | None:
        """Push the envelope of a fact by itself, and return its layer as cosign writes it."""
        pulled = self._artifacts.manifest(tag)
        if pulled is None:
            return None
        where = f"{self._where}:{tag}"
        artifact = read_artifact(pulled.data, where=where)
        data = self._artifacts.blob(artifact.layers[0]) if artifact.layers else b""
        envelope = open_envelope(data, where=where)
        if envelope is None:
            return None
        entry = self._artifacts.push_blob(encode_envelope(envelope), DSSE)
        said = (artifact.annotations or {}).get("dev.sigstore.bundle.predicateType", "")
        notes = {"dev.cosignproject.cosign/signature": "", "predicateType": said, TAG: tag}
        return msgspec.structs.replace(entry, annotations=notes)


def _is_own(tag: str) -> bool:
    return bool(promised(tag))


def _named(found: Pulled | None, where: str) -> set[str]:
    """Return the tags of ours that a list names."""
    if found is None:
        return set()
    both = (*read_entries(found.data, "manifests", where=where),) or (
        *read_entries(found.data, "layers", where=where),
    )
    return {(entry.annotations or {}).get(TAG, "") for entry, _ in both}


def _sorted(raws: Iterable[Raw]) -> list[Raw]:
    """Two that add the same write the same."""
    return [Raw(data) for data in sorted({bytes(raw) for raw in raws})]
