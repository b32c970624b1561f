"""Finding every file that names images, and every reference in it."""

import functools
import posixpath
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import CannotTell, Missing, RequestError, TooLarge, Unreadable
from cdkit.core.finding import Location
from cdkit.core.plugins import collect
from cdkit.core.world import MIB, Files, Git, Hands, OwnHands
from cdkit.image.pins import files as formats
from cdkit.image.pins import templated
from cdkit.image.pins.document import ALONE, Around, Document, Fields, Source, read_source
from cdkit.image.pins.tree import compose
from cdkit.image.pins.use import FileFormat, Use

LARGEST = 16 * MIB
"""Bytes of a file that is read whole; a larger one is only searched for the formats' needles."""

_CHUNK = 4 * MIB
_MOST_BESIDE = 500
_SPELT = re.compile(
    rb"\\(?:x|u00|U000000)(?:2[d-f]|3a|[46][1-9a-f]|[57][0-9a])|\"[^\"\n]*\\\r?\n", re.IGNORECASE
)
"""An escape (YAML 1.2, section 5.7) for a character that a needle has, or a line end in quotes."""

_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_NEVER = frozenset({"node_modules", ".venv", "venv", ".tox", ".terraform", ".cdkit", "__pycache__"})


_Beside = Callable[[str, str], Mapping[str, str]]
"""Gives the texts of the files that match a pattern in a folder."""


class FileUses(Struct, frozen=True, kw_only=True):
    """A file that names images: its formats, and its references in the order of the text."""

    source: Source
    formats: tuple[str, ...]
    uses: tuple[Use, ...]
    around: Around


class Search(Struct, frozen=True, kw_only=True):
    """What was found: the files with references, how many were looked at, what cannot be read."""

    files: tuple[FileUses, ...]
    looked_at: int
    unread: tuple[CannotTell, ...]


@functools.cache
def all_formats() -> Mapping[str, FileFormat]:
    """Return every format, by name."""
    return {one.name: one for one in collect(formats, "FORMAT", FileFormat).values()}


def paths_of(asked: Sequence[str], files: Files, git: Git) -> tuple[str, ...]:
    """Return the files to look at: those asked for, and all below the folders asked for.

    In a git checkout a folder's files are those that git does not ignore. Links are never
    followed: what they lead to is a file of its own, or none of this tree. A file that is asked for
    in two spellings (`a`, `./a`) is one. Raises RequestError for a link, or nothing, that was asked
    for by name, and CannotTell for a folder that cannot be listed.
    """
    found: dict[str, None] = {}
    here = files.absolute(".")
    for given in asked or (".",):
        path = _short(given, here)
        if files.is_link(path):
            raise RequestError("is a link", where=path, remedy="name what it leads to")
        if files.is_file(path):
            found[path] = None
        elif files.is_dir(path):
            found |= dict.fromkeys(_below(path, files, git))
        else:
            raise RequestError("there is no such file", where=path, remedy="check the path")
    return tuple(found)


def is_known(path: str) -> bool:
    """Whether a format reads files of such a name."""
    return _candidate().search(path) is not None


def _short(path: str, here: str) -> str:
    """Return a path as git would say it: without `./`, and from here where it is below."""
    plain = PurePosixPath(path)
    return (plain.relative_to(here) if plain.is_relative_to(here) else plain).as_posix()


def _below(folder: str, files: Files, git: Git) -> Iterator[str]:
    candidate = _candidate()
    for path in _listed(folder, files, git):
        inside = path.removeprefix(f"{folder}/").split("/")[:-1]
        if candidate.search(path) and not _NEVER.intersection(inside):
            yield path


def _listed(folder: str, files: Files, git: Git) -> Iterator[str]:
    try:
        listed = git.unignored(folder)
    except CannotTell:  # no checkout
        yield from files.walk(folder)
    else:
        yield from (path for path in listed if not files.is_link(path))


