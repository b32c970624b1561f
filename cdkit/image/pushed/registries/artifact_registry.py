"""Google Artifact Registry: the repository's `dockerConfig.immutableTags`.

cloud.google.com, Artifact Registry REST reference, projects.locations.repositories.get: where the
flag is set, no tag can be modified, moved or deleted; where it is not, JSON leaves it out.
"""

from urllib.parse import quote

from msgspec import Struct, field

from cdkit.core.errors import CannotTell
from cdkit.core.oci.login import login_for
from cdkit.core.oci.reference import Reference
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.image.pushed.registries._asking import get_json
from cdkit.image.pushed.setting import RegistryKind, Setting, immutable, mutable

_SUFFIX = "-docker.pkg.dev"
_API = "artifactregistry.googleapis.com"
_TOKEN_USERS = ("oauth2accesstoken", "_dcgcloud_token", "_dcgcr_")
"""Who logs in with an access token: a person, gcloud's helper, docker-credential-gcr."""


class _Docker(Struct, frozen=True, kw_only=True, rename="camel"):
    immutable_tags: bool = False


class _Repository(Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    format: str
    docker_config: _Docker = field(default_factory=_Docker)


def claims(reference: Reference) -> bool:
    """Whether the host is `LOCATION-docker.pkg.dev`."""
    return reference.registry.endswith(_SUFFIX)


def immutability(reference: Reference, world: World) -> Setting:
    """Ask Google's API, with the access token that logs in to the registry."""
    name = _resource(reference)
    headers = {"Authorization": _bearer(reference, world)}
    url = f"https://{_API}/v1/{quote(name, safe='/')}"
    found = get_json(url, _Repository, world, api=_API, headers=headers)
    if found.name != name or found.format != "DOCKER":
        raise CannotTell(
            f"{_API} tells of another repository than {name}", remedy="check the reference"
        )
    flag = found.docker_config.immutable_tags
    why = f"Artifact Registry: immutableTags is {str(flag).lower()} for the whole repository"
    return immutable(why) if flag else mutable(why)


def _resource(reference: Reference) -> str:
    """Return the repository's name in the API; a project may stand as `domain/project`."""
    location = reference.registry.removesuffix(_SUFFIX)
    project, *rest = reference.repository.split("/")
    if "." in project and rest:
        project = f"{project}:{rest.pop(0)}"
    if len(rest) < 2 or not location:
        raise CannotTell(
            f"{reference.name} names no project, repository and image",
            remedy="write LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE",
        )
    return f"projects/{project}/locations/{location}/repositories/{rest[0]}"


def _bearer(reference: Reference, world: World) -> Secret:
    login = login_for(reference, world)
    if login is None or login.password is None or not login.user.startswith(_TOKEN_USERS):
        raise CannotTell(
            f"{_API} wants an access token, and there is none for {reference.registry}",
            remedy="log in as oauth2accesstoken, or with gcloud's credential helper",
        )
    world.talk.say(
        f"the access token for {reference.registry} goes to {_API}, for the setting of its tags"
    )
    return Secret(f"Bearer {login.password.reveal()}")


REGISTRY = RegistryKind(name="Google Artifact Registry", claims=claims, immutability=immutability)
