"""Which events a sink wants: a pattern for each thing that an event says."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct

from cdkit.core.errors import RequestError
from cdkit.events.facts import Facts


class When(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Patterns that all must match; each may be several, with commas between them.

    `*` stands for any text; a pattern that begins with `!` rules out what it matches.
    """

    type: Annotated[str, Meta(description="`service.deployed, incident.*`")] = ""
    subject: Annotated[str, Meta(description="What the event is about, by its id.")] = ""
    service: Annotated[str, Meta(description="The service.")] = ""
    environment: Annotated[str, Meta(description="Where it happened: `production`.")] = ""
    outcome: Annotated[str, Meta(description="success, failure, cancel or error.")] = ""
    team: Annotated[str, Meta(description="The team in the custom data.")] = ""
    repository: Annotated[
        str,
        Meta(
            description="The repository's name, `acme/*`, on whatever host; or its address, "
            "`https://github.com/acme/*`."
        ),
    ] = ""
    expression: Annotated[
        str,
        Meta(
            description="What else must be so, in the Common Expression Language, of the facts in "
            'docs/sinks.md: `tier == "PRODUCTION" && planned != "false"`.'
        ),
    ] = ""

    def patterns(self) -> Iterator[tuple[str, str]]:
        """Yield the name of a fact and the pattern for it, where there is one."""
        for name, fact in _FACTS:
            if pattern := getattr(self, name):
                yield fact, pattern


_FACTS = (
    ("type", "kind"),
    ("subject", "about"),
    ("service", "service"),
    ("environment", "environment"),
    ("outcome", "outcome"),
    ("team", "team"),
    ("repository", "repository"),
)


def matches(when: When, facts: Facts) -> bool:
    """Whether an event is wanted. A type matches by its short name and by its full one.

    A repository matches by its name, and by its address where the pattern has a scheme.

    Raises RequestError where the expression gives no answer for this event: to send it or not would
    both be a guess.
    """
    fits = all(_fits(pattern, partial(_texts, facts, fact)) for fact, pattern in when.patterns())
    return fits and (not when.expression or _holds(when.expression, facts))


def _texts(facts: Facts, fact: str, word: str) -> tuple[str, ...]:
    """Return what one word of a pattern for a fact is compared with."""
    if fact == "kind":
        return facts["kind"], facts["type"]
    if fact == "repository" and "://" in word:
        return (facts["repository-url"],)
    return (facts[fact],)


def check_when(when: When, *, sink: str) -> None:
    """Raise RequestError for a pattern that nothing can match: an empty word, or only a `!`."""
    for _, pattern in when.patterns():
        if not all(word.strip().removeprefix("!").strip() for word in pattern.split(",")):
            raise RequestError(
                f"the sink {sink} has a `when` with an empty pattern: {pattern[:60]!r}",
                remedy="write patterns with commas between them: service.*, !*.removed",
            )
    if when.expression:
        _compiled(when.expression)


def _holds(expression: str, facts: Facts) -> bool:
    told = {name.replace("-", "_"): value for name, value in facts.items()}
    try:
        answer = _compiled(expression).execute(told)
    except (ValueError, TypeError, KeyError, RuntimeError) as fault:
        raise _unclear(expression, f"{type(fault).__name__}: {str(fault)[:200]}") from fault
    if not isinstance(answer, bool):
        raise _unclear(expression, f"it gives {str(answer)[:60]!r}, neither true nor false")
    return answer


def _compiled(expression: str) -> Any:  # noqa: ANN401 - a program of the library
    try:
        import cel
    except ImportError as fault:
        raise RequestError(
            "a `when` with an expression needs the package common-expression-language",
            remedy="pip install 'cdkit[expressions]'",
        ) from fault
    try:
        return cel.compile(expression)
    except ValueError as fault:
        told = str(fault).splitlines()[0][:300]
        raise RequestError(
            f"the expression {expression[:100]!r} is none: {told}",
            remedy='write one such as tier == "PRODUCTION" && planned != "false"',
        ) from fault


def _unclear(expression: str, what: str) -> RequestError:
    return RequestError(
        f"the expression {expression[:100]!r} gives no answer for this event: {what}",
        remedy="ask first whether a field is there: has(event.customData.labels)",
    )


def _fits(pattern: str, texts: Callable[[str], tuple[str, ...]]) -> bool:
    words = [word.strip() for word in pattern.split(",")]
    barred = [word.removeprefix("!").strip() for word in words if word.startswith("!")]
    wanted = [word for word in words if not word.startswith("!")] or ["*"]
    return _any(wanted, texts) and not _any(barred, texts)


def _any(words: list[str], texts: Callable[[str], tuple[str, ...]]) -> bool:
    return any(_like(word, text) for word in words for text in texts(word))


def _like(word: str, text: str) -> bool:
    if "*" not in word:
        return word == text
    head, *middle, tail = word.split("*")
    at, end = len(head), len(text) - len(tail)
    if at > end or not text.startswith(head) or not text.endswith(tail):
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
