"""What an UPDATE sets, and an INSERT that updates instead, by their tokens."""

from collections.abc import Sequence

from cdkit.migrations.reading.cursor import pieces
from cdkit.migrations.reading.names import unquoted
from cdkit.migrations.reading.scan import Token

_ENDS = frozenset({"WHERE", "ORDER", "LIMIT", "FROM", "RETURNING"})


def assigned(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the columns on the left of each `=`; `tokens` begin at SET, or behind it.

    Of `(a, b) = (…)` both; of `t.a = …` the column alone.
    """
    begin = next((at + 1 for at, token in enumerate(tokens) if token.up == "SET"), 0)
    depth, end = 0, len(tokens)
    for at in range(begin, len(tokens)):
        depth += (tokens[at].up == "(") - (tokens[at].up == ")")
        if depth == 0 and tokens[at].up in _ENDS:
            end = at
            break
    found: dict[str, None] = {}
    for piece in pieces(tokens[begin:end]):
        left = [token for token in piece[: _equals(piece)] if token.up not in {"(", ")"}]
        for part in pieces(left):
            found |= dict.fromkeys(unquoted(token.text) for token in part[-1:])
    return tuple(found)


TAIL = 20_000
"""Bytes of an INSERT, of which ON DUPLICATE KEY UPDATE and ON CONFLICT DO UPDATE are the last."""


def may_upsert(sql: bytes) -> bool:
    """Whether an INSERT may update rows; the word may stand in a text."""
    return b"update" in sql[-TAIL:].lower()


def upserted(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the columns that an INSERT sets in rows that are there.

    Those that are set to themselves are left out: `ON DUPLICATE KEY UPDATE id = id` does nothing.
    """
    found: dict[str, None] = {}
    for at, token in enumerate(tokens):
        if token.up == "UPDATE" and tokens[at - 1].up in {"KEY", "DO"}:
            begin = at + 2 if tokens[at - 1].up == "DO" else at + 1
            for piece in pieces(tokens[begin:]):
                if len(piece) != 3 or piece[0].up != piece[2].up:
                    found |= dict.fromkeys(assigned(piece))
    return tuple(found)


def _equals(piece: Sequence[Token]) -> int:
    """Return where the `=` stands; nothing is set where there is none."""
    return next((at for at, token in enumerate(piece) if token.text in {"=", ":="}), 0)
