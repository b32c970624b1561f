"""Chromium, as Debian packages it: shows pages without a window."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest

HOW = "install Debian's package chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chromium:
    """A browser, and how it is called."""

    binary: str

    def run(
        self, page: Path, *arguments: str, dark: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Open a page, on no network; what it says on its console stands in `stderr`."""
        command = [
            *(self.binary, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(
                "--disable-dev-shm-usage",
                "--no-first-run",
                f"--user-data-dir={page.parent}/profile",
            ),
            *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--log-level=1"),
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            *arguments,
            page.as_uri(),
        ]
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=180,
        )


def binary() -> str | None:
    """The first browser of this family on the PATH."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def missing() -> str | None:
    """Say why no page can be shown, or None."""
    return None if binary() else f"no {' or '.join(_NAMES)} found; {HOW}"


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """A browser."""
    found = binary()
    assert found, "a test that uses this fixture needs the marker needs('chromium')"
    return Chromium(binary=found)
