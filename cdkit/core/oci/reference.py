"""References to images: `registry/repository:tag@digest`, parsed and normalised as Docker does."""

import re

from msgspec import Struct

from cdkit.core.digest import HEX_LENGTH, Digest
from cdkit.core.errors import RequestError

DOCKER_HUB = "docker.io"
_LONGEST_REPOSITORY = 255
_LONGEST_TAG = 128
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(
    rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::(?P<port>[0-9]+))?", re.ASCII
)
_TAG_REST = re.compile(r"[a-zA-Z0-9._-]*", re.ASCII)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://", re.ASCII)
_ALGORITHM = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*", re.ASCII)
_HEX = re.compile(r"[a-f0-9]*", re.ASCII)
_BARE_HASH = re.compile(r"[a-f0-9]{64}", re.ASCII)


class Reference(Struct, frozen=True, kw_only=True):
    """A reference whose registry and repository are written out in full.

    `registry` is a host with its port if one was given; `repository` is the path in it. `tag` is
    empty where none was given: nothing here invents `latest`.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None

    @property
    def name(self) -> str:
        """The registry and the repository: what an image is called without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The name as people write it: without `docker.io/` and `library/`."""
        if self.registry != DOCKER_HUB:
            return self.name
        return self.repository.removeprefix("library/")

    @property
    def pinned(self) -> str:
        """`name@digest`, the name that cannot move, or an empty string without a digest."""
        return f"{self.name}@{self.digest}" if self.digest else ""

    def __str__(self) -> str:
        """Return the full reference."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse(text: str, *, where: str = "") -> Reference:
    """Read a reference (distribution-spec `<name>` and `<reference>`; Docker's familiar names).

    The first part is a registry when it holds a `.` or a `:`, is `localhost`, or has upper-case
    letters; without one the registry is docker.io. Raises RequestError, pointing at the character,
    where the text breaks the grammar.
    """
    name, at, digest = text.partition("@")
    slash = name.rfind("/")
    colon = name.find(":", slash + 1)
    path, tag = (name, "") if colon < 0 else (name[:colon], name[colon + 1 :])
    reading = _Reading(text, where)
    reading.check_length(path)
    registry, repository = reading.split(path)
    if colon >= 0:
        reading.check_tag(tag, colon + 1)
    return Reference(
        registry=registry,
        repository=repository,
        tag=tag,
        digest=reading.digest(digest, len(name) + 1) if at else None,
    )


def parse_pinned(text: str, *, where: str = "") -> Reference:
    """Read a reference that must carry a digest; RequestError where it does not."""
    reference = parse(text, where=where)
    if reference.digest is None:
        raise RequestError(
            f"{text[:200]!r} carries no digest: a tag can move",
            where=where or None,
            remedy=f"write {reference.familiar}@sha256:<64 hexadecimal digits>, "
            "as `cdkit tag-image` prints it",
        )
    return reference


def parse_repository(text: str, *, where: str = "") -> Reference:
    """Read a name without tag and digest; RequestError where there is one."""
    reference = parse(text, where=where)
    if reference.tag or reference.digest:
        raise RequestError(
            f"{text[:200]!r} is more than a repository",
            where=where or None,
            remedy=f"write {reference.familiar}, without tag and digest",
        )
    return reference


def pin(repository: Reference, digest: Digest | None) -> Reference:
    """Return a repository's name with this digest, and without a tag."""
    return Reference(registry=repository.registry, repository=repository.repository, digest=digest)


def is_tag(text: str) -> bool:
    """Whether this is a legal tag (distribution-spec: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`)."""
    return _TAG.fullmatch(text) is not None


def check_tag(text: str, *, where: str = "") -> str:
    """Return the tag; RequestError, pointing at the character, where it is illegal."""
    try:
        _Reading(text, where).check_tag(text, 0)
    except RequestError as fault:
        raise RequestError(
            fault.what,
            where=fault.where,
            remedy="begin with a letter, a digit or `_`, and go on with those, `.` and `-`; "
            f"{_LONGEST_TAG} characters at most",
        ) from fault
    return text


def is_loopback(registry: str) -> bool:
    """Whether a registry stands on this machine: there, and only there, plain HTTP is spoken."""
    host = host_of(registry)
    return host in {"localhost", "::1"} or bool(
        re.fullmatch(r"127(\.[0-9]{1,3}){3}", host, re.ASCII)
    )


def host_of(registry: str) -> str:
    """Return the host in lower case, without its port and without the brackets of IPv6."""
    host = registry.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


