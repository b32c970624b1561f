"""Which changesets a run takes: those whose contexts and labels fit what liquibase.properties says.

Source: Liquibase documentation, "contexts", "labels", "context and label expressions": a changeset
says contexts as an expression, and a run names some; labels the other way round. A run that names
none takes all, and so does a changeset that says nothing. `not` binds before `and`, that before
`or`, and that before a comma, which is another `or`. Case does not matter.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cdkit.core.errors import Unreadable

_TOKEN = re.compile(r"\s*([(),!]|[\w.@:/-]+)")
_LONGEST = 10_000
_DEEPER = frozenset({"(", "!", "not"})
_DEEPEST = 100
_PLACES = frozenset({"", "liquibase", "liquibase.command", "liquibase.command.update"})
"""What stands before the names of such properties; `parameter.` is a changelog's own."""


class Filter(Struct, frozen=True, kw_only=True):
    """What a run names: contexts, and an expression of labels; nothing where it names none."""

    contexts: tuple[str, ...] = ()
    labels: str = ""

    def __str__(self) -> str:
        """Return it as people say it."""
        said = (("contexts", ", ".join(self.contexts)), ("labels", self.labels))
        return ", ".join(f"{kind} {what}" for kind, what in said if what)

    def takes(self, contexts: Sequence[str], labels: Sequence[str]) -> bool:
        """Whether a run takes a changeset, by its own contexts and labels and what is around it.

        Raises Unreadable where one of them is no such expression.
        """
        fits = all(holds(each, self.contexts) for each in contexts if each and self.contexts)
        named = [tuple(filter(None, re.split(r"[\s,]+", each))) for each in labels]
        return fits and all(holds(self.labels, each) for each in named if each and self.labels)


def settings(said: Mapping[str, str]) -> dict[str, str]:
    """Return what liquibase.properties says by names in small letters, without their place.

    `changeLogFile`, `changelog-file` and `liquibase.command.changelogFile` are one setting.
    """
    parted = ((name.rpartition("."), value) for name, value in said.items())
    return {name.replace("-", "").lower(): x for (at, _, name), x in parted if at in _PLACES}


def filter_of(said: Mapping[str, str]) -> Filter:
    """Return what liquibase.properties names; what is no list and no expression names nothing."""
    plain = settings(said)
    contexts = plain.get("contextfilter") or plain.get("contexts") or ""
    labels = plain.get("labelfilter") or plain.get("labels") or ""
    try:
        holds(labels or "a", ())
    except Unreadable:
        labels = ""
    named = tuple(each.strip().lower() for each in contexts.split(",") if each.strip())
    if not all(re.fullmatch(r"[\w.@:/-]+", each) for each in named):
        named = ()
    return Filter(contexts=named, labels=labels)


def holds(expression: str, names: Sequence[str]) -> bool:
    """Whether an expression is true where these names are. Raises Unreadable where it is none."""
    known = frozenset(name.lower() for name in names)
    words: list[str] = []
    position = 0
    expression = expression.strip()
    while position < len(expression):
        found = _TOKEN.match(expression, position)
        if found is None or len(expression) > _LONGEST:
            raise _no(expression)
        words.append(found[1].lower())
        position = found.end()
    if sum(word in _DEEPER for word in words) > _DEEPEST:
        raise _no(expression)
    reader = _Reader(words, known)
    try:
        answer = reader.either((",", "or"))
    except IndexError as fault:
        raise _no(expression) from fault
    if reader.words:
        raise _no(expression)
    return answer


def _no(expression: str) -> Unreadable:
    return Unreadable(
        f"{expression[:60]!r} is no expression of contexts or labels",
        remedy="write names with `and`, `or`, `!` and parentheses",
    )


class _Reader:
    """Reads an expression from its words, those that come first taken off."""

    def __init__(self, words: list[str], known: frozenset[str]) -> None:
        self.words = words
        self._known = known

    def either(self, signs: tuple[str, ...]) -> bool:
        """Read what `or` and commas part."""
        found = self._both()
        while self.words and self.words[0] in signs:
            del self.words[0]
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self.words and self.words[0] == "and":
            del self.words[0]
            found = self._one() and found
        return found

    def _one(self) -> bool:
        word = self.words.pop(0)
        if word in {"!", "not"}:
            return not self._one()
        if word == "(":
            found = self.either((",", "or"))
            if self.words.pop(0) != ")":
                raise IndexError
            return found
        if word in {")", ",", "and", "or"}:
            raise IndexError
        return word in self._known
