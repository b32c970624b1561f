"""Where a fact comes from: the run, the source, the time; the same for every step."""

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Origin
from cdkit.core.doors.clock import stamp
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.names import TOOL
from cdkit.core.subject import Subject, source_subject
from cdkit.core.world import Head, World


def origin_of(world: World, step: str, *, shard: int = 0, shards: int = 0) -> Origin:
    """Return the origin of a document that this step leaves now.

    `shard` of `shards` is what the job was given of split work, 0 where it was not split.
    Outside a git checkout the commit is what the CI system says, and there is no tree.
    """
    return _origin(world, step, head_of(world), shard, shards)


def source_of(world: World) -> Subject | None:
    """Return the source as a subject; None outside git, or where changes are not committed."""
    return _source(world, head_of(world))


def provenance_of(world: World, step: str) -> tuple[Origin, Subject | None]:
    """Return origin and source together, for which git is asked once."""
    head = head_of(world)
    return _origin(world, step, head), _source(world, head)


def _origin(world: World, step: str, head: Head | None, shard: int = 0, shards: int = 0) -> Origin:
    context = world.context
    return Origin(
        recorded_at=stamp(world.clock.now()),
        tool=TOOL,
        step=step,
        system=context.system,
        run=context.run,
        attempt=context.attempt,
        job=_job(context, shard, shards),
        url=context.url,
        actor=context.actor,
        commit=head.commit if head else context.commit,
        tree=head.tree if head else "",
        dirty=head.dirty if head else False,
        shard=shard,
        shards=shards,
        replay=world.replay,
    )


def _job(context: BuildContext, shard: int, shards: int) -> str:
    """Return the job's name: of each job of a matrix its own; of shards the one that they share.

    GitLab numbers the names of parallel jobs (`unit 2/4`).
    """
    if shards:
        return context.job.removesuffix(f" {shard}/{shards}")
    return f"{context.job} ({context.leg})" if context.leg else context.job


def _source(world: World, head: Head | None) -> Subject | None:
    if head is None or head.dirty:
        return None
    name = world.context.repository or head.remote_url
    return source_subject(name, commit=head.commit, tree=head.tree)


def head_of(world: World) -> Head | None:
    """Return where the checkout stands, or None where there is none."""
    try:
        return world.git.head()
    except CannotTell:
        return None


def checkout_of(world: World) -> tuple[Head | None, CannotTell | None]:
    """Return where the checkout stands, and why git does not tell where one is there."""
    try:
        return world.git.head(), None
    except Missing:
        return None, None
    except CannotTell as fault:
        return None, fault