class _Reading:
    """The text under the parser, for errors that point into it."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where

    def split(self, path: str) -> tuple[str, str]:
        """Return registry and repository."""
        first, slash, rest = path.partition("/")
        if not slash or not _is_registry(first):
            self._check_path(path, 0)
            return DOCKER_HUB, path if slash else f"library/{path}"
        self._check_host(first)
        self._check_path(rest, len(first) + 1)
        if first in {DOCKER_HUB, "index.docker.io"}:
            return DOCKER_HUB, rest if "/" in rest else f"library/{rest}"
        return first, rest

    def check_length(self, path: str) -> None:
        """Refuse what could never be a name, before pointing at characters."""
        if not self.text:
            raise self.error("is empty", None)
        if len(path) > _LONGEST_REPOSITORY + 255:
            raise self.error(f"has {len(path)} characters before its tag", None)
        if scheme := _SCHEME.match(self.text):
            raise RequestError(
                f"{self.text[:300]!r} begins with {scheme[0]}, which is no part of a reference "
                "(character 1)",
                where=self.where or None,
                remedy=f"take it off: {self.text[scheme.end() :][:300]}",
            )
        if _BARE_HASH.fullmatch(self.text):
            raise self.error("is a bare hash: write the repository before it", None)

    def check_tag(self, tag: str, start: int) -> None:
        """Refuse an illegal tag."""
        if not tag:
            raise self.error("has an empty tag", start)
        if tag[0] in ".-":
            raise self.error("has a tag that begins with a dot or a hyphen", start)
        legal = _TAG_REST.match(tag)
        if legal and legal.end() < len(tag):
            raise self.error("has a character that no tag may hold", start + legal.end())
        if len(tag) > _LONGEST_TAG:
            raise self.error(f"has a tag of {len(tag)} characters; 128 are allowed", start + 128)

    def digest(self, text: str, start: int) -> Digest:
        """Read what follows the @."""
        try:
            return Digest.parse(text, where=self.where)
        except RequestError as fault:
            algorithm, colon, encoded = text.partition(":")
            at = start + len(algorithm) + 1
            if not colon:
                raise self._illegal_digest("is not a digest", start) from fault
            if not _ALGORITHM.fullmatch(algorithm):
                legal = _ALGORITHM.match(algorithm)
                at = start + (legal.end() if legal else 0)
                raise self._illegal_digest("is not a digest", at) from fault
            if algorithm not in HEX_LENGTH:
                said = f"uses the algorithm {algorithm[:40]!r}, which is unknown"
                raise self._illegal_digest(said, start) from fault
            legal = _HEX.match(encoded)
            if legal and legal.end() < len(encoded):
                said = "holds a character other than 0-9 and a-f"
                raise self._illegal_digest(said, at + legal.end()) from fault
            said = f"has {len(encoded)} characters after the colon, not {HEX_LENGTH[algorithm]}"
            raise self._illegal_digest(said, len(self.text)) from fault

    def _illegal_digest(self, fault: str, at: int) -> RequestError:
        return RequestError(
            f"{self.text[:300]!r} has a digest that {fault}{self._place(at)}",
            where=self.where or None,
            remedy="write a digest as sha256:<64 lower-case hexadecimal digits>, or leave it out",
        )

    def _check_host(self, host: str) -> None:
        match = _HOST.match(host)
        end = match.end() if match else 0
        if end < len(host):
            raise self.error("has a registry that is no host name", end)
        port = match["port"] if match else None
        if port and not 0 < int(port[:6]) < 65536:
            raise self.error(f"has the port {port[:20]}", host.rindex(":") + 1)

    def _check_path(self, path: str, start: int) -> None:
        if len(path) > _LONGEST_REPOSITORY:
            raise self.error(f"has a repository of {len(path)} characters; 255 are allowed", None)
        for component in path.split("/"):
            self._check_component(component, start)
            start += len(component) + 1

    def _check_component(self, component: str, start: int) -> None:
        if not component:
            raise self.error("has an empty part in its repository", start)
        match = _COMPONENT.match(component)
        end = match.end() if match else 0
        if end == len(component):
            return
        if component[end].isupper():
            raise self.error("has an upper-case letter in its repository", start + end)
        raise self.error("has a character that no repository may hold there", start + end)

    def error(self, fault: str, at: int | None) -> RequestError:
        """Return the error; `at` counts characters from 0, people count from 1."""
        return RequestError(
            f"{self.text[:300]!r} {fault}{'' if at is None else self._place(at)}",
            where=self.where or None,
            remedy="write registry.example.com/team/name:tag: lower case before the colon, and "
            "letters, digits, `_`, `.`, `-` in the tag",
        )

    def _place(self, at: int) -> str:
        shown = repr(self.text[at]) if at < len(self.text) else "the end"
        return f" (character {at + 1}, {shown})"


def _is_registry(part: str) -> bool:
    return "." in part or ":" in part or part == "localhost" or part != part.lower()
