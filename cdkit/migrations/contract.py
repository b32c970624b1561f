"""Contracts: which breaks a declared contract excuses, and what has to be so for that.

A contract takes away what a release stopped using. Whoever says so names that release; that it is
all that runs by now is for the evidence: what git says of what runs, and the gate's deployments.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from cdkit.core.documents.kinds import Contract
from cdkit.core.finding import Finding, Fix, Location, Suppression
from cdkit.migrations.catalogue import rules
from cdkit.migrations.declared import Declared, by_pattern, declared
from cdkit.migrations.engine import Dialect
from cdkit.migrations.operation import Operation
from cdkit.migrations.phase import ADDING, CONTRACT, EXPAND, MIGRATE, Effect, phases_of
from cdkit.migrations.releases import DECLARED, by_release
from cdkit.migrations.remarks import heard
from cdkit.migrations.rule import COMPATIBLE
from cdkit.migrations.source import Migration


class Release(Struct, frozen=True, kw_only=True):
    """What is known of a release that a contract names: its commit, or what is wrong with it.

    `unknown` says that nobody can tell which commit it is; `early` that it is no part of what
    runs. `remedy` goes with either.
    """

    commit: str = ""
    unknown: str = ""
    early: str = ""
    remedy: str = ""

    @property
    def counts(self) -> bool:
        """Whether a contract may rest on it."""
        return bool(self.commit) and not self.unknown and not self.early


class Terms(Struct, frozen=True, kw_only=True):
    """What a migration declares, and the release that it names, as far as that is known."""

    declared: Declared | None = None
    release: Release = Release()

    @property
    def is_contract(self) -> bool:
        """Whether it is declared to be a contract, well or badly."""
        return self.declared is not None and self.declared.phase == CONTRACT

    @property
    def refused(self) -> str:
        """Why a declared contract excuses nothing; empty where it does."""
        said = self.declared
        if said is None or said.fault:
            return "nobody can tell what is declared"
        if not said.since:
            return "it names no release that stopped using this"
        return self.release.unknown or self.release.early


_ANYHOW = frozenset({"changed-result-type"})
"""Rules about open connections: those of a release that stopped using a thing feel it, too."""


def excused(finding: Finding, operation: Operation, terms: Terms) -> Finding:
    """Return a finding as a contract leaves it: not counted, or with the reason why it counts.

    Only a break of compatibility can be excused, of an object that is there and is named. What
    is unsafe to run is so in every phase, and what nobody can read stays unread.
    """
    said = terms.declared
    if said is None or not terms.is_contract or finding.question != COMPATIBLE:
        return finding
    if isinstance(operation, ADDING) or not finding.about or finding.rule in _ANYHOW:
        return finding
    refused = terms.refused
    if not refused and not said.names(finding.about):
        refused = f"it names {', '.join(said.objects)}, and not {finding.about}"
    if refused:
        at = f" in line {said.place.line}" if said.place.line else ""
        told = f"{finding.message} (the contract{at} does not count: {refused})"
        return structs.replace(finding, message=told)
    reason = f"contract since {said.since}" + (f": {said.reason}" if said.reason else "")
    return structs.replace(
        finding, suppressed=Suppression(reason=reason, source=_source(said.place))
    )


def needed(terms: Terms, path: str, findings: Iterable[Finding]) -> Contract | None:
    """Return what a migration's contract rests on; None where it excuses nothing."""
    said = terms.declared
    if said is None or not terms.is_contract:
        return None
    source = _source(said.place)
    excuses = (f for f in findings if f.suppressed and f.suppressed.source == source)
    objects = tuple(dict.fromkeys(f.about for f in excuses if f.question == COMPATIBLE))
    if not objects or terms.refused:
        return None
    return Contract(
        migration=path,
        release=said.since,
        commit=terms.release.commit,
        objects=objects,
        reason=said.reason,
        where=said.place,
    )


def _source(place: Location) -> str:
    return str(place) if place.line else f"{place.path} (phases)"


def declared_badly(terms: Terms, effects: Sequence[Effect] = ()) -> Iterator[Finding]:
    """Yield what is wrong with a declaration itself."""
    said = terms.declared
    if said is None:
        return
    if said.fault:
        yield _found("unclear-phase", said.fault, said.place)
    elif terms.is_contract and not said.since:
        what = "is declared a contract, and names no release that stopped using what it takes away"
        finding = _found("contract-without-release", what, said.place)
        yield _instead(finding, by_release(effects) or DECLARED)
    elif terms.is_contract and terms.release.unknown:
        what = f"the contract waits for {said.since[:80]!r}, and {terms.release.unknown}"
        yield _found("unknown-release", what, said.place, terms.release.remedy)
    elif terms.is_contract and terms.release.early:
        what = f"the contract waits for {said.since[:80]!r}, and {terms.release.early}"
        yield _found("early-contract", what, said.place, terms.release.remedy)


def contradicted(terms: Terms, effects: Sequence[Effect]) -> Iterator[Finding]:
    """Yield the first thing that a migration does which its declared phase rules out."""
    said = terms.declared
    if said is None or said.phase not in {EXPAND, MIGRATE}:
        return
    for effect in effects:
        if effect.phase == CONTRACT:
            what = f"is declared {said.phase}, and does here what belongs into a contract"
            yield _instead(_at(effect, "contradicted-phase", what), by_release(effects))
            return


