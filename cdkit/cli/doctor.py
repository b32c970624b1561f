"""`cdkit doctor`: what is here, what is missing, and which step wants it."""

import platform
from collections.abc import Iterator

import click
from msgspec import Struct

from cdkit.cli.session import Session, open_session
from cdkit.cli.table import all_steps
from cdkit.core.errors import CdkitError


class Finding(Struct, frozen=True):
    """One line of the doctor's: what was looked for, is it here, what was seen, who wants it."""

    thing: str
    here: bool
    seen: str
    wanted_by: str


@click.command("doctor", short_help="Say what is here, what is missing, and who wants it.")
@click.option("--config", metavar="FILE", help="The configuration. [default: cdkit.yaml]")
def COMMAND(config: str | None) -> int:  # noqa: N802 - the constant that the table loads
    """Say what is here, what is missing, and which step wants it.

    Exits 0, whatever is missing: a step that needs it will say so. A broken configuration exits 2.
    """
    session = open_session(config=config)
    for found in _examine(session):
        mark = "ok     " if found.here else "missing"
        print(f"{mark}  {found.thing:16} {found.seen}  (for {found.wanted_by})")
    session.whole(all_steps())
    return 0


def _examine(session: Session) -> Iterator[Finding]:
    world = session.world
    yield Finding("python", True, platform.python_version(), "cdkit itself")
    yield Finding("ci system", True, session.system.name, "outputs, annotations, build ids")
    yield _git(session)
    yield _config(session)
    yield from _scanner(session)
    yield _parser()
    yield _login(session)
    outbox = ".cdkit/outbox.db"
    seen = outbox if world.files.is_file(outbox) else "none yet: emit-event makes it"
    yield Finding("outbox", True, seen, "emit-event")


def _git(session: Session) -> Finding:
    wanted = "tag-image, lint-migrations --since, every fact"
    try:
        head = session.world.git.head()
    except CdkitError as error:
        return Finding("git checkout", False, error.remedy, wanted)
    state = [head.commit[:12], head.branch or "detached"]
    state += ["with uncommitted changes"] if head.dirty else []
    state += ["shallow: fetch the history for --since"] if head.shallow else []
    return Finding("git checkout", True, ", ".join(state), wanted)


def _config(session: Session) -> Finding:
    if session.data is None:
        return Finding("cdkit.yaml", False, "write one with `cdkit init`", "run, every step")
    return Finding("cdkit.yaml", True, session.config, "run, every step")


def _scanner(session: Session) -> Iterator[Finding]:
    """Say how scan-image would run its scanner here: Docker, the program, podman where asked."""
    world = session.world
    why = world.engine.missing() if world.engine else "no Docker engine"
    yield Finding("docker engine", not why, why or "answers", "scan-image, tag-image --local")
    paths = [path for name in ("trivy", "grype") if (path := world.processes.which(name))]
    other = world.podman.missing() if world.podman else "no podman"
    ways = [] if why else ["Trivy or Grype in a container of Docker's"]
    ways += [f"the program {path}" for path in paths]
    ways += [] if other else ["podman, with --by podman"]
    seen = "; else ".join(ways) or (
        "start Docker or podman, or install trivy or grype; a report of elsewhere counts too: "
        "scan-image --report"
    )
    yield Finding("scanner", bool(ways), seen, "scan-image")


def _parser() -> Finding:
    from cdkit.core.doors.pg_query import library

    wanted = "lint-migrations for PostgreSQL"
    try:
        return Finding("libpg_query", True, str(library()), wanted)
    except CdkitError as error:
        return Finding("libpg_query", False, error.remedy, wanted)


def _login(session: Session) -> Finding:
    """Say for which registries a login stands in the configuration of docker or podman."""
    import msgspec

    environ, files = session.world.environ, session.world.files
    folder = environ.get("DOCKER_CONFIG") or f"{environ.get('HOME', '~')}/.docker"
    wanted = "tag-image, verify-image and scan-image with a registry"
    try:
        told = msgspec.json.decode(files.read(f"{folder}/config.json"))
        hosts = sorted({*told.get("auths", {}), *told.get("credHelpers", {})})
    except (CdkitError, msgspec.DecodeError, AttributeError, TypeError):
        hosts = []
    seen = ", ".join(hosts) if hosts else f"none in {folder}/config.json: `docker login HOST`"
    return Finding("registry login", bool(hosts), seen, wanted)
