"""Formatted SQL: `--liquibase formatted sql`, `--changeset author:id`, `--rollback`.

Source: Liquibase documentation, "Example Changelogs: SQL Format" (the header, the attributes of a
changeset, `--rollback` as lines or as a block, `--property`, `--comment`, `--preconditions`).
"""

import re
from collections.abc import Iterator

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.migrations.lexer import blanked
from cdkit.migrations.liquibase.changeset import ChangeSet, Options, maybe_of, unsure_of

_CHANGESET = re.compile(rb"\s*-{2,}\s*changeset\b(.*)", re.IGNORECASE)
_NAMED = re.compile(
    r"""\s*(?:"([^"]+)"|'([^']+)'|([^\s:]+))\s*:\s*(?:"([^"]+)"|'([^']+)'|([^\s]+))(.*)""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([A-Za-z]\w*)\s*:\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_ROLLBACK = re.compile(rb"\s*-{2,}\s*rollback\b[ \t]?(.*)", re.IGNORECASE)
_BLOCK = re.compile(rb"\s*/\*\s*(?:liquibase\s+)?rollback\b\s*$", re.IGNORECASE)
_PROPERTY = re.compile(rb"\s*-{2,}\s*property\b(.*)", re.IGNORECASE)
_CHECKSUM = re.compile(rb"\s*-{2,}\s*validCheckSum\b:?\s*(\S+)", re.IGNORECASE)
_CONDITIONS = re.compile(rb"\s*-{2,}\s*preconditions\b(.*)", re.IGNORECASE)
_KNOWN = frozenset(
    {
        *("stripcomments", "splitstatements", "enddelimiter", "rollbackenddelimiter"),
        *("rollbacksplitstatements", "context", "contextfilter", "labels", "dbms", "runonchange"),
        *("runalways", "runintransaction", "failonerror", "onvalidationfail", "logicalfilepath"),
        *("ignore", "objectquotingstrategy", "created", "runorder", "comment", "validchecksum"),
    }
)
_TRUE = frozenset({"true", "yes", "on", "1"})


def properties_of(data: bytes) -> Iterator[dict[str, str]]:
    """Yield what `--property` lines say: name, value, dbms, context."""
    for line in data.split(b"\n"):
        if found := _PROPERTY.match(line):
            yield _attributes(found[1].decode("utf-8", "replace"))


def changesets_of(path: str, data: bytes) -> Iterator[ChangeSet]:
    """Yield the changesets of a file in formatted SQL, each with its own lines of the file.

    Raises Unreadable at a changeset whose author and id cannot be read.
    """
    heads: list[tuple[int, int, int, bytes]] = []
    position = 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        if found := _CHANGESET.match(line):
            heads.append((position, position + len(line), number, found[1]))
        position += len(line) + 1
    _nothing_before(path, data, heads[0][0] if heads else len(data))
    ends = [start for start, *_ in heads[1:]] + [len(data)] if heads else []
    for (start, body, number, words), end in zip(heads, ends, strict=True):
        named = _options(words.decode("utf-8", "replace"), path, number)
        own = data[start:end]
        up, down = _ways(own, body - start + 1)
        yield ChangeSet(
            path=path,
            line=number,
            options=_checked(named, own),
            sql=blanked(own, [(0, body - start), *up]),
            down=down,
        )


def _nothing_before(path: str, data: bytes, end: int) -> None:
    """Refuse SQL before the first changeset: Liquibase passes over it without a word."""
    inside = False
    for number, line in enumerate(data[:end].removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        plain = line.strip()
        inside = inside or plain.startswith(b"/*")
        if plain and not inside and not plain.startswith(b"--"):
            raise Unreadable(
                "this stands before the first changeset, and Liquibase does not run it",
                where=Location(path=path, line=number),
                remedy="put it into a changeset: `--changeset author:id`",
            )
        inside = inside and b"*/" not in plain


def _options(words: str, path: str, line: int) -> tuple[str, str, dict[str, str]]:
    found = _NAMED.match(words)
    if found is None:
        raise Unreadable(
            "this changeset has no author and id",
            where=Location(path=path, line=line),
            remedy="write `--changeset author:id`",
        )
    author = found[1] or found[2] or found[3]
    return author, found[4] or found[5] or found[6], _attributes(found[7])


def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(text)
    return {each[1].lower(): each[2] or each[3] or each[4] or "" for each in found}


def _checked(named: tuple[str, str, dict[str, str]], body: bytes) -> Options:
    author, identity, said = named
    sums = (_CHECKSUM.match(line) for line in body.split(b"\n"))
    conditions = (_CONDITIONS.match(line) for line in body.split(b"\n"))
    wants: dict[str, str] = {}
    for each in conditions:
        wants |= _attributes(each[1].decode("utf-8", "replace")) if each else {}
    return Options(
        id=identity,
        author=author,
        dbms=said.get("dbms", ""),
        run_in_transaction=said.get("runintransaction", "true").lower() == "true",
        repeats=bool({said.get("runonchange", ""), said.get("runalways", "")} & _TRUE),
        ignore=said.get("ignore", "").lower() in _TRUE,
        end_delimiter=said.get("enddelimiter", ""),
        any_checksum=any(found and found[1].lower() == b"any" for found in sums),
        context=said.get("contextfilter") or said.get("context", ""),
        labels=said.get("labels", ""),
        maybe=maybe_of(
            on_fail=wants.get("onfail", ""),
            on_error=wants.get("onerror", ""),
            fail_on_error=said.get("failonerror", ""),
        ),
        unknown=(*(name for name in said if name not in _KNOWN), *unsure_of(said)),
    )


def _ways(own: bytes, start: int) -> tuple[list[tuple[int, int]], bytes | None]:
    """Return which ranges are no SQL of the changeset, and its rollback with all else blank."""
    blank: list[tuple[int, int]] = []
    kept: list[tuple[int, int]] = []
    position, inside, seen = start, False, False
    for line in own[start:].split(b"\n"):
        stop = position + len(line)
        if inside:
            inside = b"*/" not in line
            blank.append((position, stop))
            if inside:
                kept.append((position, stop))
        elif found := _ROLLBACK.match(line):
            seen = True
            blank.append((position, stop))
            if not _nothing(found[1]):
                kept.append((position + found.start(1), stop))
        elif _BLOCK.match(line):
            seen = inside = True
            blank.append((position, stop))
        position = stop + 1
    return blank, blanked(own, _gaps(kept, len(own))) if seen else None


def _nothing(words: bytes) -> bool:
    """Whether a rollback says that there is nothing to do."""
    return words.strip().lower() in {b"", b"empty", b"not required"}


def _gaps(kept: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    position = 0
    for start, end in kept:
        yield position, start
        position = end
    yield position, size