def search(paths: Sequence[str], files: Files, fields: Fields) -> Search:
    """Look into files; one that cannot be read hides no other.

    `fields` are further fields that name images in Kubernetes objects: dotted paths by kind. What
    stands beside the files of a folder is read once, and is the same for all of them.
    """
    return searched(paths, dict(looking(paths, files, fields, OwnHands())))


def searched(paths: Sequence[str], looked: Mapping[int, FileUses | CannotTell]) -> Search:
    """Return what was found, in the order of the paths, from what each was found to hold."""
    ordered = [looked[number] for number in sorted(looked)]
    return Search(
        files=tuple(one for one in ordered if isinstance(one, FileUses)),
        looked_at=len(paths),
        unread=tuple(one for one in ordered if isinstance(one, CannotTell)),
    )


class _Looked(Struct, frozen=True, kw_only=True, array_like=True):
    """What was found at the path of this number, as it can pass from one process to another."""

    number: int
    source: Source | None = None
    formats: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    fault: tuple[str, Location | None, str] | None = None


def looking(
    paths: Sequence[str], files: Files, fields: Fields, hands: Hands
) -> Generator[tuple[int, FileUses | CannotTell], None, None]:
    """Yield which path names images and where, or why nobody can tell, as that is found out."""
    beside = functools.cache(functools.partial(_beside, files))

    def work(numbers: Sequence[int]) -> Iterator[_Looked]:
        for number in numbers:
            try:
                uses = look(paths[number], files, fields, beside)
            except Missing:  # deleted, and git does not know yet
                continue
            except CannotTell as fault:
                yield _Looked(number=number, fault=(fault.what, fault.where, fault.remedy))
            else:
                if uses:
                    yield _Looked(
                        number=number, source=uses.source, formats=uses.formats, uses=uses.uses
                    )

    with closing(hands.spread(work, range(len(paths)), _Looked)) as found:
        for one in found:
            yield one.number, _told(one, paths[one.number], beside, fields)


def _told(looked: _Looked, path: str, beside: _Beside, fields: Fields) -> FileUses | CannotTell:
    if looked.source is None:
        nobody = ("was not looked into", Location(path=path), "run it again")
        what, where, remedy = looked.fault or nobody
        return CannotTell(what, where=where, remedy=remedy)
    around = _around(path, beside, fields)
    return FileUses(source=looked.source, formats=looked.formats, uses=looked.uses, around=around)


def _around(path: str, beside: _Beside, fields: Fields) -> Around:
    return Around(beside=functools.partial(beside, posixpath.dirname(path)), fields=fields)


def look(path: str, files: Files, fields: Fields, beside: _Beside | None = None) -> FileUses | None:
    """Return a file's references; None where it is of no format that names images.

    Raises Unreadable where it should be of one, and cannot be read.
    """
    asked = [one for one in all_formats().values() if _pattern(one.paths).search(path)]
    if not asked:
        return None
    data = _read(path, asked, files)
    if data.startswith(_WIDE):
        raise Unreadable("is UTF-16 or UTF-32", where=path, remedy="save it as UTF-8")
    asked = _by_needles(asked, data)
    if not asked:
        return None
    beside = beside or functools.partial(_beside, files)
    return read(path, data, asked, _around(path, beside, fields))


def read(
    path: str, data: bytes, asked: Sequence[FileFormat], around: Around = ALONE
) -> FileUses | None:
    """Return the references in a file's bytes, by those of these formats that claim it."""
    source = read_source(path, data)
    claimed: dict[str, None] = {}
    uses: dict[tuple[int, str], Use] = {}
    try:
        for document, candidates in _documents(source, asked, around):
            for one in candidates:
                if one.claims(document):
                    claimed[one.name] = None
                    uses |= {use.key: use for use in one.find(document)}
    except Unreadable as fault:
        raise _placed(fault, path) from fault
    if not claimed:
        return None
    ordered = tuple(sorted(uses.values(), key=lambda use: use.start))
    return FileUses(source=source, formats=tuple(claimed), uses=ordered, around=around)


