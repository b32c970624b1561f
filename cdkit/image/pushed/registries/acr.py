"""Azure Container Registry: `writeEnabled` of the repository and of the tag (`az acr … lock`).

learn.microsoft.com: "Lock a container image in an Azure container registry"; REST API, Repository
and Tag "Get Attributes" (`/acr/v1/{name}`, `/acr/v1/{name}/_tags/{tag}`). A lock belongs to what is
there already: a tag that is new is not locked.
"""

from typing import TypeVar

from msgspec import Struct

from cdkit.core.oci.authorize import Authorizer
from cdkit.core.oci.place import Place
from cdkit.core.oci.reference import Reference
from cdkit.core.world import MIB, Response, World
from cdkit.image.pushed.registries._asking import read_json
from cdkit.image.pushed.setting import RegistryKind, Setting, immutable, mutable

T = TypeVar("T")

_HOSTS = (".azurecr.io", ".azurecr.cn", ".azurecr.us")


class _Attributes(Struct, frozen=True, kw_only=True, rename="camel"):
    write_enabled: bool


class _Repository(Struct, frozen=True, kw_only=True, rename="camel"):
    changeable_attributes: _Attributes


class _Tag(Struct, frozen=True, kw_only=True):
    tag: _Repository


def claims(reference: Reference) -> bool:
    """Whether the host is one of Azure's."""
    return reference.registry.endswith(_HOSTS)


def immutability(reference: Reference, world: World) -> Setting:
    """Ask the registry's own API, on its own host, with its own login."""
    base = f"https://{reference.registry}/acr/v1/{reference.repository}"
    api = f"{reference.registry}/acr/v1"
    answer = _ask(base, reference, world)
    if answer.status == 404:
        return mutable("ACR: the repository is not there yet, so nothing in it is locked")
    if not read_json(answer, _Repository, api=api).changeable_attributes.write_enabled:
        return immutable("ACR: the repository is locked, writeEnabled is false")
    answer = _ask(f"{base}/_tags/{reference.tag}", reference, world)
    if answer.status == 404:
        return mutable("ACR: the tag is not there yet, so it is not locked")
    if not read_json(answer, _Tag, api=api).tag.changeable_attributes.write_enabled:
        return immutable("ACR: the tag is locked, writeEnabled is false")
    return mutable("ACR: neither the repository nor the tag is locked, writeEnabled is true")


def _ask(url: str, reference: Reference, world: World) -> Response:
    """Send a request, and again with what its challenge asks for: each has a scope of its own."""
    answer = world.http.request("GET", url, limit=MIB)
    if answer.status != 401:
        return answer
    challenge = answer.headers.get("www-authenticate", "")
    header = Authorizer(world).answer(Place(reference=reference), challenge)
    if header is None:
        return answer
    return world.http.request("GET", url, headers={"Authorization": header}, limit=MIB)


REGISTRY = RegistryKind(name="Azure Container Registry", claims=claims, immutability=immutability)
