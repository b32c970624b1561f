"""Real calls of cdkit that are killed at random moments: what arrives in the end, under which ids.

`python -m tests.events.killing 1000` does it a thousand times, and says what it saw; with
`oci://registry/repository` after the number, all goes through outboxes that are handed on there.
What it prints of the moments says whether the kills hit what they are for: most of a call is Python
that starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.events.receiver import Answer, Receiver, receiving

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "ghcr.io/acme/orders@sha256:" + "ab" * 32
LONGEST = 2.0
"""Seconds in which a call is killed at the most: one that is refused waits that long."""


@dataclass
class Seen:
    """What a round of killing came to."""

    kills: int = 0
    events: int = 0
    repeated: int = 0
    moments: Counter[str] = field(default_factory=Counter)
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

    A call that was killed before it kept its event is made again, as a job is run again. Of those
    that had kept it, half are not: what is in the outbox must arrive without them.
    """
    chance = random.Random(seed)  # noqa: S311 - a seed for a test
    seen = Seen(events=1)
    with receiving(Answer(status=202)) as receiver:
        longest = 1.1 * _seconds(_emit(folder, receiver, 0))
        receiver.answers = [
            Answer(status=chance.choice((202, 202, 503, 500))) for _ in range(kills)
        ]
        receiver.answers.append(Answer(status=202))
        while seen.kills < kills:
            number, seen.events = seen.events, seen.events + 1
            longest = _kill_one(folder, receiver, number, chance, longest, seen)
        assert _flush(folder, receiver, budget=60).wait() in {0, 3}
        _read(receiver, seen)
    return seen


def _kill_one(
    folder: Path,
    receiver: Receiver,
    number: int,
    chance: random.Random,
    longest: float,
    seen: Seen,
) -> float:
    """Kill calls about one deployment until one goes through; return how long that one takes."""
    for _ in range(8):
        if _survives(_emit(folder, receiver, number), chance, longest):
            break
        seen.kills += 1
        moment = _moment(folder, number)
        seen.moments[moment] += 1
        if chance.random() < 0.5 and (folder / ".cdkit/outbox.db").is_file():
            seen.kills += not _survives(_flush(folder, receiver), chance, longest)
        if moment != "before it was kept" and chance.random() < 0.5:
            return longest
    process, start = _emit(folder, receiver, number), time.perf_counter()
    assert process.wait() in {0, 4}
    return min(LONGEST, 1.1 * (time.perf_counter() - start))


def _moment(folder: Path, number: int) -> str:
    """Return how far the call of a deployment had come, by a copy of what it left."""
    with tempfile.TemporaryDirectory(prefix="cdkit-look-") as name:
        for path in (folder / ".cdkit").glob("outbox.db*"):
            shutil.copy(path, name)
        database = sqlite3.connect(f"{name}/outbox.db")
        with contextlib.closing(database), contextlib.suppress(sqlite3.OperationalError):
            found = database.execute(
                "SELECT state FROM delivery JOIN event ON event.number = delivery.event "
                "WHERE instr(event.data, ?)",
                (f'"{_service(number)}"'.encode(),),
            ).fetchone()
            return f"when it was {found[0]}" if found else "before it was kept"
    return "before it was kept"


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


def _survives(process: subprocess.Popen[bytes], chance: random.Random, longest: float) -> bool:
    """Let a call run for a moment, and kill it; whether it had ended by itself before.

    Half of the moments are any of the call, half are after it opened its outbox.
    """
    late = chance.random() < 0.5
    while late and process.poll() is None and not _is_at_its_outbox(process):
        time.sleep(0.001)
    time.sleep(chance.random() * longest * (0.5 if late else 1.0))
    if process.poll() is not None:
        return True
    process.send_signal(signal.SIGKILL)
    process.wait()
    return False


def _is_at_its_outbox(process: subprocess.Popen[bytes]) -> bool:
    """Whether a call has opened an outbox, as Linux tells; elsewhere at once."""
    open_files = Path(f"/proc/{process.pid}/fd")
    with contextlib.suppress(OSError):
        return any(str(each.readlink()).endswith(".db") for each in open_files.iterdir())
    return not Path("/proc/self/fd").exists()


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
    for moment, count in sorted(seen.moments.items()):
        sys.stdout.write(f"  {count} killed {moment}\n")
    return 1 if seen.lost or seen.under_two_ids else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, *sys.argv[2:3]))
