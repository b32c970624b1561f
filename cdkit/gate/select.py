"""Which facts answer a requirement: of the right kind, about the right thing, the latest."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.document import MOST_SHARDS
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Identity
from cdkit.core.verdict import Answer
from cdkit.gate.decided import of_stage
from cdkit.gate.policy import Requirement
from cdkit.gate.subject import Known, Request, counts_here, is_of_kind, moment_of, time_of


class Selected(Struct, frozen=True, kw_only=True):
    """The facts that answer a requirement: all of them must say yes.

    `runs` are all runs that have facts about the image as a whole, the last attempts of each.
    `retried` are those of earlier attempts that one of them stands for now. `left_behind` are those
    among them that no newer run replaced, though it ran other jobs again. `set_aside` counts
    those of its kind that belong to a replay, where there are no others; `platforms_missing` names
    the platforms that nothing speaks of, where there are facts about others only.
    """

    facts: tuple[Fact, ...] = ()
    runs: tuple[tuple[Fact, ...], ...] = ()
    retried: tuple[Fact, ...] = ()
    left_behind: tuple[Fact, ...] = ()
    set_aside: int = 0
    platforms_missing: tuple[str, ...] = ()


def select(
    wanted: Requirement, request: Request, collected: Collected, known: Known, now: datetime
) -> Selected:
    """Return the facts that answer a requirement.

    Facts about the image and about its source tree are taken together, and the latest run counts:
    within a run each job and shard's latest attempt. Where that run left out a job that said
    anything but yes before, what that job said counts too. Facts about single platforms count for
    the image too, each platform's latest; where there are no others, every platform must have one.
    """
    of_kind = [
        fact
        for fact in collected.facts
        if is_of_kind(fact, wanted.evidence) and of_stage(fact, wanted.stage)
    ]
    here = [fact for fact in of_kind if counts_here(fact, request, now)]
    whole = [fact for fact in here if _is_about(fact, wanted, request, known)]
    seen = {fact.digest for fact in whole}
    parts = {
        digest: [f for f in here if known.names_of(digest) & f.keys and f.digest not in seen]
        for digest in known.platforms
    }
    behind = tuple(fact for facts in (whole, *parts.values()) for fact in left_behind(facts))
    newest = tuple(fact for facts in (whole, *parts.values()) for fact in latest(facts))
    chosen = {fact.digest: fact for fact in (*newest, *behind)}
    missing = [digest for digest, facts in parts.items() if chosen and not facts and not whole]
    replayed = [fact for fact in of_kind if fact.document.origin.replay is not None]
    return Selected(
        facts=tuple(chosen.values()),
        runs=tuple(tuple(_last_attempts(run)) for run in _runs(whole).values()),
        retried=_retried(whole, chosen),
        left_behind=behind,
        set_aside=0 if here else len(replayed),
        platforms_missing=tuple(known.platforms[digest] or digest for digest in missing),
    )


def _retried(whole: list[Fact], chosen: dict[str, Fact]) -> tuple[Fact, ...]:
    """Return the facts of earlier attempts in the place of those that were chosen."""
    slots = {(*_run_of(fact), *slot_of(fact)) for fact in chosen.values()}
    return tuple(
        fact
        for fact in whole
        if fact.digest not in chosen
        and fact.document.origin.run
        and (*_run_of(fact), *slot_of(fact)) in slots
    )


def _run_of(fact: Fact) -> tuple[str, str]:
    return (fact.document.origin.system, fact.document.origin.run)


def latest(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts of the newest run, each job and shard's latest attempt.

    A fact outside of any run stands for itself. Runs that ended in the same second all count, and
    so does every fact without a time: nobody knows which came last. An old report that was judged
    lately is no newer for that: what was found out after it counts.
    """
    runs = _runs(facts)
    if not runs:
        return ()
    dated = [(_ended(run), run) for run in runs.values()]
    newest = max((ended for ended, _ in dated if ended is not None), default=None)
    return tuple(
        fact for ended, run in dated if ended in (newest, None) for fact in _last_attempts(run)
    )


