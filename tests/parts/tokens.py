"""A token server for docker-registry: RS256 tokens, signed by openssl, for what a login may do.

It speaks both ways of asking (distribution, "Token authentication": GET with Basic, POST with a
refresh token), and grants what the login may do of what was asked, which may be less or nothing.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.parts import registry as part

ISSUER = "cdkit-tests"
SERVICE = "registry.test"
#: Who may do what: a user's password and actions. Nobody in particular may pull from `public/`.
USERS = {"reader": ("read-word", {"pull"}), "writer": ("write-word", {"pull", "push"})}
REFRESH = {"refresh-word": "reader"}


def missing() -> str | None:
    """Say why no registry with tokens can be started, or None."""
    if shutil.which("openssl") is None:
        return "openssl is not on PATH; install the package openssl"
    return part.missing()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tokens:
    """A registry behind a token server: `asked` holds what the token server was asked."""

    address: str
    realm: str
    asked: list[tuple[str, Mapping[str, list[str]]]]


@pytest.fixture(scope="session")
def registry_with_tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokens]:
    """A registry whose token server knows USERS and REFRESH. All share it."""
    home = tmp_path_factory.mktemp("registry-with-tokens")
    issuer = _Issuer(home)
    with _serving(issuer) as realm:
        auth = {
            "token": {
                "realm": realm,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(home / "issuer.crt"),
            }
        }
        with part.running(home, auth=auth) as address:
            yield Tokens(address=address, realm=realm, asked=issuer.asked)


class _Issuer:
    """Makes tokens as docker-registry reads them (distribution, "Token authentication: JWT")."""

    def __init__(self, home: Path) -> None:
        self.key = home / "issuer.key"
        self.asked: list[tuple[str, Mapping[str, list[str]]]] = []
        subject = ("-subj", "/CN=cdkit-tests", "-days", "30", "-out", str(home / "issuer.crt"))
        made = ("-newkey", "rsa:2048", "-nodes", "-keyout", str(self.key))
        _openssl("req", "-x509", *made, *subject)
        der = _openssl("pkey", "-in", str(self.key), "-pubout", "-outform", "DER")
        text = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
        self.kid = ":".join(text[at : at + 4] for at in range(0, 48, 4))

    def token(self, user: str, scopes: list[str]) -> dict[str, Any]:
        """Return the answer of the token server: what of the scopes this user may do."""
        now = int(time.time())
        granted = [grant for scope in scopes if (grant := _granted(user, scope))]
        times = {"iat": now, "nbf": now - 5, "exp": now + 300}
        claims = {"iss": ISSUER, "sub": user, "aud": SERVICE, **times, "jti": str(time.time_ns())}
        head = {"typ": "JWT", "alg": "RS256", "kid": self.kid}
        signed = f"{_base64(head)}.{_base64({**claims, 'access': granted})}"
        signature = _openssl("dgst", "-sha256", "-sign", str(self.key), data=signed.encode())
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        word = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        return {"token": word, "expires_in": 300, "issued_at": issued}


def _granted(user: str, scope: str) -> dict[str, Any] | None:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    allowed = USERS[user][1] if user else ({"pull"} if name.startswith("public/") else set())
    granted = sorted(set(actions.split(",")) & allowed)
    return {"type": kind, "name": name, "actions": granted} if granted else None


def _base64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _openssl(*arguments: str, data: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True)
    return done.stdout


@contextlib.contextmanager
def _serving(issuer: _Issuer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            issuer.asked.append(("GET", query))
            header = self.headers.get("authorization", "")
            pair = base64.b64decode(header.removeprefix("Basic ")).decode()
            user, _, password = pair.partition(":")
            if user and USERS.get(user, ("", set()))[0] != password:
                self.answer(401, {"errors": [{"code": "UNAUTHORIZED"}]})
            else:
                self.answer(200, issuer.token(user, query.get("scope", [])))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = parse_qs(body)
            issuer.asked.append(("POST", form))
            user = REFRESH.get(form.get("refresh_token", [""])[0])
            if user is None:
                self.answer(401, {"errors": [{"code": "UNAUTHORIZED"}]})
            else:
                found = issuer.token(user, form.get("scope", [""])[0].split())
                self.answer(200, {"access_token": found["token"], "expires_in": 300})

        def answer(self, status: int, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/token"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
