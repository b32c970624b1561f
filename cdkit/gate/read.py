"""Reading a policy file: what its types do not forbid is told with its line, all of it at once."""

import math
import re
from collections.abc import Iterator
from datetime import date

from cdkit.core.config.load import load
from cdkit.core.errors import ConfigError, Fault
from cdkit.core.finding import Location
from cdkit.gate.empty import empties
from cdkit.gate.policy import (
    AGE,
    Policy,
    PolicyWaiver,
    Quarantine,
    Requirement,
    Stage,
    asking,
    locks_nothing,
)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_NO_EVIDENCE = frozenset({"deployment", "waiver", "announcement"})
_DECISION = "decision"
_SIGNERS = "name its key or identity under `signers`"
_Told = tuple[str, str, str]
"""What is wrong, the text to find its line by, what to do."""


def read_policy(data: bytes, *, where: str) -> Policy:
    """Read a policy file. Raises ConfigError with every fault in it."""
    policy = load(data, Policy, where=where)
    faults = [
        Fault(what, where=Location(path=where, line=_line_of(data, text)), remedy=remedy)
        for what, text, remedy in _faults(policy)
    ]
    faults += empties(data, where=where)
    if faults:
        raise ConfigError(tuple(faults))
    return policy


def _faults(policy: Policy) -> Iterator[_Told]:
    if policy.version != 1:
        yield f"is a policy of version {policy.version}", "version", "write `version: 1`"
    if not policy.stages and not policy.extends:
        yield "has no stages", "stages", "write `stages:`, or name in `extends` what it adds to"
    yield from _names(policy)
    for stage in policy.stages:
        for wanted in (*stage.enter, *stage.stay):
            yield from _requirement(wanted)
        yield from _of_itself(stage)
    yield from _signers(policy)
    for quarantine in policy.quarantine:
        yield from _answered_for(quarantine, "a quarantine", quarantine.test)
        if not any(map(str.isalnum, quarantine.test)):
            what = f"the test {quarantine.test[:80]!r} puts every test into quarantine"
            yield what, "quarantine", "name the test"
    for waiver in policy.waivers:
        yield from _answered_for(waiver, "a waiver", waiver.evidence)
        yield from _waiver(waiver, [stage.name for stage in policy.stages])
    if not policy.extends:
        yield from ((what, "locked", remedy) for what, remedy in locks_nothing(policy))
    if policy.break_glass and not 0 <= policy.break_glass.hours <= 24 * 7:
        what = f"breaking the glass for {policy.break_glass.hours} hours is no emergency"
        yield what, "hours", "write 0 (never) to 168 hours"


def _names(policy: Policy) -> Iterator[_Told]:
    names = [stage.name for stage in policy.stages]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"the stage {name!r} stands twice", name, "give each stage a name of its own"
    for name in names:
        if not _NAME.fullmatch(name):
            what = f"{name[:80]!r} is no name of a stage"
            yield what, name, "use small letters, digits and hyphens"


def _signers(policy: Policy) -> Iterator[_Told]:
    """Every name that must sign is that of a key or an identity, here or where it extends."""
    known = {one.name for one in (*policy.signers.keys, *policy.signers.identities)}
    asked = [*policy.signed_by, *(name for one in asking(policy) for name in one.signed_by)]
    for name in dict.fromkeys(asked):
        if name not in known and not policy.extends:
            what = f"{name[:80]!r} is none of the policy's signers"
            remedy = f"name one of: {', '.join(sorted(known))}" if known else _SIGNERS
            yield what, name, remedy


