"""From judged references to findings, with what the project has allowed."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase

from msgspec import Struct

from cdkit.core.allow import Allowance, allowances
from cdkit.core.finding import Finding, Fix, Location, Suppression, fingerprint
from cdkit.image.pins.document import Lines
from cdkit.image.pins.find import FileUses
from cdkit.image.pins.judge import Judged, State, judge_use
from cdkit.image.pins.remarks import heard
from cdkit.image.pins.rules import (
    ILLEGAL_REFERENCE,
    MUTABLE_ACTION,
    MUTABLE_IMAGE,
    RULES,
    VARIABLE_REFERENCE,
)
from cdkit.image.pins.use import Use

_MARKS = ("#", "//", "/*")


class Exceptions(Struct, frozen=True, kw_only=True):
    """What a project excepts, with reasons: files by shell pattern, images by name and pattern."""

    files: Mapping[str, str] = {}
    images: Mapping[str, str] = {}


class Examined(Struct, frozen=True, kw_only=True):
    """A file with its references judged; `excepted` says, by place, which somebody allowed and why.

    `notes` are about allowances that do not count, or allow nothing.
    """

    found: FileUses
    judged: tuple[Judged, ...]
    excepted: Mapping[tuple[int, str], Suppression] = {}
    notes: tuple[str, ...] = ()


def examine(found: FileUses, exceptions: Exceptions, today: date) -> Examined:
    """Judge every reference of a file; `today` is the date in UTC, by which allowances expire."""
    judged = tuple(judge_use(use) for use in found.uses)
    allowed = _allowed(found, today)
    excepted: dict[tuple[int, str], Suppression] = {}
    used: set[int] = set()
    lines = Lines(found.source)
    for one in judged:
        if one.state is State.PINNED:
            continue
        mine = _allowance(allowed, lines, one)
        used |= {mine.line} if mine else set()
        inline = mine.suppression() if mine and not mine.fault else None
        if suppressed := inline or _excepted(one, found.source.path, exceptions):
            excepted[one.use.key] = suppressed
    notes = tuple(_notes(allowed, used))
    return Examined(found=found, judged=judged, excepted=excepted, notes=notes)


def findings(examined: Examined, pinned: Collection[tuple[int, str]]) -> Iterator[Finding]:
    """Yield what is to be said of a file's references, but for those at places pinned by now."""
    lines = Lines(examined.found.source)
    times = Counter[str]()
    for one in examined.judged:
        times[one.use.text] += 1
        if one.state is not State.PINNED and one.use.key not in pinned:
            place = lines.place(one.use.start)
            suppressed = examined.excepted.get(one.use.key)
            yield _finding(one, place, times[one.use.text], suppressed)


def _finding(one: Judged, place: Location, time: int, suppressed: Suppression | None) -> Finding:
    rule = rule_of(one)
    return Finding(
        rule=rule,
        severity=RULES[rule].severity,
        message=message(one),
        locations=(place,),
        fingerprint=fingerprint(rule, place.path, one.use.text, str(time)),
        about=one.use.text,
        fix=Fix(summary=remedy(one)),
        suppressed=suppressed,
    )


def rule_of(judged: Judged) -> str:
    """Return the rule that a reference breaks which is not pinned."""
    if judged.state is State.ILLEGAL:
        return ILLEGAL_REFERENCE.id
    if judged.state is State.VARIABLE:
        return VARIABLE_REFERENCE.id
    return MUTABLE_ACTION.id if judged.use.kind == "action" else MUTABLE_IMAGE.id


def message(judged: Judged) -> str:
    """Return what is said of a reference that is not pinned."""
    if judged.state is State.ILLEGAL and judged.use.kind == "image":
        return judged.why
    return f"{judged.use.text[:300]}: {judged.why}"


def remedy(judged: Judged) -> str:
    """Return what to do about a reference that is not pinned."""
    use = judged.use
    if judged.state is State.ILLEGAL:
        return "write registry.example.com/team/name:tag, or owner/name@version for an action"
    if judged.state is State.VARIABLE:
        return use.remedy or "see that what fills it in names a digest"
    if use.refusal:
        return f"it {use.refusal}: {use.remedy}"
    return "pin it: `cdkit pin-images`"


def _allowed(found: FileUses, today: date) -> tuple[Allowance, ...]:
    if "cdkit:" not in found.source.text:
        return ()
    text = heard(found.source)
    return allowances(text.split("\n"), path=found.source.path, marks=_MARKS, today=today)


def _allowance(allowed: tuple[Allowance, ...], lines: Lines, judged: Judged) -> Allowance | None:
    if not allowed:
        return None
    line, rule = lines.place(judged.use.start).line, rule_of(judged)
    matching = [one for one in allowed if one.target == line and one.rule == rule]
    return next((one for one in matching if not one.fault), matching[0] if matching else None)


def _excepted(judged: Judged, path: str, exceptions: Exceptions) -> Suppression | None:
    if pattern := excepted_file(path, exceptions.files):
        return Suppression(reason=exceptions.files[pattern], source=f"except-files {pattern}")
    for pattern, reason in exceptions.images.items():
        if any(fnmatchcase(name, pattern) for name in _names(judged)):
            return Suppression(reason=reason, source=f"except-images {pattern}")
    return None


def excepted_file(path: str, patterns: Mapping[str, str]) -> str:
    """Return the first pattern that excepts a file, or an empty string."""
    path = path.removeprefix("./")
    return next((one for one in patterns if fnmatchcase(path, one.removeprefix("./"))), "")


def _names(judged: Judged) -> tuple[str, ...]:
    """Return what an exception may call a reference: as it is written, and in full."""
    use: Use = judged.use
    if judged.reference is None:
        return use.text, use.text.partition("@")[0]
    reference = judged.reference
    return use.text, str(reference), reference.name, reference.familiar


def _notes(allowed: tuple[Allowance, ...], used: set[int]) -> Iterator[str]:
    for one in allowed:
        if one.fault:
            yield f"{one.source}: the allowance of {one.rule} does not count: {one.fault}"
        elif one.line not in used:
            yield f"{one.source}: the allowance of {one.rule} allows nothing"
