"""The example service under test: its two trees, its migrations, the service itself, running."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "orders"
BAD = EXAMPLE / "demo" / "bad"
#: What a build or a test leaves in the example's folder.
LEFT_OUT = ("reports", "__pycache__", ".cdkit", ".pytest_cache", ".mypy_cache", "demo")

Call = Callable[..., tuple[int, Any]]


def releases(tree: Path) -> list[tuple[str, list[Path]]]:
    """The releases in the order of their migrations, each with its files."""
    found: dict[str, list[Path]] = {}
    for path in sorted((tree / "migrations").glob("*.sql")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        match = re.fullmatch(r"-- release: (\d+\.\d+)", first)
        assert match, f"{path}: begins with {first!r}, not with its release"
        found.setdefault(match[1], []).append(path)
    return list(found.items())


def migrate(dsn: str, files: Iterable[Path]) -> None:
    """Apply each file as psql would: a file of one statement is not in a transaction."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for path in files:
            connection.execute(path.read_bytes())
            connection.execute("RESET lock_timeout")


@contextlib.contextmanager
def running(tree: Path, dsn: str) -> Iterator[Call]:
    """The service of a tree on a free loopback port; `call(method, path, data)` asks it."""
    environ = {**os.environ, "DATABASE_URL": dsn, "PORT": "0", "PYTHONPATH": str(tree)}
    with subprocess.Popen(
        [sys.executable, "-B", "-m", "orders"],
        cwd=tree, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stderr
            said = process.stderr.readline()
            address = said.partition("listening on ")[2].strip()
            assert address.startswith("http://127.0.0.1:"), said + process.stderr.read()
            yield lambda method, path, data=None: _call(method, address + path, data)
        finally:
            process.kill()


def _call(method: str, url: str, data: object) -> tuple[int, Any]:
    body = None if data is None else json.dumps(data).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, json.load(fault)
