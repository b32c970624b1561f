"""Which commit an action's version names now, as the repository itself says: `git ls-remote`."""

import base64
import re
from collections.abc import Iterable

from cdkit.core.doors.workers import each
from cdkit.core.errors import CannotTell, CdkitError
from cdkit.core.secret import Secret
from cdkit.core.subject import is_commit
from cdkit.core.world import World

AT_ONCE = 8
_SERVER = "https://github.com"
_NAME = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*", re.ASCII)

Resolved = str | CannotTell


def server_of(world: World) -> str:
    """Return the address of the server that actions come from: GitHub's own, or the job's."""
    return (world.environ.get("GITHUB_SERVER_URL") or _SERVER).rstrip("/")


def key_of(action: str, ref: str, server: str) -> str:
    """Return the name of an action's version: `https://github.com/owner/name@ref`.

    Actions in folders of one repository share it. An action of Gitea's or Forgejo's may name its
    server itself (`https://code.forgejo.org/owner/name@v1`).
    """
    path = action.partition("@")[0]
    if "://" in path:
        scheme, _, host, path = path.split("/", 3)
        server = f"{scheme}//{host}"
    owner, name = path.split("/")[:2]
    return f"{server}/{owner}/{name}@{ref}"


def resolve_actions(keys: Iterable[str], world: World) -> dict[str, Resolved]:
    """Return the commit that each `server/owner/name@ref` names now, or why that cannot be told.

    Every one is asked for once, several at a time. A tag comes before a branch of the same name,
    and an annotated tag is followed to its commit.
    """
    wanted = tuple(dict.fromkeys(keys))
    return dict(each(lambda key: _resolve(key, world), wanted, at_once=AT_ONCE))


def _resolve(key: str, world: World) -> Resolved:
    try:
        return _ask(key, world)
    except CannotTell as fault:
        return fault
    except CdkitError as fault:
        return CannotTell(fault.what, where=fault.where, remedy=fault.remedy)


def _ask(key: str, world: World) -> str:
    url, _, ref = key.rpartition("@")
    for part in url.rsplit("/", 2)[1:]:
        if not _NAME.fullmatch(part):
            raise CannotTell(f"{url} is no repository's address", remedy="write owner/name@v1")
    wanted = (f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}", f"refs/heads/{ref}")
    done = world.processes.run(
        ["git", "ls-remote", "--quiet", "--", url, *wanted],
        timeout=60,
        environ={**world.environ, **_settings(url, world)},
    )
    if done.code:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CannotTell(
            f"{url} cannot be asked: {said[-1][:200] if said else f'git exits {done.code}'}",
            remedy="check the action's name and the network; a private one needs GITHUB_TOKEN",
        )
    found = _read(done.stdout.decode(errors="replace"))
    for name in (wanted[1], wanted[0], wanted[2]):
        if commit := found.get(name):
            return commit
    raise CannotTell(f"{url} has no tag and no branch {ref!r}", remedy="check the version's name")


def _read(listed: str) -> dict[str, str]:
    """Read the lines of `git ls-remote`: an object's name, a tab, a ref."""
    pairs = (line.split("\t", 1) for line in listed.splitlines() if "\t" in line)
    return {ref: commit for commit, ref in pairs if is_commit(commit)}


def _settings(url: str, world: World) -> dict[str, str]:
    """Return what git is told by its environment: never to ask, and the job's token for its server.

    The token goes to the server whose job has it, and stands in no argument list
    (git-config, GIT_CONFIG_COUNT; actions/checkout logs in the same way).
    """
    settings = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:http"}
    token = Secret(world.environ.get("GITHUB_TOKEN", ""))
    own = world.environ.get("GITHUB_SERVER_URL") or _SERVER
    if not token or not url.startswith("https://") or not url.startswith(f"{own.rstrip('/')}/"):
        return settings
    pair = base64.b64encode(f"x-access-token:{token.reveal()}".encode()).decode()
    return settings | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{own.rstrip('/')}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {pair}",
    }
