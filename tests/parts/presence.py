"""Which real parts are here, and what a test does without one: skip, or fail when required."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable

import pytest

#: The name a test writes in `needs(...)`, and the module that looks for that part. Each module has
#: a function `missing() -> str | None`: None when the part is usable, else what is missing and how
#: to get it.
PARTS = {
    "aws": "tests.parts.amazon",
    "busybox": "tests.parts.busybox",
    "chdb": "tests.parts.clickhouse",
    "chromium": "tests.parts.chromium",
    "clouds": "tests.parts.clouds",
    "docker": "tests.parts.docker",
    "gitlab-ci-local": "tests.parts.gitlab",
    "groovy": "tests.parts.groovy",
    "index": "tests.parts.index",
    "mariadb": "tests.parts.mariadb",
    "mosquitto": "tests.parts.mosquitto",
    "nats": "tests.parts.nats",
    "node": "tests.parts.node",
    "podman": "tests.parts.podman",
    "postgres": "tests.parts.postgres",
    "postgres-18": "tests.parts.postgres18",
    "pre-commit": "tests.parts.precommit",
    "prek": "tests.parts.prek",
    "registry": "tests.parts.registry",
    "shellcheck": "tests.parts.shellcheck",
    "skopeo": "tests.parts.skopeo",
    "spark": "tests.parts.sparks",
    "tokens": "tests.parts.tokens",
    "trivy": "tests.parts.trivy",
}


@functools.cache
def missing(part: str) -> str | None:
    """Say why a part cannot be used here, or None; asked once a session, since looking costs."""
    reason: str | None = importlib.import_module(PARTS[part]).missing()
    return reason


def required(listed: str | None = None) -> frozenset[str]:
    """The parts that must be here, from CDKIT_REQUIRE (names with commas between them)."""
    text = os.environ.get("CDKIT_REQUIRE", "") if listed is None else listed
    named = {name.strip() for name in text.split(",")} - {""}
    if unknown := named - PARTS.keys():
        raise pytest.UsageError(
            f"CDKIT_REQUIRE names no such part: {', '.join(sorted(unknown))} "
            f"(known: {', '.join(PARTS)})",
        )
    return frozenset(named)


def demand(
    parts: tuple[str, ...],
    must: frozenset[str],
    look: Callable[[str], str | None] = missing,
) -> None:
    """Skip the test that runs now unless every part it needs is here; fail it for one of `must`."""
    for part in parts:
        if part not in PARTS:
            pytest.fail(f"needs({part!r}): no such part (known: {', '.join(PARTS)})", pytrace=False)
        if reason := look(part):
            if part in must:
                pytest.fail(f"{part} is required here, and missing: {reason}", pytrace=False)
            pytest.skip(f"{part}: {reason}")
