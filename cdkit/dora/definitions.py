"""What each metric means here, in words, and which source says so."""

from msgspec import structs

from cdkit.core.documents.delivery import Definition
from cdkit.dora.told import Asked

_DORA = "dora.dev, DORA's software delivery performance metrics, 2026-01"
_OURS = "not one of DORA's five; told apart, as DORA's recovery time is of failed deployments only"


def definitions(asked: Asked) -> tuple[Definition, ...]:
    """Return what each metric means, with the limits that were chosen."""
    return tuple(
        structs.replace(one, means=one.means.format(hours=f"{asked.hours:g}")) for one in _MEANINGS
    )


_MEANINGS = (
    Definition(
        key="lead",
        title="Change lead time, from commit",
        means=(
            "The time from a change's commit until the deployment that first brought it had "
            "ended; the median of all changes."
        ),
        source=_DORA,
    ),
    Definition(
        key="lead_merge",
        title="Change lead time, from merge",
        means=("The same from the moment when the change was merged into the main line."),
        source=f"{_DORA}, which leaves open where the time begins",
    ),
    Definition(
        key="frequency",
        title="Deployment frequency",
        means=(
            "Deployments that brought a change, by time. One that failed is none, nor is the same "
            "content again, or going back."
        ),
        source=_DORA,
    ),
    Definition(
        key="fail",
        title="Change fail rate",
        means=(
            "The share of deployments of a change that needed somebody at once: their deployment "
            "failed, they were gone back from, an incident names them, or a hotfix followed within "
            "{hours} hours that no other incident explains. An incident without a named cause is "
            "the last change's within {hours} hours, else nobody's."
        ),
        source=_DORA,
    ),
    Definition(
        key="recovery",
        title="Failed deployment recovery time",
        means=(
            "The time from a failed deployment until its incident was resolved, or until the "
            "roll-back or the unplanned deployment that mended it, or, where the deployment itself "
            "failed, the next one that did not; the median."
        ),
        source=_DORA,
    ),
    Definition(
        key="rework",
        title="Deployment rework rate",
        means=(
            "Roll-backs and unplanned deployments, as a share of all deployments and roll-backs."
        ),
        source=_DORA,
    ),
    Definition(
        key="restore",
        title="Time to restore, no deployment's fault",
        means=("How long the incidents lasted that no deployment caused; the median."),
        source=_OURS,
    ),
)
