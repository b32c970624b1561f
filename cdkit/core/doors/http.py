"""The door to HTTP over the requests library: retried, bounded, and never led elsewhere."""

import os
import re
import threading
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies

from cdkit.core.doors.clock import SystemClock
from cdkit.core.doors.deadline import DeadlineAdapter
from cdkit.core.errors import CannotTell, NoAnswer, RequestError
from cdkit.core.names import TOOL
from cdkit.core.secret import Secret, revealed
from cdkit.core.world import MIB, Clock, Response

_RETRIED = frozenset({429, 502, 503, 504})
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_SAFE_TO_REPEAT = frozenset({429, 503})
"""What a server answers before it has done anything, so that even a POST may be sent again."""

_WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try; a server's `Retry-After` makes them longer."""

_APART = 0.05
"""Seconds between two questions to a host that has just had too many."""

_CONNECTIONS = 32
"""Connections to one host that are kept; more than anybody here asks at once."""

_CHUNK = 64 * 1024
_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|wrong version number")
"""How OpenSSL's releases put that what came is no TLS, but mostly plain HTTP."""

_OF_PROXY = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class RequestsHttp:
    """HTTP with retries, over connections that are kept for the life of the door.

    By an adapter of requests without a session around it, which would read the whole body of a
    redirect, however long, and take its Location apart, however broken; it has nothing to add here.

    Threads may share it: where a host has had too many requests (429, 503), none of them asks it
    before its time, and then they come one after the other. Nothing is taken from a `.netrc`: it
    would replace the login that a caller chose. Cookies are neither kept nor sent.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._adapter = DeadlineAdapter(pool_maxsize=_CONNECTIONS)
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
        host = _host(url)
        prepared = self._prepared(method, url, headers or {}, body)
        deadline = self._clock.monotonic() + timeout
        self._wait_for_turn(url, host, timeout)
        answer = self._try(prepared, host, deadline, limit)
        for wait in _WAITS:
            pause = self._pause(prepared, answer, wait, deadline)
            if pause is None:
                break
            self._clock.sleep(pause)
            answer = self._try(prepared, host, deadline, limit)
        if isinstance(answer, CannotTell):
            raise answer
        return answer

    def _wait_for_turn(self, url: str, host: str, timeout: float) -> None:
        """Wait while the host wants to be left alone; NoAnswer where that takes too long."""
        pause = self._patience.turn(urlsplit(url).netloc)
        if pause >= timeout:
            raise NoAnswer(
                f"{host} asks to be left alone for another {pause:.0f} s", remedy="try again then"
            )
        if pause:
            self._clock.sleep(pause)

    def _pause(
        self,
        sent: requests.PreparedRequest,
        answer: Response | CannotTell,
        wait: float,
        deadline: float,
    ) -> float | None:
        """Return how long to wait before the next try; None where there is none."""
        is_busy = False
        if isinstance(answer, CannotTell):
            again = sent.method in _REPEATABLE and isinstance(answer, NoAnswer | _CutOff)
        else:
            is_busy = answer.status in _SAFE_TO_REPEAT
            again = is_busy or (answer.status in _RETRIED and sent.method in _REPEATABLE)
            wait = self._retry_after(answer) or wait
        left = deadline - self._clock.monotonic()
        if again and is_busy and wait < left:
            wait = self._patience.hold(urlsplit(sent.url or "").netloc, wait)
        return wait if again and wait < left else None

    def _retry_after(self, answer: Response) -> float:
        """Return the seconds that the server asks for (RFC 9110, 10.2.3: seconds or a date)."""
        text = answer.headers.get("retry-after", "").strip()
        if text.isdecimal() and text.isascii():
            return float(text[:9])
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0.0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self._clock.now()).total_seconds())

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str | Secret], body: bytes
    ) -> requests.PreparedRequest:
        plain = {"User-Agent": TOOL.replace(" ", "/"), "Accept-Encoding": "identity"}
        plain |= {name: revealed(value) for name, value in headers.items()}
        try:
            for value in plain.values():
                value.encode("latin-1")  # what http.client does later, where nobody would catch it
            return requests.Request(method, url, headers=plain, data=body or None).prepare()
        except (requests.RequestException, ValueError) as fault:
            raise RequestError(
                f"{_shown(url)} cannot be asked: {type(fault).__name__}",
                remedy="check the address, and that headers hold no line breaks and plain letters",
            ) from None

    def _try(
        self, prepared: requests.PreparedRequest, host: str, deadline: float, limit: int
    ) -> Response | CannotTell:
        left = max(0.1, deadline - self._clock.monotonic())
        proxies = {} if host in _LOOPBACK else get_environ_proxies(prepared.url or "")
        try:
            with self._adapter.send(
                prepared,
                stream=True,
                timeout=(min(10.0, left), left),
                proxies=proxies,
                verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
            ) as answer:
                return self._read(answer, host, deadline, limit)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            return _failure(host, fault)

    def _read(
        self, answer: requests.Response, host: str, deadline: float, limit: int
    ) -> Response | CannotTell:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if headers.get("content-encoding", "identity") != "identity":
            return CannotTell(
                f"{host} packed its answer, though it was asked not to",
                remedy="ask its operator, or go past the proxy in between",
            )
        # `read` waits until the chunk is full, which a server that drips can drag out for ever;
        # `read1` gives what has come, but is not in every urllib3.
        read = getattr(answer.raw, "read1", answer.raw.read)
        parts: list[bytes] = []
        size = 0
        while chunk := read(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > limit:
                return CannotTell(
                    f"{host} answered with over {limit} bytes", remedy="check the address"
                )
            if self._clock.monotonic() > deadline:
                return NoAnswer(
                    f"{host} did not end its answer in time", remedy="give it more time"
                )
            parts.append(chunk)
        return Response(status=answer.status_code, headers=headers, body=b"".join(parts))


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


class _CutOff(CannotTell):
    """An answer that began and did not end: the same may work a moment later."""


def _host(url: str) -> str:
    """Return the host; RequestError where the address is not plain `http(s)://host/…`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise RequestError(
            f"{_shown(url)} is no address that can be asked",
            remedy="write https://host/path, without a login in it",
        )
    return host


