"""The files in which docker and podman keep logins: config.json and auth.json."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec import Struct

from cdkit.core.errors import Missing, Unreadable
from cdkit.core.oci.reference import DOCKER_HUB, Reference
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, World

T = TypeVar("T")

_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_HUB_KEY = "https://index.docker.io/v1/"
FROM_VARIABLE = "DOCKER_AUTH_CONFIG"
"""What Docker 28.3 and GitLab's runner read before the file: the text of a config.json."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user with a password, or a token that stands for both.

    An identity token is one that the token server exchanges; a registry token goes to the registry
    as it is. `source` says where it was found, for people; `handed` that nobody wrote it down for
    this registry: a CI system or a cloud's command line gave it, and public images may do without.
    """

    user: str = ""
    password: Secret | None = None
    identity_token: Secret | None = None
    registry_token: Secret | None = None
    source: str
    handed: bool = False

    def basic(self) -> Secret | None:
        """Return the value of an Authorization header (RFC 7617), or None without a password."""
        return None if self.password is None else basic(self.user, self.password)


def basic(user: str, password: Secret) -> Secret:
    """Return the value of an Authorization header for a user (RFC 7617)."""
    pair = f"{user}:{password.reveal()}".encode()
    return Secret(f"Basic {base64.b64encode(pair).decode()}")


class _Auth(Struct, frozen=True, kw_only=True):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None

    def __repr__(self) -> str:
        return "_Auth(***)"


class AuthFile(Struct, frozen=True, kw_only=True, rename="camel"):
    """What such a file holds (docker/cli, config file; containers-auth.json(5)).

    Anything may be null, which Go takes for nothing.
    """

    auths: dict[str, _Auth | None] | None = None
    cred_helpers: dict[str, str | None] | None = None
    creds_store: str | None = None

    def helper(self, registry: str) -> str:
        """Return the helper that has the login of a registry; an empty string for none.

        One for the registry goes before the one for all, even where it is empty: that is how one
        registry is left out of a store (docker/cli, getConfiguredCredentialStore).
        """
        helpers = _by_name(self.cred_helpers or {})
        return helpers.get(bare(registry), self.creds_store) or ""

    def login(self, reference: Reference, path: str) -> Login | None:
        """Return what is written down: for the repository, a part of its path, or the registry.

        An entry without anything in it, as Docker leaves beside a store, is none.
        """
        written = _by_name(self.auths or {})
        name = f"{bare(reference.registry)}/{reference.repository}"
        while name:
            if (auth := written.get(name)) and (login := _read(auth, path)):
                return login
            name = name.rpartition("/")[0]
        return None


def _by_name(entries: Mapping[str, T]) -> dict[str, T]:
    """Return entries by the names of their registries; of two for one, the one that is exact.

    That is what docker asks for first (docker/cli, fileStore.Get). Beside Docker Hub's login stand
    `https://index.docker.io/v1/access-token` and `…/refresh-token`, which are none for a registry
    (docker/cli, oauth manager).
    """
    found: dict[str, T] = {}
    for key in sorted(entries, key=lambda key: key not in {bare(key), _HUB_KEY}):
        if not key.startswith(_HUB_KEY) or key == _HUB_KEY:
            found.setdefault(bare(key), entries[key])
    return found


def auth_files(world: World) -> Iterator[str]:
    """Yield the names of what there is, in the order in which it counts.

    DOCKER_AUTH_CONFIG holds a text, REGISTRY_AUTH_FILE names a file (podman, skopeo). Then the
    config.json of DOCKER_CONFIG or ~/.docker, and podman's own files: in XDG_RUNTIME_DIR on Linux,
    below XDG_CONFIG_HOME or ~/.config elsewhere (containers-auth.json(5)).
    """
    environ = world.environ
    if environ.get(FROM_VARIABLE):
        yield FROM_VARIABLE
    if named := environ.get("REGISTRY_AUTH_FILE"):
        yield named
    yield from (path for path in _usual_paths(world) if world.files.is_file(path))


def read_auth_file(name: str, world: World) -> AuthFile:
    """Read one that `auth_files` named; Unreadable where it is none.

    Raises Missing where REGISTRY_AUTH_FILE names a file that is not there: podman fails then, and
    going on as nobody would hide why. Of DOCKER_AUTH_CONFIG the `auths` alone count.
    """
    if name == FROM_VARIABLE:
        text = world.environ.get(FROM_VARIABLE, "")
        return AuthFile(auths=_decode(text.encode(errors="replace"), name).auths)
    try:
        return _decode(world.files.read(name, limit=MIB), name)
    except Missing as fault:
        raise Missing(
            "REGISTRY_AUTH_FILE names a file that is not there",
            where=name,
            remedy="log in (`podman login` writes it), or unset REGISTRY_AUTH_FILE",
        ) from fault


def _decode(data: bytes, where: str) -> AuthFile:
    """Read the text; an empty one holds nothing, as for Docker."""
    try:
        return msgspec.json.decode(data, type=AuthFile) if data.strip() else AuthFile()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        remedy = "give the text of a config.json" if where == FROM_VARIABLE else "log in again"
        raise Unreadable(
            f"is no Docker configuration: {fault}", where=where, remedy=remedy
        ) from fault


def _usual_paths(world: World) -> Iterator[str]:
    environ = world.environ
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if folder := environ.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else ""):
        yield f"{folder}/config.json"
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield f"{runtime}/containers/auth.json"
    if folder := environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else ""):
        yield f"{folder}/containers/auth.json"


def server_name(registry: str) -> str:
    """Return what helpers know a registry by: Docker Hub has a name of its own."""
    return _HUB_KEY if registry in _HUB_NAMES else registry


def bare(key: str) -> str:
    """Return a key of `auths` as a host with its port, and with a path where podman wrote one.

    Docker adds a scheme and `/v1/` or `/v2/` to some; with a scheme, the host alone counts
    (docker/cli, ConvertToHostname; containers/image, normalizeAuthFileKey).
    """
    _, has_scheme, rest = key.partition("://")
    name = rest.partition("/")[0] if has_scheme else re.sub(r"/(v1|v2)/?$", "", key).rstrip("/")
    host, slash, path = name.partition("/")
    return f"{DOCKER_HUB if host in _HUB_NAMES else host}{slash}{path}"


def _read(auth: _Auth, path: str) -> Login | None:
    user, password = auth.username or "", auth.password
    if auth.auth:
        user, password = _pair(auth.auth, path)
    if auth.identitytoken:
        return Login(user=user, identity_token=Secret(auth.identitytoken), source=path)
    if auth.registrytoken:
        return Login(user=user, registry_token=Secret(auth.registrytoken), source=path)
    return Login(user=user, password=Secret(password), source=path) if password else None


def _pair(auth: str, path: str) -> tuple[str, str]:
    """Return user and password of an `auth`, which is the base64 of `user:password`."""
    try:
        pair = base64.b64decode(auth, validate=True).decode().rstrip("\0")
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise Unreadable(
            "holds a login that is not base64", where=path, remedy="log in again"
        ) from fault
    user, colon, password = pair.partition(":")
    if not colon:
        raise Unreadable(
            "holds a login without a colon between user and password",
            where=path,
            remedy="log in again",
        )
    return user, password
