"""The catalogue of rules: all modules of `rules/`, under the names that users write."""

import functools
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from cdkit.core import plugins
from cdkit.core.rule import Rule
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import LintRule

DOMAIN = "migrations"


@functools.cache
def rules() -> Mapping[str, LintRule]:
    """Return every rule by its id: the module's name in kebab-case."""
    from cdkit.migrations import rules as folder

    found = plugins.collect(folder, "RULE", LintRule)
    return {name.replace("_", "-"): rule for name, rule in found.items()}


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
    )


ALWAYS = frozenset({"edited-migration", "empty-migration"})
"""Rules about files that count whatever is asked, since nothing else may be said of the file."""


def asked(disabled: AbstractSet[str], question: str, engine: str) -> frozenset[str]:
    """Return the rules that count: those of the question and the engine that are not disabled."""
    return frozenset(
        rule_id
        for rule_id, rule in rules().items()
        if rule_id not in disabled
        and (question == "both" or rule.question in {question, ""} or rule_id in ALWAYS)
        and (not rule.engines or engine in rule.engines)
    )


Dispatch = Mapping[type[Operation], tuple[tuple[str, LintRule], ...]]


def dispatch(disabled: AbstractSet[str], question: str, engine: str) -> Dispatch:
    """Return which rules want to see which kind of operation.

    `question` is `both`, or the one question that is asked; what says that nobody can tell is
    always in. `engine` is the database's.
    """
    wanted: dict[type[Operation], list[tuple[str, LintRule]]] = {}
    counted = asked(disabled, question, engine)
    for rule_id, rule in rules().items():
        for kind in rule.on if rule_id in counted else ():
            wanted.setdefault(kind, []).append((rule_id, rule))
    return {kind: tuple(found) for kind, found in wanted.items()}
