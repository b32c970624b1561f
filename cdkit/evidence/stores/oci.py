"""An OCI registry: facts stand in a repository as artifacts, beside the image that they are about.

Each is one manifest with one layer, the record's bytes: a Sigstore bundle where it is signed, else
the bare statement. The manifest names the image as its `subject`, where that is in the same
repository, so that every registry's referrers and every tool that asks for them find it. It
stands under tags of its own (`_tags.py`) that are made of content: writers never meet, tags never
move, and listing the tags finds every fact even where a list that clients keep has lost one
(`_lists.py`). Reading joins own tags, referrers, the index that stands in for them, and `.att`.
What others are told, which is no fact (a verification summary), has tags of another kind: readers
of facts do not list them, and the lists of other tools hold both.
"""

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from cdkit.core.digest import HEX_LENGTH, Digest, sha256
from cdkit.core.documents.collected import Collected
from cdkit.core.documents.envelope import DSSE
from cdkit.core.documents.fact import Fact, is_ours, read_fact, statement_of
from cdkit.core.doors.workers import each
from cdkit.core.errors import CdkitError, NoAccess, NoStatement, NotAllowed, Unreadable, Unwritable
from cdkit.core.oci import media
from cdkit.core.oci.artifacts import Artifacts, Entry, read_artifact, read_entries
from cdkit.core.oci.reference import parse_repository
from cdkit.core.trust import Verifier
from cdkit.core.verdict import Reason
from cdkit.core.world import World
from cdkit.evidence.shelf import environment_of, named, untold
from cdkit.evidence.store import Held, Store, StoreKind, by_time
from cdkit.evidence.stores._filing import Filing, filing_of_fact, filing_of_summary
from cdkit.evidence.stores._lists import TAG, Lists
from cdkit.evidence.stores._tags import (
    ENVIRONMENTS,
    attached_prefix,
    environment_prefix,
    is_key_signed,
    promised,
    subject_prefix,
)

_SCHEME = "oci://"
_AT_ONCE = 8
_LAYERS = ("application/vnd.dev.sigstore.bundle", "application/vnd.in-toto", DSSE)
_GONE = (
    "find out what removed it: a clean-up rule of the registry must spare tags that begin with "
    "`cdkit.` and what refers to an image"
)
_WRITING = (
    "let the job write to the repository (GitHub: `permissions: {packages: write}`), or keep "
    "facts elsewhere with `records`"
)
_DONE = 201


class _Found(Struct, frozen=True, kw_only=True):
    """A place that may hold a fact: a tag of ours, a referrer's digest, or a layer of `.att`."""

    where: str
    name: str = ""
    tag: str = ""
    layer: Entry | None = None


class _Record(Struct, frozen=True, kw_only=True):
    """What a place held; `digest` is that of its manifest."""

    found: _Found
    digest: str = ""
    data: bytes = b""
    fault: CdkitError | None = None


