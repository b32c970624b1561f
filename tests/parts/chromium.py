"""Chromium, which your system has, driven by playwright-core and judged by axe-core.

`.ci/parts browser` puts the last two into ~/.cache/cdkit-parts, locked by tests/parts/browser/*.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.parts import node

HOW = "run .ci/parts browser"
SOURCES = Path(__file__).parent / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chromium:
    """A Node, the program that it drives, and the folder with the packages."""

    node: Path
    browser: Path
    home: Path

    def look(self, page: Path, script: str, **arguments: str) -> Any:  # noqa: ANN401 - any JSON
        """Run the body of an async function with `browser`, `url` and `given`; return its value.

        `axe` is the source of axe-core.
        """
        given = {"page": page.as_uri(), "browser": str(self.browser), "arguments": arguments}
        done = subprocess.run(
            [self.node, "--input-type=module", "-e", _PROGRAM % script],
            input=json.dumps(given),
            env={**os.environ, "PARTS_BROWSER_HOME": str(self.home)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


_PROGRAM = """
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";
const require = createRequire(process.env.PARTS_BROWSER_HOME + "/package.json");
const {chromium} = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
const told = JSON.parse(readFileSync(0, "utf-8"));
const url = told.page, given = told.arguments;
// Chromium's sandbox wants no root, and rights that containers lack; the pages here are ours.
const browser = await chromium.launch({executablePath: told.browser, args: ["--no-sandbox"]});
try {
  const found = await (async () => { %s })();
  process.stdout.write(JSON.stringify(found));
} finally {
  await browser.close();
}
"""


def folder() -> Path:
    """Where `.ci/parts` keeps the packages."""
    return node.folder().parent / "browser"


def program() -> Path | None:
    """The browser, where the system has one."""
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


def missing() -> str | None:
    """Say why no page can be looked at here, or None."""
    if program() is None:
        return f"none of {', '.join(NAMES)} found; install one from your system"
    if node.binary() is None:
        return f"no Node of {node.OLDEST[0]}.{node.OLDEST[1]} or newer found; {HOW}"
    lock = folder() / "installed-lock.json"
    wanted = (SOURCES / "package-lock.json").read_bytes()
    if not lock.exists() or lock.read_bytes() != wanted:
        return f"playwright-core and axe-core are not in {folder()}, or not as locked; {HOW}"
    return None


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """A browser to look at pages with."""
    browser, binary = program(), node.binary()
    assert browser, "a test that uses this fixture needs the marker needs('chromium')"
    assert binary
    return Chromium(node=binary, browser=browser, home=folder())
