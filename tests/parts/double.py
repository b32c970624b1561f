"""A registry of our own, for what docker-registry lacks and for what goes wrong.

It keeps what is pushed in memory, on loopback. What both have is held equal to docker-registry by
`tests/core/test_oci_double.py`; on top it has referrers, immutable tags (as ECR has them), digest
headers that are missing or lie, and answers that a test puts before it (`Double.next`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"

_PATH = re.compile(r"/v2/(?P<name>[a-z0-9._/-]+)/(?P<kind>manifests|blobs|referrers)/(?P<rest>.+)")
_TAGS = re.compile(r"/v2/(?P<name>[a-z0-9._/-]+)/tags/list")
_UPLOADS = re.compile(r"/v2/(?P<name>[a-z0-9._/-]+)/blobs/uploads/(?P<rest>[0-9]*)")
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
_NOT_ACCEPTED = {
    OCI_INDEX: "OCI index found, but accept header does not support OCI indexes",
    OCI_MANIFEST: "OCI manifest found, but accept header does not support OCI manifests",
}
_IMMUTABLE = (
    "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten "
    "because the repository is immutable."
)


@dataclass
class Given:
    """An answer that a test gives in place of the registry's.

    `length` is the Content-Length where it lies; a body in `chunks` is sent chunked, and `cut`
    leaves its end out; with `hang` nothing is sent until the double is closed; with `drip` the
    body comes byte by byte.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = None
    chunks: tuple[bytes, ...] | None = None
    cut: bool = False
    hang: bool = False
    drip: bool = False


@dataclass
class Double:
    """A registry that runs, and what it holds."""

    address: str = ""
    immutable: bool = False
    read_only: bool = False
    deletes: bool = True
    digest_header: Literal["honest", "missing", "lies"] = "honest"
    referrers: bool = True
    knows_head: bool = True
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    next: deque[Given] = field(default_factory=deque)
    always: Given | None = None
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Given:
        """Return the registry's own answer."""
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        given: Given | None = None
        if self.read_only and method in {"POST", "PUT"}:
            given = _error(403, "DENIED", "requested access to the resource is denied")
        elif parts.path == "/v2/":
            given = Given(200, {"Content-Type": "application/json; charset=utf-8"}, b"{}")
        elif match := _UPLOADS.fullmatch(parts.path):
            given = self._upload(method, match["name"], query, body)
        elif match := _TAGS.fullmatch(parts.path):
            given = self._list(match["name"])
        elif match := _PATH.fullmatch(parts.path):
            name, rest = match["name"], match["rest"]
            if match["kind"] == "blobs":
                given = self._blob(name, rest, headers)
            elif match["kind"] == "referrers":
                given = self._referrers(name, rest, query)
            elif method == "DELETE":
                given = self._delete(name, rest)
            elif method == "PUT":
                given = self._put(name, rest, headers.get("content-type", ""), body)
            else:
                given = self._manifest(method, name, rest, headers.get("accept", ""))
        return given or _no_page()

    def _manifest(self, method: str, name: str, rest: str, accept: str) -> Given:
        if method == "HEAD" and not self.knows_head:
            return Given(405, {"Allow": "GET"})
        by_tag = _DIGEST.fullmatch(rest) is None
        if by_tag and ":" in rest:
            return _no_page()
        digest = self.tags.get((name, rest), "") if by_tag else rest
        if (name, digest) not in self.manifests:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        kind, data = self.manifests[name, digest]
        if kind in _NOT_ACCEPTED and kind not in accept:
            return _error(404, "MANIFEST_UNKNOWN", _NOT_ACCEPTED[kind])
        if by_tag and kind == DOCKER_LIST and kind not in accept:
            chosen = next(
                entry["digest"]
                for entry in json.loads(data)["manifests"]
                if entry["platform"] == {"architecture": "amd64", "os": "linux"}
            )
            kind, data = self.manifests[name, chosen]
        if by_tag and kind == DOCKER_MANIFEST and kind not in accept:
            kind, data = SCHEMA1, b'{"schemaVersion": 1, "fsLayers": [], "history": []}'
        return Given(200, {"Content-Type": kind, **self._named(data)}, data)

    def _named(self, data: bytes) -> dict[str, str]:
        if self.digest_header == "missing":
            return {}
        digest = _digest(data if self.digest_header == "honest" else b"a lie")
        return {"Docker-Content-Digest": digest, "Etag": f'"{digest}"'}

    def _put(self, name: str, rest: str, kind: str, body: bytes) -> Given:
        try:
            tree = json.loads(body)
        except ValueError:
            return _error(400, "MANIFEST_INVALID", "manifest invalid")
        for digest in _parts(tree):
            if (name, digest) not in self.blobs and (name, digest) not in self.manifests:
                return _error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
        digest = _digest(body)
        if _DIGEST.fullmatch(rest):
            if rest != digest:
                return _error(400, "DIGEST_INVALID", "provided digest did not match content")
        elif self.immutable and self.tags.get((name, rest), digest) != digest:
            # ECR refuses the same digest too, in its own words, when it is asked by its own API;
            # to a push of the same manifest its registry answers 201.
            said = _IMMUTABLE.format(tag=rest, name=name)
            return _error(400, "TAG_INVALID", said)
        else:
            self.tags[name, rest] = digest
        self.manifests[name, digest] = (kind, body)
        where = {"Location": f"{self.url}/v2/{name}/manifests/{digest}"}
        if subject := tree.get("subject"):
            where["OCI-Subject"] = str(subject["digest"]) if self.referrers else ""
        return Given(201, {"Docker-Content-Digest": digest, **where})

    def _delete(self, name: str, digest: str) -> Given:
        """Delete a manifest and every tag of it, as Distribution does."""
        if not self.deletes:
            return _error(405, "UNSUPPORTED", "The operation is unsupported.")
        if self.manifests.pop((name, digest), None) is None:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        self.tags = {at: held for at, held in self.tags.items() if (at[0], held) != (name, digest)}
        return Given(202)

    def _blob(self, name: str, digest: str, headers: Mapping[str, str]) -> Given:
        if _DIGEST.fullmatch(digest) is None:
            return _error(400, "DIGEST_INVALID", "provided digest is invalid")
        data = self.blobs.get((name, digest))
        if data is None:
            return _error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        given = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", "")):
            first, last = int(wanted[1]), int(wanted[2] or len(data) - 1)
            part = data[first : last + 1]
            spot = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
            return Given(206, {**given, "Content-Range": spot}, part)
        return Given(200, given, data)

    def _list(self, name: str) -> Given:
        found = sorted(tag for repository, tag in self.tags if repository == name)
        if not found:
            return _error(404, "NAME_UNKNOWN", "repository name not known to registry")
        body = json.dumps({"name": name, "tags": found}).encode()
        return Given(200, {"Content-Type": "application/json; charset=utf-8"}, body)

    def _upload(self, method: str, name: str, query: Mapping[str, list[str]], body: bytes) -> Given:
        if method == "POST":
            return Given(202, {"Location": f"{self.url}/v2/{name}/blobs/uploads/1?_state=x"})
        digest = query.get("digest", [""])[0]
        if digest != _digest(body):
            return _error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.blobs[name, digest] = body
        where = {"Location": f"{self.url}/v2/{name}/blobs/{digest}"}
        return Given(201, {"Docker-Content-Digest": digest, **where})

    def _referrers(self, name: str, digest: str, query: Mapping[str, list[str]]) -> Given:
        if not self.referrers:
            return _no_page()
        wanted = query.get("artifactType", [""])[0]
        found = []
        for (repository, held), (kind, data) in self.manifests.items():
            tree = json.loads(data)
            artifact = tree.get("artifactType") or tree.get("config", {}).get("mediaType", "")
            of_this = repository == name and (tree.get("subject") or {}).get("digest") == digest
            if of_this and wanted in {"", artifact}:
                entry = {"mediaType": kind, "digest": held, "size": len(data)}
                found.append({**entry, "artifactType": artifact})
        body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}
        filtered = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
        return Given(200, {"Content-Type": OCI_INDEX, **filtered}, json.dumps(body).encode())


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _parts(tree: Mapping[str, Any]) -> list[str]:
    entries = [*tree.get("manifests", ()), *tree.get("layers", ())]
    entries += [tree["config"]] if "config" in tree else []
    return [entry["digest"] for entry in entries]


