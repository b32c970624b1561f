"""What nobody says of attacks, where the answer decides: no score is not a low score."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from cdkit.core.verdict import Reason, cannot_tell
from cdkit.scan.feed import Epss
from cdkit.scan.key import canonical, is_cve
from cdkit.scan.policy import Policy
from cdkit.scan.report import Exploitation, Vulnerability
from cdkit.scan.tell import Judged
from cdkit.scan.weigh import Feeds, Standing, counts

_SCORED_WITHIN = timedelta(days=7)
"""FIRST scores all published CVEs anew every day (first.org/epss); a week leaves room."""

_NAMED = 5


def untold(judged: Sequence[Judged], policy: Policy, feeds: Feeds) -> Iterator[Reason]:
    """Yield a doubt for each question that nobody's data answers and whose answer decides.

    What fails already, is excepted or never counts needs none. With FIRST's file a vulnerability
    without a score is a doubt of its own: the user can take it on, but for one that was published
    well before the file's day: FIRST scores every published CVE, so the file lacks a part.
    """
    open_ = [item for item in judged if _is_open(item, policy)]
    attacks = [_attacks(item) for item in open_]
    if policy.epss is not None and feeds.epss is None and any(a.epss is None for a in attacks):
        yield _nobody_said("how likely it is to be attacked (EPSS)", "--epss")
    if policy.epss is not None and feeds.epss is not None:
        yield from _unscored(open_, feeds, feeds.epss)
    unsaid = any(attack.known_exploited is None for attack in attacks)
    if policy.known_exploited and feeds.kev is None and unsaid:
        yield _nobody_said("whether it is exploited (KEV)", "--kev")
    if policy.cvss is not None and open_ and not any(map(_is_scored, judged)):
        yield cannot_tell(
            "a limit on CVSS is set, and no vulnerability here has a score: the limit decides "
            "nothing",
            remedy="give a report that has them beside it (Trivy's, Grype's), or leave the limit "
            "out; or accept untold-scores",
            rule="untold-scores",
        )


def _is_scored(item: Judged) -> bool:
    return isinstance(item.thing, Vulnerability) and item.thing.score is not None


def _is_open(item: Judged, policy: Policy) -> bool:
    """Whether an answer could still make it fail."""
    is_one = item.cover is None and isinstance(item.thing, Vulnerability)
    shown = item.weighed.standing in {Standing.SHOWN, Standing.UNKNOWN, Standing.GRACE}
    return is_one and shown and counts(_vulnerability(item), policy)


def _vulnerability(item: Judged) -> Vulnerability:
    assert isinstance(item.thing, Vulnerability)  # noqa: S101 - asked before
    return item.thing


def _attacks(item: Judged) -> Exploitation:
    return _vulnerability(item).exploitation or Exploitation()


def _nobody_said(what: str, flag: str) -> Reason:
    return cannot_tell(
        f"the report does not say of every vulnerability {what}",
        remedy=f"give the file that does, {flag} FILE",
        rule="untold-attacks",
    )


def _unscored(open_: Sequence[Judged], feeds: Feeds, epss: Epss) -> Iterator[Reason]:
    found = [one for one in map(_vulnerability, open_) if feeds.of(one).epss is None]
    missing = [one for one in found if _should_be_scored(one, epss)]
    if missing:
        yield cannot_tell(
            f"the file of EPSS scores of {epss.scored_at:%Y-%m-%d} has none of {_names(missing)}, "
            "which was published long before: a part of it is missing",
            remedy="fetch it again from FIRST, whole; for one that was withdrawn record an "
            "exception",
            rule="cut-feed",
        )
    if others := [one for one in found if one not in missing]:
        yield cannot_tell(
            f"no EPSS score says how likely it is to be attacked: {_names(others)}",
            remedy="give a newer file; where none will come, as for one without a CVE, record an "
            "exception or accept unscored-vulnerability",
            rule="unscored-vulnerability",
        )


def _should_be_scored(found: Vulnerability, epss: Epss) -> bool:
    published = found.published
    named = any(map(is_cve, found.attacked_as))
    return named and published is not None and epss.scored_at - published > _SCORED_WITHIN


def _names(found: Sequence[Vulnerability]) -> str:
    names = sorted({canonical(one.names) for one in found})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
