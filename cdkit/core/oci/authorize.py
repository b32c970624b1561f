"""Answering a registry's challenge: Basic, or a Bearer token from its token server."""

import re
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from cdkit.core.doors.workers import Turns
from cdkit.core.errors import CannotTell
from cdkit.core.oci.login import Login, login_for
from cdkit.core.oci.reference import DOCKER_HUB, Reference, host_of, is_loopback
from cdkit.core.secret import Secret
from cdkit.core.world import World

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*)\s+(?=[^\s=]+\s*=)", re.ASCII)
_PARAMETER = re.compile(
    r'\s*,?\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.ASCII
)
_WORD = re.compile(r"[!-~]+", re.ASCII)
_SHORTEST_LIFE = 60
"""Seconds that a token lives where the server does not say (distribution, token.md)."""


class Challenge(Struct, frozen=True, kw_only=True):
    """One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1); the scheme in lower case."""

    scheme: str
    parameters: dict[str, str]


class _Token(Struct, frozen=True, kw_only=True):
    token: str | None = None
    access_token: str | None = None
    expires_in: int | None = None


def challenges(header: str) -> tuple[Challenge, ...]:
    """Return the challenges in a header; what cannot be read is left out."""
    found: list[Challenge] = []
    at = 0
    while match := _SCHEME.match(header, at):
        at = match.end()
        parameters: dict[str, str] = {}
        while (pair := _PARAMETER.match(header, at)) and not _SCHEME.match(header, at):
            at = pair.end()
            value = re.sub(r"\\(.)", r"\1", pair[2]) if pair[2] is not None else pair[3]
            parameters[pair[1].lower()] = value
        found.append(Challenge(scheme=match[1].lower(), parameters=parameters))
    return tuple(found)


class Authorizer:
    """Finds the Authorization header for a repository, and keeps tokens while they live.

    Threads may share it: each token is fetched once, however many wait for it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._turns = Turns()
        self._kept: dict[str, tuple[Secret, float]] = {}
        self._said: set[str] = set()

    def known(self, reference: Reference) -> Secret | None:
        """Return the header that worked a moment ago, if it is still good."""
        header, until = self._kept.get(reference.name, (None, 0.0))
        return header if until > self._world.clock.monotonic() else None

    def answer(
        self, reference: Reference, header: str, refused: Secret | None = None
    ) -> Secret | None:
        """Return the header that answers a challenge; None where nothing can be answered.

        `refused` is the header that was sent with the request that was challenged. Raises
        CannotTell where the token server gives no token.
        """
        with self._turns.of(reference.name):
            known = self.known(reference)
            if known is not None and known is not refused:
                return known  # another thread was here first
            return self._answer(reference, header)

    def _answer(self, reference: Reference, header: str) -> Secret | None:
        offered = {challenge.scheme: challenge for challenge in challenges(header)}
        if bearer := offered.get("bearer"):
            return self._bearer(reference, bearer)
        if "basic" in offered and (login := login_for(reference, self._world)):
            value = login.basic()
            if value:
                self._keep(reference, value, 3600)
            return value
        return None

    def _keep(self, reference: Reference, value: Secret, seconds: int) -> None:
        self._kept[reference.name] = (value, self._world.clock.monotonic() + seconds)

    def _bearer(self, reference: Reference, challenge: Challenge) -> Secret:
        realm = challenge.parameters.get("realm", "")
        _check_realm(realm, reference.registry)
        asked = {"service": challenge.parameters.get("service", "")}
        asked["scope"] = (
            challenge.parameters.get("scope") or f"repository:{reference.repository}:pull"
        )
        login = self._login_for_realm(reference, realm)
        token = self._fetch(realm, {key: value for key, value in asked.items() if value}, login)
        word = token.token or token.access_token or ""
        if not _WORD.fullmatch(word):
            raise CannotTell(
                f"{_host(realm)} gave no token for {reference.registry}",
                remedy=f"log in to {reference.registry}: docker login {reference.registry}",
            )
        header = Secret(f"Bearer {word}")
        self._keep(reference, header, max(10, (token.expires_in or _SHORTEST_LIFE) - 5))
        return header

    def _login_for_realm(self, reference: Reference, realm: str) -> Login | None:
        login = login_for(reference, self._world)
        registry, server = reference.registry, _host(realm)
        if login is None or server == host_of(registry):
            return login
        if not is_related(registry, server):
            self._say_once(
                f"{registry} wants its login sent to {server}, which is not part of it: not sent"
            )
            return None
        self._say_once(f"{registry} has its tokens from {server}: the login goes there")
        return login

    def _say_once(self, text: str) -> None:
        with self._turns.of("said"):
            if text in self._said:
                return
            self._said.add(text)
        self._world.talk.say(text)

    def _fetch(self, realm: str, asked: dict[str, str], login: Login | None) -> _Token:
        if login and login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": login.identity_token.reveal(),
                "client_id": "cdkit",
                **asked,
            }
            kind = "application/x-www-form-urlencoded"
            answer = self._world.http.request(
                "POST", realm, headers={"Content-Type": kind}, body=urlencode(form).encode()
            )
        else:
            basic = login.basic() if login else None
            joint = "&" if "?" in realm else "?"
            answer = self._world.http.request(
                "GET",
                f"{realm}{joint}{urlencode(asked)}",
                headers={"Authorization": basic} if basic else {},
            )
        if answer.status != 200:
            raise _refused(_host(realm), answer.status, login)
        return _read_token(answer.body, _host(realm))


def is_related(registry: str, server: str) -> bool:
    """Whether a token server may have the login of a registry on another host.

    Docker Hub's may, and one whose host lies in the same domain (registry.example.com,
    gitlab.example.com): the domain is the registry's host without its first label, and must hold
    two labels or more.
    """
    if registry == DOCKER_HUB:
        return server == "auth.docker.io"
    domain = host_of(registry).partition(".")[2]
    return "." in domain and (server == domain or server.endswith(f".{domain}"))


def may_lead_to(registry: str, url: str) -> bool:
    """Whether a registry may send us to this address: https, no login in it, a port that exists.

    From loopback to loopback plain HTTP will do.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises ValueError where it is none
    except ValueError:
        return False
    on_loopback = is_loopback(registry) and is_loopback(host)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and on_loopback)
    return bool(host) and is_safe and "@" not in parts.netloc


def _check_realm(realm: str, registry: str) -> None:
    if may_lead_to(registry, realm):
        return
    raise CannotTell(
        f"{registry} names the token server {realm[:200]!r}, which is no https address",
        remedy="ask the registry's operator to mend its configuration",
    )


def _host(realm: str) -> str:
    return urlsplit(realm).hostname or ""


def _read_token(body: bytes, host: str) -> _Token:
    try:
        return msgspec.json.decode(body, type=_Token)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise CannotTell(
            f"{host} answered with something that is no token",
            remedy="check that the address is a registry's, and no login page stands before it",
        ) from fault


def _refused(host: str, status: int, login: Login | None) -> CannotTell:
    known = f"the login from {login.source}" if login else "anonymously"
    if status in {400, 401, 403}:
        return CannotTell(
            f"{host} gives no token ({status}), asked with {known}"
            if login
            else f"{host} gives no token ({status}), asked {known}",
            remedy="log in with an account that may read the repository: docker login",
        )
    return CannotTell(f"{host} gives no token: it answered {status}", remedy="try again later")
