"""Building the World: the real doors, opened only when somebody goes through them."""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.doors.clock import ReplayClock, SystemClock, stamp
from cdkit.core.doors.engine import DockerEngine, PodmanEngine
from cdkit.core.doors.files import DiskFiles
from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.hands import ForkedHands
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, Http, Response, World


class Stderr:
    """What we say goes to standard error."""

    def say(self, text: str) -> None:
        """Say one line; a closed standard error is no reason to stop."""
        try:
            print(text, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            return


class LateHttp:
    """The HTTP door that tries again, imported at the first request."""

    def __init__(self) -> None:
        self._door: Http | None = None
        self._opening = Lock()

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
        """Send one request."""
        with self._opening:  # threads may come at once, and are to share its connections
            door = self._door = self._door or self._open()
        return door.request(method, url, headers=headers, body=body, timeout=timeout, limit=limit)

    def _open(self) -> Http:
        from cdkit.core.doors.http import RequestsHttp

        return RequestsHttp()


class LateQuickHttp(LateHttp):
    """The HTTP door that starts fast, imported at the first request."""

    def _open(self) -> Http:
        from cdkit.core.doors.quick_http import QuickHttp

        return QuickHttp()


def build_world(context: BuildContext, *, at: datetime | None = None, run: str = "") -> World:
    """Return the world around this process; with `at` its clock stands still there."""
    processes = SystemProcesses()
    return World(
        files=DiskFiles(),
        clock=ReplayClock(at) if at else SystemClock(),
        environ=dict(os.environ),
        processes=processes,
        programs=processes,
        http=LateHttp(),
        quick_http=LateQuickHttp(),
        git=GitRepository(processes),
        talk=Stderr(),
        context=context,
        replay=Replay(run=run, at=stamp(at)) if at else None,
        engine=DockerEngine(),
        podman=PodmanEngine(),
        hands=ForkedHands(),
    )
