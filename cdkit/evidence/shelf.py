"""The layout of facts as files: what a folder and an object store have in common.

Below the place that `records` names (all names are content, so writers never meet):

    subjects/<algorithm>/<encoded>/<sha256>.json    a statement about the subject with this digest
    environments/<name>/<sha256>.json               a deployment statement, by its environment; and
                                                    a decision by which a gate to it was forced
    attached/<algorithm>/<encoded>/<sha256>.json    no fact: what others are told of a subject

`<sha256>` is the SHA-256 of the file's own bytes, in hexadecimal: a bare statement's, or those of
the Sigstore bundle or DSSE envelope around one that was signed. A statement about several
digests (an image and a source tree; a commit and its tree) stands once under each, so that it is
found by any of them with one listing. Files are put in place whole, and never change. An
environment's name is percent-encoded outside a-z, 0-9, `-` and `_`, so that it cannot leave its
folder and differs on file systems that ignore case; one that would be too long, or that Windows
reserves, becomes `%%` and the SHA-256 of the name.

Whatever else is found there (a changed file, a half-written one, a foreign one) is told as
unreadable: it may be a fact that says no.
"""

import re
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from cdkit.core.digest import sha256
from cdkit.core.documents.collected import Collected
from cdkit.core.documents.envelope import Envelope
from cdkit.core.documents.fact import Fact, fact_of, is_ours, read_facts, statement_of
from cdkit.core.documents.kinds import Decision, Deployment
from cdkit.core.documents.statement import Statement
from cdkit.core.errors import CdkitError, Missing, RequestError, Unreadable, Unwritable
from cdkit.core.finding import Location
from cdkit.core.trust import Verifier
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.evidence.store import Held, Store, by_time

_NAME = re.compile(r"([0-9a-f]{64})\.json", re.ASCII)
_ALGORITHM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,31}", re.ASCII)
_ENCODED = re.compile(r"[A-Za-z0-9=_-]{1,160}", re.ASCII)
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST = 100
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.ASCII)

REMEDY = (
    "if no other step is writing right now, remove the file and run the step that left it again"
)


class Shelf(Protocol):
    """Files by path, `/` between names, each written once and whole."""

    def write(self, path: str, data: bytes) -> None:
        """Put a file in place; where there is one already it stays. Raises Unwritable."""

    def read(self, path: str) -> bytes:
        """Return a file; Missing where there is none."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Return what stands in a folder, sorted; Missing where there is no such folder."""

    def each(self, paths: list[str]) -> Iterator[tuple[str, bytes | CdkitError]]:
        """Yield every file with its bytes, or with why it cannot be read, in any order."""


class ShelfStore(Store):
    """The facts on a shelf."""

    def __init__(self, root: str, shelf: Shelf, verifier: Verifier | None) -> None:
        self._root = root.rstrip("/") or root
        self._shelf = shelf
        self._verifier = verifier

    def keep(self, data: bytes) -> str:
        """Write the bytes under each digest that they are about; return the first place."""
        places = self._places(data)
        for place in places:
            self._write(place, data)
        return places[0]

    def place_of(self, data: bytes) -> str:
        """Return the first place that `keep` writes these bytes to."""
        return self._places(data)[0]

    def attach(self, data: bytes) -> str:
        """Write the statement under each digest that it is about, apart from facts."""
        statement, _ = summary_of(data)
        keys = frozenset().union(*(subject.keys() for subject in statement.subject))
        name = f"{sha256(data).encoded}.json"
        folders = [self._folder("attached", key) for key in sorted(keys, key=images_first)]
        places = [f"{folder}/{name}" for folder in folders if folder is not None]
        if len(places) < len(folders) or not places:
            raise unfiled(keys, self._root)
        for place in places:
            self._write(place, data)
        return places[0]

    def held(self, keys: frozenset[str]) -> Held:
        """Read what stands under these digests, as it stands there."""
        return self._held("subjects", keys)

    def attached(self, keys: frozenset[str]) -> Held:
        """Read what others are told of these digests, as it stands there."""
        return self._held("attached", keys)

    def _held(self, room: str, keys: frozenset[str]) -> Held:
        unreadable: list[Reason] = []
        found: dict[bytes, str] = {}
        for key in sorted(keys):
            if folder := self._folder(room, key):
                for place, data in self._files(folder, unreadable):
                    found.setdefault(data, place)
        records = tuple((place, data) for data, place in found.items())
        return Held(records=records, unreadable=tuple(unreadable))

    def about(self, keys: frozenset[str]) -> Collected:
        """Read what stands under these digests."""
        found = Collected()
        for key in sorted(keys):
            folder = self._folder("subjects", key)
            if folder is not None:
                found = found.joined(self._read(folder, key=key))
        return found

    def environment(self, name: str) -> Collected:
        """Read what stands under this environment, oldest first."""
        return by_time(self._read(self._environment(name), environment=file_name(name)))

    def deployments(self) -> Collected:
        """Read what stands under every environment, oldest first."""
        folder = f"{self._root}/environments"
        unreadable: list[Reason] = []
        found = Collected()
        for name in self._names(folder, unreadable):
            found = found.joined(self._read(f"{folder}/{name}", environment=name))
        return by_time(found.joined(Collected(unreadable=tuple(unreadable))))

    def _places(self, data: bytes) -> tuple[str, ...]:
        """Name every file of a statement, that of an image digest before that of a source."""
        statement, payload, _ = statement_of(data, where="this statement")
        fact = fact_of(statement, digest=str(sha256(payload)), where="this statement")
        folders = [self._folder("subjects", key) for key in sorted(fact.keys, key=images_first)]
        if (place := environment_of(fact)) is not None:
            folders.append(self._environment(place))
        name = f"{sha256(data).encoded}.json"
        places = tuple(f"{folder}/{name}" for folder in folders if folder is not None)
        if None in folders or not places:
            raise unfiled(fact.keys, self._root)
        return places

    def _write(self, place: str, data: bytes) -> None:
        self._shelf.write(place, data)
        if self._shelf.read(place) != data:
            raise Unwritable(
                "holds something else than the fact that its name promises",
                where=place,
                remedy="find out who changed it, remove the file, and run this step again",
            )

    def _read(self, folder: str, *, key: str = "", environment: str = "") -> Collected:
        facts: dict[str, Fact] = {}
        unreadable: list[Reason] = []
        found = Collected()
        for place, fact in read_facts(self._files(folder, unreadable), self._verifier):
            try:
                if isinstance(fact, CdkitError):
                    raise fact
                _check_place(fact, key=key, environment=environment)
            except CdkitError as fault:
                unreadable.append(untold(fault, place))
            else:
                if fact.digest in facts:
                    found = found.joined(Collected(facts=(fact,)))
                else:
                    facts[fact.digest] = fact
        read = Collected(facts=tuple(facts.values()), unreadable=tuple(unreadable))
        return read.joined(found) if found.facts else read

    def _files(self, folder: str, unreadable: list[Reason]) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a folder that are what their names promise, note the others."""
        paths = [f"{folder}/{name}" for name in self._names(folder, unreadable)]
        for place, data in self._shelf.each(paths):
            try:
                yield place, _promised(place, data)
            except CdkitError as fault:
                unreadable.append(untold(fault, place))

    def _names(self, folder: str, unreadable: list[Reason]) -> tuple[str, ...]:
        try:
            return self._shelf.names(folder)
        except Missing:
            return ()
        except CdkitError as fault:
            unreadable.append(untold(fault, folder))
            return ()

    def _folder(self, room: str, key: str) -> str | None:
        """Name the folder of a digest; None where the digest is none that a path can carry."""
        algorithm, _, encoded = key.partition(":")
        if not _ALGORITHM.fullmatch(algorithm) or not _ENCODED.fullmatch(encoded):
            return None
        return f"{self._root}/{room}/{algorithm}/{encoded}"

    def _environment(self, name: str) -> str:
        return f"{self._root}/environments/{file_name(named(name))}"


def environment_of(fact: Fact) -> str | None:
    """Return the environment that a fact is filed under too; None where it is under none.

    A deployment is; and a decision by force, so that somebody can look for those of an environment
    though nothing says what came of them.
    """
    match fact.document:
        case Deployment(environment=name):
            return name
        case Decision(incident=incident, environment=name) if incident and name:
            return name
        case _:
            return None


def named(environment: str) -> str:
    """Return an environment's name; RequestError where it has none."""
    if not environment:
        raise RequestError(
            "an environment has no name", where="environment", remedy="give it a name"
        )
    return environment


