"""Answering a registry's challenge: Basic, or a Bearer token from its token server."""

import re
from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct

from cdkit.core.doors.workers import Turns
from cdkit.core.errors import CannotTell, CdkitError, NoAccess, NoAnswer
from cdkit.core.oci.login import Login, Logins
from cdkit.core.oci.place import Place
from cdkit.core.oci.redact import Secrets
from cdkit.core.oci.reference import DOCKER_HUB, Reference, host_of
from cdkit.core.oci.token import Refused, Token, Wanted, fetch, server_of
from cdkit.core.secret import Secret
from cdkit.core.world import World

_ELEMENT = re.compile(r'(?:[^,"]++|"(?:[^"\\]|\\.?)*+(?:"|\Z))*+', re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*+)(?:\s++(?!=)|\Z)", re.ASCII)
_PARAMETER = re.compile(
    r'\s*+([A-Za-z0-9_-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]++))', re.ASCII
)
E = TypeVar("E", bound=CdkitError)


class Challenge(Struct, frozen=True, kw_only=True):
    """One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1); the scheme in lower case."""

    scheme: str
    parameters: dict[str, str]


class _Kept(Struct, frozen=True, kw_only=True):
    """A header that a registry gets; `who` and `asked` say what it stands for, for people."""

    header: Secret
    until: float
    who: str
    asked: str


def challenges(header: str) -> tuple[Challenge, ...]:
    """Return the challenges in a header; what cannot be read is left out.

    Commas stand between challenges, and between the parameters of one; a scheme may stand without
    any, as `Negotiate` does (RFC 9110, 11.6.1).
    """
    found: list[Challenge] = []
    for element in _elements(header):
        at = 0
        if scheme := _SCHEME.match(element):
            found.append(Challenge(scheme=scheme[1].lower(), parameters={}))
            at = scheme.end()
        while found and (pair := _PARAMETER.match(element, at)):
            at = pair.end()
            value = re.sub(r"\\(.)", r"\1", pair[2]) if pair[2] is not None else pair[3]
            found[-1].parameters[pair[1].lower()] = value
    return tuple(found)


def _elements(header: str) -> Iterator[str]:
    """Yield what stands between commas, those in quotes left alone."""
    at = 0
    while at < len(header) and (found := _ELEMENT.match(header, at)):
        yield found[0].strip()
        at = found.end() + 1


