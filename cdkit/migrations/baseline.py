"""A baseline: what was found when a team began, and is accepted until it is mended."""

import posixpath
from collections.abc import Callable, Sequence
from datetime import date

import msgspec
from msgspec import Struct, structs

from cdkit.core.errors import RequestError
from cdkit.core.finding import Finding, Suppression
from cdkit.core.once import once
from cdkit.migrations.settle import NEVER_ACCEPTED

Gone = Callable[[str], bool]
"""Whether there is no file of a path any more."""

_REASON = "known since the baseline was written"


class Accepted(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One finding that is accepted, known by its fingerprint and path; `message` is for people.

    `reason`, `owner` and `expires` (a date, UTC; the last day that it holds) may be added by hand.
    """

    rule: str
    path: str
    message: str = ""
    fingerprint: str
    reason: str = ""
    owner: str = ""
    expires: str = ""


class LintBaseline(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="lint-baseline",
    forbid_unknown_fields=True,
):
    """The file: sorted by path, so that the same findings give the same file."""

    version: int
    accepted: tuple[Accepted, ...] = ()


def read_baseline(data: bytes, *, where: str) -> LintBaseline:
    """Read a baseline.

    Raises RequestError where it is none, is of a newer version, holds a key twice or a date that
    is none: a baseline that is passed over would be a wall of findings, or a hole.
    """
    import json

    try:
        read = msgspec.json.decode(data, type=LintBaseline)
        json.loads(data, object_pairs_hook=once)
        for each in read.accepted:
            _ = date.fromisoformat(each.expires) if each.expires else None
    except (ValueError, RecursionError) as fault:
        raise RequestError(
            f"is no baseline of lint-migrations: {fault}",
            where=where,
            remedy="restore it from version control, or write it anew: --write-baseline",
        ) from fault
    if read.version != 1:
        raise RequestError(
            f"is a baseline of version {read.version}; this cdkit reads version 1",
            where=where,
            remedy="use a newer cdkit",
        )
    return read


def written(findings: Sequence[Finding], old: LintBaseline, *, gone: Gone, whole: bool) -> bytes:
    """Return a baseline of all findings that count, what people added to the old one kept.

    What is accepted already and still found stays; what a `whole` run finds no more goes, and a
    run that judged only a change leaves the others as they are.
    """
    by_finding = _entries(findings, old, gone)
    kept = [
        structs.replace(entry, path=_path(finding)) if entry else _accepted(finding)
        for finding, entry in zip(findings, by_finding, strict=True)
        if _may_be(finding) and (finding.suppressed is None or entry)
    ]
    found = {id(entry) for entry in by_finding}
    kept += [each for each in old.accepted if not whole and id(each) not in found]
    kept.sort(key=lambda one: (one.path, one.rule, one.fingerprint))
    data = msgspec.json.encode(LintBaseline(version=1, accepted=tuple(kept)))
    return msgspec.json.format(data, indent=2) + b"\n"


def accept(
    findings: Sequence[Finding],
    baseline: LintBaseline,
    today: date,
    *,
    gone: Gone,
    where: str,
    whole: bool,
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Suppress what a baseline accepts; say which entries have ended or, of a `whole` run, idle."""
    used: set[int] = set()
    done = []
    notes = []
    for finding, entry in zip(findings, _entries(findings, baseline, gone), strict=True):
        if entry is None or not _may_be(finding):
            done.append(finding)
            continue
        used.add(id(entry))
        if entry.expires and today > date.fromisoformat(entry.expires):
            notes.append(f"{where}: {entry.rule} in {entry.path} was accepted to {entry.expires}")
            done.append(finding)
        elif finding.suppressed is None:
            done.append(structs.replace(finding, suppressed=_suppression(entry, where)))
        else:
            done.append(finding)
    idle = [each for each in baseline.accepted if id(each) not in used]
    if whole and idle:
        some = ", ".join(f"{each.rule} in {each.path}" for each in idle[:3])
        more = f" and {len(idle) - 3} more" if len(idle) > 3 else ""
        notes.append(f"{where}: not found any more, so take it out: {some}{more}")
    return tuple(done), tuple(notes)


def _entries(
    findings: Sequence[Finding], baseline: LintBaseline, gone: Gone
) -> list[Accepted | None]:
    """Return for each finding the entry that is about it, None where there is none.

    That is the one of its own file. A file in another folder that breaks the same by the same
    statement is another one, unless the file of the entry is gone, and was moved.
    """
    entries: dict[tuple[str, str], dict[str, Accepted]] = {}
    for each in baseline.accepted:
        entries.setdefault((each.rule, each.fingerprint), {})[posixpath.normpath(each.path)] = each
    found: list[Accepted | None] = []
    moved: dict[int, str] = {}
    for finding in findings:
        path = _path(finding)
        there = entries.get((finding.rule, finding.fingerprint), {})
        entry = there.get(posixpath.normpath(path))
        if entry is None:
            free = (x for x in there.values() if moved.get(id(x), path) == path and gone(x.path))
            entry = next(free, None)
            moved |= {id(entry): path} if entry else {}
        found.append(entry)
    return found


def _path(finding: Finding) -> str:
    return finding.locations[0].path if finding.locations else ""


def _may_be(finding: Finding) -> bool:
    return finding.rule not in NEVER_ACCEPTED


def _accepted(finding: Finding) -> Accepted:
    return Accepted(
        rule=finding.rule,
        path=_path(finding),
        message=finding.message,
        fingerprint=finding.fingerprint,
    )


def _suppression(entry: Accepted, where: str) -> Suppression:
    return Suppression(
        reason=entry.reason or _REASON, owner=entry.owner, expires=entry.expires, source=where
    )
