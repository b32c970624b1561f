"""A policy that was pushed to a registry: one file in an artifact, pinned by what it is.

`oras push registry.example.com/acme/policy:3 policy.yaml` makes such an artifact (OCI image-spec
1.1, "Guidelines for Artifact Usage"): one layer, or several of which one is titled `*.yaml`.
"""

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, RequestError, TooLarge, Unreadable
from cdkit.core.oci.manifest import Descriptor, Manifest, read_manifest
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.core.world import World

SCHEME = "oci://"
_TITLE = "org.opencontainers.image.title"
_LARGEST = 1024 * 1024
_NAMES = (".yaml", ".yml", ".json")


def published(option: str, world: World) -> tuple[bytes, str, Digest]:
    """Return a policy's bytes, where it stood (`oci://…:3@sha256:…`), and its artifact's digest.

    Raises RequestError where `oci://…` names no artifact, CannotTell where the registry has none or
    does not answer, Unreadable where what it has is no policy.
    """
    reference = parse(option.removeprefix(SCHEME), where="policy")
    if not reference.tag and reference.digest is None:
        raise RequestError(
            f"{option[:200]!r} names neither a tag nor a digest",
            where="policy",
            remedy="write oci://registry.example.com/acme/policy:3",
        )
    registry = Registry(world)
    found = registry.manifest(reference)
    if found is None:
        raise CannotTell(
            f"{reference} is not in the registry",
            where="policy",
            remedy=f"push it: `oras push {reference} policy.yaml`",
        )
    manifest = read_manifest(found.data, media_type=found.media_type, where=str(reference))
    layer = _file(manifest) if isinstance(manifest, Manifest) else None
    if layer is not None and layer.size > _LARGEST:
        raise TooLarge(
            f"holds a policy of {layer.size} bytes, and {_LARGEST} are the most",
            where=str(reference),
            remedy="see that it is a policy; put parts of it into one that it `extends`",
        )
    if layer is None:
        raise Unreadable(
            "is no artifact of one policy file",
            where=str(reference),
            remedy=f"push the file alone: `oras push {reference} policy.yaml`",
        )
    where = str(reference) if reference.digest else f"{reference}@{found.digest}"
    return registry.blob(reference, layer), f"{SCHEME}{where}", found.digest


def _file(manifest: Manifest) -> Descriptor | None:
    """Return the layer that is the policy; None where none is, or several may be."""
    titled = [
        layer
        for layer in manifest.layers
        if (layer.annotations or {}).get(_TITLE, "").endswith(_NAMES)
    ]
    found = titled or list(manifest.layers)
    return found[0] if len(found) == 1 else None
