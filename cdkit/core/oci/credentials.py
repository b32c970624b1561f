"""Asking a program for a login: docker's credential helpers (docker-credential-helpers, "get")."""

import re

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, Unreadable
from cdkit.core.oci.authfile import Login, server_name
from cdkit.core.secret import Secret
from cdkit.core.world import World

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_NOT_FOUND = b"credentials not found"
"""What each helper says that has none: "credentials not found in native keychain"."""

_PATIENCE = 30
"""Seconds for a helper, which may have to ask a keychain or a cloud."""


class _Helped(Struct, frozen=True, kw_only=True, rename="pascal"):
    username: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return "_Helped(***)"


def ask_helper(helper: str, registry: str, path: str, world: World) -> Login | None:
    """Return the login that a helper has for a registry, or None where it has none.

    `path` is the file that names the helper. Raises CannotTell where it is not installed, fails,
    or answers with something else; its output is never shown, since it may hold the secret.
    """
    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise Unreadable(
            f"names the credential helper {helper[:80]!r}", where=path, remedy="log in again"
        )
    if world.processes.which(program) is None:
        raise CannotTell(
            f"leaves the login of {registry} to {program}, which is not on the PATH",
            where=path,
            remedy=f"install {program}, or take it out of the file and log in again",
        )
    server = server_name(registry)
    done = world.processes.run([program, "get"], stdin=f"{server}\n".encode(), timeout=_PATIENCE)
    if done.code != 0:
        if _NOT_FOUND in done.stdout + done.stderr:
            return None
        raise CannotTell(
            f"{program} gave no login for {registry} (exit code {done.code})",
            where=path,
            remedy=f"log in to {registry} again, or check the helper: "
            f"echo {server} | {program} get",
        )
    return _read_helped(done.stdout, program)


def _read_helped(data: bytes, program: str) -> Login | None:
    try:
        helped = msgspec.json.decode(data, type=_Helped)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise CannotTell(
            f"{program} answered with something that is no login", remedy="check the helper"
        ) from fault
    if not helped.secret:
        return None
    secret = Secret(helped.secret)
    if helped.username == "<token>":
        return Login(identity_token=secret, source=program)
    return Login(user=helped.username, password=secret, source=program)
