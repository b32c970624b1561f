"""Tightening a policy file: its bounds move to what the last releases reached, never back.

Only the numbers change, where they stand: comments, order and form are the team's own.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

import yaml
from msgspec import Struct

from cdkit.core.config.nodes import compose
from cdkit.gate.case import Release
from cdkit.gate.observe import reached_by
from cdkit.gate.policy import Requirement
from cdkit.gate.read import read_policy


class Turn(Struct, frozen=True, kw_only=True):
    """A number that moves: where (from 1), from what to what, and the text around it."""

    stage: str
    evidence: str
    bound: str
    name: str
    before: str
    after: str
    line: int
    start: int
    end: int

    def __str__(self) -> str:
        """Return it for people: `unit (development): at-least executed 60 -> 72`."""
        what = f"{self.evidence} ({self.stage}): {self.bound} {self.name}"
        return f"{what} {self.before} -> {self.after}"


def turns(data: bytes, releases: Sequence[Release], now: datetime, *, where: str) -> list[Turn]:
    """Return what can be tightened in a policy file, in the order of the file.

    A bound moves only where every release holds the number and all of them keep more than it asks.
    Raises ConfigError where the file is no policy.
    """
    policy = read_policy(data, where=where)
    root = compose(data, where=where)
    found = []
    for at, stage in enumerate(policy.stages):
        for key, asked in (("enter", stage.enter), ("stay", stage.stay)):
            for index, wanted in enumerate(asked):
                node = _at(root, "stages", at, key, index)
                found += list(_of_one(stage.name, wanted, node, releases, now))
    return sorted(found, key=lambda turn: turn.start)


def turned(data: bytes, found: Sequence[Turn]) -> bytes:
    """Return the file with these numbers changed."""
    text = data.decode("utf-8-sig")
    for turn in sorted(found, key=lambda turn: turn.start, reverse=True):
        text = text[: turn.start] + turn.after + text[turn.end :]
    return text.encode()


def _of_one(
    stage: str,
    wanted: Requirement,
    node: yaml.Node | None,
    releases: Sequence[Release],
    now: datetime,
) -> Iterator[Turn]:
    for bound, bounds, most in (
        ("at-least", wanted.at_least, False),
        ("at-most", wanted.at_most, True),
    ):
        for name, before in bounds.items():
            value = _at(node, bound, name)
            reached = reached_by(wanted, name, releases, now, most=most)
            if (
                not isinstance(value, yaml.ScalarNode)
                or len(reached) != len(releases)
                or not reached
            ):
                continue
            after = _up(max(reached), before) if most else _down(min(reached), before)
            if after != before:
                yield Turn(
                    stage=stage,
                    evidence=wanted.evidence,
                    bound=bound,
                    name=name,
                    before=f"{before:g}",
                    after=f"{after:g}",
                    line=value.start_mark.line + 1,
                    start=value.start_mark.index,
                    end=value.end_mark.index,
                )


def _down(reached: float, before: float) -> float:
    """Return what was reached, a fraction of a percent rounded down to a tenth."""
    return max(before, math.floor(reached * 10 + 1e-9) / 10)


def _up(reached: float, before: float) -> float:
    return min(before, math.ceil(reached * 10 - 1e-9) / 10)


def _at(node: yaml.Node | None, *path: str | int) -> yaml.Node | None:
    """Return the node at a path of keys and positions; None where there is none."""
    for part in path:
        if isinstance(part, int):
            if not isinstance(node, yaml.SequenceNode) or part >= len(node.value):
                return None
            node = node.value[part]
        else:
            if not isinstance(node, yaml.MappingNode):
                return None
            node = next((value for key, value in node.value if key.value == part), None)
    return node
