"""Processes that are killed and processes that collide: nothing is lost, nothing comes twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from cdkit.events.deliver import deliver
from cdkit.events.outbox import Outbox
from cdkit.events.targets import resolve
from tests.events.killing import hand_on_often, kill_often
from tests.events.places import RunningClock, world
from tests.parts import double

KILLS = 40


def start(folder: Path, first: int, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.events.emitter", str(folder / "outbox.db")]
    command += [str(folder / "out.ndjson"), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def acknowledged(process: subprocess.Popen[bytes], lines: int) -> list[str]:
    """Read as many acknowledgements; fewer where the process ends before."""
    assert process.stdout
    return [line.decode().strip() for _, line in zip(range(lines), process.stdout, strict=False)]


def rest(process: subprocess.Popen[bytes]) -> list[str]:
    """Wait for the end of a process, and return what it acknowledged meanwhile."""
    assert process.stdout
    with process, process.stdout:
        return [line.decode().strip() for line in process.stdout if line.endswith(b"\n")]


def arrived(folder: Path) -> list[str]:
    text = (folder / "out.ndjson").read_text()
    assert text.endswith("\n")
    return [json.loads(line)["context"]["id"] for line in text.split("\n")[:-1]]


def flush(folder: Path) -> tuple[int, int]:
    targets = resolve([f"file:{folder / 'out.ndjson'}"])
    with Outbox(str(folder / "outbox.db"), RunningClock()) as outbox:
        (done,) = deliver(outbox, targets, world(folder), budget=60)
    return done.waiting, done.dead


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_sender_that_is_killed_loses_nothing_and_repeats_nothing(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed for a test
    taken: list[str] = []
    for kill in range(KILLS // 2):
        process = start(tmp_path, kill * 1000, 1000)
        taken += acknowledged(process, chance.randrange(1, 12))
        # A moment of its own each time: inside a put, a send, a settlement or between them.
        for _ in range(chance.randrange(4000)):
            pass
        process.kill()
        taken += rest(process)
    assert flush(tmp_path) == (0, 0)
    found = arrived(tmp_path)
    assert set(taken) <= set(found)
    assert len(found) == len(set(found))


def test_two_senders_at_once_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    processes = [start(tmp_path, first, 60) for first in (0, 1000, 2000)]
    taken = [number for process in processes for number in rest(process)]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert flush(tmp_path) == (0, 0)
    assert sorted(taken, key=int) == sorted(arrived(tmp_path), key=int)
    assert len(taken) == 180


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_senders_that_are_killed_while_others_send_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311 - a seed for a test
    taken: list[str] = []
    for round_ in range(6):
        victim = start(tmp_path, round_ * 10_000, 1000)
        survivor = start(tmp_path, round_ * 10_000 + 5000, 20)
        taken += acknowledged(victim, chance.randrange(1, 10))
        victim.kill()
        taken += rest(victim) + rest(survivor)
        assert survivor.returncode == 0
    assert flush(tmp_path) == (0, 0)
    found = arrived(tmp_path)
    assert set(taken) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_real_calls_that_are_killed_lose_nothing_and_rename_nothing(tmp_path: Path) -> None:
    seen = kill_often(tmp_path, kills=24, seed=5)
    assert seen.kills >= 24
    assert (seen.lost, seen.under_two_ids) == ([], [])


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_calls_that_hand_on_through_a_registry_and_are_killed_lose_nothing(tmp_path: Path) -> None:
    with double.running() as registry:
        seen = hand_on_often(tmp_path, 4, 6, f"oci://{registry.address}/acme/events")
    assert seen.kills >= 6
    assert (seen.lost, seen.under_two_ids) == ([], [])
