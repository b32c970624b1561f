"""By which way a scanner is run: an engine's container, or a program; refused where it is bad."""

from typing import Protocol
from urllib.parse import urlsplit

from cdkit.core.container import Engine, LocalImage
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import is_loopback
from cdkit.core.world import World
from cdkit.scan.database import check_database, check_server
from cdkit.scan.running import Plan, check_image
from cdkit.scan.scanner import Look, Runner, Scanner, TargetKind
from cdkit.scan.target import Target

VERSION_LABEL = "org.opencontainers.image.version"
_IN_LISTS = frozenset({Look.VULNERABILITIES, Look.LICENSES})
"""What can be found in a list of packages."""


class Asked(Protocol):
    """What the way depends on; `obtain.Wanted` is it."""

    @property
    def target(self) -> Target: ...  # noqa: D102 - said in Wanted
    @property
    def way(self) -> str: ...  # noqa: D102
    @property
    def server(self) -> str: ...  # noqa: D102
    @property
    def scanner_image(self) -> str: ...  # noqa: D102
    @property
    def database(self) -> str: ...  # noqa: D102
    @property
    def mirrors(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def look_for(self) -> tuple[Look, ...]: ...  # noqa: D102
    @property
    def timeout(self) -> int: ...  # noqa: D102
    @property
    def memory(self) -> int: ...  # noqa: D102


def plan_of(asked: Asked, scanner: Scanner, world: World) -> tuple[Plan | None, str]:
    """Return the way to scan, or why there is none; a container is preferred to a program.

    Raises RequestError for what this scanner cannot do, and CannotTell where the database at hand
    cannot be used: no other way would be better.
    """
    runner = scanner.runner
    if runner is None:
        return None, f"{scanner.name} is not run by cdkit"
    _check_able(asked, scanner, runner)
    if asked.database and not asked.server:
        check_database(asked.database, runner, world)
    whys: list[str] = []
    for name, engine in (("docker", world.engine), ("podman", world.podman)):
        if asked.way == name or (asked.way == "auto" and name == "docker"):
            plan, why = _container_plan(asked, scanner, runner, engine, world)
            if plan:
                return plan, ""
            whys.append(why)
    # Who names an image trusts that one, and not whatever program lies about.
    if asked.way == "program" or (asked.way == "auto" and not asked.scanner_image):
        if program := world.processes.which(runner.program):
            if whys:
                world.talk.say(f"Scanning with the program {program}: {'; '.join(whys)}.")
            return _plan(asked, scanner, runner, program=program), ""
        whys.append(f"no program {runner.program} on the PATH")
    return None, "; ".join(whys) or "live scans are switched off"


def _check_able(asked: Asked, scanner: Scanner, runner: Runner) -> None:
    if asked.server:
        if not runner.server_version:
            raise RequestError(f"{scanner.name} has no server", where="server", remedy="leave it")
        check_server(asked.server)
    if asked.mirrors and not runner.artifacts and not asked.database:
        raise RequestError(
            f"the database of {scanner.name} lies in no registry",
            where="db-repository",
            remedy=f"leave it out; or fetch it, and give its folder to --db: {runner.fetch}",
        )
    if asked.target.kind not in runner.targets:
        raise RequestError(
            f"{scanner.name} cannot scan a {asked.target.kind}",
            where="scanner",
            remedy="use another scanner",
        )
    able = runner.looks
    if asked.target.kind is TargetKind.SBOM:
        able = able & _IN_LISTS
    if unable := [look.value for look in asked.look_for if look not in able]:
        raise RequestError(
            f"{scanner.name} cannot look for {', '.join(unable)} in {asked.target.called}",
            where="look-for",
            remedy="leave it out, or scan the image itself",
        )


def _plan(
    asked: Asked,
    scanner: Scanner,
    runner: Runner,
    *,
    engine: Engine | None = None,
    image: str = "",
    program: str = "",
    version: str = "",
) -> Plan:
    return Plan(
        scanner=scanner,
        runner=runner,
        engine=engine,
        image=image,
        program=program,
        version=version,
        database="" if asked.server else asked.database,
        mirrors=asked.mirrors,
        server=check_server(asked.server) if asked.server else "",
        look_for=asked.look_for,
        timeout=asked.timeout,
        memory=asked.memory,
    )


def _container_plan(
    asked: Asked, scanner: Scanner, runner: Runner, engine: Engine | None, world: World
) -> tuple[Plan | None, str]:
    named = asked.scanner_image or runner.image
    if not named:
        why = f"no image of {scanner.name} is known by digest: give --scanner-image"
        return None, why
    image = check_image(named, scanner)
    if engine is None:
        return None, "no container engine"
    if asked.server and is_loopback(urlsplit(asked.server).netloc):
        return None, f"in a container {asked.server} is the container itself: use --by program"
    if why := engine.missing():
        return None, why
    try:
        world.talk.say(f"Scanning with {scanner.name} in a container ({image}).")
        held = engine.obtain(image)
    except CannotTell as fault:
        return None, fault.what
    version = _check_held(held, scanner)
    return _plan(asked, scanner, runner, engine=engine, image=image, version=version), ""


def _check_held(held: LocalImage, scanner: Scanner) -> str:
    """Return the version that the scanner's image says; CannotTell where it is malicious.

    An image by its ID hides what it is; the engine knows its digests, tags and labels.
    """
    version = held.labels.get(VERSION_LABEL, "")[:100]
    for text in (held.id, *held.repo_digests, *held.repo_tags, version):
        if why := scanner.refusal(text):
            raise CannotTell(
                why,
                where=held.id,
                remedy="remove it from the engine, and renew every secret that it could read",
            )
    return version
