"""Groovy, the language of Jenkins pipelines: compiles the shared library, and runs it.

Jenkins has Groovy 2.4 inside. Debian's package `groovy` is that version; it wants a Java that is
not too new for it, so each Java here is tried.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOW = "install Debian's packages groovy and openjdk-17-jre-headless"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Groovy:
    """The commands `groovy` and `groovyc`, on a Java that they work with."""

    java: str

    def run(self, *command: str, path: str = "") -> subprocess.CompletedProcess[str]:
        """Run `groovy …` or `groovyc …`, with `path` before the commands of the system."""
        return _run(self.java, *command, path=path)


def _run(java: str, *command: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "JAVA_HOME": java, "LC_ALL": "C.UTF-8"}
    environ["JAVA_OPTS"] = "-Dfile.encoding=UTF-8 -XX:TieredStopAtLevel=1"
    environ["PATH"] = os.pathsep.join([*([path] if path else []), environ["PATH"]])
    return subprocess.run(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def _candidates() -> list[str]:
    """The Java that is set, those of version 17, then all others that a system keeps."""
    kept = [str(path) for path in sorted(Path("/usr/lib/jvm").glob("*")) if path.is_dir()]
    own = [os.environ["JAVA_HOME"]] if os.environ.get("JAVA_HOME") else []
    return [*own, *sorted(kept, key=lambda path: "-17" not in path)]


@functools.cache
def _java() -> str | None:
    works = (java for java in _candidates() if Path(java, "bin/java").exists() and _works(java))
    return next(works, None)


def _works(java: str) -> bool:
    return _run(java, "groovy", "-e", "print 'it works'").stdout == "it works"


def missing() -> str | None:
    """Say why Groovy cannot be run here, or None."""
    gone = [name for name in ("groovy", "groovyc") if shutil.which(name) is None]
    if gone:
        return f"not found: {', '.join(gone)}; {HOW}"
    return None if _java() else f"groovy works with none of {_candidates()}; {HOW}"


@pytest.fixture(scope="session")
def groovy() -> Groovy:
    """Groovy on a Java that it works with."""
    java = _java()
    assert java, "a test that uses this fixture needs the marker needs('groovy')"
    return Groovy(java=java)
