"""Measures the delivery by DORA's metrics, from deployments, changes and incidents."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from cdkit.core.documents.delivery import Delivery
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.spoken import counted
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import Reason, judge, yes
from cdkit.core.world import World
from cdkit.dora.columns import TABLES
from cdkit.dora.commits import changes_of
from cdkit.dora.delivery import delivery, shown_services
from cdkit.dora.editions import EDITIONS, Edition
from cdkit.dora.engine import measure
from cdkit.dora.even import NONE
from cdkit.dora.events import read_events
from cdkit.dora.export import as_csv, as_json, as_openmetrics
from cdkit.dora.history import history
from cdkit.dora.outside import measure_outside
from cdkit.dora.summary import tables
from cdkit.dora.told import Asked, Changed, Deployed, Incident, Measured, Told
from cdkit.dora.words import coverage
from cdkit.evidence.store import open_store

NAME = "report-dora"
_NO_RECORDS = "none"
_OLDEST = 1970
_UNTOLD = (
    "There is no course over time and no list of deployments: an engine tells the numbers alone."
    " Export its tables and give them as `--deployment-file`, `--change-file` and"
    " `--incident-file` to see both."
)
_MOST_TOLD = 20
"""Of more services than these the page alone says what each rests on."""


class ReportDoraOptions(Options, frozen=True, kw_only=True):
    """The inputs of report-dora."""

    environment: Annotated[str, option("Where deployments count.")] = "production"
    days: Annotated[float, option("How many days back.")] = 90
    until: Annotated[str, option("Up to when (RFC 3339); now where left out.", metavar="TIME")] = ""
    events: Annotated[
        tuple[str, ...],
        option(
            "Files of CDEvents, one a line: deployments and incidents.",
            flag="--event-file",
            metavar="FILE",
        ),
    ] = ()
    deployments: Annotated[
        tuple[str, ...],
        option(
            "Tables of deployments (CSV, NDJSON, Parquet): docs/dora.md names the columns.",
            flag="--deployment-file",
            metavar="FILE",
        ),
    ] = ()
    changes: Annotated[
        tuple[str, ...],
        option(
            "Tables of changes. Without one, git is asked what lies between two deployments.",
            flag="--change-file",
            metavar="FILE",
        ),
    ] = ()
    incidents: Annotated[
        tuple[str, ...],
        option("Tables of incidents.", flag="--incident-file", metavar="FILE"),
    ] = ()
    engine: Annotated[
        str,
        option(
            "Measure tables where they stand: `postgres://`, `clickhouse://`, `spark://`, "
            "`trino://`, `bigquery://`; the password is CDKIT_ENGINE_PASSWORD (docs/dora.md).",
            metavar="URL",
        ),
    ] = ""
    table: Annotated[
        dict[str, str],
        option(
            "What the engine calls its `deployments`, `changes` and `incidents`; `none` for none.",
            metavar="KIND=NAME",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    hours: Annotated[
        float,
        option("How long after a deployment an incident without a known cause may be its."),
    ] = 24
    minimum: Annotated[int, option("How many of a kind it takes before a number is said.")] = 5
    edition: Annotated[
        Literal["2025-quick-check", "2024", "2023"],
        option("By which edition of DORA's thresholds the answers are sorted."),
    ] = "2025-quick-check"
    csv: Annotated[str, option("Write the numbers to this file, as CSV.", metavar="FILE")] = ""
    json: Annotated[str, option("Write the numbers to this file, as JSON.", metavar="FILE")] = ""
    openmetrics: Annotated[
        str, option("Write the numbers to this file, as OpenMetrics.", metavar="FILE")
    ] = ""


class ReportDoraOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of report-dora."""

    services: Annotated[str, Meta(description="How many services were measured.")] = ""
    deployments: Annotated[
        str, Meta(description="How many deployments brought a change in that time.")
    ] = ""


class _Gathered(Struct, frozen=True, kw_only=True):
    """What was found to measure, and what could not be read or asked."""

    told: Told
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


