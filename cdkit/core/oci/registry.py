"""Asking a registry what a reference names (OCI distribution-spec, "Pulling manifests")."""

from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from cdkit.core.digest import Digest, sha256
from cdkit.core.errors import CannotTell, CdkitError, NoAnswer
from cdkit.core.oci import media
from cdkit.core.oci.authorize import Authorizer, may_lead_to
from cdkit.core.oci.image import Image, assemble
from cdkit.core.oci.manifest import CONFIG_LIMIT, MANIFEST_LIMIT, Descriptor, checked, unreadable
from cdkit.core.oci.reference import DOCKER_HUB, Reference, is_loopback, pin
from cdkit.core.secret import Secret
from cdkit.core.world import Response, World

_KNOWN = media.INDEXES | media.MANIFESTS
_ABSENT = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"})
"""Codes that say "there is none" (distribution-spec, "Error codes"; Harbor says NOT_FOUND)."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


class Found(Struct, frozen=True, kw_only=True):
    """A manifest as a registry holds it; the digest is computed from the bytes."""

    data: bytes
    media_type: str
    digest: Digest


class _Error(Struct, frozen=True, kw_only=True):
    code: str = ""
    message: str | None = None


class _Errors(Struct, frozen=True, kw_only=True):
    errors: tuple[_Error, ...]


class Registry:
    """A registry client that reads. Plain HTTP is spoken on loopback only."""

    def __init__(self, world: World, *, mirrored: bool = False) -> None:
        self._world = world
        self._mirrored = mirrored
        self._authorizer = Authorizer(world)

    def digest_of(self, reference: Reference) -> Digest | None:
        """Return the digest that a reference names now; None where the registry says there is none.

        Asks by HEAD, which Docker Hub does not count as a pull; where the answer lacks a digest or
        is of a kind that may have been converted, the manifest is read and hashed. Raises
        CannotTell for every answer that is neither (401, 403, 429, 5xx, a 404 that does not say
        that the manifest is unknown).
        """
        answer = self._ask("HEAD", reference, self._manifest_url(reference))
        kind = _media_type(answer)
        if answer.status == 200 and kind in _KNOWN:
            digest = _digest(answer.headers.get("docker-content-digest", ""))
            if digest and reference.digest in {None, digest}:
                return digest
        elif answer.status not in {200, 404, 405}:
            raise _cannot(answer, reference)
        found = self.manifest(reference)
        return found.digest if found else None

    def manifest(self, reference: Reference) -> Found | None:
        """Return the manifest or index that a reference names; None where there is none.

        The bytes are hashed: they must have the digest that was asked for, and the one that the
        registry claims.
        """
        answer = self._ask("GET", reference, self._manifest_url(reference), MANIFEST_LIMIT)
        if answer.status == 404:
            _check_absent(answer, reference)
            return None
        if answer.status != 200:
            raise _cannot(answer, reference)
        kind = _media_type(answer)
        if kind in media.SCHEMA1:
            raise unreadable("the registry converts it to schema 1", str(reference))
        claimed = _digest(answer.headers.get("docker-content-digest", ""))
        for digest in (reference.digest, claimed):
            if digest and not digest.matches(answer.body):
                raise unreadable(
                    f"{reference.registry} answers with other bytes than {digest}", str(reference)
                )
        digest = reference.digest or claimed or sha256(answer.body)
        return Found(data=answer.body, media_type=kind if kind in _KNOWN else "", digest=digest)

    def image(self, reference: Reference) -> Image:
        """Return the image that a reference names, taken apart; CannotTell where there is none."""
        found = self.manifest(reference)
        if found is None:
            raise CannotTell(
                f"{reference} is not in the registry",
                remedy="push the image first, or check the name",
            )
        return assemble(
            found.data,
            media_type=found.media_type,
            digest=found.digest,
            fetch=lambda descriptor: self.blob(reference, descriptor),
            where=str(reference),
        )

    def blob(self, reference: Reference, descriptor: Descriptor) -> bytes:
        """Return a config or manifest blob of a repository, its size and digest checked."""
        is_manifest = descriptor.media_type in _KNOWN
        if is_manifest:
            url = self._manifest_url(pin(reference, descriptor.parsed))
        else:
            url = f"{_base(reference)}/blobs/{descriptor.digest}"
        limit = MANIFEST_LIMIT if is_manifest else CONFIG_LIMIT
        answer = self._ask("GET", reference, url, limit)
        if answer.status != 200:
            raise _cannot(answer, reference, f" for {descriptor.digest}")
        return checked(answer.body, descriptor, where=str(reference))

    def _manifest_url(self, reference: Reference) -> str:
        if not reference.digest and not reference.tag:
            raise CannotTell(
                f"{reference} names neither a tag nor a digest", remedy="give one of them"
            )
        return f"{_base(reference)}/manifests/{reference.digest or reference.tag}"

    def _ask(self, method: str, reference: Reference, url: str, limit: int = 65536) -> Response:
        """Send a request, answer a challenge once, follow redirects without the login."""
        header = self._authorizer.known(reference)
        answer = self._follow(method, reference, url, header, limit)
        if answer.status != 401:
            return answer
        challenge = answer.headers.get("www-authenticate", "")
        header = self._authorizer.answer(reference, challenge, header)
        return answer if header is None else self._follow(method, reference, url, header, limit)

    def _follow(
        self, method: str, reference: Reference, url: str, header: Secret | None, limit: int
    ) -> Response:
        home = urlsplit(url)
        for _ in range(_MOST_REDIRECTS + 1):
            here = urlsplit(url)
            headers: dict[str, str | Secret] = {"Accept": media.ACCEPT}
            if header and (here.scheme, here.netloc) == (home.scheme, home.netloc):
                headers["Authorization"] = header
            answer = self._world.http.request(method, url, headers=headers, limit=limit)
            if answer.status not in _REDIRECTS:
                return answer
            url = _next(url, answer.headers.get("location", ""), reference)
        raise CannotTell(
            f"{reference.registry} redirects without end", remedy="check the registry's address"
        )


def _base(reference: Reference) -> str:
    host = "registry-1.docker.io" if reference.registry == DOCKER_HUB else reference.registry
    scheme = "http" if is_loopback(reference.registry) else "https"
    return f"{scheme}://{host}/v2/{reference.repository}"


def _next(url: str, location: str, reference: Reference) -> str:
    try:
        target = urljoin(url, location) if location else ""
    except ValueError:
        target = ""
    if not may_lead_to(reference.registry, target):
        shown = location.partition("?")[0].rpartition("@")[2]  # what is left out may be secret
        raise CannotTell(
            f"{reference.registry} redirects to {shown[:200]!r}, which is no https address",
            remedy="check the registry's address",
        )
    return target


def _media_type(answer: Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip()


def _digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text)
    except CdkitError:
        return None


def _check_absent(answer: Response, reference: Reference) -> None:
    """Return where a 404 says that there is no such manifest; CannotTell for any other 404.

    Distribution answers 404 "OCI index found, but accept header does not support OCI indexes" for
    a tag that exists, a proxy answers 404 for anything: neither means that the tag is free.
    """
    errors = _errors(answer)
    if errors and all(error.code in _ABSENT for error in errors):
        said = " ".join(error.message or "" for error in errors).lower()
        if "accept header" not in said:
            return
    raise CannotTell(
        f"{reference.registry} answers 404 for {reference}, and does not say that it is unknown",
        remedy="check the registry's address, and any proxy before it",
    )


def _errors(answer: Response) -> tuple[_Error, ...]:
    try:
        return msgspec.json.decode(answer.body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


_MEANING = {
    401: ("wants a login", "log in to the registry: docker login {registry}"),
    403: ("does not allow it", "use an account that may read the repository"),
    429: ("has had too many requests", "wait, or log in: accounts have higher limits"),
}

_FOR_ALL = frozenset({429, 502, 503, 504})
"""Answers that speak of the whole registry; the door has tried again before it gave them."""


def _cannot(answer: Response, reference: Reference, what: str = "") -> CannotTell:
    meaning, remedy = _MEANING.get(
        answer.status, ("cannot answer", "try again; ask the registry's operator if it stays so")
    )
    kind = NoAnswer if answer.status in _FOR_ALL else CannotTell
    return kind(
        f"{reference.registry} {meaning} ({answer.status}) for {reference}{what}",
        remedy=remedy.format(registry=reference.registry),
    )
