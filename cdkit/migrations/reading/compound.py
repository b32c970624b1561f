"""How deep the code of a stored routine nests, so that its semicolons end no statement.

Source: MySQL manual, 13.6 "Compound Statements" (15.6 since 8.4).
"""

import re

_ROUTINE = re.compile(
    rb"(?:CREATE\b.{0,300}?\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE)\b)|BEGIN\s+NOT\s+ATOMIC",
    re.IGNORECASE | re.DOTALL,
)
_TABLE = re.compile(rb"CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?TABLE\b", re.IGNORECASE)
_OPENS = frozenset({b"IF", b"LOOP", b"WHILE", b"REPEAT"})
_STARTS = frozenset({b";", b"THEN", b"ELSE", b"BEGIN", b"DO", b"LOOP", b"REPEAT", b":"})
"""What stands before a statement in a block: there `IF` is no function."""


class Nesting:
    """The depth of blocks in the statement that begins at a byte; 0 outside of any."""

    def __init__(self, sql: bytes, begin: int = 0) -> None:
        self.depth = 0
        self._before = b""
        self.routine = bool(_ROUTINE.match(sql, begin)) and not _TABLE.match(sql, begin)

    def follow(self, match: re.Match[bytes]) -> None:
        """Go past a token."""
        if not self.routine:
            return
        word = match.group().upper()
        ended = self._before == b"END"
        if word == b"END":
            self.depth -= 1
        elif word in {b"BEGIN", b"CASE"} or (word in _OPENS and self._before in _STARTS):
            self.depth += not ended
        self._before = word