def run(options: ReportDoraOptions, world: World) -> Outcome:
    """Gather, measure, say what can be said and what cannot."""
    asked = _asked(options, world)
    edition = EDITIONS[options.edition]
    gathered, (by_service, together) = _measured(options, asked, world)
    asked = structs.replace(asked, incidents=_told_of_incidents(options, gathered.told))
    if not by_service:
        if gathered.reasons:
            return _nothing(gathered)
        raise NoInput(
            f"nothing was deployed to {options.environment} in the {options.days:g} days before"
            f" {asked.until:%Y-%m-%d}",
            remedy="record deployments with `cdkit emit-event`, or give --deployment-file",
        )
    everything = (*by_service, together) if together else by_service
    known = None if options.engine else history(gathered.told, asked, shown_services(by_service))
    untold = _UNTOLD if known is None else ""
    shown = delivery(by_service, together, asked, edition, known, untold)
    shown = _annotated(shown, complete=not gathered.reasons)
    _write(options, everything, asked, edition, shown, world)
    number = sum(one.deployments for one in by_service)
    services = counted(len(by_service), "service")
    told = yes(f"{counted(number, 'deployment')} of {services} in {asked.days:g} days")
    return Outcome(
        verdict=judge([told, *gathered.reasons]),
        outputs=ReportDoraOutputs(services=str(len(by_service)), deployments=str(number)),
        tables=tables(shown),
        notes=(
            *shown.said,
            *(f"{one.service}: {coverage(one)}" for one in by_service[:_MOST_TOLD]),
            *gathered.notes,
        ),
        headline=services,
        exhibit=shown,
    )


def _annotated(shown: Delivery, *, complete: bool) -> Delivery:
    """Return what is shown with the notes that its tables need."""
    return structs.replace(
        shown, said=(f"bands: {shown.source}", shown.untold or _legend(shown)), complete=complete
    )


def _legend(shown: Delivery) -> str:
    until = f"{shown.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"the course has a bar a {shown.step_name}, from zero up, the last one until {until}; a dot"
        f" is where nothing is known; one bar may rest on fewer than {shown.minimum}"
    )


def _measured(
    options: ReportDoraOptions, asked: Asked, world: World
) -> tuple[_Gathered, tuple[tuple[Measured, ...], Measured | None]]:
    """Measure what was gathered here, or what stands in an engine outside and nothing else."""
    if options.engine:
        _only_tables(options)
        there = measure_outside(options.engine, options.table, asked, world.environ)
        note = "measured in the engine's tables: records, events and git were not asked"
        return _Gathered(told=Told(), notes=(note,)), there
    if options.table:
        raise RequestError(
            "tables stand in an engine, and none is named", where="table", remedy="give --engine"
        )
    gathered = _gather(options, _with_the_time_before(asked), world)
    return gathered, measure(gathered.told, asked)


def _told_of_incidents(options: ReportDoraOptions, told: Told) -> bool:
    """Whether anybody told of incidents, be it that there were none."""
    if options.engine:
        return options.table.get("incidents") != NONE
    return bool(told.incidents or told.incident_files)


def _only_tables(options: ReportDoraOptions) -> None:
    """Refuse what an engine would pass over: other sources, and tables of no kind."""
    for name in ("events", "deployments", "changes", "incidents"):
        if getattr(options, name):
            raise RequestError(
                "an engine measures its own tables alone, and would pass over these files",
                where=name,
                remedy="put them into its tables, or leave --engine out",
            )
    if strange := sorted(set(options.table) - TABLES.keys()):
        raise RequestError(
            f"{strange[0][:60]!r} is no kind of table",
            where="table",
            remedy=f"write one of {', '.join(TABLES)}",
        )


def _nothing(gathered: _Gathered) -> Outcome:
    return Outcome(
        verdict=judge(gathered.reasons), outputs=ReportDoraOutputs(), notes=gathered.notes
    )


def _asked(options: ReportDoraOptions, world: World) -> Asked:
    until = world.clock.now()
    if options.until:
        try:
            until = datetime.fromisoformat(options.until)
        except ValueError as fault:
            raise RequestError(
                f"{options.until[:60]!r} is no time",
                where="until",
                remedy="write 2026-11-27T00:00:00Z",
            ) from fault
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        if until.year < _OLDEST:
            raise RequestError(
                f"nobody delivered software in {until.year}",
                where="until",
                remedy="write a later year",
            )
    for name, value, least in (("days", options.days, 1), ("hours", options.hours, 0)):
        if not least <= value <= 36_600:
            raise RequestError(f"{value:g} {name} make no sense", where=name, remedy="write 90")
    if options.minimum < 1:
        raise RequestError("a number rests on something", where="minimum", remedy="write 5")
    return Asked(
        environment=options.environment,
        since=until - timedelta(days=options.days),
        until=until,
        hours=options.hours,
        minimum=options.minimum,
    )


