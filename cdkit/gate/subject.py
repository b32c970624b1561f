"""What is known of the image under judgement: its source, its platforms, and what they lead to."""

import re
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.document import Replay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import OWN_KINDS, Identity
from cdkit.gate.policy import SignerLists, unsigned_by

SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""


UNVOUCHED = frozenset({"", "terminal"})
"""Systems that vouch for nobody: whoever sits at a terminal has the name that they say."""

_MACHINE = (
    r"(?i:.*\[bot\]|(project|group)_[0-9]+_bot(_.*)?|service_account_.*"
    r"|github-actions|github|github-hookshot/.*|dependabot|renovate|jenkins|timer|anonymous"
    r"|codepipeline/.*|codebuild-jenkins-plugin|microsoft\.visualstudio\.services\.tfs|system|root)"
)
"""Actors of CI systems who are no people: apps, access tokens, webhooks, pipelines, timers.

Sources: GitLab's documentation, "Bot users for projects"; CodeBuild's, "Environment variables in
build environments"; Azure DevOps', "Predefined variables" (`Build.RequestedFor`).
"""


class Request(Struct, frozen=True, kw_only=True):
    """The question whether this image (`repository@digest`) may enter this stage.

    `key` is its digest; `question` is `enter`, `stay`, or `return` where it was let in before;
    `replay` is set where the question is asked in a replay of another time; `in_ci` where a CI
    system asks: there the decision of somebody's own machine, by whatever policy, opens nothing.
    """

    image: str
    key: str
    stage: str
    question: Literal["enter", "stay", "return"] = "enter"
    replay: Replay | None = None
    in_ci: bool = False


class Known(Struct, frozen=True, kw_only=True):
    """What the image's newest identity says.

    `tree` is its source tree and `commit` its commit, empty where that is not known for certain;
    `run` is the CI system and the run that built it; `platforms` has each platform's name by its
    manifest's digest. `configs` leads from the digest of a config, which is all that an archive or
    a local image knows of itself, to the manifest that names it.
    """

    tree: str = ""
    commit: str = ""
    run: tuple[str, str] = ("", "")
    platforms: dict[str, str] = {}
    configs: dict[str, str] = {}

    @property
    def related(self) -> frozenset[str]:
        """The digests whose facts count for the image too, beside its own."""
        tree = {f"gitTree:{self.tree}"} if self.tree else set()
        return frozenset(tree | set(self.platforms) | set(self.configs))

    def names_of(self, digest: str) -> frozenset[str]:
        """Return every digest that stands for the image or platform with this one."""
        configs = {config for config, manifest in self.configs.items() if manifest == digest}
        return frozenset({digest} | configs)


def known_of(request: Request, collected: Collected, now: datetime) -> Known:
    """Return what the newest identity of the image says.

    A dirty working tree is not named by its commit's tree, so it gives none; nor do two
    identities of the same second that name different trees.
    """
    found = _by_moment(request, collected, now)
    newest = found[max(found)] if found else []
    trees = {"" if one.origin.dirty else one.tree for one in newest}
    commits = {"" if one.origin.dirty else one.commit for one in newest}
    runs = {(one.origin.system, one.origin.run) for one in newest}
    platforms = {part.digest: part.platform for one in newest for part in one.platforms}
    configs = {
        part.config_digest: part.digest
        for one in newest
        for part in one.platforms
        if part.config_digest
    }
    platforms.pop(request.key, None)
    return Known(
        tree=trees.pop() if len(trees) == 1 else "",
        commit=commits.pop() if len(commits) == 1 else "",
        run=runs.pop() if len(runs) == 1 else ("", ""),
        platforms=platforms,
        configs=configs,
    )


def trusted(collected: Collected, signers: SignerLists) -> Collected:
    """Return what is known without the identities that of one of these lists nobody signed."""
    if not signers:
        return collected
    kept = [
        fact
        for fact in collected.facts
        if not isinstance(fact.document, Identity) or not unsigned_by(signers, fact.signers)
    ]
    return Collected(facts=tuple(kept), unreadable=collected.unreadable)


def signed(collected: Collected) -> Collected:
    """Return the facts that somebody known signed, whoever that is."""
    return Collected(facts=tuple(fact for fact in collected.facts if fact.signers))


def _by_moment(
    request: Request, collected: Collected, now: datetime
) -> dict[datetime, list[Identity]]:
    found: dict[datetime, list[Identity]] = {}
    for fact in collected.facts:
        document, moment = fact.document, moment_of(fact)
        if moment is None or moment > now + SKEW or not counts_here(fact, request, now):
            continue
        if isinstance(document, Identity) and document.digest == request.key:
            found.setdefault(moment, []).append(document)
    return found


def moment_of(fact: Fact) -> datetime | None:
    """Return when a fact was recorded; None where it does not say so with a time zone."""
    return time_of(fact.document.origin.recorded_at)


def time_of(text: str) -> datetime | None:
    """Return a time; None where it is none, or without a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def counts_here(fact: Fact, request: Request, now: datetime) -> bool:
    """Whether a fact is of this world and time.

    A replay's facts count in that very replay only; and a replay of an earlier time does not see
    what was recorded after it.
    """
    replay = fact.document.origin.replay
    if request.replay is None or replay is not None:
        return replay == request.replay
    moment = moment_of(fact)
    return moment is None or moment <= now + SKEW


def is_a_machine(actor: str) -> bool:
    """Whether who started a job is no person, who could answer for anything."""
    return re.fullmatch(_MACHINE, actor.strip()) is not None


def is_of_a_laptop(fact: Fact, request: Request) -> bool:
    """Whether a fact was left at somebody's terminal, and a CI system asks."""
    return request.in_ci and fact.document.origin.system in UNVOUCHED


def is_of_kind(fact: Fact, kind: str) -> bool:
    """Whether a fact is evidence of this kind; no report passes for an identity."""
    own = str(type(fact.document).__struct_config__.tag)
    if kind in OWN_KINDS or own in OWN_KINDS:
        return kind == own
    return fact.kind == kind
