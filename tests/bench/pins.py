"""What `pin-images` costs: beside the bare requests and the parsing, and beside a plain read."""

from __future__ import annotations

import http.client
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import yaml

from cdkit.core.oci.media import ACCEPT
from tests.bench.measure import MIB, run, show
from tests.image.layouts import Layout, push
from tests.parts import registry

MANIFESTS = 1_000
REFERENCES = 5
DISTINCT = 200
FILES = 10_000
FILE = 10 * 1024
PIN = [sys.executable, "-m", "cdkit", "pin-images", "--records", "none"]
CHECK = [*PIN, "--check", "--allow-empty"]
TURNS = 5
MEMORY = Path("/dev/shm")


def pins(folder: Path) -> int:
    """Pin 1,000 manifests, and check 10,000 files that name no image."""
    missed = 0
    if reason := registry.missing():
        print(f"{'pin 1,000 manifests':52}      -  not measured: {reason}")
    else:
        with tempfile.TemporaryDirectory(prefix="cdkit-bench-", dir=memory()) as name:
            missed += pin_many(Path(name) / "pin")
    return missed + skip_many(folder / "skip")


def memory() -> Path | None:
    """Return a folder in memory, where the machine has one (Linux).

    The peer writes nothing: on a disk its writing would be compared with none at all. An ext4
    without a journal takes up to 0.9 ms for each new file while many were removed of late.
    """
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None


def pin_many(folder: Path) -> int:
    """Compare with 200 bare HEADs in a row plus twice the composing of all files."""
    folder.mkdir()
    ratios: list[float] = []
    with registry.running(folder, auth={}) as address:
        layout = Layout()
        layout.root(layout.manifest())
        for number in range(DISTINCT):
            push(layout, address, f"bench/app{number}", "v1")
        for turn in range(TURNS):
            work = folder / str(turn)
            write_manifests(work, address)
            peer = heads(address) + 2 * composing(work)
            ours = run(PIN, work).seconds
            ratios.append(ours / peer)
            shutil.rmtree(work)
    what = "pin 1,000 manifests / 200 HEADs + 2 x YAML composing"
    return show(what, statistics.median(ratios[1:]), 1.0)


def write_manifests(folder: Path, address: str) -> None:
    """Write deployments of five containers each, which name 200 images in turn."""
    folder.mkdir()
    for number in range(MANIFESTS):
        names = (number * REFERENCES + i for i in range(REFERENCES))
        containers = "".join(CONTAINER.format(name=n % DISTINCT, address=address) for n in names)
        (folder / f"{number}.yaml").write_text(DEPLOYMENT.format(name=number) + containers)


def heads(address: str) -> float:
    """Return the seconds that one HEAD for each image takes, over one connection."""
    connection = http.client.HTTPConnection(address)
    start = time.perf_counter()
    for number in range(DISTINCT):
        path = f"/v2/bench/app{number}/manifests/v1"
        connection.request("HEAD", path, headers={"Accept": ACCEPT})
        with connection.getresponse() as answer:
            assert answer.status == 200
    return time.perf_counter() - start


def composing(folder: Path) -> float:
    """Return the seconds that composing every file takes, by the C parser."""
    texts = [path.read_text() for path in folder.iterdir()]
    start = time.perf_counter()
    for text in texts:
        list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    return time.perf_counter() - start


def skip_many(folder: Path) -> int:
    """Compare a check of files that name no image with reading them all and nothing else."""
    folder.mkdir()
    chance = random.Random(7)  # noqa: S311 - made-up values, not secrets
    for number in range(FILES):
        lines = [
            f"key{i}: {{value: {chance.random()}, picture: x.png}}\n" for i in range(FILE // 50)
        ]
        place = folder / f"{number % 100}"
        place.mkdir(exist_ok=True)
        (place / f"{number}.yaml").write_text("".join(lines))
    size = sum(path.stat().st_size for path in folder.rglob("*.yaml")) / MIB
    pairs = [
        (run(CHECK, folder).seconds, run([sys.executable, "-c", READ], folder).seconds)
        for _ in range(TURNS)
    ]
    ours = statistics.median(ours for ours, _ in pairs[1:])
    ratio = statistics.median(ours / plain for ours, plain in pairs[1:])
    rate = size / ours
    show(f"check 10,000 files ({rate:.0f} MB/s) / a plain read of them", ratio, 10.0)
    return show("100 MB/s / what a check skips", 100 / rate, 1.0)


READ = """
import os
for folder, _, names in os.walk("."):
    for name in names:
        with open(os.path.join(folder, name), "rb") as stream:
            stream.read()
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web{name}
  labels: {{app: web}}
spec:
  replicas: 2
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
"""
CONTAINER = """\
        - name: app{name}
          image: {address}/bench/app{name}:v1
          ports:
            - containerPort: 8080
          env:
            - name: MODE
              value: production
          resources:
            limits: {{cpu: 100m, memory: 1Gi}}
          readinessProbe:
            httpGet: {{path: /health, port: 8080}}
"""