def left_behind(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return what the newest run cannot stand for: what jobs said that it did not run again.

    A run of a part of the pipeline would hide the failure of another part otherwise. Only what is
    not yes is kept; and only of runs that share a job with the newest one, if by way of others:
    another pipeline that finds out the same takes its place as a whole. A fact without a run or a
    job belongs to none.

    Within the newest run the same goes for a job whose last attempt left fewer facts than had not
    said yes before: jobs of a matrix, of which only some were run again.
    """
    runs = _runs(fact for fact in facts if fact.document.origin.run and fact.document.origin.job)
    dated = [(ended, run) for run in runs.values() if (ended := _ended(run)) is not None]
    newest = max((ended for ended, _ in dated), default=None)
    seen = {_job_of(fact) for ended, run in dated if ended == newest for fact in run}
    older = sorted(
        ((ended, run) for ended, run in dated if ended != newest),
        key=lambda each: each[0],
        reverse=True,
    )
    pipeline = _linked(seen, [{_job_of(fact) for fact in run} for _, run in older])
    behind = [fact for ended, run in dated if ended == newest for fact in _not_again(run)]
    for _, run in older:
        jobs = {_job_of(fact) for fact in run}
        if new := (jobs & pipeline) - seen:
            mine = [fact for fact in run if _job_of(fact) in new]
            behind += [fact for fact in _last_attempts(mine) if _answers([fact]) != {Answer.YES}]
        seen |= jobs
    return tuple(behind)


def _not_again(run: list[Fact]) -> Iterator[Fact]:
    slots: dict[tuple[str, int, int], dict[int, list[Fact]]] = {}
    for fact in run:
        slots.setdefault(slot_of(fact), {}).setdefault(fact.document.origin.attempt, []).append(
            fact
        )
    for attempts in slots.values():
        last = max(attempts)
        for attempt, facts in attempts.items():
            bad = [fact for fact in facts if _answers([fact]) != {Answer.YES}]
            if 0 < attempt < last and len(bad) > len(attempts[last]):
                yield from bad


def _job_of(fact: Fact) -> tuple[str, str]:
    return (fact.document.origin.system, fact.document.origin.job)


def _linked(jobs: set[tuple[str, str]], runs: list[set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """Return these jobs, and all that stood beside one of them in a run, if by way of others.

    Every run is looked at once for each of its jobs, however long the chain from run to run is.
    """
    beside: dict[tuple[str, str], list[set[tuple[str, str]]]] = {}
    for run in runs:
        for job in run:
            beside.setdefault(job, []).append(run)
    linked, ahead = set(jobs), list(jobs)
    while ahead:
        for run in beside.pop(ahead.pop(), ()):
            ahead += run - linked
            linked |= run
    return linked


def _runs(facts: Iterable[Fact]) -> dict[tuple[str, str], list[Fact]]:
    runs: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        origin = fact.document.origin
        name = (origin.system, origin.run) if origin.run else ("", fact.digest)
        runs.setdefault(name, []).append(fact)
    return runs


def _ended(run: list[Fact]) -> tuple[datetime, datetime] | None:
    """Return when the newest fact of a run was found out, and when it was recorded.

    None where one of them does not say. What rests on one report is told apart by the second.
    """
    moments = [_moments(fact) for fact in run]
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None


def _moments(fact: Fact) -> tuple[datetime, datetime] | None:
    found, recorded = time_of(fact.found_at), moment_of(fact)
    return (min(found, recorded), recorded) if found and recorded else None


def _last_attempts(run: list[Fact]) -> list[Fact]:
    """Return each slot's facts of its highest attempt; where attempts have no number, the newest.

    A slot is a job's shard: of a re-run, only the jobs that were run again leave new facts.
    """
    slots: dict[tuple[str, int, int], list[Fact]] = {}
    for fact in run:
        slots.setdefault(slot_of(fact), []).append(fact)
    return [fact for slot in slots.values() for fact in _last_attempt(slot)]


def _last_attempt(slot: list[Fact]) -> list[Fact]:
    highest = max(fact.document.origin.attempt for fact in slot)
    facts = [fact for fact in slot if fact.document.origin.attempt == highest]
    moments = [moment for fact in facts if (moment := _moments(fact)) is not None]
    if highest > 0 or len(moments) < len(facts):
        return facts
    return [fact for fact in facts if _moments(fact) == max(moments)]


def slot_of(fact: Fact) -> tuple[str, int, int]:
    """Return the place of a fact within its run: the job, the shard, the number of shards."""
    origin = fact.document.origin
    return (origin.job, origin.shard, origin.shards)


def disagreeing(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts of one slot of one run and attempt whose answers differ."""
    slots: dict[tuple[object, ...], list[Fact]] = {}
    for fact in facts:
        origin = fact.document.origin
        about = frozenset(key for key in fact.keys if not key.startswith("git"))
        name = (about, origin.system, origin.run, origin.attempt, *slot_of(fact))
        slots.setdefault(name, []).append(fact)
    return tuple(fact for slot in slots.values() if len(_answers(slot)) > 1 for fact in slot)


def _answers(facts: Iterable[Fact]) -> set[Answer]:
    return {fact.verdict.answer if fact.verdict else Answer.YES for fact in facts}


def missing_shards(facts: Iterable[Fact]) -> dict[str, tuple[int, ...]]:
    """Return, by job, the shards that left no fact; (0,) where shards disagree on their number.

    So do those that are beyond it: shard 5 of 4.
    """
    jobs: dict[str, list[tuple[int, int]]] = {}
    for fact in facts:
        job, shard, shards = slot_of(fact)
        if shards > 1:
            jobs.setdefault(job, []).append((shard, shards))
    missing = {job: _missing(slots) for job, slots in jobs.items()}
    return {job: shards for job, shards in missing.items() if shards}


def _missing(slots: list[tuple[int, int]]) -> tuple[int, ...]:
    numbers = {shards for _, shards in slots}
    if len(numbers) > 1 or max(numbers) > MOST_SHARDS:
        return (0,)
    there = {shard for shard, _ in slots}
    if not 1 <= min(there) <= max(there) <= max(numbers):
        return (0,)
    return tuple(shard for shard in range(1, max(numbers) + 1) if shard not in there)


def _is_about(fact: Fact, wanted: Requirement, request: Request, known: Known) -> bool:
    """Whether a fact is about the image, or, where that counts, about its clean source tree."""
    document, keys = fact.document, fact.keys
    if isinstance(document, Identity) and document.digest != request.key:
        return False
    if known.names_of(request.key) & keys:
        return True
    clean = known.tree and f"gitTree:{known.tree}" in keys and not document.origin.dirty
    return bool(clean) and wanted.about == "any"
