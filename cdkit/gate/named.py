"""Which tests ran: those that must have, and how many are gone since the release before."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from cdkit.core.documents.fact import Fact, names_of
from cdkit.core.documents.kinds import Evidence
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.gate.before import facts_of
from cdkit.gate.case import Case, Release

_SHOWN = 5


def matcher(pattern: str) -> re.Pattern[str]:
    """Return a pattern of test names: `*` is any text, `?` one character, all else itself.

    Brackets stand for themselves: names of tests with parameters hold them.
    """
    return _compiled(pattern)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    squeezed = re.sub(r"\*+", "*", pattern)
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(letter, re.escape(letter)) for letter in squeezed)
    return re.compile(text, re.DOTALL)


def named(case: Case, facts: Sequence[Fact]) -> Iterator[Reason]:
    """Hold the tests that ran against those that must have, and against the release before."""
    if not case.wanted.tests and not _counted(facts):
        return
    try:
        names = _names(facts)
    except Unreadable as fault:
        yield cannot_tell(
            f"{case.wanted.evidence}: {fault.what}",
            where=fault.where,
            remedy=f"{case.opening} again",
        )
        return
    yield from _must_have_run(case, facts, names)
    yield from _gone(case, facts, names)


def _must_have_run(case: Case, facts: Sequence[Fact], names: frozenset[str]) -> Iterator[Reason]:
    kind, where = case.wanted.evidence, Location(path=facts[0].where)
    failed = _failed(facts)
    for pattern in case.wanted.tests:
        if bad := [name for name in failed if matcher(pattern).fullmatch(name)]:
            yield no(
                f"{kind}: the test {bad[0]} failed, and must pass",
                where=where,
                remedy=f"mend it; then {case.opening}: a required test is in no quarantine",
            )
        elif not names:
            yield cannot_tell(
                f"{kind}: the policy wants the test {pattern}, and the fact names no tests",
                where=where,
                remedy=f"{case.opening}: a report that names its tests",
            )
        elif not any(map(matcher(pattern).fullmatch, names)):
            yield no(
                f"{kind}: the test {pattern} did not run, and must",
                where=where,
                remedy=f"let it run, not skipped; then {case.opening}; or mend its name in the"
                " policy",
            )
        else:
            yield yes(f"{kind}: the test {pattern} ran")


def _gone(case: Case, facts: Sequence[Fact], names: frozenset[str]) -> Iterator[Reason]:
    """Yield what became of the tests that ran for the release that runs now.

    Tests that were only renamed are not gone: as many new ones came. Where one side names no
    tests, their number must do.
    """
    if case.most_gone >= 100 or not case.past.releases or not _counted(facts):
        return
    before = case.past.releases[0]
    there = facts_of(case, before)
    if not _counted(there):
        return
    try:
        earlier = _names(there)
    except Unreadable:
        earlier = frozenset()
    if names and earlier:
        gone, came = sorted(earlier - names), len(names - earlier)
        lost, of = max(0, len(gone) - came), len(earlier)
    else:
        gone, of = [], _executed(there)
        lost = max(0, of - _executed(facts))
    yield from _judged(case, before, facts, gone, lost, of)


def _judged(
    case: Case, before: Release, facts: Sequence[Fact], gone: list[str], lost: int, of: int
) -> Iterator[Reason]:
    kind, most = case.wanted.evidence, case.most_gone
    which = f": {', '.join(gone[:_SHOWN])}{', …' if len(gone) > _SHOWN else ''}" if gone else ""
    what = f"{lost} of {of} tests are gone that ran for {before.key[:19]}…, which runs in"
    what = f"{kind}: {what} {case.policy.baseline}"
    if of and 100 * lost > most * of:
        yield no(
            f"{what} ({100 * lost / of:.3g} %, and {most:g} % may){which}",
            where=Location(path=facts[0].where),
            remedy=f"let them run again and {case.opening}; or allow it in the policy: "
            f"`tests-gone: {100 if lost == of else int(100 * lost / of) + 1}`, until this is"
            " deployed",
        )
    elif lost:
        yield yes(f"{what} ({most:g} % may){which}")


def _failed(facts: Iterable[Fact]) -> list[str]:
    documents = [fact.document for fact in facts]
    return [f.name for one in documents if isinstance(one, Evidence) for f in one.failures]


def _counted(facts: Iterable[Fact]) -> bool:
    return any(isinstance(fact.document, Evidence) and fact.document.counts for fact in facts)


def _executed(facts: Iterable[Fact]) -> int:
    counts = [fact.document.counts for fact in facts if isinstance(fact.document, Evidence)]
    return sum(count.executed for count in counts if count)


def _names(facts: Iterable[Fact]) -> frozenset[str]:
    """Return the names of the tests that ran; none where a fact that counts tests names none.

    Raises Unreadable where a list of names is broken.
    """
    names: set[str] = set()
    for fact in facts:
        document = fact.document
        if isinstance(document, Evidence) and document.counts and document.counts.executed:
            found = names_of(document, where=fact.where)
            if not found:
                return frozenset()
            names.update(found)
    return frozenset(names)
