"""Sending a registry a request: with a login where it wants one, and wherever it redirects."""

import re
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from cdkit.core.errors import CannotTell, NoAnswer
from cdkit.core.escape import terminal
from cdkit.core.oci import media
from cdkit.core.oci.authorize import Authorizer
from cdkit.core.oci.place import Place
from cdkit.core.oci.refusal import refusal
from cdkit.core.secret import Secret
from cdkit.core.world import Response, World

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_MOST_WARNINGS = 5


class Cargo(Struct, frozen=True, kw_only=True):
    """What a request carries: bytes, and of which media type."""

    kind: str
    data: bytes


class Transport:
    """Requests to registries. Threads may share it.

    Each takes at most `timeout` seconds, with all its tries. With `give_up` a registry that gave no
    answer is not asked again.
    """

    def __init__(self, world: World, *, timeout: float = 30, give_up: bool = False) -> None:
        self._world = world
        self._timeout = timeout
        self._give_up = give_up
        self._dead: dict[str, NoAnswer] = {}
        self.authorizer = Authorizer(world)

    def ask(
        self,
        method: str,
        place: Place,
        url: str,
        limit: int = 65536,
        part: str = "",
        *,
        cargo: Cargo | None = None,
    ) -> Response:
        """Send a request, answer a challenge once, follow redirects without the login.

        `part` is the range of bytes that is wanted (RFC 9110, 14.2). An address that is not on the
        registry's own host gets no login of its.
        Raises CannotTell where the registry wants a login, or another than ours, where it redirects
        without end or to where nobody should go, and where it does not answer.
        """
        registry = place.reference.registry
        if fault := self._dead.get(registry):
            raise CannotTell(
                f"{place.reference} was not asked for, since its registry gave no answer before: "
                f"{fault.what}",
                remedy=fault.remedy,
            )
        try:
            return self._asked(_Question(method, url, limit, part, cargo), place)
        except NoAnswer as fault:
            self._note(registry, fault)
            raise

    def refusal(self, answer: Response, place: Place) -> CannotTell:
        """Return the error for an answer that is neither an image nor "there is none"."""
        fault = refusal(answer, place.reference)
        if isinstance(fault, NoAnswer):
            self._note(place.reference.registry, fault)
        if answer.status == 403:
            return self.authorizer.explained(place.reference, fault.what)
        return fault

    def _note(self, registry: str, fault: NoAnswer) -> None:
        if self._give_up:
            self._dead.setdefault(registry, fault)

    def _asked(self, question: "_Question", place: Place) -> Response:
        header = self.authorizer.known(place.reference) or self.authorizer.ahead(place)
        answer = self._follow(question, place, header)
        if answer.status != 401:
            return answer
        challenge = answer.headers.get("www-authenticate", "")
        header = self.authorizer.answer(place, challenge, header)
        if header is None:
            raise self.authorizer.refusal(place.reference, challenge)
        answer = self._follow(question, place, header)
        if answer.status == 401:
            again = answer.headers.get("www-authenticate", "")
            raise self.authorizer.refusal(place.reference, again)
        return answer

    def _follow(self, question: "_Question", place: Place, header: Secret | None) -> Response:
        home, url = urlsplit(place.base), question.url
        for _ in range(_MOST_REDIRECTS + 1):
            here = urlsplit(url)
            is_home = (here.scheme, here.netloc) == (home.scheme, home.netloc)
            headers = question.headers
            if header and is_home:
                headers["Authorization"] = header
            answer = self._world.http.request(
                question.method,
                url,
                headers=headers,
                body=question.cargo.data if question.cargo else b"",
                limit=question.limit,
                timeout=self._timeout,
            )
            self._warn(place, answer)
            if answer.status == 401 and not is_home:
                # It is not the registry that asks, so no login and no token of its is an answer.
                raise CannotTell(
                    f"{place.reference.registry} redirects to {_shown(url)}, which wants a login "
                    "of its own",
                    remedy="name the image by the registry that this leads to, or ask the "
                    "operator of the first",
                )
            if answer.status not in _REDIRECTS:
                return answer
            url = _next(url, answer.headers.get("location", ""), place)
        raise CannotTell(
            f"{place.reference.registry} redirects without end, at last to {_shown(url)}",
            remedy="check the registry's address",
        )

    def _warn(self, place: Place, answer: Response) -> None:
        """Say what a registry warns of (distribution-spec, "Warnings"), each warning once."""
        for found in _WARNING.findall(answer.headers.get("warning", ""))[:_MOST_WARNINGS]:
            text = terminal(re.sub(r"\\(.)", r"\1", found))[:300]
            self.authorizer.say_once(f"{place.reference.registry} warns: {text}")


class _Question(Struct, frozen=True):
    method: str
    url: str
    limit: int
    part: str
    cargo: Cargo | None

    @property
    def headers(self) -> dict[str, str | Secret]:
        """The headers of every request for it, a new mapping each time."""
        headers: dict[str, str | Secret] = {"Accept": media.ACCEPT}
        if self.part:
            headers["Range"] = self.part
        if self.cargo:
            headers["Content-Type"] = self.cargo.kind
        return headers


def _next(url: str, location: str, place: Place) -> str:
    try:
        target = urljoin(url, location) if location else ""
    except ValueError:
        target = ""
    if not place.may_lead_to(target):
        raise CannotTell(
            f"{place.reference.registry} redirects to {_shown(location)}, which is no https "
            "address",
            remedy="check the registry's address",
        )
    return target


def _shown(location: str) -> str:
    """Return an address without what may be secret in it: its login and its query."""
    return repr(location.partition("?")[0].rpartition("@")[2][:200])