def summary_of(data: bytes) -> tuple[Statement, Envelope]:
    """Return a statement that others are told, and its envelope.

    Raises Unwritable where nobody signed it, since nobody may rely on it then, or where it is a
    fact, which has a place of its own.
    """
    statement, _, envelope = statement_of(data, where="this statement")
    if envelope is None or is_ours(statement.predicate_type):
        raise Unwritable(
            "is a fact" if envelope else "is not signed, so that nobody may rely on it",
            where="this statement",
            remedy="let the job sign (`sign: key`, `sign: keyless`), and attach what it signed",
        )
    return statement, envelope


def unfiled(keys: frozenset[str], where: str) -> Unwritable:
    """Return the error for a record whose subject no store can find again."""
    return Unwritable(
        f"a subject's digest cannot be filed: {', '.join(sorted(keys))[:200]}",
        where=where,
        remedy="name the subject by a digest such as sha256:<64 hexadecimal digits>",
    )


def images_first(key: str) -> tuple[bool, str]:
    """Sort digests of images before those of source."""
    return (key.startswith("git"), key)


def file_name(name: str) -> str:
    """Turn any name into one file name: no two names into the same, whatever the file system."""
    data = name.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in data)
    if len(quoted) > _LONGEST or _RESERVED.fullmatch(quoted):
        return f"%%{sha256(data).encoded}"
    return quoted


def untold(fault: CdkitError, place: str) -> Reason:
    """Return why a record could not be read, as a reason for "cannot tell"."""
    reason = fault.reason()
    if reason.where is None:
        reason = msgspec.structs.replace(reason, where=Location(path=place))
    said = "a record" if isinstance(fault, Unreadable) else "a record cannot be read:"
    return cannot_tell(f"{said} {reason.what}", where=reason.where, remedy=reason.remedy or REMEDY)


def quietly(read: Callable[[], bytes]) -> bytes | CdkitError:
    """Return the bytes, or why there are none."""
    try:
        return read()
    except CdkitError as fault:
        return fault


def _promised(place: str, data: bytes | CdkitError) -> bytes:
    if isinstance(data, CdkitError):
        raise data
    promised = _NAME.fullmatch(place.rpartition("/")[2])
    if promised is None:
        raise Unreadable("is not a record", where=place, remedy=REMEDY)
    if sha256(data).encoded != promised[1]:
        raise Unreadable(
            "does not hold what its name promises: it was changed or cut off",
            where=place,
            remedy=REMEDY,
        )
    return data


def _check_place(fact: Fact, *, key: str, environment: str) -> None:
    """Refuse a fact that was moved to where it does not belong; `environment` is a file's name."""
    if environment:
        place = environment_of(fact)
        belongs = place is not None and file_name(place) == environment
    else:
        belongs = key in fact.keys
    if not belongs:
        raise Unreadable(
            f"is filed under {environment or key}, which it does not speak of",
            where=fact.where,
            remedy=REMEDY,
        )
