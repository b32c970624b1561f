"""Straight to a host by `http.client`: one try, over a connection that is kept for the next."""

import http.client
import os
import re
import select
import socket
import ssl
import threading
import time
import weakref
from contextlib import suppress
from typing import NamedTuple

from msgspec import Struct

from cdkit.core.doors.attempt import (
    Sent,
    cut_off,
    no_bundle,
    packed,
    too_large,
    too_late,
    uncertain,
    unended,
    unreached,
    untrusted,
)
from cdkit.core.doors.stream import Speaker, Stream, merged
from cdkit.core.errors import CannotTell
from cdkit.core.world import Clock, Response

_CONNECTIONS = 32
"""Connections to one host that are kept; more than anybody here asks at once."""

_CHUNK = 64 * 1024
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_CONNECT = 10.0
"""Seconds for each address that a host's name has."""


class _NoBundle(Exception):
    """The file of certificates is not there, or holds none."""


class _NoTrust(Exception):
    """The other side's TLS did not begin, for the reason that is its cause."""

    def __init__(self, fault: ssl.SSLError) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _Origin(NamedTuple):
    """Whom a connection is to."""

    scheme: str
    host: str
    port: int


_FAULTS = (OSError, http.client.HTTPException, ValueError, _NoBundle, _NoTrust)


class _Line(Struct, frozen=True, kw_only=True):
    """A connection, and who speaks HTTP on it."""

    raw: socket.socket
    stream: Stream
    speaker: http.client.HTTPConnection


class _Bounds(Struct, frozen=True, kw_only=True):
    """Where an answer has to end: by two clocks, the machine's and the door's, and in bytes."""

    end: float
    deadline: float
    limit: int