def _no_page() -> Given:
    """What the router says of an address that is none of the registry's."""
    return Given(404, {"Content-Type": "text/plain"}, b"404 page not found\n")


def _error(status: int, code: str, message: str) -> Given:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Given(status, {"Content-Type": "application/json; charset=utf-8"}, body)


@contextlib.contextmanager
def running() -> Iterator[Double]:
    """Run a double until the block ends."""
    double = Double()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

        def take(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            double.asked.append((self.command, self.path, headers))
            given = double.next.popleft() if double.next else double.always
            _send(self, given or double.answer(self.command, self.path, headers, body), double)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = take  # noqa: N815 - names of http.server

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _send(handler: BaseHTTPRequestHandler, given: Given, double: Double) -> None:
    if given.hang:
        double.over.wait(timeout=60)
        handler.close_connection = True
        return
    with contextlib.suppress(OSError):  # who asked may have gone away
        handler.send_response(given.status)
        for name, value in given.headers.items():
            handler.send_header(name, value)
        if given.chunks is None:
            length = len(given.body) if given.length is None else given.length
            handler.send_header("Content-Length", str(length))
        else:
            handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if handler.command != "HEAD":
            _send_body(handler, given, double)
    if given.cut or given.length is not None:
        handler.close_connection = True


def _send_body(handler: BaseHTTPRequestHandler, given: Given, double: Double) -> None:
    for chunk in given.chunks or ():
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    if given.chunks is not None and not given.cut:
        handler.wfile.write(b"0\r\n\r\n")
    step = 1 if given.drip else max(1, len(given.body))
    for at in range(0, len(given.body), step):
        handler.wfile.write(given.body[at : at + step])
        if given.drip and double.over.wait(timeout=0.001):
            return
