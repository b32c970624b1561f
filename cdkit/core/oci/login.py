"""Logins for registries, from where `docker login`, podman and CI systems leave them."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, Missing, Unreadable
from cdkit.core.oci.reference import DOCKER_HUB, Reference
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, World

_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_HUB_KEY = "https://index.docker.io/v1/"
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_NOT_FOUND = b"credentials not found"


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user with a password, or an identity token, that the token server takes for one of its own.

    `source` says where it was found, for people.
    """

    user: str = ""
    password: Secret | None = None
    identity_token: Secret | None = None
    source: str

    def basic(self) -> Secret | None:
        """Return the value of an Authorization header (RFC 7617), or None without a password."""
        if self.password is None:
            return None
        pair = f"{self.user}:{self.password.reveal()}".encode()
        return Secret(f"Basic {base64.b64encode(pair).decode()}")


class _Auth(Struct, frozen=True, kw_only=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""


class _DockerConfig(Struct, frozen=True, kw_only=True, rename="camel"):
    auths: dict[str, _Auth] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str = ""


class _Helped(Struct, frozen=True, kw_only=True, rename="pascal"):
    username: str = ""
    secret: str = ""


def login_for(reference: Reference, world: World) -> Login | None:
    """Return the login for a reference's registry, or None where nobody left one.

    Looked at in turn: podman's REGISTRY_AUTH_FILE, Docker's config.json (in it a helper for this
    registry, then the helper for all, then what is written down), podman's own file, and at last
    what GitLab (CI_REGISTRY_*) and GitHub (GITHUB_TOKEN, for ghcr.io) hand to a job. Raises
    CannotTell where a file or helper that should have it cannot be read.
    """
    for path in _config_paths(world):
        if login := _from_file(path, reference, world):
            return login
    return _from_environment(reference.registry, world)


def _config_paths(world: World) -> Iterator[str]:
    environ = world.environ
    home = environ.get("HOME") or environ.get("USERPROFILE")
    folder = environ.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")
    runtime = environ.get("XDG_RUNTIME_DIR")
    named = (
        environ.get("REGISTRY_AUTH_FILE", ""),
        f"{folder}/config.json" if folder else "",
        f"{runtime}/containers/auth.json" if runtime else "",
    )
    yield from (path for path in named if path and world.files.is_file(path))


def _from_file(path: str, reference: Reference, world: World) -> Login | None:
    try:
        data = world.files.read(path, limit=MIB)
        config = msgspec.json.decode(data, type=_DockerConfig)
    except Missing:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is no Docker configuration: {fault}", where=path, remedy="log in again"
        ) from fault
    registry = reference.registry
    helpers = {_bare(key): name for key, name in (config.cred_helpers or {}).items()}
    helper = helpers.get(_bare(registry)) or config.creds_store
    if helper and (login := _from_helper(helper, registry, path, world)):
        return login
    return _from_auths(config.auths or {}, reference, path)


def _from_auths(auths: dict[str, _Auth], reference: Reference, path: str) -> Login | None:
    written = {_bare(key): auth for key, auth in auths.items()}
    name = f"{_bare(reference.registry)}/{reference.repository}"
    while name:
        if (auth := written.get(name)) and (login := _read_auth(auth, path)):
            return login
        name = name.rpartition("/")[0]
    return None


def _read_auth(auth: _Auth, path: str) -> Login | None:
    user, password = auth.username, auth.password
    if auth.auth:
        try:
            pair = base64.b64decode(auth.auth, validate=True).decode().rstrip("\0")
        except (binascii.Error, UnicodeDecodeError) as fault:
            raise Unreadable(
                "holds a login that is not base64", where=path, remedy="log in again"
            ) from fault
        user, _, password = pair.partition(":")
    if auth.identitytoken:
        return Login(user=user, identity_token=Secret(auth.identitytoken), source=path)
    return Login(user=user, password=Secret(password), source=path) if password else None


def _from_helper(helper: str, registry: str, path: str, world: World) -> Login | None:
    """Ask a credential helper (docker-credential-helpers, "get"): the server in, JSON out."""
    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise Unreadable(
            f"names the credential helper {helper[:80]!r}", where=path, remedy="log in again"
        )
    server = _HUB_KEY if registry in _HUB_NAMES else registry
    done = world.processes.run([program, "get"], stdin=f"{server}\n".encode(), timeout=30)
    if done.code != 0:
        if _NOT_FOUND in done.stdout + done.stderr:
            return None
        raise CannotTell(
            f"{program} gave no login for {registry} (exit code {done.code})",
            where=path,
            remedy=f"log in to {registry} again, or check the helper",
        )
    return _read_helped(done.stdout, program)


def _read_helped(data: bytes, program: str) -> Login | None:
    try:
        helped = msgspec.json.decode(data, type=_Helped)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise CannotTell(
            f"{program} answered with something that is no login", remedy="check the helper"
        ) from fault
    if not helped.secret:
        return None
    secret = Secret(helped.secret)
    if helped.username == "<token>":
        return Login(identity_token=secret, source=program)
    return Login(user=helped.username, password=secret, source=program)


def _from_environment(registry: str, world: World) -> Login | None:
    environ = world.environ
    if registry == environ.get("CI_REGISTRY") and (word := environ.get("CI_REGISTRY_PASSWORD")):
        user = environ.get("CI_REGISTRY_USER", "")
        return Login(user=user, password=Secret(word), source="CI_REGISTRY_PASSWORD")
    if registry == "ghcr.io" and (word := environ.get("GITHUB_TOKEN")):
        user = environ.get("GITHUB_ACTOR", "") or "github"
        return Login(user=user, password=Secret(word), source="GITHUB_TOKEN")
    return None


def _bare(key: str) -> str:
    """Return a key of `auths` as a bare host (and path, as podman writes): Docker adds the rest."""
    name = key.partition("://")[2] or key
    name = re.sub(r"/(v1|v2)/?$", "", name).rstrip("/")
    return DOCKER_HUB if name in _HUB_NAMES else name
