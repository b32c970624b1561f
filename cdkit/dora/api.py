"""JSON over HTTPS from a system that is asked for much: to the end of a list, or "cannot tell".

A page that is missing would be deployments that nobody counts. So every list is followed to its
end; a limit of requests is waited for within the time that all asking may take; and nothing is
followed to another host, since the token would go along.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

import msgspec
from msgspec import Struct

from cdkit.core.errors import (
    CannotTell,
    NoAccess,
    NoAnswer,
    NotThere,
    RequestError,
    Unreadable,
)
from cdkit.core.escape import terminal
from cdkit.core.oci.reference import is_loopback
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, Response, World
from cdkit.dora.links import next_of

PAGE = 100
"""Entries of a page: the most that GitHub, GitLab and PagerDuty give."""

_MOST_PAGES = 1000
_MOST_HOPS = 3
_PAGE_BYTES = 32 * MIB
_ONE_ANSWER = 60.0
"""Seconds that one answer may take."""

_SHORT = 60.0
"""Seconds to wait for a limit that does not say how long (docs.github.com, "Rate limits for the
REST API": at least one minute)."""

_PASSING = frozenset({500, 502, 503, 504})
_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before a question is asked again that a server failed to answer."""

_KINDS: Mapping[int, type[CannotTell]] = {
    401: NoAccess,
    403: NoAccess,
    404: NotThere,
    410: NotThere,
}
_REDIRECTS = frozenset({301, 302, 307, 308})
_LONG_AGO = 1_000_000_000
"""A reset that is larger is a point in time, in seconds since 1970; a smaller one is seconds."""

T = TypeVar("T")


class Refusal(Struct, frozen=True, kw_only=True):
    """What to do about each way in which a system lets nobody in."""

    login: str
    permission: str
    missing: str

    def of(self, status: int) -> str:
        """Return the remedy for a status."""
        told = {401: self.login, 403: self.permission, 404: self.missing, 410: self.missing}
        return told.get(status, "see what the system says of itself, and try again")


class Api:
    """An API at an address, asked with these headers until a moment of the monotonic clock."""

    def __init__(
        self,
        world: World,
        base: str,
        headers: Mapping[str, str | Secret],
        *,
        where: str,
        refusal: Refusal,
        ends: float,
    ) -> None:
        _check(base, where)
        self.where, self.refusal, self.skew = where, refusal, 0.0
        self._world, self._base, self._headers = world, base.rstrip("/"), headers
        self._ends = ends

    def get(self, path: str, kind: type[T], **query: str) -> T:
        """Return what stands at a path; raises CannotTell where it is not to be had."""
        return self._decoded(self._asked("GET", self._url(path, query), b""), kind, path)

    def post(self, path: str, body: object, kind: type[T]) -> T:
        """Return what is answered to a question that changes nothing; raises CannotTell."""
        data = msgspec.json.encode(body)
        return self._decoded(self._asked("POST", self._url(path, {}), data), kind, path)

    def has(self, path: str) -> bool:
        """Say whether something stands at a path; raises CannotTell where nobody knows."""
        try:
            self._asked("GET", self._url(path, {}), b"")
        except NotThere:
            return False
        return True

    def pages(
        self, path: str, kind: type[T], key: Callable[[T], Hashable], **query: str
    ) -> Iterator[T]:
        """Yield every entry of a list once; `key` tells one from another.

        The next page is where the `Link` header says (RFC 8288), and where a full page has none,
        the one after it. Raises CannotTell where the list has no end, or repeats itself.
        """
        url, seen = self._url(path, query | {"per_page": str(PAGE)}), set[Hashable]()
        for page in range(1, _MOST_PAGES + 1):
            answer = self._asked("GET", url, b"")
            entries = self._decoded(answer, list[kind], path)  # type: ignore[valid-type]
            fresh = [one for one in entries if key(one) not in seen]
            if entries and not fresh:
                raise self._endless(path, "says the same page again and again")
            seen |= {key(one) for one in fresh}
            yield from fresh
            following = next_of(answer.headers.get("link", ""))
            if following:
                url = self._beside(url, following)
            elif len(entries) >= PAGE:
                url = self._url(path, query | {"per_page": str(PAGE), "page": str(page + 1)})
            else:
                return
        raise self._endless(path, f"has more than {_MOST_PAGES} pages")

    def wait(self, seconds: float) -> None:
        """Wait as the system asks; NoAnswer where that is longer than there is time."""
        left = self._ends - self._world.clock.monotonic()
        if seconds >= left:
            raise NoAnswer(
                f"{self._host} wants no questions for another {seconds:.0f} s, and"
                f" {max(0.0, left):.0f} s are left",
                where=self.where,
                remedy="try again then, give more time (--budget), or ask for fewer days",
            )
        if seconds >= _SHORT / 2:
            self._world.talk.say(f"{self.where}: waiting {seconds:.0f} s, as {self._host} asks")
        self._world.clock.sleep(seconds)

    @property
    def _host(self) -> str:
        return urlsplit(self._base).netloc

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")

    def _asked(self, method: str, url: str, body: bytes) -> Response:
        """Return an answer of 200; led on by the same host at the most, and only for reading."""
        for _ in range(_MOST_HOPS + 1):
            answer = self._patiently(method, url, body)
            if answer.status == 200:
                return answer
            if answer.status not in _REDIRECTS or method != "GET":
                raise self._refused(answer, url)
            url = self._beside(url, answer.headers.get("location", ""))
        raise self._endless(urlsplit(url).path, "leads on and on")

    def _patiently(self, method: str, url: str, body: bytes) -> Response:
        """Ask; again where the server failed, and where a limit is over in time."""
        waits = iter(_WAITS)
        while True:
            left = self._ends - self._world.clock.monotonic()
            if left <= 0:
                self.wait(0.0)
            headers = {**self._headers, **({"Content-Type": "application/json"} if body else {})}
            answer = self._world.http.request(
                method,
                url,
                headers=headers,
                body=body,
                timeout=min(_ONE_ANSWER, left),
                limit=_PAGE_BYTES,
            )
            self._note_skew(answer)
            pause = limit_of(answer, self._world.clock.now())
            if pause is None and answer.status in _PASSING:
                # Nobody asked for this pause: where there is no time for it, the answer says more.
                left = self._ends - self._world.clock.monotonic()
                pause = next((seconds for seconds in waits if seconds < left), None)
            if pause is None:
                return answer
            self.wait(pause)

    def _note_skew(self, answer: Response) -> None:
        if (there := _date(answer)) is not None:
            self.skew = (there - self._world.clock.now()).total_seconds()

    def _beside(self, url: str, following: str) -> str:
        """Return where an answer leads on to; CannotTell where that is another host's."""
        target = urljoin(url, following) if following else ""
        if not target or _origin(target) != _origin(url):
            raise CannotTell(
                f"{self._host} leads to {_shown(target)}, and the token goes to no other host",
                where=self.where,
                remedy="give the address of the API itself (url:), and see what stands in between",
            )
        return target

    def _refused(self, answer: Response, url: str) -> CannotTell:
        kind = _KINDS.get(answer.status, CannotTell)
        said = _said(answer)
        return kind(
            f"{_shown(url)} answers {answer.status}{f' ({said})' if said else ''}",
            where=self.where,
            remedy=self.refusal.of(answer.status),
        )

    def _endless(self, path: str, what: str) -> CannotTell:
        return CannotTell(
            f"{self._base}{path} {what}", where=self.where, remedy="ask for fewer days"
        )

    def _decoded(self, answer: Response, kind: type[T], path: str) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise Unreadable(
                f"{self._base}{path} answers something else than it should: {fault}",
                where=self.where,
                remedy="see what stands between this job and the server",
            ) from fault


def limit_of(answer: Response, now: datetime) -> float | None:
    """Return the seconds that a system wants to be left alone; None where it does not.

    Sources: docs.github.com, "Rate limits for the REST API" (403 or 429; `retry-after`, else
    `x-ratelimit-remaining: 0` with `x-ratelimit-reset`); docs.gitlab.com, "User and IP rate limits"
    (`RateLimit-Reset`, a point in time); PagerDuty, "Rate Limits" (`ratelimit-reset`, seconds).
    Points in time are compared with the server's own clock.
    """
    if answer.status not in {403, 429}:
        return None
    headers = answer.headers
    if (after := headers.get("retry-after", "").strip()) and after.isascii() and after.isdigit():
        return float(after[:9])
    remaining = headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining")
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    if remaining == "0" and reset.isascii() and reset.isdigit():
        moment = float(reset[:12])
        there = (_date(answer) or now).timestamp()
        return max(1.0, moment - there if moment > _LONG_AGO else moment)
    is_second = answer.status == 429 or b"secondary rate limit" in answer.body[:2000].lower()
    return _SHORT if is_second else None


def _date(answer: Response) -> datetime | None:
    try:
        found = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _check(base: str, where: str) -> None:
    """Raise RequestError for an address that a token may not be sent to."""
    parts = _split(base)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
    if not parts.hostname or "@" in parts.netloc or parts.query or not is_private:
        raise RequestError(
            f"{_shown(base)} is no address of an API that a token can be sent to",
            where=where,
            remedy="write https://host/path, without a login in it",
        )


def _origin(url: str) -> tuple[str, str]:
    parts = _split(url)
    return parts.scheme, parts.netloc.lower()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _shown(url: str) -> str:
    """Return an address without a login and a query, which may hold secrets."""
    parts = _split(url)
    if not parts.netloc:
        return "nowhere"
    return terminal(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200])


class _Message(Struct, frozen=True):
    message: str | dict[str, object] | list[object] = ""
    error: str | dict[str, object] = ""


def _said(answer: Response) -> str:
    """Return what an API says of its refusal, as one short line."""
    try:
        found = msgspec.json.decode(answer.body[:20_000], type=_Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = found.message if isinstance(found.message, str) else ""
    error = found.error if isinstance(found.error, str) else str(found.error.get("message", ""))
    return terminal((said or error)[:160])
