"""`--fix`: the edits of findings are made, and what comes of it is judged before it counts."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from cdkit.core.finding import Edit, Finding
from cdkit.core.world import Processes
from cdkit.migrations.lint import Judged, Linted, Request, lint
from cdkit.migrations.source import Migration

Reading = Callable[[str, bytes], tuple[Migration, ...]]
"""What a file of a source holds, by its path and bytes."""

_ROUNDS = 12
_LATE = frozenset({"missing-lock-timeout", "missing-statement-timeout"})
"""Rules that are mended when nothing else is left: what they ask for may be gone by then."""


class Rewritten(Struct, frozen=True, kw_only=True):
    """A file as it was and as it is after the fixes."""

    path: str
    before: bytes
    after: bytes


class Fixed(Struct, frozen=True, kw_only=True):
    """What fixing has come to: the files, what is found in them now, what was left and why."""

    files: tuple[Rewritten, ...]
    linted: Linted
    notes: tuple[str, ...] = ()


def fix(
    request: Request,
    linted: Linted,
    reading: Reading,
    processes: Processes,
    *,
    passed: frozenset[str] = frozenset(),
) -> Fixed:
    """Make the edits of all findings that count, file by file, until none is left to make.

    Rules that are `passed` do not count.
    The result is linted each time: a file in which any rule then finds more than before, or in
    which not fewer findings are left, stays as it was, and a note says so.
    """
    was = {one.path: one.text.data for one in request.migrations if one.name in request.change}
    given_up: dict[str, None] = {}
    for _ in range(_ROUNDS):
        edits = {
            path: chosen
            for path, found in _by_path(linted).items()
            if path in was and path not in given_up and (chosen := _chosen(found, passed))
        }
        if not edits:
            break
        request, linted, failed = _round(request, linted, edits, reading, processes)
        given_up |= failed
    now = {one.path: one.text.data for one in request.migrations}
    files = tuple(
        Rewritten(path=path, before=data, after=now[path])
        for path, data in was.items()
        if now[path] != data
    )
    notes = (
        f"{path}: its fixes were not made, since more is found after them" for path in given_up
    )
    return Fixed(files=files, linted=linted, notes=tuple(notes))


def spliced(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return a file with edits made that do not overlap; at one place the first comes first."""
    pieces = []
    position = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        pieces += [data[position : edit.start], edit.text.encode()]
        position = edit.end
    return b"".join([*pieces, data[position:]])


def _round(
    request: Request,
    linted: Linted,
    edits: Mapping[str, Sequence[Edit]],
    reading: Reading,
    processes: Processes,
) -> tuple[Request, Linted, dict[str, None]]:
    """Make edits; where some make things worse, make those of the other files alone."""
    failed: dict[str, None] = {}
    while left := {path: found for path, found in edits.items() if path not in failed}:
        tried = _edited(request, left, reading)
        again = lint(tried, processes)
        old, new = _counts(linted), _counts(again)
        worse = [path for path in left if not _is_better(old[path], new[path])]
        worse = worse or ([*left] if any(not new[path] <= old[path] for path in new) else [])
        if not worse:
            return tried, again, failed
        failed |= dict.fromkeys(worse)
    return request, linted, failed


def _edited(request: Request, edits: Mapping[str, Sequence[Edit]], reading: Reading) -> Request:
    """Return the request with other texts in the place of those that are edited."""
    made: dict[str, Migration] = {}
    data = {one.path: one.text.data for one in request.migrations}
    for path, found in edits.items():
        made |= {one.name: one for one in reading(path, spliced(data[path], found))}
    migrations = [_with_way_back(made.get(one.name, one), one) for one in request.migrations]
    return structs.replace(request, migrations=migrations)


def _with_way_back(made: Migration, old: Migration) -> Migration:
    """Return an edited migration with its way back, where that stands in a file of its own."""
    down = old.script.down
    if made is old or down is None or down.text.path == old.text.path:
        return made
    return structs.replace(made, script=structs.replace(made.script, down=down))


def _by_path(linted: Linted) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for judged in linted.judged:
        found.setdefault(judged.path, []).extend(_open(judged))
    return found


def _open(judged: Judged) -> list[Finding]:
    return [finding for finding in judged.findings if finding.suppressed is None]


def _chosen(findings: Sequence[Finding], passed: frozenset[str]) -> tuple[Edit, ...]:
    """Return edits that do not touch each other; what they leave is for the next round."""
    mendable = [one for one in findings if one.fix and one.fix.edits and one.rule not in passed]
    early = [one for one in mendable if one.rule not in _LATE]
    chosen: dict[Edit, None] = {}
    taken: list[tuple[int, int]] = []
    for finding in early or mendable:
        edits = finding.fix.edits if finding.fix else ()
        fresh = [edit for edit in edits if edit not in chosen]
        if not any(_touches(edit, taken) for edit in fresh):
            chosen |= dict.fromkeys(fresh)
            for edit in fresh:
                insort(taken, (edit.start, edit.end))
    return tuple(chosen)


def _touches(edit: Edit, taken: Sequence[tuple[int, int]]) -> bool:
    """Whether an edit meets one of those that are taken, which do not meet each other."""
    index = bisect_left(taken, (edit.start, edit.start))
    beside = taken[max(index - 1, 0) : index + 1]
    return any(start <= edit.end and edit.start <= end for start, end in beside)


def _counts(linted: Linted) -> dict[str, Counter[str]]:
    """Return how often each rule has found something, file by file."""
    found = _by_path(linted).items()
    return {path: Counter(finding.rule for finding in those) for path, those in found}


def _is_better(before: Counter[str], after: Counter[str]) -> bool:
    """Whether fewer findings are left in a file, and of no rule more."""
    return after <= before and after.total() < before.total()