def _with_the_time_before(asked: Asked) -> Asked:
    """Return what is asked with the window before it too, which the numbers are compared with."""
    return structs.replace(asked, since=asked.since - timedelta(days=asked.days))


def _gather(options: ReportDoraOptions, asked: Asked, world: World) -> _Gathered:
    reasons: list[Reason] = []
    deployments = list(_recorded(options, world, reasons))
    incidents: list[Incident] = []
    for path in _paths(options.events, world):
        with world.files.open(path) as lines_of:
            found = read_events(lines_of, path)
        deployments += found.deployments
        incidents += found.incidents
    notes: list[str] = []
    known = _distinct(deployments)
    changes = () if options.changes else tuple(_from_git(known, asked, world, notes))
    return _Gathered(
        told=Told(
            deployments=known,
            changes=changes,
            incidents=tuple(incidents),
            deployment_files=tuple(_paths(options.deployments, world)),
            change_files=tuple(_paths(options.changes, world)),
            incident_files=tuple(_paths(options.incidents, world)),
        ),
        reasons=tuple(reasons),
        notes=tuple(notes),
    )


def _paths(patterns: Iterable[str], world: World) -> Iterator[str]:
    for pattern in patterns:
        found = world.files.glob(pattern)
        if not found:
            raise NoInput("there is no such file", where=pattern, remedy="mend the path")
        yield from found


def _recorded(
    options: ReportDoraOptions, world: World, reasons: list[Reason]
) -> Iterator[Deployed]:
    """Yield the deployments that the records know of; what they cannot tell is a reason."""
    if options.records == _NO_RECORDS:
        return
    told = open_store(options.records, world).environment(options.environment)
    reasons += told.unreadable
    for fact in told.facts:
        if (found := _deployed(fact, world)) is not None:
            yield found


def _deployed(fact: Fact, world: World) -> Deployed | None:
    document = fact.document
    if not isinstance(document, Deployment) or document.status != "deployed":
        return None
    if document.origin.replay is not None and document.origin.replay != world.replay:
        return None
    try:
        at = datetime.fromisoformat(document.origin.recorded_at)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return Deployed(
        service=document.service,
        environment=document.environment,
        at=at,
        digest=document.image.rpartition("@")[2],
        commit=document.commit,
        id=document.event or fact.digest,
        who=document.origin.actor,
        url=document.origin.url,
    )


def _distinct(deployments: Iterable[Deployed]) -> tuple[Deployed, ...]:
    """Return each deployment once: a fact and the event about it are the same one."""
    known: dict[tuple[str, str, str], Deployed] = {}
    for one in sorted(deployments, key=lambda each: each.at):
        name = (one.service, one.environment, one.id)
        earlier = known.get(name)
        if earlier is None or (earlier.planned is None and one.planned is not None):
            known[name] = one
    return tuple(sorted(known.values(), key=lambda each: each.at))


def _from_git(
    deployments: Iterable[Deployed], asked: Asked, world: World, notes: list[str]
) -> Iterator[Changed]:
    """Yield the changes between the deployments of each service, as git has them here.

    The first deployment of a service brought nobody knows how much: it has no changes.
    """
    before: dict[str, str] = {}
    untold = 0
    for one in deployments:
        if one.environment != asked.environment or not one.commit or one.outcome == "failure":
            continue
        last, before[one.service] = before.get(one.service), one.commit
        if not last or last == one.commit or not asked.since <= one.at < asked.until:
            continue
        try:
            commits = world.git.history(last, one.commit)
        except CannotTell:
            untold += 1
            continue
        yield from changes_of(commits, until=one.commit, service=one.service, deployment=one.id)
    if untold:
        notes.append(
            f"git does not know what {untold} deployments brought: ask in a checkout with the "
            "whole history (fetch-depth: 0), or give --change-file"
        )


def _write(
    options: ReportDoraOptions,
    measured: tuple[Measured, ...],
    asked: Asked,
    edition: Edition,
    shown: Delivery,
    world: World,
) -> None:
    for path, export in (
        (options.csv, as_csv),
        (options.json, partial(as_json, shown=shown)),
        (options.openmetrics, partial(as_openmetrics, shown=shown)),
    ):
        if path:
            world.files.write(path, export(measured, asked, edition).encode())


STEP = Step(
    name=NAME,
    summary="Measure the delivery by DORA's metrics.",
    question="How well do we deliver?",
    options=ReportDoraOptions,
    outputs=ReportDoraOutputs,
    run=run,
    icon="bar-chart-2",
)
