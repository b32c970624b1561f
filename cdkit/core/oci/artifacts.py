"""What else stands in an image's repository: artifacts, listed, read and pushed.

OCI distribution-spec 1.1: "Listing Tags", "Listing Referrers", "Pushing a blob monolithically",
"Pushing Manifests with Subject".
"""

import re
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

import msgspec
from msgspec import Raw, Struct

from cdkit.core.digest import Digest, sha256
from cdkit.core.errors import CannotTell, CdkitError, NoAccess, Unreadable, Unwritable
from cdkit.core.oci import media
from cdkit.core.oci.manifest import MANIFEST_LIMIT, Descriptor, checked
from cdkit.core.oci.mirrors import Mirrors
from cdkit.core.oci.place import Place
from cdkit.core.oci.reference import Reference, is_tag
from cdkit.core.oci.refusal import check_absent
from cdkit.core.oci.transport import Cargo, Transport
from cdkit.core.world import MIB, Response, World

BLOB_LIMIT = 64 * MIB
"""What one record may hold; the largest believable scan has a tenth of it."""

T = TypeVar("T")
_LINK = re.compile(r'<([^<>]{1,4000})>\s*;[^,]*\brel="?next"?', re.ASCII)
_MOST_PAGES = 1000
_NO_REFERRERS = frozenset({400, 404, 405, 501})
"""What registries say of the referrers API that do not know it (Distribution 2.8: 404)."""


