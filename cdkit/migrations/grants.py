"""Who may do what, as far as the migrations say it.

A repository may grant nothing at all (its application owns its tables) or elsewhere: what is
unknown here is unknown, and never "nobody may".
"""

from collections.abc import Iterable, Iterator, MutableMapping

from cdkit.migrations.layered import shared
from cdkit.migrations.nouns import Name

PUBLIC = "public"
ALL = {
    # PostgreSQL manual, 5.8 "Privileges", table 5.2.
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
    "function": ("EXECUTE",),
    "schema": ("USAGE", "CREATE"),
}
_FAMILIES = {
    "view": "table", "materialized view": "table", "foreign table": "table",
    "procedure": "function", "routine": "function", "aggregate": "function",
}  # fmt: skip
_AT_BIRTH = {"function": ("EXECUTE",)}
"""What everybody may do with a new thing (table 5.2: PUBLIC)."""
_FROM_THE_START = {"schema": frozenset({"USAGE"}), "database": frozenset({"CONNECT"})}
"""What everybody may do with the schema `public` and with a database, which no migration makes."""

Held = dict[str, frozenset[str]]
Parts = tuple[
    dict[tuple[str, Name], Held], dict[tuple[str, str, str], frozenset[str]], frozenset[str]
]


def family_of(kind: str) -> str:
    """Return the kind of privileges that a thing has: a view has a table's."""
    return _FAMILIES.get(kind, kind)


class Grants:
    """Privileges by thing and role; and those that things yet to come will get."""

    def __init__(self, parts: Parts = ({}, {}, frozenset())) -> None:
        self._held: MutableMapping[tuple[str, Name], Held] = dict(parts[0])
        self._to_come = dict(parts[1])
        self.roles = parts[2]

    @property
    def parts(self) -> Parts:
        """All that is known, as data from which another one can start."""
        return dict(self._held), dict(self._to_come), self.roles

    def copy(self) -> "Grants":
        """Return another one that starts from the same."""
        other = Grants(({}, self._to_come, self.roles))
        self._held, other._held = shared(self._held)
        return other

    def of(self, kind: str, name: Name) -> Held | None:
        """Return which role may do what with a thing; None where no migration says."""
        held = self._held.get((family_of(kind), name))
        return None if held and set(held) == {PUBLIC} and _there(family_of(kind), name) else held

    def may(self, role: str, kind: str, name: Name) -> frozenset[str]:
        """Return what a role may do with a thing, everybody's rights included."""
        held = self.of(kind, name) or {}
        return held.get(role, frozenset()) | held.get(PUBLIC, frozenset())

    def make(self, kind: str, name: Name) -> None:
        """A thing is made: it gets what was promised to things of its kind."""
        family = family_of(kind)
        held: Held = {PUBLIC: frozenset(_AT_BIRTH.get(family, ()))}
        for (given, schema, role), privileges in self._to_come.items():
            if given == family and schema in {"", name.schema}:
                held[role] = held.get(role, frozenset()) | privileges
            if given == f"-{family}" and schema in {"", name.schema}:
                held[role] = held.get(role, frozenset()) - privileges
        held = {role: privileges for role, privileges in held.items() if privileges}
        if held or (family, name) in self._held:
            self._held[family, name] = held

    def drop(self, kind: str, name: Name) -> None:
        """A thing is gone, and what was granted on it."""
        self._held.pop((family_of(kind), name), None)

    def rename(self, kind: str, old: Name, new: Name) -> None:
        """What was granted goes along with a thing."""
        if held := self._held.pop((family_of(kind), old), None):
            self._held[family_of(kind), new] = held

    def grant(
        self, kind: str, names: Iterable[Name], roles: Iterable[str], words: Iterable[str]
    ) -> None:
        """Let roles do something with things; no words mean all."""
        family, roles = family_of(kind), tuple(roles)
        self.roles |= frozenset(roles) - {PUBLIC}
        given = frozenset(words) or frozenset(ALL.get(family, ("ALL",)))
        for name in names:
            held = dict(self._held.get((family, name), _there(family, name)))
            for role in roles:
                held[role] = held.get(role, frozenset()) | given
            self._held[family, name] = held

    def revoke(
        self, kind: str, names: Iterable[Name], roles: Iterable[str], words: Iterable[str]
    ) -> None:
        """Take it from them again; a word takes its columns along."""
        family, roles = family_of(kind), tuple(roles)
        taken = frozenset(words)
        for name in names:
            held = self._held.get((family, name), _there(family, name))
            if not held:
                continue
            left = {
                role: _left(mine, taken) if role in roles else mine for role, mine in held.items()
            }
            self._held[family, name] = left

    def promise(
        self, kind: str, schema: str, roles: Iterable[str], words: Iterable[str], *, given: bool
    ) -> None:
        """ALTER DEFAULT PRIVILEGES: what things to come will get, or will not."""
        family = family_of(kind.removesuffix("s"))
        privileges = frozenset(words) or frozenset(ALL.get(family, ("ALL",)))
        for role in roles:
            if given:
                self.roles |= frozenset({role}) - {PUBLIC}
                self._to_come[family, schema, role] = privileges
                self._to_come.pop((f"-{family}", schema, role), None)
            else:
                self._to_come.pop((family, schema, role), None)
                self._to_come[f"-{family}", schema, role] = privileges

    def forget(self, role: str) -> None:
        """DROP OWNED: a role keeps nothing."""
        for key, held in list(self._held.items()):
            self._held[key] = {other: mine for other, mine in held.items() if other != role}


def _there(family: str, name: Name) -> Held:
    """Return what everybody may do with what was there before any migration."""
    given = _FROM_THE_START.get(family, frozenset())
    return {PUBLIC: given} if given and (family != "schema" or name.name == PUBLIC) else {}


def _left(mine: frozenset[str], taken: frozenset[str]) -> frozenset[str]:
    if not taken:
        return frozenset()
    return frozenset(each for each in mine if each not in taken and each.split("(")[0] not in taken)


def lost(
    before: Grants,
    after: Grants,
    kind: str,
    names: tuple[Name, Name],
    columns: Iterable[str] = (),
) -> Iterator[tuple[str, str]]:
    """Yield each role and privilege on a thing that is there before and not after.

    `names` are the thing's name before and after. Everybody's right that some role gets by
    itself counts as kept: whoever tidies up says for whom.
    """
    old, new = before.of(kind, names[0]) or {}, after.of(kind, names[1]) or {}
    for role, privileges in sorted(old.items()):
        mine = after.may(role, kind, names[1])
        for word in sorted(privileges):
            others = role == PUBLIC and any(word in each for each in new.values())
            if word not in mine and not others and not _by_columns(word, mine, columns):
                yield role, word


def _by_columns(word: str, mine: frozenset[str], columns: Iterable[str]) -> bool:
    """Whether a right on each column makes up for the right on the table."""
    if "(" in word:
        return word.split("(", maxsplit=1)[0] in mine
    named = tuple(columns)
    return bool(named) and all(f"{word}({column})" in mine for column in named)
