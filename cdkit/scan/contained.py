"""Running a scanner in a container: without rights, secrets or the engine's socket."""

from collections.abc import Iterator

import msgspec

from cdkit.core.container import Container, Engine, Mount
from cdkit.core.oci.reference import Reference
from cdkit.core.world import MIB, World
from cdkit.scan.running import GRACE, MOST_PACKAGES, Plan, Ran, known_database, login_folder
from cdkit.scan.scanner import Job, Runner

CACHE_VOLUME = "cdkit-scanner-cache"
_TARGET = "/scan/image"
_CACHE = "/cache"
_LOGIN = "/login"
_TMP = "/tmp"  # noqa: S108 - in a container of its own


def run_in_container(
    plan: Plan,
    engine: Engine,
    job: Job,
    path: str,
    reference: Reference | None,
    output: str,
    world: World,
) -> tuple[int, Ran]:
    """Run the scanner and return its exit code with what it left.

    `path` is what it gets to see of this machine, empty where it pulls `reference` itself.
    """
    runner = plan.runner
    inside = msgspec.structs.replace(
        job,
        target=_TARGET if path else job.target,
        cache=_cache(runner),
        packages=f"{_TMP}/{runner.packages_file}" if runner.packages_file else "",
    )
    metadata = _metadata(plan)
    database = known_database(plan, world)
    with login_folder(reference, world) as login:
        where = {"DOCKER_CONFIG": _LOGIN} if login else {}
        ended = engine.run(
            Container(
                image=plan.image,
                command=runner.arguments(inside),
                environ={**runner.environ(inside), **where},
                mounts=tuple(_mounts(plan, path, login, world)),
                scratch=(_TMP, *((_CACHE,) if plan.database or plan.server else ())),
                network=not (path and plan.database) or bool(plan.server),
                memory=plan.memory * MIB,
                timeout=plan.timeout + GRACE,
                collect=tuple(name for name in (metadata, inside.packages) if name),
                most_collected=MOST_PACKAGES if inside.packages else MIB,
                output=output,
            )
        )
    found = ended.collected.get(metadata)
    if found and runner.read_database:
        database = runner.read_database(found, metadata)
    return ended.code, Ran(
        report=output,
        database=database,
        version=plan.version,
        said=ended.stderr,
        packages=ended.collected.get(inside.packages, b""),
    )


def _cache(runner: Runner) -> str:
    """Return the scanner's own folder in a container's cache."""
    return f"{_CACHE}/{runner.cache_folder}".rstrip("/")


def _metadata(plan: Plan) -> str:
    """Return the file in a container that tells of when its own database is, or an empty string."""
    own = plan.runner.database_file and not (plan.server or plan.database)
    return f"{_cache(plan.runner)}/{plan.runner.database_file}" if own else ""


def _mounts(plan: Plan, path: str, login: str, world: World) -> Iterator[Mount]:
    if path:
        yield Mount(source=path, target=_TARGET)
    if login:
        yield Mount(source=login, target=_LOGIN)
    if plan.server:
        return
    if not plan.database:
        yield Mount(source=CACHE_VOLUME, target=_CACHE, is_volume=True, read_only=False)
        return
    for name in world.files.names(plan.database):
        folder = f"{plan.database}/{name}"
        if name in plan.runner.database_folders and world.files.is_dir(folder):
            target = f"{_cache(plan.runner)}/{name}"
            yield Mount(source=world.files.absolute(folder), target=target)
