"""Docker Hub: the repository's immutable tags: all, none, or those that a rule matches.

docs.docker.com: "Immutable tags on Docker Hub" (beta); Docker Hub API, "Get repository"
(`immutable_tags_settings`: `enabled`, `rules`, which are Go's regular expressions).
"""

from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import DOCKER_HUB, Reference
from cdkit.core.world import World
from cdkit.image.pushed.registries._asking import get_json
from cdkit.image.pushed.registries._patterns import regular
from cdkit.image.pushed.setting import RegistryKind, Setting, immutable, mutable

_API = "hub.docker.com"


class _Settings(Struct, frozen=True, kw_only=True):
    enabled: bool
    rules: tuple[str, ...]


class _Repository(Struct, frozen=True, kw_only=True):
    immutable_tags_settings: _Settings


def claims(reference: Reference) -> bool:
    """Whether it is Docker Hub."""
    return reference.registry == DOCKER_HUB


def immutability(reference: Reference, world: World) -> Setting:
    """Ask Docker Hub's API without a login: the registry's is none of its, and is not sent there.

    A private repository's setting cannot be read that way.
    """
    namespace, _, name = reference.repository.partition("/")
    url = f"https://{_API}/v2/namespaces/{namespace}/repositories/{name}"
    found = get_json(url, _Repository, world, api=_API, headers={})
    settings = found.immutable_tags_settings
    if not settings.enabled:
        return mutable("Docker Hub: all tags of the repository are mutable")
    doubt: CannotTell | None = None
    for rule in settings.rules:
        try:
            if regular(rule, reference.tag):
                return immutable(f"Docker Hub: the rule {rule!r} covers the tag")
        except CannotTell as fault:
            doubt = fault
    if doubt or not settings.rules:
        raise doubt or CannotTell(
            "Docker Hub: immutable tags are on, without a rule", remedy="look at the repository"
        )
    return mutable("Docker Hub: no rule for immutable tags covers the tag")


REGISTRY = RegistryKind(name="Docker Hub", claims=claims, immutability=immutability)