def mixed(
    terms: Terms, effects: Sequence[Effect], beside: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Yield where a migration begins to do what belongs into another phase than the rest of it.

    `beside` are phases of other migrations of the same change, each with the path of one: those
    matter only to a contract.
    """
    phases = phases_of(effects)
    if CONTRACT in phases:
        others = [phase for phase in phases if phase != CONTRACT]
        elsewhere = {k: v for k, v in (beside or {}).items() if k != CONTRACT}
        if others:
            what = f"this belongs into a contract, and the migration does {_and(others)} as well"
        elif elsewhere:
            where = " and ".join(f"{path} ({phase})" for phase, path in elsewhere.items())
            what = f"this belongs into a contract, and the same change brings {where}"
        else:
            return
        finding = _at(_first(effects, CONTRACT), "mixed-phases", what)
        yield _instead(finding, by_release(effects))
    elif len(phases) > 1:
        what = "writes rows in the migration that changes the schema"
        finding = _at(_first(effects, MIGRATE), "mixed-phases", what)
        finding = structs.replace(finding, severity=type(finding.severity).INFO)
        yield _instead(finding, by_release(effects))
    elif terms.is_contract and phases:
        what = f"is declared a contract, and does {phases[0]}"
        finding = _at(_first(effects, phases[0]), "mixed-phases", what)
        yield _instead(finding, by_release(effects))


def with_code(
    terms: Terms, effects: Sequence[Effect], code: Callable[[], tuple[str, ...]]
) -> Iterator[Finding]:
    """Yield that a contract comes with application code in one change; `code` returns which."""
    breaks = [effect for effect in effects if effect.phase == CONTRACT and effect.breaks]
    if not terms.is_contract and not breaks:
        return
    paths = code()
    if not paths:
        return
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    what = f"a contract and application code in one change ({', '.join(paths[:3])}{more})"
    if breaks:
        yield _at(breaks[0], "contract-with-code", what)
    elif terms.declared:
        yield _found("contract-with-code", what, terms.declared.place)


def phase_said(terms: Terms, effects: Sequence[Effect]) -> str:
    """Return the phase of a migration as people read it, and whether it was declared."""
    said, phases = terms.declared, phases_of(effects)
    inferred = f"mixed: {', '.join(phases)}" if len(phases) > 1 else "".join(phases) or "none"
    if said is None or said.fault:
        return inferred
    since = f" since {said.since}" if said.since else ""
    more = f", does {', '.join(phases)}" if phases and phases != (said.phase,) else ""
    return f"{said.phase}{since} (declared{more})"


def useless(terms: Terms, contract: Contract | None) -> Iterator[str]:
    """Yield what a declared contract names in vain."""
    said = terms.declared
    if said is None or not terms.is_contract or terms.refused:
        return
    if contract is None:
        yield f"{_source(said.place)}: nothing here needs a contract"
        return
    for name in said.objects:
        alone = structs.replace(said, objects=(name,))
        if not any(map(alone.names, contract.objects)):
            yield f"{_source(said.place)}: nothing here needs a contract about {name}"


def declarations(
    migrations: Iterable[Migration],
    change: frozenset[str],
    patterns: Mapping[str, str],
    dialect: Dialect,
) -> dict[str, Declared]:
    """Return the phase that each migration of the change declares, by the migration's name.

    In a file that holds several, a declaration is of the migration that follows it.
    """
    found: dict[str, Declared] = {}
    above: dict[str, int] = {}
    for migration in migrations:
        path, line = migration.said.path, first_line(migration) if migration.key else None
        if migration.name in change:
            said = declared(heard(migration.said, dialect), above.get(path, 0), line)
            said = said or by_pattern(patterns, path)
            found |= {migration.name: said} if said else {}
        above[path] = max(above.get(path, 0), line or 0)
    return found


def _instead(finding: Finding, sql: str) -> Finding:
    """Return a finding with the SQL that would be right."""
    fix = structs.replace(finding.fix, replacement=sql) if finding.fix else None
    return structs.replace(finding, fix=fix)


def _first(effects: Sequence[Effect], phase: str) -> Effect:
    return next(effect for effect in effects if effect.phase == phase)


def _and(phases: Sequence[str]) -> str:
    return " and ".join(phases)


def _at(effect: Effect, rule: str, what: str) -> Finding:
    operation = effect.operation
    place = operation.statement.text.place(operation.at)
    return _found(rule, what, place, said=operation.statement.line)


def _found(rule: str, what: str, place: Location, remedy: str = "", *, said: str = "") -> Finding:
    """Return a finding about a place; `said` is the statement that it is about."""
    described = rules()[rule]
    return Finding(
        rule=rule,
        severity=described.severity,
        message=what,
        locations=(place,),
        fingerprint=said or rule,
        about=place.path.rpartition("/")[2],
        question=described.question,
        fix=Fix(summary=remedy or described.instead),
    )


def first_line(migration: Migration) -> int:
    """Return the line where what a migration runs begins; 0 where it runs nothing."""
    sql = migration.script.sql
    start = len(sql) - len(sql.lstrip())
    return migration.text.place(start).line if start < len(sql) else 0
