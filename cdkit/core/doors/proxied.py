"""By the requests library: through the proxies that the environment names, of every kind."""

import requests
import urllib3
from requests.utils import get_environ_proxies

from cdkit.core.doors.attempt import (
    Sent,
    cut_off,
    no_bundle,
    packed,
    too_large,
    too_late,
    unended,
    unreached,
    untrusted,
)
from cdkit.core.doors.deadline import DeadlineAdapter
from cdkit.core.errors import CannotTell, NoAnswer, RequestError
from cdkit.core.world import Clock, Response

_CONNECTIONS = 32
_CHUNK = 64 * 1024
_OF_PROXY = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
)


class ProxiedWire:
    """Requests through whatever stands between; connections are kept. Threads may share it.

    By an adapter of requests without a session around it, which would read the whole body of a
    redirect, however long, and take its Location apart, however broken; it has nothing to add here.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._adapter = DeadlineAdapter(pool_maxsize=_CONNECTIONS)

    def send(self, sent: Sent, deadline: float, limit: int, bundle: str) -> Response | CannotTell:
        """Send a request and return the answer, or why there is none.

        `deadline` is a time of the clock that the wire was made with; `bundle` names certificates
        to trust in place of certifi's. Raises RequestError for an address that nobody can ask.
        """
        prepared = _prepared(sent)
        left = max(0.1, deadline - self._clock.monotonic())
        try:
            with self._adapter.send(
                prepared,
                stream=True,
                timeout=(min(10.0, left), left),
                proxies=get_environ_proxies(prepared.url or ""),
                verify=bundle or True,
            ) as answer:
                return self._read(answer, sent.host, deadline, limit)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            return _failure(sent.host, fault)

    def _read(
        self, answer: requests.Response, host: str, deadline: float, limit: int
    ) -> Response | CannotTell:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if headers.get("content-encoding", "identity") != "identity":
            return packed(host)
        # `read` waits until the chunk is full, which a server that drips can drag out for ever;
        # `read1` gives what has come, but is not in every urllib3.
        read = getattr(answer.raw, "read1", answer.raw.read)
        parts: list[bytes] = []
        size = 0
        while chunk := read(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > limit:
                return too_large(host, limit)
            if self._clock.monotonic() > deadline:
                return unended(host)
            parts.append(chunk)
        return Response(status=answer.status_code, headers=headers, body=b"".join(parts))


def _prepared(sent: Sent) -> requests.PreparedRequest:
    try:
        return requests.Request(
            sent.method, sent.url, headers=sent.headers, data=sent.body or None
        ).prepare()
    except (requests.RequestException, ValueError) as fault:
        raise RequestError(
            f"an address of {sent.host} cannot be asked: {type(fault).__name__}",
            remedy="check the address",
        ) from None


def _failure(host: str, fault: Exception) -> CannotTell:
    if isinstance(fault, requests.exceptions.SSLError):
        return untrusted(host, fault)
    if isinstance(fault, urllib3.exceptions.ProtocolError):
        return cut_off(host, type(fault).__name__)
    if isinstance(fault, requests.Timeout | urllib3.exceptions.TimeoutError):
        return too_late(host)
    if isinstance(fault, _OF_PROXY):
        return NoAnswer(
            f"{host} cannot be reached through the proxy that the environment names "
            f"({type(fault).__name__})",
            remedy="check HTTPS_PROXY and HTTP_PROXY, or except the host in NO_PROXY",
        )
    if type(fault) is OSError and fault.errno is None:  # a bundle that is not there (requests)
        return no_bundle(host)
    return unreached(host, fault)
