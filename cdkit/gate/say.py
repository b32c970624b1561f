"""What statements must say of themselves: who built it, which levels a verifier found."""

from collections.abc import Iterator, Sequence

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.gate import decided
from cdkit.gate.case import Case
from cdkit.gate.named import matcher


def says(case: Case, facts: Sequence[Fact]) -> Iterator[Reason]:
    """Hold what each fact says of itself against what the policy wants it to say."""
    for name, pattern in case.wanted.says.items():
        for fact in facts:
            yield _says(case, fact, name, pattern)


def _says(case: Case, fact: Fact, name: str, pattern: str) -> Reason:
    kind, where = case.wanted.evidence, Location(path=fact.where)
    said = fact.document.said if isinstance(fact.document, Evidence) else decided.said(fact)
    if name not in said:
        known = f"it says: {', '.join(sorted(said))}" if said else "it says nothing of itself"
        return cannot_tell(
            f"{kind}: the policy wants {name} to be {pattern}, and the fact does not say",
            where=where,
            remedy=f"{known}; {case.opening} from a statement that says so",
        )
    lines = said[name].split("\n")  # what statements say that differ: every one must fit
    others = [line for line in lines if not matcher(pattern).fullmatch(line)]
    if not others:
        return yes(f"{kind}: {name} is {', '.join(lines)}")
    return no(
        f"{kind}: {name} is {others[0]}, and must be {pattern}",
        where=where,
        remedy="let it be built, or verified, as the policy wants it; or mend the policy",
    )