class Authorizer:
    """Finds the Authorization header for a repository, and keeps tokens while they live.

    Threads may share it: each token is fetched once, however many wait for it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._logins = Logins(world)
        self._turns = Turns()
        self._kept: dict[str, _Kept] = {}
        self._challenges: dict[str, Challenge] = {}
        self._said: set[str] = set()
        self._secrets = Secrets()

    def known(self, reference: Reference) -> Secret | None:
        """Return the header that worked a moment ago, if it is still good."""
        kept = self._kept.get(reference.name)
        return kept.header if kept and kept.until > self._world.clock.monotonic() else None

    def ahead(self, place: Place) -> Secret | None:
        """Return a header before anybody asks for it, where the registry has asked before.

        It has said where its tokens come from, for another repository: going there first saves a
        request for each further one. Whatever goes wrong is left to the registry to ask for.
        """
        challenge = self._challenges.get(place.reference.registry)
        if challenge is None:
            return None
        with self._turns.of(place.reference.name):
            try:
                return self.known(place.reference) or self._bearer(place, challenge)
            except CannotTell:
                return None

    def answer(self, place: Place, header: str, refused: Secret | None = None) -> Secret | None:
        """Return the header that answers a challenge; None where nothing can be answered.

        `refused` is the header that was sent with the request that was challenged: a token that
        was kept too long. Raises CannotTell where the token server gives no token.
        """
        with self._turns.of(place.reference.name):
            known = self.known(place.reference)
            if known is not None and known is not refused:
                return known  # another thread was here first
            return self._answer(place, header)

    def refusal(self, reference: Reference, challenge: str) -> CannotTell:
        """Return the error for a registry that says 401 even to the header we answered with.

        A token server may grant less than was asked for, and that is no error of its own
        (distribution, "Token authentication"): it is the registry that says `insufficient_scope`.
        """
        kept = self._kept.get(reference.name)
        said = {found.parameters.get("error", "") for found in challenges(challenge)}
        if "insufficient_scope" in said and kept:
            return self.explained(
                reference,
                f"{reference.registry} says that the token does not reach far enough "
                f"(401 insufficient_scope) for {reference}: {kept.asked[:200]!r} was asked for "
                f"{kept.who}, and less was granted",
            )
        who = f", asked {kept.who}" if kept else ""
        return self.explained(
            reference, f"{reference.registry} wants a login (401) for {reference}{who}"
        )

    def explained(self, reference: Reference, what: str) -> CannotTell:
        """Return an error for a login that is missing or too weak, with what may mend it."""
        if fault := self._logins.cloud_fault(reference):
            return NoAccess(f"{what}; before that, {fault.what}", remedy=fault.remedy)
        return NoAccess(
            what,
            remedy="log in with an account that may read the repository: "
            f"docker login {reference.registry}",
        )

    def redacted(self, fault: E) -> E:
        """Take every login and token that was used out of an error's text: a server may echo it."""
        self._secrets.clean(fault)
        return fault

    def say_once(self, text: str) -> None:
        """Say a line for people, the first time only, and without secrets."""
        with self._turns.of(""):
            if text in self._said:
                return
            self._said.add(text)
        self._world.talk.say(self._secrets.without(text))

    def _answer(self, place: Place, header: str) -> Secret | None:
        reference = place.reference
        offered = {one.scheme: one for one in reversed(challenges(header))}  # the first counts
        if bearer := offered.get("bearer"):
            return self._bearer(place, bearer)
        if "basic" not in offered or not (login := self._login(reference)):
            return None
        value = login.basic()
        if value:
            self._keep(reference, value, 3600, who=f"with the login from {login.source}")
        return value

    def _keep(
        self, reference: Reference, header: Secret, seconds: float, *, who: str, asked: str = ""
    ) -> None:
        self._secrets.add(header)
        until = self._world.clock.monotonic() + seconds
        self._kept[reference.name] = _Kept(header=header, until=until, who=who, asked=asked)

    def _login(self, reference: Reference) -> Login | None:
        login = self._logins.find(reference)
        if login:
            self._secrets.add(login.password, login.identity_token, login.registry_token)
        return login

    def _bearer(self, place: Place, challenge: Challenge) -> Secret:
        reference = place.reference
        realm = challenge.parameters.get("realm", "")
        _check_realm(realm, place)
        scope = challenge.parameters.get("scope") or f"repository:{reference.repository}:pull"
        login = self._login_for_realm(reference, realm)
        who = f"with the login from {login.source}" if login else "anonymously"
        if login and login.registry_token:
            header = Secret(f"Bearer {login.registry_token.reveal()}")
            self._keep(reference, header, 3600, who=who, asked=scope)
            return header
        service = challenge.parameters.get("service", "")
        wanted = Wanted(realm=realm, service=service, scope=scope)
        try:
            token = self._fetch(wanted, login)
        except Refused as fault:
            raise self.explained(reference, f"{fault.what}, asked {who}") from fault
        except NoAnswer as fault:
            what = f"{fault.what}; {reference.registry} has its tokens from there"
            raise NoAnswer(what, remedy=fault.remedy, after=fault.after) from fault
        if token is None:
            raise self.explained(
                reference, f"{server_of(realm)} gave no token for {reference.registry}"
            )
        self._keep(reference, token.header, token.seconds, who=who, asked=scope)
        if scope == f"repository:{reference.repository}:pull":
            plain = {"realm": realm, "service": service}
            self._challenges[reference.registry] = Challenge(scheme="bearer", parameters=plain)
        return token.header

    def _fetch(self, wanted: Wanted, login: Login | None) -> Token | None:
        """Return a token; as nobody where a login that was only handed to us is refused."""
        try:
            return fetch(wanted, login, self._world.http)
        except Refused as refused:
            if login is None or not login.handed:
                raise
            try:
                return fetch(wanted, None, self._world.http)
            except Refused:
                raise refused from None

    def _login_for_realm(self, reference: Reference, realm: str) -> Login | None:
        login = self._login(reference)
        registry, server = reference.registry, server_of(realm)
        if server == host_of(registry):
            return login
        if not is_related(registry, server):
            withheld = "its login is not sent there" if login else "asked as nobody"
            self.say_once(
                f"{registry} has its tokens from {server}, which is not part of it: {withheld}"
            )
            return None
        if login is None:
            return None
        self.say_once(f"{registry} has its tokens from {server}: the login goes there")
        return login


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


def _check_realm(realm: str, place: Place) -> None:
    if place.may_lead_to(realm):
        return
    raise CannotTell(
        f"{place.reference.registry} names the token server {realm[:200]!r}, which is no https "
        "address",
        remedy="ask the registry's operator to mend its configuration",
    )