def _requirement(wanted: Requirement) -> Iterator[_Told]:
    kind = wanted.evidence
    if not _NAME.fullmatch(kind):
        remedy = "use small letters, digits and hyphens, such as `unit`"
        yield f"{kind[:80]!r} is no kind of evidence", kind, remedy
    if kind in _NO_EVIDENCE:
        what = f"a {kind} is no evidence: gates and roll-outs leave it"
        remedy = "ask for what the decision should rest on; earlier stages are asked anyway"
        yield what, kind, remedy
    if (kind == _DECISION) != bool(wanted.stage):
        yield from _stage(wanted)
    if wanted.contracts is not None and kind != "migrations":
        remedy = "move `contracts` to the requirement `evidence: migrations`"
        yield f"{kind[:80]!r} has no contracts", "contracts", remedy
    if wanted.max_age and not AGE.fullmatch(wanted.max_age):
        yield f"{wanted.max_age[:80]!r} is no age", wanted.max_age, "write it as 30m, 12h, 7d or 2w"
    for number, bound in (*wanted.at_least.items(), *wanted.at_most.items()):
        if not math.isfinite(bound):
            yield f"{number} is bounded by {bound}", number, "write a number that can be reached"
    yield from _compared(wanted)


def _stage(wanted: Requirement) -> Iterator[_Told]:
    if not wanted.stage:
        what = "a decision is asked for, and not of which stage"
        yield what, _DECISION, "write `stage:`, the stage that a gate must have let the image into"
    else:
        what = f"{wanted.evidence[:80]!r} is of no stage"
        yield what, "stage", "move `stage` to a requirement `evidence: decision`"


def _of_itself(stage: Stage) -> Iterator[_Told]:
    for wanted in stage.enter:
        if wanted.stage and wanted.stage == stage.name:
            what = f"to enter {stage.name[:80]} takes that it was entered already"
            yield what, wanted.stage, "name another stage, or move it to `stay`"


def _compared(wanted: Requirement) -> Iterator[_Told]:
    if wanted.tests_gone is not None and not 0 <= wanted.tests_gone <= 100:
        what = f"{wanted.tests_gone:g} percent of the tests cannot be gone"
        yield what, "tests-gone", "write 0 to 100; 100 does not ask"
    for number, margin in wanted.no_worse.items():
        if not 0 <= margin <= 100:
            what = f"{number} may not be {margin:g} percent worse"
            yield what, number, "write 0 to 100 percent, such as 10"
    if wanted.runs is not None and not 3 <= wanted.runs <= 50:
        what = f"{wanted.runs} releases are no measure of noise"
        yield what, "runs", "write 3 to 50"
    if wanted.approvals and not 1 <= wanted.approvals.count <= 100:
        yield f"{wanted.approvals.count} people approve nothing", "count", "write 1 or more"
    for name, pattern in wanted.says.items():
        if not any(map(str.isalnum, pattern)):
            what = f"{name} may say anything"
            yield what, name, "write what it must say; `*` and `?` match within it"
    if any(not pattern.strip() for pattern in wanted.tests):
        yield "the name of a required test is empty", "tests", "write the test's name"


def _answered_for(one: Quarantine | PolicyWaiver, what: str, text: str) -> Iterator[_Told]:
    """Somebody answers for it, says why, and until when."""
    for name in ("reason", "owner"):
        if not getattr(one, name).strip():
            yield f"{what} of {text[:80]!r} has no {name}", text, "write it out"
    if day_of(one.expires) is None:
        yield f"{one.expires[:40]!r} is no date", one.expires, 'write expires: "2027-01-31"'


def _waiver(waiver: PolicyWaiver, stages: list[str]) -> Iterator[_Told]:
    if waiver.evidence == "identity":
        what = "the identity of an image cannot be waived: nobody would know what enters"
        yield what, waiver.evidence, "leave one with `cdkit tag-image --digest IMAGE`"
    if waiver.image and not _DIGEST.fullmatch(waiver.image):
        yield f"{waiver.image[:80]!r} is no digest", waiver.image, "write sha256:<64 digits>"
    if waiver.stage and stages and waiver.stage not in stages:
        yield f"{waiver.stage[:80]!r} is no stage of this policy", waiver.stage, "name one of them"


def day_of(text: str) -> date | None:
    """Return the day that `2027-01-31` names; None where it names none."""
    try:
        return date.fromisoformat(text) if len(text) == len("2027-01-31") else None
    except ValueError:
        return None


def _line_of(data: bytes, text: str) -> int:
    """Return the first line that holds this text as a word; 0 where none does."""
    word = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])")
    lines = data.decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text and word.search(line)), 0)
