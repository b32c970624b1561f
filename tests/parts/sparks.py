"""Spark in this machine alone: a Python of its own that has it, and Java.

`.ci/parts spark` puts it into ~/.cache/cdkit-parts/spark, locked by requirements/spark.txt: what a
user of `cdkit[spark]` has.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.parts.fetched import kept

HOW = "run .ci/parts spark"


def python() -> Path:
    """Where `.ci/parts` keeps the Python that has it."""
    return kept() / "spark/bin/python"


def java() -> Path | None:
    """The home of a Java 17, which Spark 4 wants."""
    found = sorted(Path("/usr/lib/jvm").glob("java-17-*"))
    if found:
        return found[0]
    command = shutil.which("java")
    return Path(command).resolve().parent.parent if command else None


def missing() -> str | None:
    """Say why Spark cannot be started, or None."""
    if not (python().parent.parent / "requirements.txt").is_file():
        return HOW
    return None if java() else "there is no Java: install openjdk-17-jre-headless"


def environ() -> dict[str, str]:
    """What a process needs to run our own code in that Python, with Spark set up for few rows."""
    here = Path(__file__).resolve()
    return {
        "JAVA_HOME": str(java()),
        "PYTHONPATH": str(here.parents[2]),
        "SPARK_CONF_DIR": str(here.parent / "spark"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
