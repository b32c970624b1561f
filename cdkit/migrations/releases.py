"""What a migration does, said in releases: each phase in a migration of its own, as SQL."""

from collections.abc import Iterable, Iterator, Sequence

from cdkit.migrations.lexer import clauses, tokens
from cdkit.migrations.phase import CONTRACT, EXPAND, MIGRATE, Effect
from cdkit.migrations.ways import RELEASE, whole

DECLARED = "-- cdkit: phase contract since RELEASE (why nobody uses it any more)"
"""How a contract is declared, the release still to be put in."""

_LONGEST = 20_000
"""Characters of all statements together that are still said again."""


def by_release(effects: Sequence[Effect]) -> str:
    """Return the statements of a migration by phase: what adds, what fills, what takes away.

    An empty text where one of them is only a part of what its statement does and cannot be told
    from the rest, or where they are too long to be said again.
    """
    parts: list[str] = []
    mixed = _mixed(effects)
    left = _LONGEST
    for phase, heading in _HEADINGS.items():
        said: dict[str, None] = {}
        for each in _statements(effects, phase, mixed):
            left -= 0 if each in said else len(each)
            if not each or left < 0:
                return ""
            said[each] = None
        parts += ["\n".join((heading, *said))] if said else []
    text = "\n".join((*parts, _REST) if len(parts) > 1 else parts)
    return text if len(text) <= _LONGEST else ""


_REST = "-- what belongs into no phase (an index, a grant) goes with what it serves"
_HEADINGS = {
    EXPAND: f"{RELEASE} 1, before its code:",
    MIGRATE: f"{RELEASE} 1, in a migration of its own:",
    CONTRACT: f"{RELEASE} 2 or later, when RELEASE runs everywhere, which stopped using this:\n"
    f"{DECLARED}",
}


def _statements(effects: Iterable[Effect], phase: str, mixed: frozenset[int]) -> Iterator[str]:
    """Yield the statements of a phase, or the clauses of one that does more; empty: not told.

    `mixed` are the starts of the statements that do.
    """
    for effect in effects:
        if effect.phase != phase:
            continue
        statement = effect.operation.statement
        if not statement.whole:
            yield ""
        elif statement.start in mixed:
            yield _clause(effect)
        else:
            yield whole(effect.operation)


def _mixed(effects: Sequence[Effect]) -> frozenset[int]:
    """Return where the statements start that do what belongs into several phases."""
    starts = [effect.operation.statement.start for effect in effects]
    if len(set(starts)) == len(starts):  # most statements do one thing
        return frozenset()
    seen: dict[int, set[str]] = {}
    for effect in effects:
        seen.setdefault(effect.operation.statement.start, set()).add(effect.phase)
    return frozenset(start for start, phases in seen.items() if len(phases) > 1)


def _clause(effect: Effect) -> str:
    """Return one clause of an ALTER TABLE as a statement."""
    statement, at = effect.operation.statement, effect.operation.at
    data = statement.text.data
    parts = clauses(data, statement.start, statement.end)
    head = _head(data, *parts[0])
    for number, (start, end) in enumerate(parts):
        if start <= at < end and head > 0:
            begin = head if number == 0 else start
            clause = data[begin:end].decode("utf-8", "replace")
            table = data[statement.start : head].decode("utf-8", "replace").rstrip()
            return f"{table} {clause};"
    return ""


def _head(data: bytes, start: int, end: int) -> int:
    """Return where the first clause of an ALTER TABLE begins, behind its name; 0: unknown."""
    words = list(tokens(data, start, end))
    upper = [word.text.upper() for word in words]
    if upper[:2] != [b"ALTER", b"TABLE"]:
        return 0
    at = 2
    at += 2 if upper[at : at + 2] == [b"IF", b"EXISTS"] else 0
    at += 1 if upper[at : at + 1] == [b"ONLY"] else 0
    at += 1
    while upper[at : at + 1] == [b"."]:
        at += 2
    return words[at].start if at < len(words) else 0
