"""The catalogue of rules: all modules of `rules/`, under the names that users write.

A migration is judged by few of them, and to import all takes longer than to judge it: a generated
list says which rule looks at what, and each is imported when it is wanted.
"""

import functools
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from cdkit.core import plugins
from cdkit.core.rule import Rule
from cdkit.migrations import rules as folder
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import LintRule
from cdkit.migrations.rules._wants import WANTS

DOMAIN = "migrations"

_NOTHING = "-"


class Wants(NamedTuple):
    """What is known of a rule without its module: `question`, `engines`, `opinion`, names of `on`.

    The list has the same as words: `safe-to-run postgres - CreateIndex Reindex`.
    """

    question: str
    engines: tuple[str, ...]
    opinion: bool
    kinds: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a rule's line."""
        engines = ",".join(self.engines)
        taste = "taste" if self.opinion else _NOTHING
        return self.question or _NOTHING, engines or _NOTHING, taste, *self.kinds


def wants_of(rule: LintRule) -> Wants:
    """Return what a rule says itself."""
    kinds = tuple(kind.__name__ for kind in rule.on)
    return Wants(rule.question, rule.engines, rule.opinion, kinds)


@functools.cache
def _listed() -> Mapping[str, Wants]:
    found = {}
    for line in WANTS.splitlines():
        name, question, engines, taste, *kinds = line.split()
        found[name] = Wants(
            "" if question == _NOTHING else question,
            () if engines == _NOTHING else tuple(engines.split(",")),
            taste != _NOTHING,
            tuple(kinds),
        )
    return found


class _Rules(Mapping[str, LintRule]):
    """Every rule by its id: the module's name in kebab-case, imported when it is looked at."""

    def __init__(self) -> None:
        self._modules = {name.replace("_", "-"): name for name in plugins.names(folder)}
        self._loaded: dict[str, LintRule] = {}

    def __getitem__(self, rule_id: str) -> LintRule:
        if rule_id not in self._loaded:
            name = self._modules[rule_id]
            self._loaded[rule_id] = plugins.load(folder, name, "RULE", LintRule)
        return self._loaded[rule_id]

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


@functools.cache
def rules() -> Mapping[str, LintRule]:
    """Return every rule by its id: the module's name in kebab-case."""
    return _Rules()


def likely(name: str) -> str:
    """Return what to write for a rule that there is not: the one that is called nearly so."""
    import difflib

    near = difflib.get_close_matches(name, rules(), n=1)
    return f"did you mean {near[0]!r}?" if near else "`cdkit explain` lists them"


def _wants(rule_id: str) -> Wants:
    """Return what a rule wants; one that is too new for the generated list is asked itself."""
    return _listed().get(rule_id) or wants_of(rules()[rule_id])


def tastes() -> frozenset[str]:
    """Return the rules that are a matter of taste: looked for only where somebody asks."""
    return frozenset(rule_id for rule_id in rules() if _wants(rule_id).opinion)


def described() -> tuple[Rule, ...]:
    """Return every rule as its page and the reports show it."""
    return tuple(describe(rule_id) for rule_id in rules())


@functools.cache
def describe(rule_id: str) -> Rule:
    """Return one rule as reports show it; the docstring of its module is its title and its why."""
    import importlib

    rule = rules()[rule_id]
    module = importlib.import_module(f"cdkit.migrations.rules.{rule_id.replace('-', '_')}")
    title, _, why = (module.__doc__ or "").strip().partition("\n")
    return Rule(
        id=rule_id,
        domain=DOMAIN,
        title=title,
        severity=rule.severity,
        question=rule.question,
        why=why.strip(),
        instead=rule.instead,
        sources=rule.sources,
        bad=rule.bad,
        good=rule.good,
        opinion=rule.opinion,
        by_hand=rule.by_hand,
    )


ALWAYS = frozenset({"edited-migration", "empty-migration"})
"""Rules about files that count whatever is asked, since nothing else may be said of the file."""


def asked(disabled: AbstractSet[str], question: str, engine: str) -> frozenset[str]:
    """Return the rules that count: those of the question and the engine that are not disabled."""
    return frozenset(
        rule_id
        for rule_id in rules()
        if rule_id not in disabled and _is_asked(rule_id, question, engine)
    )


def _is_asked(rule_id: str, question: str, engine: str) -> bool:
    wants = _wants(rule_id)
    counts = question == "both" or wants.question in {question, ""} or rule_id in ALWAYS
    return counts and (not wants.engines or engine in wants.engines)


class Dispatch(dict[type[Operation], tuple[tuple[str, LintRule], ...]]):
    """Which rules want to see which kind of operation, imported when the first of it comes."""

    def __init__(self, counted: AbstractSet[str]) -> None:
        super().__init__()
        self._wanted: dict[str, list[str]] = {}
        for rule_id in sorted(counted):
            for kind in _wants(rule_id).kinds:
                self._wanted.setdefault(kind, []).append(rule_id)

    def __missing__(self, kind: type[Operation]) -> tuple[tuple[str, LintRule], ...]:
        """Return the rules of a kind that comes for the first time."""
        names = self._wanted.get(kind.__name__, ())
        self[kind] = tuple((rule_id, rules()[rule_id]) for rule_id in names)
        return self[kind]


def dispatch(disabled: AbstractSet[str], question: str, engine: str) -> Dispatch:
    """Return which rules want to see which kind of operation.

    `question` is `both`, or the one question that is asked; what says that nobody can tell is
    always in. `engine` is the database's.
    """
    return Dispatch(asked(disabled, question, engine))