def _placed(fault: Unreadable, path: str) -> Unreadable:
    """Return a fault of a tree's with the path of its file, which a node does not know."""
    where = replace(fault.where, path=path) if fault.where else Location(path=path)
    return Unreadable(fault.what, where=where, remedy=fault.remedy)


def read_again(found: FileUses, data: bytes) -> FileUses | None:
    """Return the references in what a file would be after a change."""
    asked = [all_formats()[name] for name in found.formats]
    return read(found.source.path, data, asked, found.around)


def _documents(
    source: Source, asked: Sequence[FileFormat], around: Around
) -> Iterator[tuple[Document, list[FileFormat]]]:
    """Yield the documents of a file, each with the formats that could claim it."""
    texts = [one for one in asked if one.syntax == "text"]
    trees = [one for one in asked if one.syntax == "tree"]
    if texts:
        yield Document(source=source, around=around), texts
    if not trees:
        return
    try:
        roots = compose(source)
    except Unreadable:
        document = Document(source=source, templated=True, around=around)
        if not templated.is_templated(source.text):
            raise
        if not any(one.claims(document) for one in trees) and any(
            _pattern(one.certain).search(source.path) for one in trees if one.certain
        ):
            raise
        yield document, trees
        return
    for root in roots:
        yield Document(source=source, root=root, around=around), trees


def _read(path: str, asked: Sequence[FileFormat], files: Files) -> bytes:
    """Return a file whole, or nothing where it is larger than we read and names no image."""
    try:
        return files.read(path, limit=LARGEST)
    except TooLarge:
        return _search_large(path, asked, files)


def _search_large(path: str, asked: Sequence[FileFormat], files: Files) -> bytes:
    missing = {needle for one in asked for needle in (*one.needles, *one.any_of)}
    kept = b""
    with files.open(path) as stream:
        while missing and (chunk := stream.read(_CHUNK)):
            here = kept + chunk
            is_spelt = _is_spelt(here)
            missing = {needle for needle in missing if not is_spelt and needle not in here}
            kept = chunk[-64:]
    if any(_may_name(one, lambda needle: needle not in missing) for one in asked):
        raise Unreadable(
            f"is larger than {LARGEST // MIB} MiB, and may name images",
            where=path,
            remedy="split it, or except it, with a reason",
        )
    return b""


def _by_needles(asked: Sequence[FileFormat], data: bytes) -> list[FileFormat]:
    """Return the formats whose needles a file holds; each needle is looked for once.

    A file that spells letters as escapes, or breaks a text over lines with them, may hold any.
    """
    known: dict[bytes, bool] = {}
    is_spelt = _is_spelt(data)

    def holds(needle: bytes) -> bool:
        if needle not in known:
            known[needle] = is_spelt or needle in data
        return known[needle]

    return [one for one in asked if _may_name(one, holds)]


def _is_spelt(data: bytes) -> bool:
    return b"\\" in data and _SPELT.search(data) is not None


def _may_name(one: FileFormat, holds: Callable[[bytes], bool]) -> bool:
    """Whether a file may name images in a format, by the bytes that it holds."""
    return all(map(holds, one.needles)) and (not one.any_of or any(map(holds, one.any_of)))


def _beside(files: Files, folder: str, pattern: str) -> Mapping[str, str]:
    """Return the texts of the files that match a pattern in a folder."""
    found = {}
    for name in files.glob(posixpath.join(escape_pattern(folder), pattern))[:_MOST_BESIDE]:
        if not files.is_link(name):
            found[name] = files.read(name, limit=LARGEST).decode("utf-8", "replace")
    return found


def escape_pattern(path: str) -> str:
    """Return a path as a shell pattern that matches it alone."""
    return re.sub(r"([*?[])", r"[\1]", path)


@functools.cache
def _pattern(paths: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(paths)})$")


@functools.cache
def _candidate() -> re.Pattern[str]:
    """What the path of any format's file looks like."""
    return re.compile("|".join(_pattern(one.paths).pattern for one in all_formats().values()))
