"""A checkout with the real `actions/run`; its cdkit is a package that tells how it was started."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.parts import command

ROOT = Path(__file__).parents[2]

TELLS = """
import json, os, sys, tiny
print(json.dumps({
    "argv": sys.argv[1:], "prefix": sys.prefix, "path": sys.path, "tiny": tiny.__file__,
    "utf8": sys.flags.utf8_mode, "environment": dict(os.environ),
}))
"""

WHEEL = {
    "tiny.py": "NAME = 'tiny'\n",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checkout:
    """An action's checkout, its runner's folders, and the one wheel that its lock names."""

    root: Path
    runner: Path
    wheels: Path

    @property
    def tools(self) -> Path:
        """The runner's tool cache."""
        return self.runner / "tools"

    def environments(self) -> list[str]:
        """What stands in the tool cache, hidden leftovers included."""
        return sorted(path.name for path in self.tools.iterdir()) if self.tools.exists() else []

    def start(self, **extra: str) -> subprocess.Popen[str]:
        """Start the step `do-it` with pip kept off the network."""
        env = {
            "PATH": path(self.runner / "bin", command.find("uv")),
            "HOME": str(self.runner),
            "RUNNER_TEMP": str(self.runner / "temp"),
            "RUNNER_TOOL_CACHE": str(self.tools),
            "GITHUB_OUTPUT": str(self.runner / "output"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(self.wheels),
            **extra,
        }
        return subprocess.Popen(
            [str(self.root / "actions/run"), "do-it"],
            env=env,
            cwd=self.runner,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run the step `do-it` to its end."""
        child = self.start(**extra)
        out, err = child.communicate(timeout=120)
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def tell(self, **extra: str) -> dict[str, Any]:
        """Run the step and read what it tells; it must succeed."""
        done = self.run(**extra)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def path(folder: Path, uv: str | None = None) -> str:
    """A PATH of the system's own commands, with this Python and perhaps a uv before them."""
    folder.mkdir(exist_ok=True)
    python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    for name, target in {"python3": python, **({"uv": Path(uv)} if uv else {})}.items():
        if not (folder / name).exists():
            (folder / name).symlink_to(target)
    return os.pathsep.join([str(folder), "/usr/bin", "/bin"])


def lay(folder: Path) -> Checkout:
    """Lay a checkout and a runner's folders under `folder`."""
    root, runner, wheels = folder / "checkout", folder / "runner", folder / "wheels"
    for each in (root / "actions", root / "cdkit", root / "requirements", runner, wheels):
        each.mkdir(parents=True)
    shutil.copy2(ROOT / "actions/run", root / "actions/run")
    (root / "cdkit/__init__.py").write_text("")
    (root / "cdkit/__main__.py").write_text(TELLS)
    digest = hashlib.sha256(_wheel(wheels).read_bytes()).hexdigest()
    (root / "requirements/core.txt").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    return Checkout(root=root, runner=runner, wheels=wheels)


def _wheel(folder: Path) -> Path:
    path = folder / "tiny-1.0-py3-none-any.whl"
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            lines.append(f"{name},sha256={digest.decode()},{len(text)}")
        archive.writestr("tiny-1.0.dist-info/RECORD", "\n".join([*lines, ",,"]) + "\n")
    return path
