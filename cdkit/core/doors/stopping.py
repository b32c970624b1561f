"""The door to the signals that stop a run: Ctrl-C, a cancelled job, a terminal that is gone."""

import signal
import time
from types import FrameType

_CLEANING = 10
"""Seconds in which a run that was stopped may take away what it made."""


class Stop:
    """A handler that stops the run by an exception, once, so that it cleans up behind itself.

    A second signal would end the cleaning, and leave a container or a file with a login behind:
    people press Ctrl-C twice, and GitHub sends SIGTERM 7.5 seconds after SIGINT (GitHub docs,
    "Workflow cancellation reference"). So it is heard again only after `cleaning` seconds.
    """

    def __init__(self, cleaning: float = _CLEANING) -> None:
        self._cleaning = cleaning
        self._stopped = -cleaning

    def listen(self) -> None:
        """Hear SIGTERM, and what is not ignored of the others.

        A shell in the background ignores SIGINT, and `nohup` SIGHUP, which a terminal or a remote
        shell that is closed sends.
        """
        self._stopped = time.monotonic() - self._cleaning
        signal.signal(signal.SIGTERM, self)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self)
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            signal.signal(signal.SIGHUP, self)

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        """Raise KeyboardInterrupt for SIGINT, else SystemExit with the shell's code for SIGTERM."""
        now = time.monotonic()
        if now - self._stopped < self._cleaning:
            return
        self._stopped = now
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + signal.SIGTERM)
