"""Judges SQL from stdin by one process and by two: a process of its own, without threads.

Prints as JSON whether all found the same, whether the other process came to its end, and what
was found, as pairs of rule and line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import structs

from cdkit.core.doors.hands import ForkedHands
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.world import Hands, Heard, OwnHands
from cdkit.migrations.catalogue import Dispatch, asked, dispatch
from cdkit.migrations.lint import Judged
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import LintRule
from tests.migrations.judging import judged


class Listening(ForkedHands):
    """Counts what comes from the other process."""

    def __init__(self) -> None:
        super().__init__(2)
        self.pieces: list[bytes | None] = []

    @contextmanager
    def beside(self, work: Callable[[], Iterable[bytes]]) -> Iterator[Heard | None]:
        """Have it done, and listen."""
        with super().beside(work) as heard:
            yield _Noting(heard, self.pieces) if heard else None


class _Noting:
    def __init__(self, heard: Heard, pieces: list[bytes | None]) -> None:
        self._heard = heard
        self._pieces = pieces

    def ready(self) -> bool:
        return self._heard.ready()

    def next(self) -> bytes | None:
        self._pieces.append(self._heard.next())
        return self._pieces[-1]


class Forgetful(Dispatch):
    """Rules that do not say that they write into the session."""

    def __missing__(self, kind: type[Operation]) -> tuple[tuple[str, LintRule], ...]:
        """Return the rules of a kind that comes for the first time."""
        rules = super().__missing__(kind)
        self[kind] = tuple((name, structs.replace(rule, remembers=False)) for name, rule in rules)
        return self[kind]


def main(said: str, rules: str = "") -> None:
    """Judge; `said` is whether a transaction is around the file: True, False or None."""
    text, wrapped = sys.stdin.read(), {"True": True, "False": False}.get(said)

    def counted(*what: Any) -> Dispatch:  # noqa: ANN401 - as it is asked
        return Forgetful(asked(*what)) if rules == "forgetful" else dispatch(*what)

    def by(hands: Hands | None) -> Judged:
        return judged(
            text,
            in_transaction=wrapped,
            processes=SystemProcesses(),
            hands=hands,
            dispatched=counted,
        )

    listening = Listening()
    alone, one, abreast = by(None), by(OwnHands()), by(listening)
    found = [(one.rule, one.locations[0].line) for one in alone.findings]
    alike = len({msgspec.json.encode(each) for each in (alone, one, abreast)}) == 1
    ended = bool(listening.pieces and listening.pieces[-1])
    sys.stdout.write(json.dumps([alike, ended, found]))


if __name__ == "__main__":
    main(*sys.argv[1:])
