"""How the values of CI variables are read: numbers, refs, and the addresses of repositories."""

import re

from cdkit.core.subject import is_commit

_ADDRESS = r"(?i)(?P<scheme>[a-z][a-z+.-]*)://(?:[^/]*@)?(?P<rest>[^/@][^@]*)"
_SCP = r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>[^@]+)"
_BRANCH = "refs/heads/"


def whole(text: str) -> int:
    """Return a count such as an attempt; 0, "nobody said", where the text is no such number."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else 0


def branch_of(ref: str) -> str:
    """Return the branch that a full ref names, or an empty string: tags and pulls are none."""
    return ref.removeprefix(_BRANCH) if ref.startswith(_BRANCH) else ""


def commit_of(text: str) -> str:
    """Return a git commit, SHA-1 or SHA-256, or an empty string: `HEAD` and `r123` are none."""
    return text if is_commit(text) else ""


def address(url: str) -> str:
    """Return a repository's address without user, password and `.git`.

    `git@host:owner/name` becomes `ssh://git@host/owner/name`; what is no address stays as it is,
    unless it could hold a password: then nothing is left of it.
    """
    if found := re.fullmatch(_ADDRESS, url):
        user = "git@" if found["scheme"].lower() == "ssh" else ""
        return f"{found['scheme']}://{user}{_bare(found['rest'])}"
    if found := re.fullmatch(_SCP, url):
        return f"ssh://{found['user']}@{found['host']}/{_bare(found['path']).lstrip('/')}"
    return "" if "@" in url else url


def project_of(url: str) -> str:
    """Return `owner/name` (or `group/subgroup/name`) from a repository's address, or ""."""
    found = re.fullmatch(_ADDRESS, address(url))
    return found["rest"].partition("/")[2] if found else ""


def _bare(rest: str) -> str:
    return rest.rstrip("/").removesuffix(".git")
