"""The summary of what was judged: a line for each migration, and what a yes rests on."""

from collections.abc import Sequence

from cdkit.core.finding import Severity
from cdkit.core.step import Table
from cdkit.migrations.lint import Judged
from cdkit.migrations.rule import COMPATIBLE, SAFE_TO_RUN
from cdkit.migrations.tell import UNTOLD

_COLUMNS = (
    *("migration", "phase", "compatible", "safe to run"),
    *("locks on what was there before", "way back", "statements", "findings"),
)


def table(judged: Sequence[Judged], least: Severity, question: str = "both") -> Table:
    """Return the table of migrations.

    `least` is the severity from which on a finding is a no, `question` the one that was asked.
    """
    rows = tuple(
        (
            each.path,
            each.phase,
            *(
                _answer(each, asked, least) if question in {"both", asked} else "not asked"
                for asked in (COMPATIBLE, SAFE_TO_RUN)
            ),
            ", ".join(each.locks) or "none",
            each.back or "not judged",
            str(each.statements),
            str(sum(finding.suppressed is None for finding in each.findings)),
        )
        for each in judged
    )
    return Table(heading="Migrations", columns=_COLUMNS, rows=rows)


def _answer(judged: Judged, question: str, least: Severity) -> str:
    """Return the answer to one question; never that a migration is safe."""
    counted = [finding for finding in judged.findings if finding.suppressed is None]
    against = [
        one for one in counted if one.question == question and one.severity.rank >= least.rank
    ]
    if against:
        return f"no ({len(against)})"
    if any(one.rule in UNTOLD for one in counted):
        return "cannot tell"
    if question == COMPATIBLE and judged.contract:
        return f"once {judged.contract.release} runs everywhere"
    return "no known break" if question == COMPATIBLE else "nothing known"


def but(judged: Sequence[Judged], least: Severity) -> str:
    """Return what a yes leaves out: allowed findings, and what contracts excuse on a condition.

    And what is a no by default, where the `least` severity that makes one is higher.
    """
    contracts = [each.contract for each in judged if each.contract]
    suppressed = sum(x.suppressed is not None for each in judged for x in each.findings)
    excused = sum(_is_excused(each) for each in judged)
    every = [x for each in judged for x in each.findings if x.suppressed is None]
    passed = sum(Severity.MEDIUM.rank <= x.severity.rank < least.rank for x in every)
    left = [f"what is allowed ({suppressed - excused})"] * (suppressed > excused)
    left += [f"what is less than {least} ({passed})"] * (passed > 0)
    said = f" but for {' and '.join(left)}" if left else ""
    if contracts:
        releases = ", ".join(dict.fromkeys(each.release for each in contracts))
        said += f"{',' if said else ''} once {releases} is all that runs: `check-gate` holds that"
        said += f" against what is deployed (contracts: {excused})"
    return said


def _is_excused(judged: Judged) -> int:
    """Count the findings that a contract excuses."""
    if judged.contract is None or judged.contract.where is None:
        return 0
    start = f"contract since {judged.contract.release}"
    return sum(
        x.suppressed is not None and x.suppressed.reason.startswith(start) for x in judged.findings
    )