def _shown(url: str) -> str:
    """Return an address without its login and query, either of which may hold a secret."""
    scheme, _, rest = url.partition("://")
    bare = rest.partition("?")[0]
    host, slash, path = bare.partition("/")
    return repr(f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:200])


def _failure(host: str, fault: Exception) -> CannotTell:
    if isinstance(fault, requests.exceptions.SSLError) and _NO_TLS.search(str(fault)):
        return CannotTell(
            f"{host} speaks no TLS there",
            remedy="check the port; plain HTTP is spoken on loopback, and to registries that "
            "registries.conf calls insecure",
        )
    if isinstance(fault, requests.exceptions.SSLError):
        return CannotTell(
            f"{host} has no certificate that this machine trusts",
            remedy="check the host's name; name a company's own CA in REQUESTS_CA_BUNDLE",
        )
    if isinstance(fault, urllib3.exceptions.ProtocolError):
        return _CutOff(
            f"{host} cut its answer short ({type(fault).__name__})",
            remedy="try again; look for a proxy in between that cuts answers",
        )
    if isinstance(fault, requests.Timeout | urllib3.exceptions.TimeoutError):
        return NoAnswer(f"{host} did not answer in time", remedy="try again, or check the network")
    return _unreached(host, fault)


def _unreached(host: str, fault: Exception) -> CannotTell:
    if isinstance(fault, _OF_PROXY):
        return NoAnswer(
            f"{host} cannot be reached through the proxy that the environment names "
            f"({type(fault).__name__})",
            remedy="check HTTPS_PROXY and HTTP_PROXY, or except the host in NO_PROXY",
        )
    if type(fault) is OSError and fault.errno is None:  # a bundle that is not there (requests)
        return CannotTell(
            f"{host} cannot be trusted: REQUESTS_CA_BUNDLE names no file of certificates",
            remedy="mend its path, or unset it",
        )
    return NoAnswer(
        f"{host} cannot be reached ({type(fault).__name__})",
        remedy="check the address and the network, and try again",
    )