class OciStore(Store):
    """The facts in one repository."""

    def __init__(self, records: str, world: World, verifier: Verifier | None) -> None:
        self._repository = parse_repository(records.removeprefix(_SCHEME), where="records")
        self._name = f"{_SCHEME}{self._repository.name}"
        self._artifacts = Artifacts(self._repository, world)
        self._lists = Lists(self._artifacts, world)
        self._verifier = verifier

    def keep(self, data: bytes) -> str:
        """Push the record under its own tags, and let what other tools read name it."""
        return self._keep(data, filing_of_fact(data, store=self._name))

    def place_of(self, data: bytes) -> str:
        """Return the first of the tags that `keep` gives these bytes."""
        return self._where(filing_of_fact(data, store=self._name).tags[0])

    def attach(self, data: bytes) -> str:
        """Push the statement under tags that no fact has, and name it where others look."""
        return self._keep(data, filing_of_summary(data, store=self._name))

    def _keep(self, data: bytes, filing: Filing) -> str:
        try:
            return self._kept(data, filing)
        except NoAccess as fault:
            raise NotAllowed(fault.what, where=self._name, remedy=_WRITING) from fault

    def _kept(self, data: bytes, filing: Filing) -> str:
        digest = filing.image
        image = self._artifacts.described(digest) if digest else None
        new = [tag for tag in filing.tags if not self._holds(tag, data)]
        listed = bool(new) and self._push(data, new, image, filing)
        if digest is not None and image is not None:
            if not listed and self._artifacts.referrers(digest) is None:
                self._lists.index(digest)
            if is_key_signed(filing.tags[0]):
                self._lists.attestations(digest)
        return self._where(filing.tags[0])

    def held(self, keys: frozenset[str]) -> Held:
        """Read everything about these digests, as it was pushed."""
        unreadable: list[Reason] = []
        records: dict[bytes, str] = {}
        for record in self._about(keys, unreadable):
            records.setdefault(record.data, record.found.where)
        pairs = tuple((where, data) for data, where in records.items())
        return Held(records=pairs, unreadable=tuple(unreadable))

    def attached(self, keys: frozenset[str]) -> Held:
        """Read what others are told of these digests, as it was pushed."""
        unreadable: list[Reason] = []
        prefixes = tuple(attached_prefix(key) for key in keys)
        tags = [tag for tag in self._tags(unreadable) if tag.startswith(prefixes)]
        records: dict[bytes, str] = {}
        for record in self._read([self._own(tag) for tag in tags], unreadable):
            records.setdefault(record.data, record.found.where)
        pairs = tuple((where, data) for data, where in records.items())
        return Held(records=pairs, unreadable=tuple(unreadable))

    def about(self, keys: frozenset[str]) -> Collected:
        """Read every fact about these digests."""
        unreadable: list[Reason] = []
        facts = [
            self._fact(record, lambda fact: bool(keys & fact.keys), unreadable)
            for record in self._about(keys, unreadable)
        ]
        return _collected(facts, unreadable)

    def environment(self, name: str) -> Collected:
        """Read the deployments to an environment, oldest first."""
        return self._deployments(environment_prefix(named(name)))

    def deployments(self) -> Collected:
        """Read the deployments to every environment, oldest first."""
        return self._deployments(ENVIRONMENTS)

    def _deployments(self, prefix: str) -> Collected:
        unreadable: list[Reason] = []

        def belongs(tag: str) -> Callable[[Fact], bool]:
            return lambda fact: (
                (place := environment_of(fact)) is not None
                and tag.startswith(environment_prefix(place))
            )

        tags = [tag for tag in self._tags(unreadable) if tag.startswith(prefix)]
        facts = [
            self._fact(record, belongs(record.found.tag), unreadable)
            for record in self._read([self._own(tag) for tag in tags], unreadable)
        ]
        return by_time(_collected(facts, unreadable))

    def _push(self, data: bytes, tags: list[str], image: Entry | None, filing: Filing) -> bool:
        """Push blobs and the manifest; return whether the registry lists it by its subject."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": media.OCI_MANIFEST,
            "artifactType": filing.kind,
            "config": self._artifacts.push_blob(b"{}", media.EMPTY),
            "layers": [self._artifacts.push_blob(data, filing.kind)],
            **({"subject": image} if image else {}),
            "annotations": filing.annotations,
        }
        whole = msgspec.json.encode(manifest)
        listed = True
        for tag in tags:
            pushed = self._artifacts.push_manifest(tag, whole, media.OCI_MANIFEST)
            if pushed.status != _DONE or not self._holds(tag, data):
                raise Unwritable(
                    f"the registry did not take it: {pushed.said}",
                    where=self._where(tag),
                    remedy="see why the registry takes no artifacts, or keep facts elsewhere",
                )
            listed = listed and pushed.subject
        return listed

    def _holds(self, tag: str, data: bytes) -> bool:
        """Whether a tag stands for these bytes; Unwritable where it stands for others."""
        pulled = self._artifacts.manifest(tag)
        if pulled is None:
            return False
        layers = read_artifact(pulled.data, where=self._where(tag)).layers
        if [layer.digest for layer in layers] != [str(sha256(data))]:
            raise Unwritable(
                "holds something else than the fact that its name promises",
                where=self._where(tag),
                remedy="find out who changed it, remove the tag, and run this step again",
            )
        return True

    def _about(self, keys: frozenset[str], unreadable: list[Reason]) -> Iterator[_Record]:
        """Yield what the own tags hold, then what only the lists of others name."""
        prefixes = {subject_prefix(key): key for key in keys}
        tags = self._tags(unreadable)
        own = [tag for tag in tags for prefix in prefixes if tag.startswith(prefix)]
        seen: set[str] = set()
        for record in self._read([self._own(tag) for tag in own], unreadable, seen=seen):
            yield record
        for key in sorted(keys):
            if key.startswith("sha256:") and len(key) == 7 + HEX_LENGTH["sha256"]:
                others = self._listed(Digest.parse(key), frozenset(tags), seen, unreadable)
                for record in self._read(others, unreadable, foreign=True):
                    yield record

    def _tags(self, unreadable: list[Reason]) -> tuple[str, ...]:
        try:
            return self._artifacts.tags()
        except CdkitError as fault:
            unreadable.append(untold(fault, self._name))
            return ()

    def _listed(
        self, digest: Digest, tags: frozenset[str], seen: set[str], unreadable: list[Reason]
    ) -> list[_Found]:
        """Return what referrers, their index and `.att` name that was not seen yet."""
        try:
            entries = self._artifacts.referrers(digest)
            if entries is None:
                entries = self._entries(f"sha256-{digest.encoded}", "manifests", tags)
            layers = self._entries(f"sha256-{digest.encoded}.att", "layers", tags)
        except CdkitError as fault:
            unreadable.append(untold(fault, self._name))
            return []
        found = [
            _Found(where=f"{self._name}@{entry.digest}", name=entry.digest)
            for entry in entries
            if entry.digest not in seen and entry.artifact_type.startswith(_LAYERS)
        ]
        found += [
            _Found(where=f"{self._name}@{entry.digest}", layer=entry)
            for entry in layers
            if entry.media_type == DSSE and (entry.annotations or {}).get(TAG) not in seen
        ]
        return found

    def _entries(self, name: str, part: str, tags: frozenset[str]) -> tuple[Entry, ...]:
        pulled = self._artifacts.manifest(name) if name in tags else None
        if pulled is None:
            return ()
        return tuple(entry for entry, _ in read_entries(pulled.data, part, where=self._where(name)))

    def _read(
        self,
        found: list[_Found],
        unreadable: list[Reason],
        *,
        foreign: bool = False,
        seen: set[str] | None = None,
    ) -> Iterator[_Record]:
        """Yield what can be read, in the order of its places, and note what cannot, and what was.

        What is `foreign` may be no fact of ours, and then is passed over.
        """
        records = {one.where: record for one, record in each(self._pull, found, at_once=_AT_ONCE)}
        if seen is not None:
            seen |= {name for one in records.values() for name in (one.digest, one.found.tag)}
        for record in (records[where] for where in sorted(records)):
            try:
                if record.fault:
                    raise record.fault
                statement, _, _ = statement_of(record.data, where=record.found.where)
                if not foreign or is_ours(statement.predicate_type):
                    yield record
            except NoStatement as fault:
                if not foreign:
                    unreadable.append(untold(fault, record.found.where))
            except CdkitError as fault:
                unreadable.append(untold(fault, record.found.where))

    def _pull(self, found: _Found) -> _Record:
        """Pull what stands in a place, or say why it cannot be."""
        digest = ""
        try:
            if found.layer:
                return _Record(found=found, data=self._artifacts.blob(found.layer))
            pulled = self._artifacts.manifest(found.name)
            if pulled is None:
                raise Unreadable("is listed, and is gone", where=found.where, remedy=_GONE)
            digest = str(pulled.digest)
            return _Record(found=found, digest=digest, data=self._layer(found, pulled.data))
        except CdkitError as fault:
            return _Record(found=found, digest=digest, fault=fault)

    def _layer(self, found: _Found, manifest: bytes) -> bytes:
        """Return the one layer of a manifest, which a tag of ours must promise."""
        layers = read_artifact(manifest, where=found.where).layers
        if len(layers) != 1 or not layers[0].media_type.startswith(_LAYERS):
            raise NoStatement("holds no record", where=found.where, remedy=_GONE)
        data = self._artifacts.blob(layers[0])
        if found.tag and not sha256(data).encoded.startswith(promised(found.tag) or "-"):
            raise Unreadable(
                "does not hold what its name promises: it was changed",
                where=found.where,
                remedy="find out who moved the tag, remove it, and run the step that left it again",
            )
        return data

    def _fact(
        self, record: _Record, belongs: Callable[[Fact], bool], unreadable: list[Reason]
    ) -> Fact | None:
        where = record.found.where
        try:
            fact = read_fact(record.data, where=where, verifier=self._verifier)
            if not belongs(fact):
                raise Unreadable(
                    "is filed under what it does not speak of", where=where, remedy=_GONE
                )
        except CdkitError as fault:
            unreadable.append(untold(fault, where))
            return None
        return fact

    def _own(self, tag: str) -> _Found:
        return _Found(where=self._where(tag), name=tag, tag=tag)

    def _where(self, tag: str) -> str:
        return f"{self._name}:{tag}"


def _collected(facts: list[Fact | None], unreadable: list[Reason]) -> Collected:
    found = tuple(fact for fact in facts if fact is not None)
    return Collected().joined(Collected(facts=found, unreadable=tuple(unreadable)))


def _open(records: str, world: World, verifier: Verifier | None) -> Store:
    return OciStore(records, world, verifier)


STORE = StoreKind(name="oci", open=_open)