class DirectWire:
    """Requests to hosts that no proxy stands before. Threads may share it.

    The requests library takes three times the processor for many small questions, and a twentieth
    of a second to be imported. Certificates are those that it would trust: certifi's, or the bundle
    that REQUESTS_CA_BUNDLE names.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._kept: dict[_Origin, list[_Line]] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        weakref.finalize(self, _close, self._kept)

    def send(self, sent: Sent, deadline: float, limit: int) -> Response | CannotTell:
        """Send a request and return the answer, or why there is none.

        `deadline` is a time of the clock that the wire was made with. Where the other side has
        closed a kept connection meanwhile, the request goes over a fresh one, unless it is one that
        may not be sent twice and was on its way.
        """
        left = max(0.1, deadline - self._clock.monotonic())
        bounds = _Bounds(end=time.monotonic() + left, deadline=deadline, limit=limit)
        origin = _Origin(sent.scheme, sent.host, sent.port)
        try:
            while kept := self._take(origin):
                try:
                    return self._exchange(kept, origin, sent, bounds)
                except (ConnectionError, ssl.SSLError):  # http.client's RemoteDisconnected too
                    if not sent.is_repeatable:
                        raise
            return self._exchange(self._connect(origin, bounds.end), origin, sent, bounds)
        except _FAULTS as fault:
            return _failure(sent.host, fault)

    def _take(self, origin: _Origin) -> _Line | None:
        """Return a kept connection on which nothing has come: no end, and nothing unasked for."""
        while True:
            with self._guard:
                waiting = self._kept.get(origin)
                line = waiting.pop() if waiting else None
            if line is None or not _has_news(line.raw):
                return line
            line.raw.close()

    def _keep(self, origin: _Origin, line: _Line) -> None:
        with self._guard:
            waiting = self._kept.setdefault(origin, [])
            if len(waiting) < _CONNECTIONS:
                waiting.append(line)
                return
        line.raw.close()

    def _connect(self, origin: _Origin, end: float) -> _Line:
        context = self._context() if origin.scheme == "https" else None
        patience = min(_CONNECT, max(0.1, end - time.monotonic()))
        raw = socket.create_connection((origin.host, origin.port), timeout=patience)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                raw.settimeout(max(0.1, end - time.monotonic()))
                raw = context.wrap_socket(raw, server_hostname=origin.host.rstrip("."))
        except BaseException as fault:
            raw.close()
            if isinstance(fault, ssl.SSLError):
                raise _NoTrust(fault) from fault
            raise
        stream = Stream(raw, end)
        speaker = Speaker(origin.host, origin.port, stream)
        speaker.default_port = _PORTS[origin.scheme]  # which the Host header leaves out
        return _Line(raw=raw, stream=stream, speaker=speaker)

    def _context(self) -> ssl.SSLContext:
        """Return the certificates to trust, read once: it takes longer than many an answer."""
        named = os.environ.get("REQUESTS_CA_BUNDLE", "")
        with self._guard:
            if named not in self._contexts:
                self._contexts[named] = _trusting(named)
            return self._contexts[named]

    def _exchange(
        self, line: _Line, origin: _Origin, sent: Sent, bounds: _Bounds
    ) -> Response | CannotTell:
        """Send a request on a connection, and keep that where the answer has come to its end."""
        is_over = False
        try:
            line.stream.until(bounds.end)
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before
                line.speaker.request(
                    sent.method, sent.target, body=sent.body or None, headers=sent.headers
                )
            answer = line.speaker.getresponse()
            if line.stream.ended:  # http.client takes a head that was cut off for a whole one
                return cut_off(sent.host, "in its head")
            found = self._read(answer, sent.host, bounds)
            is_over = isinstance(found, Response) and not answer.will_close
            answer.close()
            return found
        finally:
            if is_over:
                self._keep(origin, line)
            else:
                line.raw.close()

    def _read(
        self, answer: http.client.HTTPResponse, host: str, bounds: _Bounds
    ) -> Response | CannotTell:
        headers = merged(answer)
        if not _has_certain_end(headers):
            return uncertain(host)
        if headers.get("content-encoding", "identity") != "identity":
            return packed(host)
        body = self._body(answer, host, bounds)
        if isinstance(body, CannotTell):
            return body
        return Response(status=answer.status, headers=headers, body=body)

    def _body(
        self, answer: http.client.HTTPResponse, host: str, bounds: _Bounds
    ) -> bytes | CannotTell:
        parts: list[bytes] = []
        size = 0
        try:
            # The length counts down, and is 0 for an answer that has no body, such as to HEAD.
            while answer.length != 0 and (chunk := answer.read1(_CHUNK)):
                size += len(chunk)
                if size > bounds.limit:
                    return too_large(host, bounds.limit)
                if self._clock.monotonic() > bounds.deadline:
                    return unended(host)
                parts.append(chunk)
        except TimeoutError:
            return unended(host)
        except (OSError, http.client.HTTPException) as fault:
            return cut_off(host, type(fault).__name__)
        return cut_off(host, "IncompleteRead") if answer.length else b"".join(parts)


def _close(kept: dict[_Origin, list[_Line]]) -> None:
    for lines in kept.values():
        for line in lines:
            line.raw.close()


def _has_certain_end(headers: dict[str, str]) -> bool:
    """Whether all readers would see an answer end in one place (RFC 9112, 6.3)."""
    lengths = {one.strip() for one in headers.get("content-length", "0").split(",")}
    encoding = headers.get("transfer-encoding", "chunked").lower()
    return len(lengths) == 1 and bool(_LENGTH.fullmatch(min(lengths))) and encoding == "chunked"


def _has_news(raw: socket.socket) -> bool:
    """Whether something can be read at once, be it the end."""
    if isinstance(raw, ssl.SSLSocket) and raw.pending():
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([raw], [], [], 0)[0])
    poll = select.poll()
    poll.register(raw, select.POLLIN)
    return bool(poll.poll(0))


def _trusting(named: str) -> ssl.SSLContext:
    """Return what verifies certificates, by a bundle, a folder of them, or else certifi's."""
    import certifi

    is_folder = os.path.isdir(named)  # noqa: PTH112 - nothing but a question
    try:
        context = ssl.create_default_context(
            cafile=None if is_folder else named or certifi.where(),
            capath=named if is_folder else None,
        )
    except OSError as fault:  # not there, or (SSLError) not what it should be
        raise _NoBundle from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _failure(host: str, fault: Exception) -> CannotTell:
    if isinstance(fault, _NoBundle):
        return no_bundle(host)
    if isinstance(fault, _NoTrust):
        return untrusted(host, fault.fault)
    return too_late(host) if isinstance(fault, TimeoutError) else unreached(host, fault)
