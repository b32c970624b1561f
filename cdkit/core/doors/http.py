"""The door to HTTP for many requests: retried, bounded, and never led elsewhere."""

import os
import re
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cdkit.core.doors.attempt import CutOff, Sent
from cdkit.core.doors.clock import SystemClock
from cdkit.core.doors.direct import DirectWire
from cdkit.core.errors import CannotTell, NoAnswer, RequestError
from cdkit.core.names import TOOL
from cdkit.core.patience import seconds_of
from cdkit.core.secret import Secret, revealed
from cdkit.core.world import MIB, Clock, Response

if TYPE_CHECKING:
    from cdkit.core.doors.proxied import ProxiedWire

_RETRIED = frozenset({429, 502, 503, 504})
_SAFE_TO_REPEAT = frozenset({429, 503})
"""What a server answers before it has done anything, so that even a POST may be sent again."""

_WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try; a server's `Retry-After` makes them longer."""

_APART = 0.05
"""Seconds between two questions to a host that has just had too many."""

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*)?")
"""A header's name and value (RFC 9110, 5.1 and 5.5)."""

_PLAIN = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)
"""An address that can be sent as it stands (RFC 3986, 2); others are quoted, or their host is."""

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class RequestsHttp:
    """HTTP with retries, over connections that are kept for the life of the door.

    Straight to the host by `http.client`; by the requests library where a proxy may stand between.

    Threads may share it: where a host has had too many requests (429, 503), none of them asks it
    before its time, and then they come one after the other. Nothing is taken from a `.netrc`: it
    would replace the login that a caller chose. Cookies are neither kept nor sent.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._direct = DirectWire(self._clock)
        self._proxied: ProxiedWire | None = None
        self._guard = threading.Lock()
        self._patience = _Patience(self._clock)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes = b"",
        timeout: float = 30,
        limit: int = 8 * MIB,
    ) -> Response:
        """Send one request; again after connection errors and 429, 502, 503, 504.

        All tries together take at most `timeout` seconds: where a wait, or the server's
        `Retry-After`, would not fit, the last answer is the answer. Raises CannotTell where there
        was none, or where it held more than `limit` bytes.
        """
        sent = _sent(method, url, headers or {}, body)
        deadline = self._clock.monotonic() + timeout
        self._wait_for_turn(sent, timeout)
        answer = self._try(sent, deadline, limit)
        for wait in _WAITS:
            pause = self._pause(sent, answer, wait, deadline)
            if pause is None:
                break
            self._clock.sleep(pause)
            answer = self._try(sent, deadline, limit)
        if isinstance(answer, CannotTell):
            raise answer
        return answer

    def _wait_for_turn(self, sent: Sent, timeout: float) -> None:
        """Wait while the host wants to be left alone; NoAnswer where that takes too long."""
        pause = self._patience.turn(sent.place)
        if pause >= timeout:
            raise NoAnswer(
                f"{sent.host} asks to be left alone for another {pause:.0f} s",
                remedy="try again then",
                after=f"{pause:.0f}",
            )
        if pause:
            self._clock.sleep(pause)

    def _pause(
        self,
        sent: Sent,
        answer: Response | CannotTell,
        wait: float,
        deadline: float,
    ) -> float | None:
        """Return how long to wait before the next try; None where there is none."""
        is_busy = False
        if isinstance(answer, CannotTell):
            again = sent.is_repeatable and isinstance(answer, NoAnswer | CutOff)
        else:
            is_busy = answer.status in _SAFE_TO_REPEAT
            again = is_busy or (answer.status in _RETRIED and sent.is_repeatable)
            wait = self._retry_after(answer) or wait
        left = deadline - self._clock.monotonic()
        if again and is_busy and wait < left:
            wait = self._patience.hold(sent.place, wait)
        return wait if again and wait < left else None

    def _retry_after(self, answer: Response) -> float:
        return seconds_of(answer.headers.get("retry-after", ""), self._clock.now())

    def _try(self, sent: Sent, deadline: float, limit: int) -> Response | CannotTell:
        if _PLAIN.fullmatch(sent.url) and "%" not in sent.host and not _may_be_proxied(sent.host):
            return self._direct.send(sent, deadline, limit)
        with self._guard:
            wire = self._proxied = self._proxied or self._open()
        return wire.send(sent, deadline, limit, os.environ.get("REQUESTS_CA_BUNDLE", ""))

    def _open(self) -> "ProxiedWire":
        from cdkit.core.doors.proxied import ProxiedWire

        return ProxiedWire(self._clock)


class _Patience:
    """When each host may be asked again, for those that said so: one question at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._free: dict[str, float] = {}

    def hold(self, host: str, seconds: float) -> float:
        """Note that a host wants no question for so long; return the seconds to one's own turn."""
        with self._guard:
            now = self._clock.monotonic()
            return self._take(host, max(self._free.get(host, 0.0), now + seconds), now)

    def turn(self, host: str) -> float:
        """Return the seconds to one's turn: none where the host has not asked for patience."""
        with self._guard:
            now = self._clock.monotonic()
            free = self._free.get(host, now)
            return self._take(host, free, now) if free > now else 0.0

    def _take(self, host: str, free: float, now: float) -> float:
        self._free[host] = free + _APART
        return free - now


def _sent(method: str, url: str, headers: Mapping[str, str | Secret], body: bytes) -> Sent:
    """Return a request; RequestError where the address is not plain `http(s)://host/…`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in _PORTS or not host or port == 0 or "@" in parts.netloc:
        raise RequestError(
            f"{_shown(url)} is no address that can be asked",
            remedy="write https://host/path, without a login in it",
        )
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in {None, _PORTS[parts.scheme]} else f"{shown}:{port}"
    given = {name.lower() for name in headers}
    own = {"User-Agent": TOOL.replace(" ", "/"), "Accept-Encoding": "identity"}
    plain = {name: value for name, value in own.items() if name.lower() not in given}
    plain |= {name: revealed(value) for name, value in headers.items()}
    _check_request(method, url, plain)
    return Sent(
        method=method,
        url=url,
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        place=place,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=plain,
        body=body,
    )


def _check_request(method: str, url: str, headers: Mapping[str, str]) -> None:
    """Refuse what cannot be sent, or would become another request."""
    fault = ""
    if not (method.isascii() and method.isalpha()):
        fault = "its method is none"
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            fault = f"the header {name[:60]!r} holds what no header may"
    if fault:
        raise RequestError(
            f"{_shown(url)} cannot be asked: {fault}",
            remedy="check the address, and that headers hold no line breaks and plain letters",
        )


def _may_be_proxied(host: str) -> bool:
    """Whether a proxy may stand before a host: where one is named, or the system may name one.

    Which it is, if any, the requests library says, by every rule that there is for exceptions.
    """
    if host in _LOOPBACK:
        return False
    if sys.platform in {"win32", "darwin"}:
        return True
    named = (name.lower() for name, value in os.environ.items() if value)
    return any(name.endswith("_proxy") and name != "no_proxy" for name in named)


def _shown(url: str) -> str:
    """Return an address without its login and query, either of which may hold a secret."""
    scheme, _, rest = url.partition("://")
    bare = rest.partition("?")[0]
    host, slash, path = bare.partition("/")
    return repr(f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:200])
