"""The HTTP door that starts fast: one request, one try, one deadline for all of it."""

import http.client
import io
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from cdkit.core.doors.stream import Speaker, Stream, left, merged
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.secret import Secret, revealed
from cdkit.core.world import MIB, Response

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e]*", re.ASCII)
_ADDRESS = re.compile(r"[\x21-\x7e]+", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_AT_ONCE = 64 * 1024


class Target(Struct, frozen=True, kw_only=True):
    """Where a request goes: `path` holds the query too; `host` has no brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return what the Host header says: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return the address without path and query, which may hold a secret."""
        return f"{self.scheme}://{self.authority}"


class QuickHttp:
    """One request over a connection of its own, by `http.client`; the world's own proxies count.

    Certificates are verified against the system's (or SSL_CERT_FILE's). A receiver that wants one
    of ours gets that of CDKIT_CLIENT_CERTIFICATE (a PEM file, with its key or beside
    CDKIT_CLIENT_KEY). Redirects are answers.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

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
        """Send one request and read the whole answer within `timeout` seconds.

        Raises RequestError for an address or a header that cannot be sent, and CannotTell where
        there is no answer: not found, refused, cut off, too slow, too large, not to be trusted.
        The name's look-up alone has no time limit but the system's own.
        """
        target = parse_target(url)
        sent = _checked(method, headers or {})
        deadline = time.monotonic() + timeout
        proxy = proxy_of(target, self._environ)
        try:
            with _stream(target, proxy, deadline, self._certificate()) as stream:
                return _exchange(stream, target, method, sent, body, limit, plain=proxy)
        except TimeoutError as fault:
            raise _no_answer(target, f"no answer within {timeout:g} s") from fault
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise _no_answer(target, _said(fault)) from fault

    def _certificate(self) -> tuple[str, str | None] | None:
        named = self._environ.get("CDKIT_CLIENT_CERTIFICATE", "")
        return (named, self._environ.get("CDKIT_CLIENT_KEY") or None) if named else None


def parse_target(url: str) -> Target:
    """Read an http or https address; raises RequestError where it is none.

    A user and password in it are refused: they would show up in logs.
    """
    try:
        parts = urlsplit(url) if _ADDRESS.fullmatch(url) else SplitResult("", "", "", "", "")
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise RequestError(
            "the address to send to is not an http or https address",
            remedy="write https://host/path, without blanks and with a port from 1 to 65535",
        )
    if "@" in parts.netloc:
        raise RequestError(
            f"the address of {parts.hostname} holds a user or a password",
            remedy="take it out of the address; send it as a header from the environment",
        )
    query = f"?{parts.query}" if parts.query else ""
    return Target(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        path=(parts.path or "/") + query,
    )


def proxy_of(target: Target, environ: Mapping[str, str]) -> SplitResult | None:
    """Return the proxy that the environment names for a target, or None.

    `<scheme>_proxy`, `all_proxy` and `no_proxy` as curl reads them (curl manual, "Environment"):
    lower case first; `no_proxy` lists hosts and domains, `*` stands for all.
    """
    named = [
        environ.get(name)
        for kind in (f"{target.scheme}_proxy", "all_proxy")
        for name in (kind, kind.upper())
    ]
    found = next(filter(None, named), "")
    if not found or _is_excepted(target, environ.get("no_proxy") or environ.get("NO_PROXY", "")):
        return None
    try:
        proxy = urlsplit(found if "://" in found else f"http://{found}")
        proxy.port  # noqa: B018 - raises ValueError where it is none
    except ValueError:
        proxy = SplitResult("", "", "", "", "")
    if proxy.scheme != "http" or not proxy.hostname:
        raise CannotTell(
            "the environment names a proxy that is not spoken here",
            remedy="name an http:// proxy, or except the receiver in NO_PROXY",
        )
    return proxy


def _is_excepted(target: Target, exceptions: str) -> bool:
    host = target.host.lower()
    for entry in filter(None, (part.strip().lower() for part in exceptions.split(","))):
        domain = entry.lstrip("*").lstrip(".")
        if entry == "*" or domain in {host, f"{host}:{target.port}"}:
            return True
        if domain and host.endswith(f".{domain}"):
            return True
    return False


def _checked(method: str, headers: Mapping[str, str | Secret]) -> dict[str, str]:
    """Return the headers as text; what could become another header or request is refused."""
    if not method.isascii() or not method.isalpha():
        raise RequestError(f"{method[:20]!r} is no method of HTTP", remedy="use POST, for one")
    plain: dict[str, str] = {}
    for name, value in headers.items():
        text = revealed(value)
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(text):
            raise RequestError(
                f"the header {name[:60]!r} holds what no header may: a line end, a control "
                "character, or a character that is not ASCII",
                remedy="mend its name or its value",
            )
        plain[name] = text.strip(" \t")
    return plain


@contextmanager
def _stream(
    target: Target,
    proxy: SplitResult | None,
    deadline: float,
    certificate: tuple[str, str | None] | None,
) -> Iterator[Stream]:
    """Open the connection, through a tunnel where a proxy stands before a TLS receiver."""
    if proxy is None:
        raw = _connect(target.host, target.port, deadline)
    else:
        raw = _connect(str(proxy.hostname), proxy.port or 80, deadline)
    try:
        if proxy is not None and target.scheme == "https":
            _tunnel(Stream(raw, deadline), target, proxy)
        if target.scheme == "https":
            raw = _secured(raw, target.host, deadline, certificate)
        yield Stream(raw, deadline)
    finally:
        raw.close()


def _connect(host: str, port: int, deadline: float) -> socket.socket:
    """Connect to the first address that answers; all share the deadline."""
    fault: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        raw = socket.socket(family, kind, protocol)
        try:
            raw.settimeout(left(deadline))
            raw.connect(address)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as refused:
            raw.close()
            fault = refused
        else:
            return raw
    raise fault


def _secured(
    raw: socket.socket, host: str, deadline: float, certificate: tuple[str, str | None] | None
) -> socket.socket:
    import ssl

    raw.settimeout(left(deadline))
    context = ssl.create_default_context()
    if certificate:
        try:
            # A key with a passphrase would ask for it at the terminal: an empty one fails instead.
            context.load_cert_chain(*certificate, password="")
        except (OSError, ValueError) as fault:
            raise CannotTell(
                f"our own certificate cannot be used: {_said(fault)}",
                where=certificate[0],
                remedy="name a PEM file with CDKIT_CLIENT_CERTIFICATE, its key in it or in "
                "CDKIT_CLIENT_KEY, without a passphrase",
            ) from fault
    context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(raw, server_hostname=host)


def _tunnel(stream: Stream, target: Target, proxy: SplitResult) -> None:
    """Ask the proxy for a tunnel to the receiver (RFC 9110, 9.3.6)."""
    place = f"{target.host}:{target.port}" if ":" not in target.host else target.authority
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    lines += [f"{name}: {value}" for name, value in _login(proxy).items()]
    stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    # Unbuffered, byte by byte: what follows the answer's head is already the receiver's TLS.
    head = b""
    with io.BytesIO() as heard:
        while not head.endswith(b"\r\n\r\n") and heard.tell() < _AT_ONCE:
            byte = stream.receive(1)
            if not byte:
                break
            heard.write(byte)
            head = (head + byte)[-4:]
        first = heard.getvalue().split(b"\r\n", 1)[0]
    if not re.match(rb"HTTP/1\.[01] 2\d\d(?: |$)", first):
        raise OSError(f"the proxy refused the tunnel: {first[:60].decode('latin-1')!r}")


def _login(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    from base64 import b64encode

    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _exchange(
    stream: Stream,
    target: Target,
    method: str,
    headers: dict[str, str],
    body: bytes,
    limit: int,
    *,
    plain: SplitResult | None,
) -> Response:
    """Send the request and read the answer; `plain` is the proxy that reads it on the way."""
    connection = Speaker(target.host, target.port, stream)
    path = target.path
    sent = {"Host": target.authority, "Connection": "close", **headers}
    if plain is not None and target.scheme == "http":
        path = target.origin + target.path
        sent |= _login(plain)
    with suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before
        connection.request(method, path, body=body, headers=sent)
    answer = connection.getresponse()
    # `http.client` takes a head that was cut off for a whole one.
    if stream.ended:
        raise _no_answer(target, "an answer that was cut off in its head")
    return Response(status=answer.status, headers=merged(answer), body=_read(answer, target, limit))


def _read(answer: http.client.HTTPResponse, target: Target, limit: int) -> bytes:
    found = bytearray()
    while len(found) <= limit and (piece := answer.read(min(_AT_ONCE, limit + 1 - len(found)))):
        found += piece
    if len(found) > limit:
        raise _no_answer(target, f"an answer of more than {limit} bytes")
    # A body that ends before its announced length is `IncompleteRead` only for a read of all.
    if answer.length:
        raise _no_answer(target, f"an answer that ended {answer.length} bytes early")
    return bytes(found)


def _no_answer(target: Target, what: str) -> CannotTell:
    return CannotTell(
        f"{target.origin}: {what}",
        remedy="check the address, the network and the receiver, then run it again",
    )


def _said(fault: Exception) -> str:
    """Return what a fault says, for people; what the other side sent is not repeated."""
    if isinstance(fault, OSError):
        return fault.strerror or str(fault) or type(fault).__name__
    return f"an answer that is not HTTP ({type(fault).__name__})"
