"""The digest of an image that a local engine holds: only what the registry confirms counts."""

import re

from msgspec import Struct

from cdkit.core.container import Engine, LocalImage
from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.image import Image
from cdkit.core.oci.reference import DOCKER_HUB, Reference, parse, pin
from cdkit.core.oci.registry import Registry

_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}", re.ASCII)
_MOST_CANDIDATES = 50
_MOST_SAID = 3


class _Sifted(Struct, frozen=True, kw_only=True):
    """The images that the registry confirmed, and why other candidates were dropped."""

    confirmed: tuple[Image, ...]
    dropped: tuple[str, ...]


def find(local: str, repository: Reference, engine: Engine, registry: Registry) -> Image:
    """Return the image of a repository that a local engine holds under a name or an ID.

    The engine's digests of exactly this repository are candidates, no more: an engine fills them
    without a push (see LocalImage). Each is looked up in the registry, which must hold it, and its
    config must be the one that the engine holds. Where an index and the manifest of one of its
    platforms are both confirmed, the index counts: it is what was pushed and will be deployed.

    Raises RequestError for a name that is none, and CannotTell where the engine or the registry
    fails, holds no such image, or where more than one image is confirmed.
    """
    held = engine.inspect(_checked(local))
    if held is None:
        raise CannotTell(
            f"the engine holds no image {local}",
            remedy="build or pull it first; `docker image ls` lists what is there",
        )
    candidates = _candidates(held, repository)
    if not candidates:
        raise _never_pushed(local, repository, ())
    sifted = _sift(candidates, held, repository, registry)
    return _one(sifted, local, repository)


def registry_of(local: str, repository: str) -> Reference | None:
    """Return the name of a local image where it says a registry and no `repository` is given.

    `orders:dev` says none: that it would be docker.io/library/orders is nobody's wish. Nor does
    `localhost/orders:dev`, as podman calls what it has built.
    """
    if repository or _ID.fullmatch(local):
        return None
    reference = parse(local)
    said = local.partition("/")[0] in {DOCKER_HUB, f"index.{DOCKER_HUB}"}
    elsewhere = reference.registry not in {DOCKER_HUB, "localhost"}
    return reference if said or elsewhere else None


def _checked(local: str) -> str:
    """Return a name or an ID as it is; RequestError for what could be another question."""
    if not _ID.fullmatch(local):
        parse(local)
    return local


def _candidates(held: LocalImage, repository: Reference) -> tuple[Digest, ...]:
    """Return the engine's digests of this repository; other repositories' prove nothing here."""
    found: dict[Digest, None] = {}
    for text in held.repo_digests:
        try:
            reference = parse(text)
        except RequestError:
            continue  # `<none>@<none>`, or what no registry would take
        if reference.name == repository.name and reference.digest:
            found[reference.digest] = None
    if len(found) > _MOST_CANDIDATES:
        raise CannotTell(
            f"the engine has {len(found)} digests of {repository.familiar} for one image",
            remedy="name one by --digest",
        )
    return tuple(found)


def _sift(
    candidates: tuple[Digest, ...], held: LocalImage, repository: Reference, registry: Registry
) -> _Sifted:
    """Ask the registry for each candidate: by HEAD first, then for what it consists of."""
    confirmed: list[Image] = []
    dropped: list[str] = []
    for digest in candidates:
        reference = pin(repository, digest)
        if registry.digest_of(reference) is None:
            dropped.append(f"{digest} is not in the registry")
            continue
        image = registry.image(reference)
        if held.id in _ids(image):
            confirmed.append(image)
        else:
            dropped.append(f"{digest} is another image than {held.id}, which the engine holds")
    return _Sifted(confirmed=tuple(confirmed), dropped=tuple(dropped))


def _ids(image: Image) -> frozenset[str]:
    """Return what an engine may call this image: a config's digest, or in containerd its own."""
    return image.digests() | {str(part.config_digest) for part in image.platforms}


def _one(sifted: _Sifted, local: str, repository: Reference) -> Image:
    parts = {
        str(part.digest) for image in sifted.confirmed if image.is_index for part in image.platforms
    }
    whole = [image for image in sifted.confirmed if str(image.digest) not in parts]
    if not whole:
        raise _never_pushed(local, repository, sifted.dropped)
    if len(whole) > 1:
        named = ", ".join(str(image.digest) for image in whole[:_MOST_SAID])
        raise CannotTell(
            f"{local} is in {repository.familiar} under {len(whole)} digests: {named}",
            remedy="name the one that is meant by --digest",
        )
    return whole[0]


def _never_pushed(local: str, repository: Reference, dropped: tuple[str, ...]) -> CannotTell:
    why = "; ".join(dropped[:_MOST_SAID]) or "the engine has no digest of it there"
    return CannotTell(
        f"{local} was built or pulled here, and never pushed to {repository.familiar}: {why}",
        remedy=f"push it there under a tag first, or name what was pushed by --digest "
        f"{repository.familiar}@sha256:…",
    )
