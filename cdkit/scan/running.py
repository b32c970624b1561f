"""What every way of running a scanner needs: the plan, what comes out, the login, the end."""

import base64
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from cdkit.core.container import Engine
from cdkit.core.documents.kinds import Database
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.login import login_for
from cdkit.core.oci.reference import DOCKER_HUB, Reference, is_loopback, parse, pin
from cdkit.core.world import MIB, World
from cdkit.scan.database import read_database, served_database
from cdkit.scan.scanner import Look, Runner, Scanner

GRACE = 30
"""Seconds on top of the scanner's own time limit, to start and to say that it was reached."""

_HUB_KEY = "https://index.docker.io/v1/"
"""Under which name Docker's clients look for Docker Hub's login (docker/cli, cli/config)."""

MOST_PACKAGES = 128 * MIB
"""Bytes of a list of packages: a thousand are about a MiB."""


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
    """What a scan left: the report's file, the database's date, the version, what it said.

    `packages` is the list of what was looked at, for a scanner whose report does not have it.
    """

    report: str
    database: Database | None
    version: str
    said: bytes
    packages: bytes = b""


def check_image(text: str, scanner: Scanner) -> str:
    """Return the image of a scanner; RequestError where it can move or is known to be malicious."""
    if re.fullmatch(r"sha256:[0-9a-f]{12,64}", text, re.ASCII):
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


def known_database(plan: Plan, world: World) -> Database | None:
    """Return the date of the database where it is known before the scan; nobody changes it then."""
    if plan.server:
        return served_database(plan.server, plan.scanner, world)
    return read_database(plan.database, plan.runner, world) if plan.database else None


@contextlib.contextmanager
def login_folder(reference: Reference | None, world: World) -> Iterator[str]:
    """Give a folder with the login for this one registry, or an empty string without a login.

    A file that only this scanner sees, and only this registry's: not the environment, which
    outlives a container in the engine's records.
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
        named = _HUB_KEY if reference.registry == DOCKER_HUB else reference.registry
        data = msgspec.json.encode({"auths": {named: entry}})
        world.files.write(f"{folder}/config.json", data)
        yield world.files.absolute(folder)


def check_ended(code: int, said: bytes, plan: Plan, reference: Reference | None = None) -> None:
    """Refuse any exit code but 0: findings do not change it, so something else went wrong."""
    if code == 0:
        return
    lines = said.decode("utf-8", "replace").strip().splitlines()
    loud = [line for line in lines if "FATAL" in line or "ERROR" in line]
    last = (loud or lines or ["it said nothing"])[-1].strip()[-500:]
    remedy = _remedy(plan, reference)
    raise CannotTell(f"{plan.scanner.name} failed with exit code {code}: {last}", remedy=remedy)


def _remedy(plan: Plan, reference: Reference | None) -> str:
    if plan.engine and reference and is_loopback(reference.registry):
        return f"in a container {reference.registry} is the container itself: use --by program"
    old = f"or this {plan.scanner.name} is older than {plan.runner.since}"
    if plan.server:
        return f"read what it said: the server {plan.server} may not answer, {old}"
    return f"read what it said: the image, the database or the network may be missing, {old}"
