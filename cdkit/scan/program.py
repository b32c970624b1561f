"""Running a scanner as a program of this machine, in an empty folder, without our secrets."""

from dataclasses import dataclass

import msgspec

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import Reference
from cdkit.core.world import World
from cdkit.scan.running import (
    GRACE,
    MOST_PACKAGES,
    Plan,
    Ran,
    check_ended,
    known_database,
    login_folder,
)
from cdkit.scan.scanner import Job, Runner

_KEPT = frozenset(
    {
        "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "DOCKER_CONFIG", "XDG_RUNTIME_DIR",
        "XDG_CACHE_HOME", "LOCALAPPDATA", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
        "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    }
)  # fmt: skip

_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
"""Where a program unpacks layers (Go, os.TempDir): one that is ended takes nothing away itself."""


def run_program(
    plan: Plan, job: Job, reference: Reference | None, output: str, world: World
) -> tuple[int, Ran]:
    """Run the program in an empty folder, where no ignore file or configuration lies about."""
    if world.programs is None:
        raise CannotTell("no program can be run here", remedy="scan in a container: --by docker")
    runner = plan.runner
    with world.files.temporary() as folder, login_folder(reference, world) as login:
        cwd = world.files.absolute(folder)
        job = _beside(plan, job, cwd, world)
        program = _Program(plan, job, _environ(runner, job, login, cwd, world), cwd, world)
        database = known_database(plan, world)
        version, _ = program.version()
        if plan.database and runner.status_arguments:
            database = program.status()
        done = world.programs.run_into(
            output,
            [plan.program, *runner.arguments(job)],
            timeout=plan.timeout + GRACE,
            environ=program.environ,
            cwd=cwd,
        )
        if done.code == 0 and not (plan.server or plan.database):
            database = program.status() if runner.status_arguments else program.version()[1]
        packages = _packages(job, world)
    return done.code, Ran(
        report=output, database=database, version=version, said=done.stderr, packages=packages
    )


def _beside(plan: Plan, job: Job, cwd: str, world: World) -> Job:
    """Return the job with the files that the program has in its own folder."""
    runner = plan.runner
    settings = f"{cwd}/{runner.settings_file}" if runner.settings_file else ""
    if settings:
        world.files.write(settings, b"")
    return msgspec.structs.replace(
        job,
        cache=world.files.absolute(plan.database) if plan.database else "",
        packages=f"{cwd}/{runner.packages_file}" if runner.packages_file else "",
        settings=settings,
    )


def _environ(runner: Runner, job: Job, login: str, cwd: str, world: World) -> dict[str, str]:
    kept = {name: value for name, value in world.environ.items() if name in _KEPT}
    own = dict.fromkeys(_TEMPORARY, cwd) | ({"DOCKER_CONFIG": login} if login else {})
    return {**kept, **runner.environ(job), **own}


def _packages(job: Job, world: World) -> bytes:
    if not job.packages or not world.files.is_file(job.packages):
        return b""
    return world.files.read(job.packages, limit=MOST_PACKAGES)


@dataclass(frozen=True, slots=True)
class _Program:
    """A scanner's program, asked in its own folder for what it knows."""

    plan: Plan
    job: Job
    environ: dict[str, str]
    cwd: str
    world: World

    def _ask(self, arguments: tuple[str, ...]) -> bytes:
        done = self.world.processes.run(
            [self.plan.program, *arguments], environ=self.environ, cwd=self.cwd
        )
        check_ended(done.code, done.stderr, self.plan)
        return done.stdout

    def status(self) -> Database | None:
        """Return what it says of its database; CannotTell where it does not take it for valid."""
        runner = self.plan.runner
        if runner.status_arguments is None or runner.read_status is None:
            return None
        return runner.read_status(self._ask(runner.status_arguments(self.job)))

    def version(self) -> tuple[str, Database | None]:
        """Return its version, and the database where it says both at once."""
        version, database = self.plan.runner.read_version(
            self._ask(self.plan.runner.version_arguments)
        )
        _refuse(self.plan, version)
        return version, database


def _refuse(plan: Plan, version: str) -> None:
    if why := plan.scanner.refusal(version):
        raise CannotTell(
            why, where=plan.program, remedy="remove it now, and renew every secret it could read"
        )
