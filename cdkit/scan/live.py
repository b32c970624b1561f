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
from cdkit.scan.scanner import Job, Runner, Scanner, TargetKind

CACHE_VOLUME = "cdkit-scanner-cache"
_MEMORY = 4 * 1024**3
_GRACE = 30
"""Seconds on top of the scanner's own time limit, to start and to say that it was reached."""

_LAYOUT = "/scan/image"
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
    """How to scan: by `engine` from `image`, or by `program`; the database at hand, the time."""

    scanner: Scanner
    runner: Runner
    engine: Engine | None = None
    image: str = ""
    program: str = ""
    database: str = ""
    timeout: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a scan left: the report's bytes, the database's date, the version, what it said."""

    report: bytes
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


def scan_part(
    plan: Plan, image: Image, part: PlatformImage, *, layout: str, name: Reference, world: World
) -> Ran:
    """Scan the image of one platform; raises CannotTell where that fails in any way.

    From a layout the scanner gets a folder whose blobs were all checked. Without one it asks the
    registry for the platform's digest.
    """
    if not layout:
        reference = pin(name, part.digest)
        job = _job(plan, TargetKind.REFERENCE, reference.pinned)
        return _run(plan, job, "", reference, world)
    with _checked_folder(layout, image, part, world) as folder:
        return _run(plan, _job(plan, TargetKind.LAYOUT, folder), folder, None, world)


def _job(plan: Plan, kind: TargetKind, target: str) -> Job:
    return Job(
        kind=kind,
        target=target,
        cache=plan.database,
        offline=bool(plan.database),
        timeout=plan.timeout,
    )


def _run(plan: Plan, job: Job, folder: str, reference: Reference | None, world: World) -> Ran:
    if plan.engine:
        return _in_container(plan, plan.engine, job, folder, reference, world)
    return _as_program(plan, job, world)


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
    folder: str,
    reference: Reference | None,
    world: World,
) -> Ran:
    runner = plan.runner
    target = _LAYOUT if folder else job.target
    inside = msgspec.structs.replace(job, target=target, cache=_CACHE)
    with _login_folder(reference, world) as login:
        mounts = tuple(_mounts(plan, folder, login, world))
        where = {"DOCKER_CONFIG": _LOGIN} if login else {}
        metadata = f"{_CACHE}/{runner.database_file}"
        ended = engine.run(
            Container(
                image=plan.image,
                command=runner.arguments(inside),
                environ={**runner.environ, **where},
                mounts=mounts,
                network=not (folder and plan.database),
                memory=_MEMORY,
                timeout=plan.timeout + _GRACE,
                collect=(metadata,),
            )
        )
    _check_ended(ended.code, ended.stderr, plan)
    found = ended.collected.get(metadata)
    database = runner.read_database(found, metadata) if found else None
    return Ran(report=ended.stdout, database=database, version="", said=ended.stderr)


def _mounts(plan: Plan, folder: str, login: str, world: World) -> Iterator[Mount]:
    if folder:
        yield Mount(source=folder, target=_LAYOUT)
    if login:
        yield Mount(source=login, target=_LOGIN)
    if not plan.database:
        yield Mount(source=CACHE_VOLUME, target=_CACHE, is_volume=True, read_only=False)
        return
    for name in world.files.names(plan.database):
        path = f"{plan.database}/{name}"
        if name in plan.runner.database_folders and world.files.is_dir(path):
            yield Mount(source=world.files.absolute(path), target=f"{_CACHE}/{name}")


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


def _as_program(plan: Plan, job: Job, world: World) -> Ran:
    """Run the program in an empty folder, where no ignore file or configuration lies about."""
    runner = plan.runner
    environ = {name: value for name, value in world.environ.items() if name in _KEPT}
    environ |= runner.environ
    cache = world.files.absolute(plan.database) if plan.database else ""
    job = msgspec.structs.replace(job, cache=cache)
    with world.files.temporary() as folder:
        cwd = world.files.absolute(folder)
        version, _ = _ask_version(plan, environ, cwd, world)
        done = world.processes.run(
            [plan.program, *runner.arguments(job)],
            timeout=plan.timeout + _GRACE,
            environ=environ,
            cwd=cwd,
        )
        _check_ended(done.code, done.stderr, plan)
        _, database = _ask_version(plan, environ, cwd, world)
    if plan.database:
        database = read_database(plan.database, runner, world)
    return Ran(report=done.stdout, database=database, version=version, said=done.stderr)


def read_database(folder: str, runner: Runner, world: World) -> Database:
    """Return the date of the database in a scanner's cache folder; raises CannotTell."""
    path = f"{folder.rstrip('/')}/{runner.database_file}"
    return runner.read_database(world.files.read(path), path)


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
    last = lines[-1].strip()[-500:] if lines else "it said nothing"
    raise CannotTell(
        f"{plan.scanner.name} failed with exit code {code}: {last}",
        remedy="read what it said; the image, its database or the network is missing",
    )
