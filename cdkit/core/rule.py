"""A rule: what it looks for, which question it answers, why, and what to do instead."""

from msgspec import Struct

from cdkit.core.finding import Severity


class Example(Struct, frozen=True, kw_only=True):
    """A piece of input that a rule must flag (`line` of the finding) or must leave alone."""

    text: str
    line: int = 0


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The metadata of a rule, from which its page, SARIF entry and `cdkit explain` follow.

    `id` is the pattern that it finds, in kebab-case; `why` and `instead` are Markdown
    paragraphs; `sources` are the addresses of the pages that its facts come from; `bad` and
    `good` are examples in `language`, which its tests run; an `opinion` is looked for only where
    somebody asks for it. `by_hand` says why no text that could be pasted mends what it finds, where
    none does.
    """

    id: str
    domain: str
    title: str
    severity: Severity
    question: str = ""
    why: str = ""
    instead: str = ""
    sources: tuple[str, ...] = ()
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    language: str = "sql"
    opinion: bool = False
    by_hand: str = ""
