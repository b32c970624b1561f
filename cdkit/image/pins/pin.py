"""Writing digests into files: all of a file's references, or none of them."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import Reference
from cdkit.image.pins.actions import key_of
from cdkit.image.pins.find import FileUses, read_again
from cdkit.image.pins.judge import Judged, State
from cdkit.image.pins.use import Edit, Use

Answer = Digest | str | CannotTell
"""What a name names now: an image's digest, an action's commit, or why nobody can say."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A use that is to be pinned: `name` is what has to be resolved."""

    judged: Judged
    name: str
    reference: Reference | None = None


class Pinned(Struct, frozen=True, kw_only=True):
    """What became of one file: its new bytes (None: as it was), and which uses could not be."""

    data: bytes | None
    written: tuple[tuple[Wanted, str], ...] = ()
    failed: tuple[tuple[Wanted, CannotTell], ...] = ()


def wanted(judged: Judged, *, update: bool, server: str) -> Wanted | None:
    """Return what has to be resolved for a use; None where nothing has to, or can, be written.

    A mutable reference is pinned; with `update` a pinned one is resolved again by the tag that it
    kept.
    """
    use = judged.use
    if not use.edits or judged.state not in {State.MUTABLE, State.PINNED}:
        return None
    if judged.state is State.PINNED and not update:
        return None
    if use.kind == "action":
        ref = use.tag if judged.state is State.PINNED else use.text.rpartition("@")[2]
        return Wanted(judged=judged, name=key_of(use.text, ref, server)) if ref else None
    reference = judged.reference
    if reference is None or (judged.state is State.PINNED and not reference.tag):
        return None
    asked = Reference(
        registry=reference.registry,
        repository=reference.repository,
        tag=reference.tag or "latest",
    )
    return Wanted(judged=judged, name=str(asked), reference=asked)


def pin_file(found: FileUses, asked: Iterable[Wanted], answers: Mapping[str, Answer]) -> Pinned:
    """Return a file with everything that was asked for pinned, or untouched where one fails.

    Every byte but those of the digests stays as it is. Where more was written than digests into
    references (a key, a comment), the result is read again: what does not then say what it should
    is not kept.
    """
    listed = list(asked)
    failed = [
        (one, answer) for one in listed if isinstance(answer := answers[one.name], CannotTell)
    ]
    if failed:
        return Pinned(data=None, failed=tuple(failed))
    written = [(one, str(answers[one.name])) for one in listed]
    changes = [(edit, value) for one, value in written for edit in one.judged.use.edits]
    text = splice(found.source.text, changes)
    if text == found.source.text:
        return Pinned(data=None)
    data = found.source.encode(text)
    plain = all(_is_plain(edit) for edit, _ in changes)
    if not plain and (fault := _misread(found, written, data)):
        return Pinned(data=None, failed=tuple((one, fault) for one in listed))
    told = tuple((one, value) for one, value in written if value not in one.judged.use.text)
    return Pinned(data=data, written=told)


def splice(text: str, changes: Iterable[tuple[Edit, str]]) -> str:
    """Return a text with these edits made, each with its digest or commit.

    Two of the same are one (an anchor that is used twice).
    """
    pieces: list[str] = []
    at = 0
    ordered = sorted(dict.fromkeys((e.start, e.end, e.text(value)) for e, value in changes))
    for start, end, new in ordered:
        if start < at:
            raise ValueError(f"edits overlap at {start}")
        pieces += (text[at:start], new)
        at = end
    return "".join([*pieces, text[at:]])


def _is_plain(edit: Edit) -> bool:
    """Whether an edit writes a digest into a reference, and nothing else."""
    return (
        not edit.bare
        and not edit.encoded
        and not edit.after
        and edit.before in {"", "@", ":latest@"}
    )


def _misread(found: FileUses, written: list[tuple[Wanted, str]], data: bytes) -> CannotTell | None:
    """Say what is wrong with a rewritten file: it must hold the same uses, some of them pinned."""
    pinned = {one.judged.use.key: value for one, value in written}
    expected = sorted(_expected(use, pinned.get(use.key)) for use in found.uses)
    try:
        again = read_again(found, data)
        now = sorted(_bare(use.text) for use in again.uses) if again else []
    except CannotTell as fault:
        return fault
    if now == expected:
        return None
    return CannotTell(
        "would say something else if a digest were written into it",
        where=found.source.path,
        remedy="pin it by hand, and tell us: this is a fault of ours",
    )


def _expected(use: Use, value: str | None) -> str:
    if value is None:
        return _bare(use.text)
    name = use.text.partition("@")[0]
    return _bare(f"{name}@{value}")


def _bare(text: str) -> str:
    """Return a reference to compare by: an untagged name and its `latest` are the same."""
    name, at, value = text.partition("@")
    return f"{name.removesuffix(':latest')}{at}{value}"
