"""The database that a scanner judges by: is it whole, of the version that is read, and of when."""

from urllib.parse import urlsplit

from cdkit.core.documents.kinds import Database
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.world import World
from cdkit.scan.scanner import Runner, Scanner

_OK = 200


def read_database(folder: str, runner: Runner, world: World) -> Database | None:
    """Return the date of the database in a scanner's cache folder; raises CannotTell.

    None where no file there tells it: then the scanner does.
    """
    if runner.read_database is None:
        return None
    path = f"{folder.rstrip('/')}/{runner.database_file}"
    return runner.read_database(world.files.read(path), path)


def check_database(folder: str, runner: Runner, world: World) -> Database | None:
    """Return what the database at hand says of itself, if a scanner can use it.

    Raises CannotTell where it is missing, empty, or of a version that the scanner does not read.
    That its metadata belongs to the file beside it cannot be seen: neither names the other.
    """
    files, where = world.files, folder.rstrip("/")
    remedy = f"fetch it: {runner.fetch.replace('FOLDER', folder)}"
    for path in (f"{where}/{name}" for name in runner.database_files):
        if not files.is_file(path):
            raise CannotTell(
                f"holds no database of {runner.program}: there is no {path}",
                where=folder,
                remedy=remedy,
            )
        if files.size(path) == 0:
            raise CannotTell("is empty", where=path, remedy=remedy)
    database = read_database(folder, runner, world)
    if database and database.version != runner.database_version:
        raise CannotTell(
            f"is of version {database.version or 'none'}, and {runner.program} reads version "
            f"{runner.database_version}",
            where=f"{where}/{runner.database_file}",
            remedy=remedy,
        )
    return database


def check_server(server: str) -> str:
    """Return the address of a scanner's server; RequestError where it is none."""
    try:
        parts = urlsplit(server)
        parts.port  # noqa: B018 - raises ValueError where it is none
    except ValueError:
        parts = urlsplit("")
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        raise RequestError(
            "the server is no address that can be asked",
            where="server",
            remedy="write http://trivy:4954, without a login in it",
        )
    return server.rstrip("/")


def served_database(server: str, scanner: Scanner, world: World) -> Database | None:
    """Ask a server for the date of its database; None where it does not say.

    Trivy's server answers `GET /version` as `trivy version --format json` does; an older one, or a
    proxy before it, may not: then the date is unknown, which is a doubt. Ask before the scan: a
    database that is exchanged meanwhile is newer. Raises CannotTell for a malicious release.
    """
    runner = scanner.runner
    if runner is None:
        return None
    try:
        answer = world.http.request("GET", f"{server}/{runner.server_version}", timeout=10)
        version, database = runner.read_version(answer.body) if answer.status == _OK else ("", None)
    except CannotTell:
        return None
    if why := scanner.refusal(version):
        raise CannotTell(
            why, where=server, remedy="stop it now, and renew every secret that it could read"
        )
    return database
