"""Approvals: people who stand for the change, as reviews and approvals of the CI system say."""

import re
from collections.abc import Iterator, Sequence

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.gate.case import Case


def approved(case: Case, facts: Sequence[Fact]) -> Iterator[Reason]:
    """Hold the people who stand for the change against how many the policy wants."""
    wanted = case.wanted.approvals
    if wanted is None or not facts:
        return
    kind, where = case.wanted.evidence, Location(path=facts[0].where)
    documents = [fact.document for fact in facts if isinstance(fact.document, Evidence)]
    named = [one.who for document in documents for one in document.approvals]
    people: dict[str, str] = {}
    for who in map(str.strip, named):
        people.setdefault(who.casefold(), who)
    people.pop("", None)
    authors = {
        author.strip().casefold()
        for document in documents
        for author in re.split(r"[,\n]", document.said.get("author", ""))
    }
    by = {who.casefold() for who in wanted.by}
    counted = [who for key, who in people.items() if key not in authors and (not by or key in by)]
    whom = f" of {', '.join(wanted.by)}" if wanted.by else ""
    if not people:
        yield cannot_tell(
            f"{kind}: the policy wants {wanted.count} people{whom} to stand for the change, and the"
            " fact names none",
            where=where,
            remedy=case.opening,
        )
    elif len(counted) < wanted.count:
        yield no(
            f"{kind}: {len(counted)} of {wanted.count} people{whom} stand for the change"
            f" ({', '.join(people.values())})",
            where=where,
            remedy=f"let {wanted.count - len(counted)} more approve it; then {case.opening}",
        )
    else:
        yield yes(f"{kind}: {', '.join(counted[:10])} stand for the change")
