"""Real calls of cdkit that are killed at random moments: what arrives in the end, under which ids.

`python -m tests.events.killing 1000` does it a thousand times, and says what it saw; with
`oci://registry/repository` after the number, all goes through outboxes that are handed on there.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.events.receiver import Answer, Receiver, receiving

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "ghcr.io/acme/orders@sha256:" + "ab" * 32
LONGEST = 0.6
"""Seconds in which a call is killed: most are done by then, all have begun to send."""


@dataclass
class Seen:
    """What a round of killing came to."""

    kills: int = 0
    events: int = 0
    repeated: int = 0
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def lost(self) -> list[str]:
        """The services whose deployment never arrived."""
        return [name for name in map(_service, range(self.events)) if name not in self.ids]

    @property
    def under_two_ids(self) -> list[str]:
        """The services whose one deployment arrived as more than one event."""
        return sorted(name for name, ids in self.ids.items() if len(ids) > 1)


def kill_often(folder: Path, kills: int, seed: int) -> Seen:
    """Emit deployments, and kill so many calls of emit-event and of flush-events meanwhile.

    A call that was killed is made again, as a job is run again, until it went through.
    """
    chance = random.Random(seed)  # noqa: S311 - a seed for a test
    seen = Seen()
    answers = [Answer(status=chance.choice((202, 202, 503, 500))) for _ in range(kills)]
    with receiving(*answers, Answer(status=202)) as receiver:
        while seen.kills < kills:
            number, seen.events = seen.events, seen.events + 1
            while seen.kills < kills and not _survives(_emit(folder, receiver, number), chance):
                seen.kills += 1
                if chance.random() < 0.5 and (folder / ".cdkit/outbox.db").is_file():
                    seen.kills += not _survives(_flush(folder, receiver), chance)
            assert _emit(folder, receiver, number).wait() in {0, 4}
        assert _flush(folder, receiver, budget=60).wait() == 0
        _read(receiver, seen)
    return seen


def hand_on_often(folder: Path, kills: int, seed: int, place: str) -> Seen:
    """Emit deployments that nobody takes, and hand them on; kill so many of those calls.

    Each is of a machine of its own, and is made again there until it went through. Then deliver
    from the place, and kill half as many of those calls.
    """
    chance = random.Random(seed)  # noqa: S311 - a seed for a test
    seen = Seen()
    with receiving(Answer(status=503)) as receiver:
        longest = 1.3 * _seconds(_emit(folder, receiver, 0, place))
        while seen.kills < kills:
            number, seen.events = seen.events, seen.events + 1
            machine = folder / str(number)
            machine.mkdir()
            while seen.kills < kills:
                if _survives(_emit(machine, receiver, number, place), chance, longest):
                    break
                seen.kills += 1
            assert _emit(machine, receiver, number, place).wait() == 0
        receiver.answers = [Answer(status=chance.choice((202, 202, 503))) for _ in range(kills)]
        while seen.kills < kills * 1.5:
            call = _flush(folder, receiver, place=place)
            seen.kills += not _survives(call, chance, longest)
        receiver.answers = [Answer(status=202)]
        assert _flush(folder, receiver, budget=60, place=place).wait() in {0, 3}
        assert _flush(folder, receiver, budget=60, place=place).wait() == 3  # nothing is there
        _read(receiver, seen)
    return seen


def _read(receiver: Receiver, seen: Seen) -> None:
    pairs = [
        (json.loads(request.body)["subject"]["id"], request.headers["ce-id"])
        for request in receiver.requests
        if len(request.body) == int(request.headers["content-length"])  # else its sender died
    ]
    seen.repeated = len(pairs) - len(set(pairs))
    for service, name in pairs:
        seen.ids[service].add(name)


def _survives(
    process: subprocess.Popen[bytes], chance: random.Random, longest: float = LONGEST
) -> bool:
    """Let a call run for a moment, and kill it; whether it had ended by itself before."""
    time.sleep(chance.random() * longest)
    if process.poll() is not None:
        return True
    process.send_signal(signal.SIGKILL)
    process.wait()
    return False


def _seconds(process: subprocess.Popen[bytes]) -> float:
    """Let a call end, and return how long it took: on a busy machine several times as long."""
    start = time.perf_counter()
    assert process.wait() == 0
    return time.perf_counter() - start


def _service(number: int) -> str:
    return f"orders-{number}"


def _emit(
    folder: Path, receiver: Receiver, number: int, place: str = ""
) -> subprocess.Popen[bytes]:
    options = ["--environment", "production", "--image", IMAGE, "--service", _service(number)]
    options += ["--hand-on", place, "--budget", "0"] if place else ["--budget", "1"]
    return _start(folder, number, "emit-event", *options, "--sink", receiver.url)


def _flush(
    folder: Path, receiver: Receiver, budget: int = 1, place: str = ""
) -> subprocess.Popen[bytes]:
    options = [*([place] if place else []), "--sink", receiver.url, "--budget", str(budget)]
    return _start(folder, 0, "flush-events", *options)


def _start(folder: Path, number: int, *arguments: str) -> subprocess.Popen[bytes]:
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/orders",
        "GITHUB_SHA": "c" * 40,
        "GITHUB_RUN_ID": str(1000 + number),
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_JOB": "deploy",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "cdkit", *arguments, "--records", "none"],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def main(kills: int, place: str = "") -> int:
    """Kill so often, and say what was seen; 1 where something was lost or came under two ids."""
    seed = int(time.time())
    with tempfile.TemporaryDirectory(prefix="cdkit-kill-") as name:
        folder = Path(name)
        if place:
            seen = hand_on_often(folder, kills, seed, place)
        else:
            seen = kill_often(folder, kills, seed)
    sys.stdout.write(
        f"{seen.kills} kills, {seen.events} deployments: {len(seen.lost)} lost, "
        f"{len(seen.under_two_ids)} under two ids, {seen.repeated} sent again under their own\n"
    )
    return 1 if seen.lost or seen.under_two_ids else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, *sys.argv[2:3]))
