"""Engines and programs that answer as a test says, and keep what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdkit.core.container import Container, Ended, LocalImage
from cdkit.core.errors import CannotTell
from cdkit.core.world import Completed

METADATA = b'{"Version": 2, "UpdatedAt": "2026-11-23T06:00:00Z"}'


@dataclass
class FakeEngine:
    """An engine whose containers leave these reports, in turn."""

    reports: list[bytes] = field(default_factory=list)
    why_missing: str = ""
    pulls: bool = True
    code: int = 0
    said: bytes = b""
    metadata: bytes | None = METADATA
    ran: list[Container] = field(default_factory=list)

    def missing(self) -> str:
        return self.why_missing

    def obtain(self, image: str) -> None:
        if not self.pulls:
            raise CannotTell(f"cannot pull {image}", remedy="check the network")

    def inspect(self, image: str) -> LocalImage | None:  # noqa: ARG002
        return None

    def run(self, container: Container) -> Ended:
        self.ran.append(container)
        report = self.reports.pop(0) if self.reports else b""
        collected = dict.fromkeys(container.collect, self.metadata) if self.metadata else {}
        return Ended(code=self.code, stdout=report, stderr=self.said, collected=collected)


@dataclass
class FakeTrivy:
    """A `trivy` on the PATH that writes these reports, in turn."""

    reports: list[bytes] = field(default_factory=list)
    version: str = "0.69.3"
    code: int = 0
    said: bytes = b""
    ran: list[tuple[Sequence[str], Mapping[str, str], str]] = field(default_factory=list)

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program == "trivy" else None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Completed:
        self.ran.append((argv, environ or {}, cwd or ""))
        if argv[1] == "version":
            out = f'{{"Version": "{self.version}", "VulnerabilityDB": {METADATA.decode()}}}'
            return Completed(code=0, stdout=out.encode(), stderr=b"")
        report = self.reports.pop(0) if self.reports else b""
        return Completed(code=self.code, stdout=report, stderr=self.said)
