"""Measures the delivery by DORA's metrics, from deployments, changes and incidents."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from cdkit.core.documents.delivery import Delivery
from cdkit.core.errors import NoInput, RequestError
from cdkit.core.spoken import counted
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import Reason, judge, yes
from cdkit.core.world import World
from cdkit.dora import even
from cdkit.dora.columns import TABLES
from cdkit.dora.delivery import delivery, shown_services
from cdkit.dora.editions import EDITIONS, Edition
from cdkit.dora.engine import measure, other_spellings, without_zone
from cdkit.dora.export import as_csv, as_json, as_openmetrics
from cdkit.dora.history import History, history
from cdkit.dora.outside import measure_outside
from cdkit.dora.source import SourceTable, resolve
from cdkit.dora.summary import tables
from cdkit.dora.told import Asked, Measured, Told
from cdkit.dora.words import coverage
from cdkit.dora.zones import in_zone, said_of_end
from cdkit.steps.brought import folders_of
from cdkit.steps.delivery import Known, Wanted, gather, paths, rests_on

NAME = "report-dora"
_OLDEST, _LATEST = 1970, 9000
_REMEDY = (
    "record deployments with `cdkit emit-event`, ask for them (--from github, --from gitlab), or "
    "give --deployment-file"
)
_GIT_NOT_ASKED = (
    "git was not asked what the deployments of tables brought: give --change-file, or tell of them "
    "as events (--event-file)"
)
_NO_INCIDENTS = (
    "nobody tells of incidents, so nobody knows which deployments failed: ask what keeps them "
    "(--from github, gitlab, pagerduty), or give --incident-file"
)
_ONLY_RECORDED = (
    "of a service at least the records know no deployment that failed, so none is counted: let "
    "its job run `emit-event` with `--custom outcome=failure` too where it failed, or ask what "
    "deploys (--from github, gitlab)"
)
_UNLISTED = (
    "There is no list of deployments: an engine tells numbers alone. Export its tables and give"
    " them as `--deployment-file`, `--change-file` and `--incident-file` to see it."
)
_MOST_TOLD = 20
"""Of more services than these the page alone says what each rests on."""


class ReportDoraOptions(Options, frozen=True, kw_only=True):
    """The inputs of report-dora."""

    environment: Annotated[str, option("Where deployments count.")] = "production"
    days: Annotated[float, option("How many days back.")] = 90
    until: Annotated[str, option("Up to when (RFC 3339); now where left out.", metavar="TIME")] = ""
    zone: Annotated[
        str,
        option(
            "The zone of times in files, and in until, that name none: `Europe/Berlin`. Where left "
            "out they count as UTC, which is noted.",
        ),
    ] = ""
    sources: Annotated[
        tuple[str | SourceTable, ...],
        option(
            "Systems to ask for deployments and incidents: `github`, `gitlab`, `pagerduty`, of "
            "another repository `github:owner/name`; a table in cdkit.yaml where names differ.",
            flag="--from",
            metavar="SOURCE",
        ),
    ] = ()
    budget: Annotated[
        float,
        option("Seconds that asking them may take, waits included.", metavar="SECONDS"),
    ] = 300
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
            "Tables of changes. Without one, git is asked what lies between two deployments, "
            "unless a table tells of these.",
            flag="--change-file",
            metavar="FILE",
        ),
    ] = ()
    paths: Annotated[
        dict[str, str],
        option(
            "Where a repository holds several services: the folders that are a service's, with "
            "commas between them. Only commits that change something there are its changes.",
            flag="--path",
            metavar="SERVICE=FOLDERS",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
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
        option(
            "How long after a deployment an incident without a known cause may be its, and a "
            "hotfix says that it had failed."
        ),
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
    known: tuple[Known, ...] = ()
    has_incidents: bool = False
    only_recorded: bool = False
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


def run(options: ReportDoraOptions, world: World) -> Outcome:
    """Gather, measure, say what can be said and what cannot."""
    asked = _asked(options, world)
    edition = EDITIONS[options.edition]
    gathered, (by_service, together), known = _measured(options, asked, world)
    asked = structs.replace(
        asked, incidents=gathered.has_incidents, only_recorded=gathered.only_recorded
    )
    if not by_service:
        if gathered.reasons:
            return _nothing(gathered)
        raise NoInput(
            f"nothing was deployed to {options.environment} in the"
            f" {counted(options.days, 'day')} before {asked.until:%Y-%m-%d}",
            remedy="; ".join((_REMEDY, *gathered.notes)),
        )
    everything = (*by_service, together) if together else by_service
    if known is None:
        known = history(gathered.told, asked, shown_services(by_service))
    unlisted = _UNLISTED if options.engine else ""
    shown = delivery(by_service, together, asked, edition, known, unlisted=unlisted)
    shown = _annotated(shown, known, complete=not gathered.reasons)
    _write(options, everything, asked, edition, shown, world)
    number = sum(one.deployments for one in by_service)
    services = counted(len(by_service), "service")
    told = yes(f"{counted(number, 'deployment')} of {services} in {counted(asked.days, 'day')}")
    return Outcome(
        verdict=judge([told, *gathered.reasons]),
        outputs=ReportDoraOutputs(services=str(len(by_service)), deployments=str(number)),
        tables=(*tables(shown), *rests_on(gathered.known)),
        notes=(
            *shown.said,
            *(f"{one.service}: {coverage(one)}" for one in by_service[:_MOST_TOLD]),
            *said_of_end(options.until, options.zone),
            *gathered.notes,
            *(() if gathered.has_incidents else (_NO_INCIDENTS,)),
            *((_ONLY_RECORDED,) if gathered.only_recorded else ()),
        ),
        headline=services,
        exhibit=shown,
    )


def _annotated(shown: Delivery, known: History, *, complete: bool) -> Delivery:
    """Return what is shown with the notes that its tables need."""
    strays = _of_strays(known.strays) if known.strays else ()
    unlisted = (shown.unlisted,) if shown.unlisted else ()
    said = (f"bands: {shown.source}", _legend(shown), *unlisted, *strays)
    return structs.replace(shown, said=said, complete=complete)


def _of_strays(strays: Mapping[str, int]) -> tuple[str]:
    """Say whose incidents count for no service: a name that is misspelt would hide a failure."""
    names = ", ".join(repr(name) for name in [*strays][:3]) + (", …" if len(strays) > 3 else "")
    number = counted(sum(strays.values()), "incident")
    return (f"{number} of services that nobody deployed count for none of these: {names}",)


def _legend(shown: Delivery) -> str:
    until = f"{shown.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"the course has a bar a {shown.step_name}, from zero up, the last one until {until}; a dot"
        f" is where nothing is known; one bar may rest on fewer than {shown.minimum}"
    )


def _measured(
    options: ReportDoraOptions, asked: Asked, world: World
) -> tuple[_Gathered, tuple[tuple[Measured, ...], Measured | None], History | None]:
    """Measure what was gathered here, or what stands in an engine outside and nothing else.

    The course over time comes along where it stands there.
    """
    if options.engine:
        _only_tables(options)
        one, every, course, said = measure_outside(
            options.engine, options.table, asked, world.environ
        )
        note = "measured in the engine's tables: records, events and git were not asked"
        has_incidents = options.table.get("incidents") != even.NONE
        return (
            _Gathered(told=Told(), has_incidents=has_incidents, notes=(note, *said)),
            (one, every),
            course,
        )
    if options.table:
        raise RequestError(
            "tables stand in an engine, and none is named", where="table", remedy="give --engine"
        )
    gathered = _gather(options, asked, world)
    told = gathered.told
    notes = (*gathered.notes, *without_zone(told), *other_spellings(told, asked))
    return structs.replace(gathered, notes=notes), measure(gathered.told, asked), None


def _only_tables(options: ReportDoraOptions) -> None:
    """Refuse what an engine would pass over: other sources, and tables of no kind."""
    if options.sources:
        raise RequestError(
            "an engine measures its own tables alone, and would pass over these systems",
            where="sources",
            remedy="leave --from out, or --engine",
        )
    if options.zone:
        raise RequestError(
            "in an engine's tables the type of a time says its zone",
            where="zone",
            remedy="name views with the right types; write until with its offset",
        )
    for name in ("events", "deployments", "changes", "incidents", "paths"):
        if getattr(options, name):
            raise RequestError(
                "an engine measures its own tables alone, and would pass over these",
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
        until = until if until.tzinfo else in_zone(until, options.zone)
        if not _OLDEST <= until.year <= _LATEST:
            raise RequestError(
                f"nothing was deployed in {until.year}", where="until", remedy="mend the year"
            )
    for name, value, least in (("days", options.days, 1), ("hours", options.hours, 0)):
        if not least <= value <= 36_600:
            raise RequestError(f"{value:g} {name} make no sense", where=name, remedy="write 90")
    if not 1 <= options.budget <= 86_400:
        raise RequestError(
            f"a budget of {options.budget:g} seconds", where="budget", remedy="write 300"
        )
    if options.minimum < 1:
        raise RequestError("a number rests on something", where="minimum", remedy="write 5")
    return Asked(
        environment=options.environment,
        since=until - timedelta(days=options.days),
        until=until,
        hours=options.hours,
        minimum=options.minimum,
    )


def _gather(options: ReportDoraOptions, asked: Asked, world: World) -> _Gathered:
    wanted = Wanted(
        asked=asked,
        since=asked.since - timedelta(days=asked.days),  # the numbers are compared with that time
        records=options.records,
        events=options.events,
        has_changes=bool(options.changes),
        folders=folders_of(options.paths, has_table=bool(options.changes)),
        budget=options.budget,
    )
    found = gather(wanted, resolve(options.sources), world)
    return _Gathered(
        told=Told(
            deployments=tuple(one.deployed for one in found.seen),
            changes=found.changes,
            incidents=found.incidents,
            deployment_files=tuple(paths(options.deployments, world)),
            change_files=tuple(paths(options.changes, world)),
            incident_files=tuple(paths(options.incidents, world)),
            zone=options.zone,
        ),
        known=found.known,
        has_incidents=bool(options.incidents) or found.has_incidents,
        only_recorded=found.only_recorded and not options.deployments,
        reasons=found.reasons,
        notes=(
            *found.notes,
            *((_GIT_NOT_ASKED,) if options.deployments and not options.changes else ()),
        ),
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
