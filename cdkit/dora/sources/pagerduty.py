"""PagerDuty: incidents, with when they were resolved.

Source: developer.pagerduty.com, REST API v2, "List incidents" (`since` and `until` at most six
months apart, at most 10,000 incidents a question), "Pagination", "Rate Limits".
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from cdkit.core.errors import CannotTell
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.dora.api import PAGE, Api, Refusal
from cdkit.dora.naming import patterns, told_by
from cdkit.dora.source import Found, Question, Source, SourceTable, token_of
from cdkit.dora.told import Incident

Time = Annotated[datetime, Meta(tz=True)]

_MOST = 10_000
_AT_ONCE = timedelta(days=150)
_NEEDS = "set PAGERDUTY_TOKEN to a read-only key of PagerDuty's REST API (Integrations, API Access)"
_REFUSAL = Refusal(
    login=_NEEDS,
    permission=_NEEDS,
    missing="check the services' ids; in Europe the address is url: https://api.eu.pagerduty.com",
)


class _Service(Struct, frozen=True):
    summary: str | None = None


class _Incident(Struct, frozen=True):
    id: str
    created_at: Time
    status: str
    service: _Service | None = None
    urgency: str = ""
    resolved_at: Time | None = None
    last_status_change_at: Time | None = None


class _Page(Struct, frozen=True):
    incidents: list[_Incident]
    more: bool


def gather(table: SourceTable, question: Question, world: World) -> Found:
    """Ask for the incidents of the window."""
    token, _ = token_of(table, "PAGERDUTY_TOKEN", world, needs=_NEEDS)
    api = Api(
        world,
        table.url or "https://api.pagerduty.com",
        {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": Secret(f"Token token={token.reveal()}"),
        },
        where="pagerduty",
        refusal=_REFUSAL,
        ends=question.ends,
    )
    return Found(incidents=tuple(_incidents(api, table, question)), has_incidents=True)


def _incidents(api: Api, table: SourceTable, question: Question) -> Iterator[Incident]:
    names = patterns([table.settings.get("service-name", "{service}")], where="service-name")
    seen: set[str] = set()
    for one in _asked(api, table, question):
        if one.id in seen:
            continue
        seen.add(one.id)
        told = told_by(names, (one.service.summary if one.service else None) or "")
        if told is None and "service-name" in table.settings:
            continue
        # Older answers have no resolved_at: the last change of a resolved one is its resolution.
        over = one.resolved_at or one.last_status_change_at
        yield Incident(
            service=table.service or told or "",
            environment=question.asked.environment,
            opened_at=one.created_at,
            resolved_at=over if one.status == "resolved" else None,
            id=one.id,
        )


def _asked(api: Api, table: SourceTable, question: Question) -> Iterator[_Incident]:
    """Yield the incidents, a part of the window after another."""
    since = question.since
    while since < question.asked.until:
        until = min(since + _AT_ONCE, question.asked.until)
        yield from _part(api, table, since, until)
        since = until


def _part(api: Api, table: SourceTable, since: datetime, until: datetime) -> Iterator[_Incident]:
    query = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "time_zone": "UTC",
        "sort_by": "created_at:asc",
        "limit": str(PAGE),
    }
    for name, given in (("service_ids[]", "services"), ("urgencies[]", "urgency")):
        if table.settings.get(given):
            query[name] = table.settings[given]
    for offset in range(0, _MOST, PAGE):
        page = api.get("/incidents", _Page, offset=str(offset), **query)
        yield from page.incidents
        if not page.more:
            return
    raise CannotTell(
        f"PagerDuty has more than {_MOST} incidents from {since:%Y-%m-%d} to {until:%Y-%m-%d}",
        where="pagerduty",
        remedy="name the services (services:), or ask for fewer days",
    )


SOURCE = Source(
    title="PagerDuty: incidents, with when they were resolved.",
    place="services",
    gather=gather,
    token="PAGERDUTY_TOKEN",  # noqa: S106 - the name of a variable
    settings={
        "services": "the id of the service whose incidents count; all where nothing is said",
        "urgency": "only incidents of this urgency: `high`",
        "service-name": "what services are called there: `{service} (production)`; others do not "
        "count",
    },
)
