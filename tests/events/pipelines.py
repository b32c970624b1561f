"""A CodePipeline of our own on loopback: AWS's JSON 1.1 protocol, with each signature checked.

It starts what it is asked to, remembers the tokens that it was asked with, and refuses what AWS
refuses: a signature that is not its secret's (SigV4), a pipeline that is not there, a variable or a
source action that the pipeline does not declare, a value that is too long. The AWS command line
speaks to it too, so that it is no mirror of our own client.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "eu-west-1"
ENVIRON = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
}
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class Pipeline:
    """A pipeline: what it declares, and the executions that were begun, by their tokens."""

    variables: frozenset[str]
    actions: frozenset[str] = frozenset()
    begun: dict[str, dict[str, Any]] = field(default_factory=dict)


class Refused(Exception):
    """An error of AWS: its name."""


class Pipelines(ThreadingHTTPServer):
    """The service; `fault` is an error that it answers everything with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pipelines: dict[str, Pipeline] = {}
        self.fault = ""
        self.cut = False
        self.asked = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away is part of a test."""

    def start(self, target: str, asked: Mapping[str, Any]) -> dict[str, str]:
        """Begin an execution, or return the one that this token began."""
        if self.fault or target != "CodePipeline_20150709.StartPipelineExecution":
            raise Refused(self.fault or "InvalidAction")
        pipeline = self.pipelines.get(asked["name"])
        if pipeline is None:
            raise Refused("PipelineNotFoundException")
        variables = {entry["name"]: entry["value"] for entry in asked.get("variables", ())}
        actions = {entry["actionName"] for entry in asked.get("sourceRevisions", ())}
        token = asked["clientRequestToken"]
        wrong = set(variables) - pipeline.variables or actions - pipeline.actions
        if wrong or not all(1 <= len(value) <= 1000 for value in variables.values()):
            raise Refused("ValidationException")
        if not re.fullmatch(r"[a-zA-Z0-9-]{1,128}", token):
            raise Refused("ValidationException")
        pipeline.begun.setdefault(token, dict(asked))
        return {"pipelineExecutionId": f"{list(pipeline.begun).index(token):08d}"}


class _Handler(BaseHTTPRequestHandler):
    server: Pipelines

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked += 1
        try:
            self._check_signature(body)
            answer = self.server.start(self.headers["x-amz-target"], json.loads(body))
        except Refused as fault:
            self._answer(400, {"__type": str(fault), "message": "no"})
            return
        if self.server.cut:  # it has done so, and the client never hears of it
            self.close_connection = True
            return
        self._answer(200, answer)

    def _answer(self, status: int, told: Mapping[str, str]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _check_signature(self, body: bytes) -> None:
        """Check the signature (AWS, "Create a signed AWS API request"), header by header."""
        given = _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        if given is None:
            raise Refused("MissingAuthenticationTokenException")
        if given["id"] != KEY_ID:
            raise Refused("UnrecognizedClientException")
        names = given["headers"].split(";")
        if not {"host", "x-amz-date", "x-amz-target"} <= set(names):
            raise Refused("InvalidSignatureException")
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names)
        digest = hashlib.sha256(body).hexdigest()
        request = f"{self.command}\n{self.path}\n\n{headers}\n{given['headers']}\n{digest}"
        moment, scope = self.headers["x-amz-date"], given["scope"]
        named = hashlib.sha256(request.encode()).hexdigest()
        signed = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{named}"
        key = f"AWS4{SECRET}".encode()
        for part in (moment[:8], REGION, "codepipeline", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        right = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
        if (
            scope != f"{moment[:8]}/{REGION}/codepipeline/aws4_request"
            or right != given["signature"]
        ):
            raise Refused("InvalidSignatureException")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[Pipelines]:
    """Run a service with nothing in it."""
    with Pipelines() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
