"""Running a scanner over one platform's image: in a container, or as a program of this machine."""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from cdkit.core.container import Container, Engine, Mount
from cdkit.core.documents.kinds import Database
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.image import Image, PlatformImage
from cdkit.core.oci.layout import Layout, export, open_layout, verify_layers
from cdkit.core.oci.login import login_for
from cdkit.core.oci.reference import Reference, parse, pin
from cdkit.core.world import World
from cdkit.scan.database import read_database, served_database
from cdkit.scan.scanner import Job, Look, Runner, Scanner, TargetKind
from cdkit.scan.target import Part, Target

CACHE_VOLUME = "cdkit-scanner-cache"
_GRACE = 30
"""Seconds on top of the scanner's own time limit, to start and to say that it was reached."""

_WAITS = (5, 20, 60)
_LONGEST_WAIT = 120
"""Seconds between the tries after a 429, and how long a registry may ask us to wait."""

_TARGET = "/scan/image"
_CACHE = "/cache"
_LOGIN = "/login"
_KEPT = frozenset(
    {
        "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "DOCKER_CONFIG",
        "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "HTTP_PROXY", "HTTPS_PROXY",
        "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How to scan: by `engine` from `image`, or by `program`.

    `database` is the folder with the one at hand (empty: the scanner fetches its own, from
    `mirrors` where there are some), `server` what judges instead. `timeout` is in seconds, `memory`
    in MiB. `version` is what the scanner's image says of itself.
    """

    scanner: Scanner
    runner: Runner
    engine: Engine | None = None
    image: str = ""
    program: str = ""
    version: str = ""
    database: str = ""
    mirrors: tuple[str, ...] = ()
    server: str = ""
    look_for: tuple[Look, ...] = (Look.VULNERABILITIES,)
    timeout: int
    memory: int = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a scan left: the report's file, the database's date, the version, what it said."""

    report: str
    database: Database | None
    version: str
    said: bytes


def check_image(text: str, scanner: Scanner) -> str:
    """Return the image of a scanner; RequestError where it can move or is known to be malicious."""
    if text.startswith("sha256:"):
        return text
    reference = parse(text)
    if why := scanner.refusal(text):
        raise RequestError(why, remedy=_use(scanner))
    if reference.digest is None:
        raise RequestError(
            f"the scanner's image {text} carries no digest: a tag can be pushed over",
            remedy=_use(scanner),
        )
    return pin(reference, reference.digest).pinned


def _use(scanner: Scanner) -> str:
    known = f", as {scanner.runner.image}" if scanner.runner else ""
    return f"name a sound release by its digest{known}"


@contextlib.contextmanager
def scan_part(plan: Plan, target: Target, part: Part, world: World) -> Iterator[Ran]:
    """Scan one platform's image and give what came out; its report is gone at the end.

    From a layout the scanner gets a folder whose blobs were all checked. From a registry it gets
    the platform's digest. Raises CannotTell where that fails in any way.
    """
    with contextlib.ExitStack() as stack:
        output = world.files.absolute(f"{stack.enter_context(world.files.temporary())}/report.json")
        if target.kind is TargetKind.REFERENCE:
            reference = _pinned(target, part)
            job = _job(plan, target.kind, reference.pinned)
            yield _patiently(plan, job, "", reference, output, world)
            return
        path = world.files.absolute(target.path)
        if target.image and part.image:
            folder = _checked_folder(target.path, target.image, part.image, world)
            path = stack.enter_context(folder)
        yield _patiently(plan, _job(plan, target.kind, path), path, None, output, world)


def _pinned(target: Target, part: Part) -> Reference:
    if target.name is None or part.image is None:
        raise CannotTell(f"{target.called} has no name in a registry", remedy="give --image")
    return pin(target.name, part.image.digest)


def _job(plan: Plan, kind: TargetKind, target: str) -> Job:
    return Job(
        kind=kind,
        target=target,
        look_for=plan.look_for,
        cache=plan.database,
        offline=bool(plan.database),
        mirrors=() if plan.database else plan.mirrors,
        server=plan.server,
        timeout=plan.timeout,
    )


def _patiently(
    plan: Plan, job: Job, path: str, reference: Reference | None, output: str, world: World
) -> Ran:
    """Run the scanner, again after a while where a registry wants fewer questions (429)."""
    for wait in (*_WAITS, None):
        code, ran = _run(plan, job, path, reference, output, world)
        limited = plan.runner.rate_limited(ran.said) if code else None
        if limited is None or wait is None or limited > _LONGEST_WAIT:
            _check_ended(code, ran.said, plan)
            return ran
        pause = limited or wait
        world.talk.say(f"A registry wants fewer questions; {plan.scanner.name} waits {pause} s.")
        world.clock.sleep(pause)
    raise CannotTell(f"{plan.scanner.name} was not run", remedy="run it again")  # pragma: no cover


def _run(
    plan: Plan, job: Job, path: str, reference: Reference | None, output: str, world: World
) -> tuple[int, Ran]:
    if plan.engine:
        return _in_container(plan, plan.engine, job, path, reference, output, world)
    return _as_program(plan, job, output, world)


@contextlib.contextmanager
def _checked_folder(path: str, image: Image, part: PlatformImage, world: World) -> Iterator[str]:
    """Give a folder that is a layout with this platform's image alone.

    Where the layout holds nothing else it serves itself, once its layers are verified.
    """
    with open_layout(path, world.files) as layout:
        if _is_alone(layout, image):
            verify_layers(layout, part)
            yield world.files.absolute(path)
            return
        with world.files.temporary() as folder:
            export(layout, part, folder, world.files)
            yield world.files.absolute(folder)


def _is_alone(layout: Layout, image: Image) -> bool:
    digests = {root.digest for root in layout.roots}
    return layout.folder and not image.is_index and digests == {str(image.digest)}


def _in_container(
    plan: Plan,
    engine: Engine,
    job: Job,
    path: str,
    reference: Reference | None,
    output: str,
    world: World,
) -> tuple[int, Ran]:
    runner = plan.runner
    inside = msgspec.structs.replace(job, target=_TARGET if path else job.target, cache=_CACHE)
    metadata = f"{_CACHE}/{runner.database_file}"
    database = _known_database(plan, world)
    with _login_folder(reference, world) as login:
        where = {"DOCKER_CONFIG": _LOGIN} if login else {}
        ended = engine.run(
            Container(
                image=plan.image,
                command=runner.arguments(inside),
                environ={**runner.environ, **where},
                mounts=tuple(_mounts(plan, path, login, world)),
                scratch=("/tmp", *((_CACHE,) if plan.database or plan.server else ())),  # noqa: S108
                network=not (path and plan.database) or bool(plan.server),
                memory=plan.memory * 1024**2,
                timeout=plan.timeout + _GRACE,
                collect=() if plan.server or plan.database else (metadata,),
                output=output,
            )
        )
    if found := ended.collected.get(metadata):
        database = runner.read_database(found, metadata)
    said = ended.stderr
    return ended.code, Ran(report=output, database=database, version=plan.version, said=said)


def _known_database(plan: Plan, world: World) -> Database | None:
    """Return the date of the database where it is known before the scan; nobody changes it then."""
    if plan.server:
        return served_database(plan.server, plan.scanner, world)
    return read_database(plan.database, plan.runner, world) if plan.database else None


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
            yield Mount(source=world.files.absolute(folder), target=f"{_CACHE}/{name}")


@contextlib.contextmanager
def _login_folder(reference: Reference | None, world: World) -> Iterator[str]:
    """Give a folder with the login for this one registry, or an empty string without a login.

    A file that only this container sees, and only this registry's: not the environment, which
    outlives the container in the engine's records.
    """
    login = login_for(reference, world) if reference else None
    if login is None or reference is None:
        yield ""
        return
    secret = login.password or login.identity_token
    pair = f"{login.user}:{login.password.reveal() if login.password else ''}".encode()
    entry = {"auth": base64.b64encode(pair).decode()}
    if login.identity_token:
        entry["identitytoken"] = secret.reveal() if secret else ""
    with world.files.temporary() as folder:
        data = msgspec.json.encode({"auths": {reference.registry: entry}})
        world.files.write(f"{folder}/config.json", data)
        yield world.files.absolute(folder)


def _as_program(plan: Plan, job: Job, output: str, world: World) -> tuple[int, Ran]:
    """Run the program in an empty folder, where no ignore file or configuration lies about."""
    if world.programs is None:
        raise CannotTell("no program can be run here", remedy="scan in a container: --by docker")
    runner = plan.runner
    environ = {name: value for name, value in world.environ.items() if name in _KEPT}
    environ |= runner.environ
    cache = world.files.absolute(plan.database) if plan.database else ""
    database = _known_database(plan, world)
    job = msgspec.structs.replace(job, cache=cache)
    with world.files.temporary() as folder:
        cwd = world.files.absolute(folder)
        version, _ = _ask_version(plan, environ, cwd, world)
        done = world.programs.run_into(
            output,
            [plan.program, *runner.arguments(job)],
            timeout=plan.timeout + _GRACE,
            environ=environ,
            cwd=cwd,
        )
        if done.code == 0 and not (plan.server or plan.database):
            _, database = _ask_version(plan, environ, cwd, world)
    return done.code, Ran(report=output, database=database, version=version, said=done.stderr)


def _ask_version(
    plan: Plan, environ: dict[str, str], cwd: str, world: World
) -> tuple[str, Database | None]:
    done = world.processes.run(
        [plan.program, *plan.runner.version_arguments], environ=environ, cwd=cwd
    )
    _check_ended(done.code, done.stderr, plan)
    version, database = plan.runner.read_version(done.stdout)
    if why := plan.scanner.refusal(version):
        raise CannotTell(
            why, where=plan.program, remedy="remove it now, and renew every secret it could read"
        )
    return version, database


def _check_ended(code: int, said: bytes, plan: Plan) -> None:
    """Refuse any exit code but 0: findings do not change it, so something else went wrong."""
    if code == 0:
        return
    lines = said.decode("utf-8", "replace").strip().splitlines()
    loud = [line for line in lines if "FATAL" in line or "ERROR" in line]
    last = (loud or lines or ["it said nothing"])[-1].strip()[-500:]
    raise CannotTell(
        f"{plan.scanner.name} failed with exit code {code}: {last}",
        remedy="read what it said: the image, the database or the network may be missing",
    )
