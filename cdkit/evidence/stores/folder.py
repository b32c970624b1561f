"""A folder of facts: the store of a laptop, and of a CI job that uploads what it leaves.

The layout, below the folder that `records` names (all names are content, so writers never meet):

    subjects/<algorithm>/<encoded>/<sha256>.json    a statement about the subject with this digest
    environments/<name>/<sha256>.json               a deployment statement, by its environment

`<sha256>` is the SHA-256 of the file's own bytes, in hexadecimal. A statement about several
digests (an image and a source tree; a commit and its tree) stands once under each, so that it is
found by any of them with one folder listing. Files are written aside and put in place whole, and
never change. An environment's name is percent-encoded outside a-z, 0-9, `-` and `_`, so that it
cannot leave the folder and differs on file systems that ignore case; one that would be too long,
or that Windows reserves, becomes `%%` and the SHA-256 of the name.

Whatever else is found in such a folder (a changed file, a half-written one, a foreign one) is
told as unreadable: it may be a fact that says no.
"""

import re
from collections.abc import Iterable

import msgspec

from cdkit.core.digest import sha256
from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact, fact_of, read_fact
from cdkit.core.documents.kinds import Deployment
from cdkit.core.documents.statement import Statement, encode_statement
from cdkit.core.errors import CdkitError, Missing, RequestError, Unreadable, Unwritable
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import Files
from cdkit.evidence.store import StoreKind

_NAME = re.compile(r"([0-9a-f]{64})\.json", re.ASCII)
_ALGORITHM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,31}", re.ASCII)
_ENCODED = re.compile(r"[A-Za-z0-9=_-]{1,160}", re.ASCII)
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST = 100
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.ASCII)


class FolderStore:
    """The facts in a folder."""

    def __init__(self, records: str, files: Files) -> None:
        self._records = records.rstrip("/") or records
        self._files = files

    def put(self, statement: Statement) -> str:
        """Write the statement under each digest that it is about; return the first place."""
        data = encode_statement(statement)
        places = self._places(statement, data)
        for place in places:
            self._write(place, data)
        return places[0]

    def place(self, statement: Statement) -> str:
        """Return the first place that `put` writes this statement to."""
        return self._places(statement, encode_statement(statement))[0]

    def about(self, keys: frozenset[str]) -> Collected:
        """Read what stands under these digests."""
        found = Collected()
        for key in sorted(keys):
            folder = self._subject(key)
            if folder is not None:
                found = found.joined(self._read(folder, key=key))
        return found

    def environment(self, name: str) -> Collected:
        """Read what stands under this environment, oldest first."""
        return _by_time(self._read(self._environment(name), environment=_file_name(name)))

    def deployments(self) -> Collected:
        """Read what stands under every environment, oldest first."""
        folder = f"{self._records}/environments"
        unreadable: list[Reason] = []
        found = Collected()
        for name in self._names(folder, unreadable):
            found = found.joined(self._read(f"{folder}/{name}", environment=name))
        return _by_time(found.joined(Collected(unreadable=tuple(unreadable))))

    def _places(self, statement: Statement, data: bytes) -> tuple[str, ...]:
        """Name every file of a statement, that of an image digest before that of a source."""
        fact = fact_of(statement, digest=str(sha256(data)), where="this statement")
        folders = [self._subject(key) for key in sorted(fact.keys, key=_images_first)]
        if isinstance(fact.document, Deployment):
            folders.append(self._environment(fact.document.environment))
        name = f"{sha256(data).encoded}.json"
        places = tuple(f"{folder}/{name}" for folder in folders if folder is not None)
        if None in folders or not places:
            raise Unwritable(
                f"a subject's digest cannot be filed: {', '.join(sorted(fact.keys))[:200]}",
                where=self._records,
                remedy="name the subject by a digest such as sha256:<64 hexadecimal digits>",
            )
        return places

    def _write(self, place: str, data: bytes) -> None:
        self._files.write(place, data, fresh=True)
        if self._files.read(place, limit=len(data) + 1) != data:
            raise Unwritable(
                "holds something else than the fact that its name promises",
                where=place,
                remedy="find out who changed it, remove the file, and run this step again",
            )

    def _read(self, folder: str, *, key: str = "", environment: str = "") -> Collected:
        facts: dict[str, Fact] = {}
        unreadable: list[Reason] = []
        for name in self._names(folder, unreadable):
            place = f"{folder}/{name}"
            try:
                fact = self._fact(place, name)
                _check_place(fact, key=key, environment=environment)
            except CdkitError as fault:
                unreadable.append(_reason(fault, place))
            else:
                facts[fact.digest] = fact
        return Collected(facts=tuple(facts.values()), unreadable=tuple(unreadable))

    def _names(self, folder: str, unreadable: list[Reason]) -> Iterable[str]:
        try:
            return self._files.names(folder)
        except Missing:
            return ()
        except CdkitError as fault:
            unreadable.append(_reason(fault, folder))
            return ()

    def _fact(self, place: str, name: str) -> Fact:
        named = _NAME.fullmatch(name)
        if named is None:
            raise Unreadable("is not a record", where=place, remedy=_REMEDY)
        data = self._files.read(place)
        if sha256(data).encoded != named[1]:
            raise Unreadable(
                "does not hold what its name promises: it was changed or cut off",
                where=place,
                remedy=_REMEDY,
            )
        return read_fact(data, where=place)

    def _subject(self, key: str) -> str | None:
        """Name the folder of a digest; None where the digest is none that a path can carry."""
        algorithm, _, encoded = key.partition(":")
        if not _ALGORITHM.fullmatch(algorithm) or not _ENCODED.fullmatch(encoded):
            return None
        return f"{self._records}/subjects/{algorithm}/{encoded}"

    def _environment(self, name: str) -> str:
        if not name:
            raise RequestError(
                "an environment has no name", where="environment", remedy="give it a name"
            )
        return f"{self._records}/environments/{_file_name(name)}"


_REMEDY = (
    "if no other step is writing right now, remove the file and run the step that left it again"
)


def _images_first(key: str) -> tuple[bool, str]:
    return (key.startswith("git"), key)


def _by_time(found: Collected) -> Collected:
    return Collected(facts=tuple(sorted(found.facts, key=_recorded)), unreadable=found.unreadable)


def _recorded(fact: Fact) -> tuple[str, str]:
    return (fact.document.origin.recorded_at, fact.digest)


def _file_name(name: str) -> str:
    """Turn any name into one file name: no two names into the same, whatever the file system."""
    data = name.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in data)
    if len(quoted) > _LONGEST or _RESERVED.fullmatch(quoted):
        return f"%%{sha256(data).encoded}"
    return quoted


def _check_place(fact: Fact, *, key: str, environment: str) -> None:
    """Refuse a fact that was moved to where it does not belong; `environment` is a file's name."""
    document = fact.document
    if environment:
        belongs = (
            isinstance(document, Deployment) and _file_name(document.environment) == environment
        )
    else:
        belongs = key in fact.keys
    if not belongs:
        raise Unreadable(
            f"is filed under {environment or key}, which it does not speak of",
            where=fact.where,
            remedy=_REMEDY,
        )


def _reason(fault: CdkitError, place: str) -> Reason:
    reason = fault.reason()
    if reason.where is None:
        reason = msgspec.structs.replace(reason, where=Location(path=place))
    return cannot_tell(
        f"a record {reason.what}", where=reason.where, remedy=reason.remedy or _REMEDY
    )


STORE = StoreKind(name="folder", claims=lambda records: "://" not in records, open=FolderStore)
