"""Engines and programs that answer as a test says, and keep what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
    endings: list[tuple[int, bytes]] = field(default_factory=list)
    held: LocalImage | None = None
    local: LocalImage | None = None
    saved: bytes = b""
    ran: list[Container] = field(default_factory=list)

    def missing(self) -> str:
        return self.why_missing

    def obtain(self, image: str) -> LocalImage:
        if not self.pulls:
            raise CannotTell(f"cannot pull {image}", remedy="check the network")
        return self.held or LocalImage(id="sha256:" + "e" * 64)

    def inspect(self, image: str) -> LocalImage | None:  # noqa: ARG002
        return self.local

    def save(self, image: str, path: str, limit: int) -> None:  # noqa: ARG002
        Path(path).write_bytes(self.saved)

    def run(self, container: Container) -> Ended:
        self.ran.append(container)
        report = self.reports.pop(0) if self.reports else b""
        Path(container.output).write_bytes(report)
        collected = dict.fromkeys(container.collect, self.metadata) if self.metadata else {}
        code, said = self.endings.pop(0) if self.endings else (self.code, self.said)
        return Ended(code=code, stderr=said, collected=collected)


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
        return Completed(code=self.code, stdout=b"", stderr=self.said)

    def run_into(
        self,
        output: str,
        argv: Sequence[str],
        *,
        timeout: float,  # noqa: ARG002
        environ: Mapping[str, str],
        cwd: str,
        most: int = 0,  # noqa: ARG002
    ) -> Completed:
        self.ran.append((argv, environ, cwd))
        Path(output).write_bytes(self.reports.pop(0) if self.reports else b"")
        return Completed(code=self.code, stdout=b"", stderr=self.said)
