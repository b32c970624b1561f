"""Asking a registry what a reference names (OCI distribution-spec, "Pulling manifests")."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from msgspec import Struct

from cdkit.core.digest import Digest, sha256
from cdkit.core.errors import CannotTell, CdkitError, NoAnswer, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.image import Image, assemble
from cdkit.core.oci.manifest import (
    CONFIG_LIMIT,
    MANIFEST_LIMIT,
    Descriptor,
    checked,
    read_manifest,
    unreadable,
)
from cdkit.core.oci.mirrors import Mirrors
from cdkit.core.oci.place import Place
from cdkit.core.oci.reference import Reference, pin
from cdkit.core.oci.refusal import check_absent
from cdkit.core.oci.transport import Transport
from cdkit.core.world import MIB, Response, World

P = ParamSpec("P")
R = TypeVar("R")

_KNOWN = media.INDEXES | media.MANIFESTS
_LARGEST_WHOLE = 256 * MIB
_NO_HEAD = frozenset({404, 405, 501})
"""Answers to HEAD after which GET is asked: one has no body to say why, the others know no HEAD."""


class Found(Struct, frozen=True, kw_only=True):
    """A manifest as a registry holds it; the digest is computed from the bytes."""

    data: bytes
    media_type: str
    digest: Digest


def _redacted(
    method: Callable[Concatenate["Registry", P], R],
) -> Callable[Concatenate["Registry", P], R]:
    """Take our own logins out of what goes wrong: a registry may echo them."""

    @wraps(method)
    def redacted(self: "Registry", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except CdkitError as fault:
            raise self._transport.authorizer.redacted(fault)  # noqa: B904 - the same one

    return redacted


class Registry:
    """A registry client that reads. Threads may share it.

    Plain HTTP is spoken on loopback, and where registries.conf calls a registry insecure. With
    `mirrored` the mirrors that are configured there are asked first, and the registry itself where
    none of them has an answer; without, the registry alone, since a mirror's tag may be stale.
    A mirror that once gave no answer, or wanted to be waited for, is asked after the registry from
    then on. With `give_up` a registry that once gave no answer is not asked again; `timeout` is in
    seconds, for each request with all its tries.
    """

    def __init__(
        self,
        world: World,
        *,
        mirrored: bool = False,
        give_up: bool = False,
        timeout: float = 30,
    ) -> None:
        self._mirrored = mirrored
        self._mirrors = Mirrors(world)
        self._transport = Transport(world, give_up=give_up, timeout=timeout)
        self._late: set[str] = set()

    def hasty(self, world: World, timeout: float) -> "Registry":
        """Return one with less patience; what either learns of mirrors goes for both."""
        other = Registry(world, mirrored=self._mirrored, timeout=timeout)
        other._late = self._late
        return other

    @_redacted
    def digest_of(self, reference: Reference, *, proof: bool = False) -> Digest | None:
        """Return the digest that a reference names now; None where the registry says there is none.

        Asks by HEAD, which Docker Hub does not count as a pull; where the answer lacks a digest or
        is of a kind that may have been converted, the manifest is read and hashed. With `proof` it
        always is, and must have the digest that HEAD claimed. Raises CannotTell for every answer
        that is neither (401, 403, 429, 5xx, a 404 that does not say that the manifest is unknown).
        """
        return self._first(reference, lambda place: self._digest_at(place, proof=proof))

    @_redacted
    def manifest(self, reference: Reference) -> Found | None:
        """Return the manifest or index that a reference names; None where there is none.

        The bytes are hashed: they must have the digest that was asked for, and the one that the
        registry claims. Raises Unreadable where they are no manifest at all, such as a web page.
        """
        return self._first(reference, self._manifest_at)

    @_redacted
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

    @_redacted
    def blob(self, reference: Reference, descriptor: Descriptor) -> bytes:
        """Return a config or manifest blob of a repository, its size and digest checked."""
        named = pin(reference, descriptor.parsed)
        found = self._first(named, lambda place: self._blob_at(place, descriptor))
        if found is None:
            raise CannotTell(
                f"{reference.registry} does not hold {descriptor.digest}, a part of {reference}",
                remedy="push the image again",
            )
        return found

    @_redacted
    def piece(self, reference: Reference, descriptor: Descriptor, start: int, size: int) -> bytes:
        """Return a piece of a blob, for one that is too large to be held whole.

        Nothing is checked: whoever puts the pieces together hashes them. Where the registry knows
        no ranges it gives the whole blob, up to 256 MiB (distribution-spec, "Pulling blobs").
        """
        named = pin(reference, descriptor.parsed)
        found = self._first(named, lambda place: self._piece_at(place, descriptor, start, size))
        if found is None:
            raise CannotTell(
                f"{reference.registry} does not hold {descriptor.digest}, a part of {reference}",
                remedy="push it again",
            )
        return found

    def _piece_at(
        self, place: Place, descriptor: Descriptor, start: int, size: int
    ) -> bytes | None:
        url = f"{place.base}/blobs/{descriptor.digest}"
        part = f"bytes={start}-{start + size - 1}"
        answer = self._transport.ask("GET", place, url, max(size, _LARGEST_WHOLE), part)
        if answer.status == 404:
            return None
        is_whole = answer.status == 200 and len(answer.body) == descriptor.size
        if is_whole:
            return answer.body[start:]
        if answer.status == 206 and len(answer.body) == size:
            return answer.body
        if answer.status in {200, 206}:
            raise unreadable(
                f"{place.reference.registry} answers with {len(answer.body)} bytes of "
                f"{descriptor.digest}, not with {size}",
                str(place.reference),
            )
        raise self._transport.refusal(answer, place)

    def _first(self, reference: Reference, ask: Callable[[Place], R | None]) -> R | None:
        """Return what the first place answers that has an answer; the last one's stands."""
        *mirrors, origin = self._mirrors.places(reference, mirrored=self._mirrored)
        late = [place for place in mirrors if place.reference.registry in self._late]
        for place in mirrors:
            found = self._mirrored_at(place, reference, ask) if place not in late else None
            if found is not None:
                return found
        moved, named = origin.reference.registry, reference.registry
        if moved != named:
            say = self._transport.authorizer.say_once
            say(f"{moved} is asked for {named}, as registries.conf has it")
        try:
            return ask(origin)
        except CannotTell:
            for place in late:
                found = self._mirrored_at(place, reference, ask)
                if found is not None:
                    return found
            raise

    def _mirrored_at(
        self, place: Place, reference: Reference, ask: Callable[[Place], R | None]
    ) -> R | None:
        """Return what a mirror answers; None where it has no answer."""
        say, mirror = self._transport.authorizer.say_once, place.reference.registry
        try:
            found = ask(place)
        except CannotTell as fault:
            if isinstance(fault, NoAnswer):
                self._late.add(mirror)
            say(f"{mirror}, a mirror of {reference.registry}, has no answer: {fault.what}")
            return None
        if found is not None:
            say(f"{mirror} answers for {reference.registry}, whose mirror it is")
        return found

    def _digest_at(self, place: Place, *, proof: bool) -> Digest | None:
        claimed = self._claimed_at(place)
        if claimed and not proof:
            return claimed
        found = self._manifest_at(place)
        if claimed and (found is None or found.digest != claimed):
            raise unreadable(
                f"{place.reference.registry} answers HEAD with {claimed}, and GET with "
                f"{found.digest if found else 'nothing'}: it lies, or the tag moved just now",
                str(place.reference),
            )
        return found.digest if found else None

    def _claimed_at(self, place: Place) -> Digest | None:
        """Return the digest that HEAD gives; None where GET has to be asked."""
        answer = self._transport.ask("HEAD", place, place.manifest)
        if answer.status == 200:
            digest = _digest(answer)
            is_what_was_asked = place.reference.digest in {None, digest}
            return digest if _media_type(answer) in _KNOWN and is_what_was_asked else None
        if answer.status not in _NO_HEAD:
            raise self._transport.refusal(answer, place)
        return None

    def _manifest_at(self, place: Place) -> Found | None:
        reference = place.reference
        answer = self._transport.ask("GET", place, place.manifest, MANIFEST_LIMIT)
        if answer.status == 404:
            check_absent(answer, reference)
            return None
        if answer.status != 200:
            raise self._transport.refusal(answer, place)
        kind = _media_type(answer)
        if kind == "text/html":
            raise Unreadable(
                f"{reference.registry} answers with a web page, and no manifest",
                where=str(reference),
                remedy="check the registry's address, and whether a proxy or a login page stands "
                "before it",
            )
        if kind in media.SCHEMA1:
            raise unreadable("the registry converts it to schema 1", str(reference))
        claimed = _digest(answer)
        for digest in (reference.digest, claimed):
            if digest and not digest.matches(answer.body):
                raise unreadable(
                    f"{reference.registry} answers with other bytes than {digest}", str(reference)
                )
        kind = kind if kind in _KNOWN else ""
        read_manifest(answer.body, media_type=kind, where=str(reference))
        digest = reference.digest or claimed or sha256(answer.body)
        return Found(data=answer.body, media_type=kind, digest=digest)

    def _blob_at(self, place: Place, descriptor: Descriptor) -> bytes | None:
        is_manifest = descriptor.media_type in _KNOWN
        url = place.manifest if is_manifest else f"{place.base}/blobs/{descriptor.digest}"
        limit = MANIFEST_LIMIT if is_manifest else CONFIG_LIMIT
        answer = self._transport.ask("GET", place, url, limit)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._transport.refusal(answer, place)
        return checked(answer.body, descriptor, where=str(place.reference))


def _media_type(answer: Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip()


def _digest(answer: Response) -> Digest | None:
    try:
        return Digest.parse(answer.headers.get("docker-content-digest", ""))
    except CdkitError:
        return None
