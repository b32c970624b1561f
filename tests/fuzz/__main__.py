"""`make fuzz`: coverage-guided fuzzing of every reader of evidence, by Atheris (libFuzzer).

    python -m tests.fuzz [--seconds N] [--corpus FOLDER] [TARGET…]

Each target runs in a process of its own, since libFuzzer ends the one that it runs in. What it
found stands in FOLDER/finds: mend the reader, and put the input into tests/cases/fuzz/<target>/,
where `tests/fuzz/test_fuzz.py` runs it for ever after.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

_TOKEN = re.compile(rb"[A-Za-z_][\w.:/-]{1,40}|[<>\[\]{}\"',:=/!?-]{1,3}|\d+(?:\.\d+)?")
_MOST_TOKENS = 400
_LONGEST = 64 * 1024
_HANG = 20
"""Seconds that one input may take."""


def main() -> int:
    """Fuzz the targets that are named, or all of them; 1 where one of them found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    parser.add_argument("--runs", type=int, default=-1, help="how many inputs each target takes")
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"), help="what was learned")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        fuzz(given.targets[0], given.corpus, given.seconds, given.runs)
    from tests.fuzz.targets import targets

    known = targets()
    if unknown := set(given.targets) - known.keys():
        parser.error(f"no such target: {', '.join(sorted(unknown))} (known: {', '.join(known)})")
    options = [f"--seconds={given.seconds}", f"--runs={given.runs}", f"--corpus={given.corpus}"]
    found = 0
    for name in given.targets or known:
        command = [sys.executable, "-m", "tests.fuzz", "--one", *options, name]
        done = subprocess.run(command, check=False)
        print(f"{name}: {'nothing' if done.returncode == 0 else 'FOUND SOMETHING'}", flush=True)
        found += done.returncode != 0
    return 1 if found else 0


def fuzz(name: str, corpus: Path, seconds: int, runs: int) -> None:
    """Fuzz one target until the time is over or something is found; does not return."""
    import atheris

    with atheris.instrument_imports(include=["cdkit"], enable_loader_override=False):
        from tests.fuzz.targets import cases, targets
    target = targets()[name]
    folder, finds = corpus / name, corpus / "finds"
    for made in (folder, finds):
        made.mkdir(parents=True, exist_ok=True)
    seeds = (*target.seeds, *(path.read_bytes() for path in cases(name)))
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed[:_LONGEST])
    words = corpus / f"{name}.dict"
    words.write_bytes(_dictionary(seeds))
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-runs={runs}",
            f"-max_len={_LONGEST}",
            f"-timeout={_HANG}",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            "-verbosity=0",
            f"-dict={words}",
            f"-artifact_prefix={finds}/{name}-",
            str(folder),
        ],
        target.run,
    )
    atheris.Fuzz()


def _dictionary(seeds: tuple[bytes, ...]) -> bytes:
    """Return the words of the seeds as libFuzzer reads them: what a report is made of."""
    found = dict.fromkeys(token for seed in seeds for token in _TOKEN.findall(seed[:_LONGEST]))
    lines = ("".join(f"\\x{byte:02x}" for byte in token) for token in list(found)[:_MOST_TOKENS])
    return "".join(f'"{line}"\n' for line in lines).encode()


if __name__ == "__main__":
    sys.exit(main())