class Entry(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A descriptor in a referrers list; unknown fields of others are lost, so it is only read."""

    media_type: str
    digest: str
    size: int
    artifact_type: str = ""
    annotations: dict[str, str] | None = None


class Artifact(Struct, frozen=True, kw_only=True, rename="camel"):
    """A manifest as it is read here: of what type, its parts, what it is about."""

    media_type: str = ""
    artifact_type: str = ""
    config: Entry | None = None
    layers: tuple[Entry, ...] = ()
    annotations: dict[str, str] | None = None


class Pulled(Struct, frozen=True, kw_only=True):
    """A manifest's bytes under the digest that they have."""

    data: bytes
    digest: Digest


class Pushed(Struct, frozen=True, kw_only=True):
    """What a registry said to a manifest: `subject` that it keeps referrers itself."""

    status: int
    subject: bool
    said: str


class _Tags(Struct, frozen=True, kw_only=True):
    tags: tuple[str, ...] | None = None


class _Index(Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int
    manifests: tuple[Entry, ...] | None


class Artifacts:
    """One repository. Threads may share it; a registry that gave no answer is not asked again."""

    def __init__(self, repository: Reference, world: World, *, timeout: float = 30) -> None:
        self.repository = repository
        self._transport = Transport(world, give_up=True, timeout=timeout)
        (self._place,) = Mirrors(world).places(repository, mirrored=False)

    def tags(self) -> tuple[str, ...]:
        """Return every legal tag; none where there is no such repository yet."""
        found: list[str] = []
        for answer in self._pages(f"{self._place.base}/tags/list?n=1000"):
            if answer.status == 404:
                check_absent(answer, self.repository)
                return ()
            if answer.status != 200:
                raise self._refused(answer)
            found += _decoded(answer, _Tags, self._place).tags or ()
        return tuple(tag for tag in dict.fromkeys(found) if is_tag(tag))

    def referrers(self, digest: Digest) -> tuple[Entry, ...] | None:
        """Return what says that it is about a digest; None where the registry keeps no such list.

        Where it keeps none, clients keep one under a tag: `Artifacts.manifest` has it.
        """
        found: list[Entry] = []
        for answer in self._pages(f"{self._place.base}/referrers/{digest}"):
            if answer.status in _NO_REFERRERS:
                return None
            if answer.status != 200:
                raise self._refused(answer)
            if _kind(answer) != media.OCI_INDEX:
                return None
            found += _decoded(answer, _Index, self._place).manifests or ()
        return tuple(found)

    def manifest(self, name: str) -> Pulled | None:
        """Return the manifest under a tag or digest, hashed; None where there is none."""
        wanted = Digest.parse(name, where=str(self.repository)) if ":" in name else None
        answer = self._ask("GET", f"/manifests/{name}", MANIFEST_LIMIT)
        if answer.status == 404:
            check_absent(answer, self.repository)
            return None
        if answer.status != 200:
            raise self._refused(answer)
        if wanted and not wanted.matches(answer.body):
            raise self._lies(name)
        return Pulled(data=answer.body, digest=sha256(answer.body))

    def blob(self, entry: Entry) -> bytes:
        """Return a blob, its size and digest checked."""
        if not 0 <= entry.size <= BLOB_LIMIT:
            raise Unreadable(
                f"{entry.digest[:80]} has {entry.size} bytes; {BLOB_LIMIT} are believable",
                where=str(self.repository),
                remedy="find out who pushed it, and remove it",
            )
        Digest.parse(entry.digest, where=str(self.repository))
        answer = self._ask("GET", f"/blobs/{entry.digest}", entry.size + 1)
        if answer.status != 200:
            raise self._refused(answer)
        descriptor = Descriptor(media_type=entry.media_type, digest=entry.digest, size=entry.size)
        return checked(answer.body, descriptor, where=str(self.repository))

    def described(self, digest: Digest) -> Entry | None:
        """Return the descriptor of an image that is here; None where it is not."""
        found = self.manifest(str(digest))
        if found is None:
            return None
        said = read_artifact(found.data, where=f"{self.repository}@{digest}").media_type
        kind = said or media.OCI_MANIFEST
        return Entry(media_type=kind, digest=str(digest), size=len(found.data))

    def push_blob(self, data: bytes, kind: str) -> Entry:
        """Put a blob there, unless it is there; raises NoAccess, Unwritable."""
        digest = sha256(data)
        entry = Entry(media_type=kind, digest=str(digest), size=len(data))
        if self._ask("HEAD", f"/blobs/{digest}").status == 200:
            return entry
        begun = self._write("POST", f"{self._place.base}/blobs/uploads/", None)
        if begun.status != 202:
            raise self._unwritten(begun)
        url = _led(f"{self._place.base}/", begun.headers.get("location", ""))
        if not self._place.may_lead_to(url):
            raise Unwritable(
                "the registry names no address to push to",
                where=str(self.repository),
                remedy="check the registry's address, and any proxy before it",
            )
        joint = "&" if urlsplit(url).query else "?"
        cargo = Cargo(kind="application/octet-stream", data=data)
        done = self._write("PUT", f"{url}{joint}digest={quote(str(digest), safe='')}", cargo)
        if done.status != 201:
            raise self._unwritten(done)
        return entry

    def push_manifest(self, name: str, data: bytes, kind: str) -> Pushed:
        """Put a manifest there under a tag; the caller judges the status (201: done)."""
        url = f"{self._place.base}/manifests/{name}"
        answer = self._write("PUT", url, Cargo(kind=kind, data=data))
        return Pushed(
            status=answer.status,
            subject=bool(answer.headers.get("oci-subject")),
            said=self._refused(answer).what,
        )

    def delete(self, digest: Digest) -> bool:
        """Delete a manifest with all its tags; False where the registry does not let us.

        Many know no deletion, or allow it to few (distribution-spec, "Deleting manifests": 202,
        and 404 where there is none any more; 400 or 405 where it is disabled).
        """
        answer = self._ask("DELETE", f"/manifests/{digest}")
        return answer.status in {202, 404}

    def _pages(self, url: str) -> Iterator[Response]:
        """Yield a list's pages; the next one's address must lie on the same host."""
        home, seen = urlsplit(url), {url}
        for _ in range(_MOST_PAGES):
            answer = self._send("GET", url, 8 * MIB)
            yield answer
            link = _LINK.search(answer.headers.get("link", ""))
            if answer.status != 200 or link is None:
                return
            url = _led(url, link[1])
            if not url or urlsplit(url)[:2] != home[:2] or url in seen:
                break
            seen.add(url)
        raise Unreadable(
            "gives a list without end, or one that goes on elsewhere",
            where=str(self.repository),
            remedy="ask the registry's operator",
        )

    def _ask(self, method: str, path: str, limit: int = 65536) -> Response:
        return self._send(method, f"{self._place.base}{path}", limit)

    def _write(self, method: str, url: str, cargo: Cargo | None) -> Response:
        answer = self._send(method, url, cargo=cargo)
        if answer.status in {401, 403}:
            raise NoAccess(self._refused(answer).what, remedy="log in as somebody who may write")
        return answer

    def _send(
        self, method: str, url: str, limit: int = 65536, *, cargo: Cargo | None = None
    ) -> Response:
        try:
            return self._transport.ask(method, self._place, url, limit, cargo=cargo)
        except CdkitError as fault:
            raise self._transport.authorizer.redacted(fault)  # noqa: B904 - the same one

    def _refused(self, answer: Response) -> CannotTell:
        """Return what an answer means, without our own logins: a registry may echo them."""
        return self._transport.authorizer.redacted(self._transport.refusal(answer, self._place))

    def _unwritten(self, answer: Response) -> Unwritable:
        fault = self._refused(answer)
        return Unwritable(fault.what, where=str(self.repository), remedy=fault.remedy)

    def _lies(self, name: str) -> Unreadable:
        return Unreadable(
            f"answers with other bytes than {name}",
            where=str(self.repository),
            remedy="ask the registry's operator: its storage is damaged, or it lies",
        )


def read_artifact(data: bytes, *, where: str) -> Artifact:
    """Read a manifest; Unreadable where it is none."""
    try:
        return msgspec.json.decode(data, type=Artifact)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is no manifest: {fault}", where=where, remedy="find out who pushed it"
        ) from fault


def read_entries(data: bytes, name: str, *, where: str) -> list[tuple[Entry, Raw]]:
    """Return the descriptors under `manifests` or `layers`, each with its own bytes."""
    try:
        tree = msgspec.json.decode(data, type=dict[str, Raw])
        raws = msgspec.json.decode(tree.get(name) or b"[]", type=list[Raw] | None) or []
        return [(msgspec.json.decode(raw, type=Entry), raw) for raw in raws]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"holds no list of {name}: {fault}", where=where, remedy="find out who pushed it"
        ) from fault


def _led(url: str, location: str) -> str:
    """Return the address that one leads to; an empty string where that is none."""
    try:
        found = urljoin(url, location) if location else ""
        urlsplit(found)
    except ValueError:
        return ""
    return found


def _kind(answer: Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip()


def _decoded(answer: Response, kind: type[T], place: Place) -> T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"{place.reference.registry} answers with no list",
            where=str(place.reference),
            remedy="check the registry's address, and any proxy before it",
        ) from fault
