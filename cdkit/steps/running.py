"""What runs already, so that a change can be told from it: a revision, or what is deployed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from cdkit.core.documents.document import Replay
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import CannotTell, Missing, RequestError
from cdkit.core.verdict import Reason
from cdkit.core.world import World

if TYPE_CHECKING:
    from cdkit.core.documents.fact import Fact

NOTHING = "nothing"
"""The revision that stands for: no version runs anywhere yet."""
_APART = (
    "so each file is judged as a release of its own, after those before it; `--since REVISION` "
    "judges only what is new since then, `--since nothing` says that nothing runs yet"
)


class Running(Struct, frozen=True, kw_only=True):
    """What counts as released: a revision, or nothing at all, or each file by itself (`apart`).

    `deployed` where the revision is what runs in an environment; `blank` where somebody says that
    nothing runs anywhere yet. `others` is a commit of the remote's main branch, whose files the
    change edits, where nothing says what runs.
    """

    revision: str = ""
    others: str = ""
    deployed: bool = False
    apart: bool = False
    blank: bool = False
    notes: tuple[str, ...] = ()
    doubts: tuple[Reason, ...] = ()


def running_of(*, since: str, against: str, service: str, records: str, world: World) -> Running:
    """Return what runs by a revision, or by the newest fact about an environment.

    With neither, each file is a release of its own. Raises RequestError where both are given, and
    CannotTell where nobody can say which commit runs in the environment.
    """
    if since and against:
        raise RequestError(
            "both since and against are given",
            where="since",
            remedy="give the one that says what runs",
        )
    if since == NOTHING:
        notes = ("nothing runs yet, so all migrations are one change",)
        return Running(blank=True, notes=notes)
    if since:
        return Running(revision=since)
    if not against:
        return Running(apart=True, notes=(f"nothing says what runs: {_APART}",))
    return _deployed(against, service, records, world)


def _deployed(environment: str, service: str, records: str, world: World) -> Running:
    """Return the commit that runs in an environment, by the newest fact about it."""
    from cdkit.evidence.store import open_store

    told = open_store(records, world).environment(environment)
    deployments, replayed = _newest(told.facts, service, world.replay)
    notes = (f"deployments that were only replayed do not count ({replayed})",) if replayed else ()
    if not deployments:
        # No fact may mean a first deployment, or a store that was not brought along: the second
        # must not pass for the first, so nothing counts as new together.
        what = f"no record says what runs in {environment}: {_APART}"
        return Running(apart=True, notes=(what, *notes), doubts=told.unreadable)
    if len(deployments) > 1:
        raise CannotTell(
            f"several services run in {environment}: {', '.join(sorted(deployments))}",
            remedy="say whose migrations these are: --service NAME",
        )
    (deployment,) = deployments.values()
    if not deployment.commit:
        raise CannotTell(
            f"the deployment to {environment} does not say from which commit it was built",
            remedy="record it from a git checkout, or give --since REVISION",
        )
    what = f"{environment} runs {deployment.service} at {deployment.commit[:12]}"
    _known(deployment.commit, what, world)
    return Running(
        revision=deployment.commit,
        deployed=True,
        notes=(what, *notes),
        doubts=told.unreadable,
    )


def _known(commit: str, what: str, world: World) -> None:
    """Raise CannotTell where the checkout has not got what runs."""
    try:
        world.git.resolve(commit)
    except Missing:
        raise
    except CannotTell as fault:
        raise CannotTell(
            f"{what}, and this checkout does not know that commit",
            remedy="fetch the whole history (`git fetch --unshallow --tags`); if that service is "
            "of another repository, say whose migrations these are: --service NAME",
        ) from fault


def _newest(
    facts: Iterable["Fact"], service: str, replay: Replay | None
) -> tuple[dict[str, Deployment], int]:
    """Return the last deployment of each service, and how many were only replayed."""
    deployments: dict[str, Deployment] = {}
    replayed = 0
    for fact in facts:
        document = fact.document
        if not isinstance(document, Deployment) or document.status != "deployed":
            continue
        if service and document.service != service:
            continue
        if document.origin.replay is not None and document.origin.replay != replay:
            replayed += 1
            continue
        deployments[document.service] = document
    return deployments, replayed
