"""Doors that answer as registries' APIs do, and keep what they were asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cdkit.core.errors import CannotTell
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, Completed, Response


@dataclass
class FakeHttp:
    """Answers by URL; what is not there is a fault of the test."""

    answers: Mapping[str, Response | Callable[[Mapping[str, str]], Response]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def request(
        self,
        method: str,  # noqa: ARG002
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes = b"",  # noqa: ARG002
        timeout: float = 30,
        limit: int = 8 * MIB,  # noqa: ARG002
    ) -> Response:
        plain = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in (headers or {}).items()
        }
        self.asked.append((url, plain))
        self.timeouts.append(timeout)
        if url not in self.answers:
            raise CannotTell(f"nobody answers at {url}", remedy="none: a test is wrong")
        answer = self.answers[url]
        return answer if isinstance(answer, Response) else answer(plain)


@dataclass
class FakeAws:
    """An `aws` on the PATH."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    present: bool = True
    ran: list[tuple[str, ...]] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if self.present and program == "aws" else None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float = 60,
        environ: Mapping[str, str] | None = None,  # noqa: ARG002
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        self.ran.append(tuple(argv))
        self.timeouts.append(timeout)
        return Completed(code=self.code, stdout=self.stdout, stderr=self.stderr)


def answer(value: object, status: int = 200, **headers: str) -> Response:
    """Return an answer of JSON; header names with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status=status, headers=named, body=json.dumps(value).encode())
