"""The page: one file that loads nothing, runs nothing, and says the same for the same facts."""

from collections.abc import Iterator
from datetime import UTC

from cdkit.core.documents.delivery import Definition, Delivery, Service
from cdkit.core.escape import web_address
from cdkit.core.verdict import Answer
from cdkit.report.delivery.behind import behind
from cdkit.report.delivery.course import course
from cdkit.report.delivery.services import Room, services
from cdkit.report.delivery.style import OWN
from cdkit.report.delivery.tiles import tiles
from cdkit.report.delivery.times import moment, named
from cdkit.report.report import Report, replay_mark
from cdkit.report.web.frame import meta
from cdkit.report.web.markup import NOTHING, Markup, element, joined, link, section
from cdkit.report.web.pieces import code, day, number, plural, prose, reasons, verdict, word

LONGEST = 2_000_000
"""Bytes of a page: of more, fewer deployments are listed."""

_ROOMS = (
    Room(listed=50, services=30, rows=300),
    Room(listed=15, services=30, rows=300),
    Room(listed=5, services=30, rows=150),
    Room(listed=0, services=0, rows=50),
)
_MOST_NOTES = 50
_PARTS = (
    ("numbers", "The numbers"),
    ("course", "Over time"),
    ("behind", "Behind the numbers"),
    ("services", "The services"),
    ("definitions", "What it means"),
)


def page(report: Report, delivery: Delivery) -> str:
    """Return the page as HTML, of at most `LONGEST` bytes.

    Of the deployments behind a number the first few are listed, and how many there are is told;
    where the page would be too long they are fewer, and so are the services.
    """
    written = ""
    for room in _ROOMS:
        written = _page(report, delivery, room)
        if len(written.encode()) <= LONGEST:
            return written
    return written


def _page(report: Report, delivery: Delivery, room: Room) -> str:
    body = element("div", *_body(report, delivery, room), class_="page")
    title = f"Delivery to {delivery.environment}"
    html = element("html", element("head", *meta(title, OWN)), element("body", body), lang="en")
    return f"<!doctype html>\n{html}\n"


def _body(report: Report, delivery: Delivery, room: Room) -> Iterator[Markup]:
    whole = delivery.together or delivery.services[0]
    parts = (
        element("div", tiles(delivery, whole, listed=room.listed > 0), _rests(whole), id="numbers"),
        course(delivery, whole),
        behind(whole, room.listed, delivery.unlisted),
        services(delivery, room),
        _definitions(delivery),
        _notes(report, delivery),
    )
    yield element("a", "Skip to the content", href="#content", class_="skip")
    yield _head(report, delivery, whole)
    yield _navigation(parts)
    yield element("main", *parts, id="content")
    yield _foot(report, delivery)


def _navigation(parts: tuple[Markup, ...]) -> Markup:
    there = [name for name, part in zip((name for name, _ in _PARTS), parts, strict=False) if part]
    links = [
        element("li", element("a", title, href=f"#{name}"))
        for name, title in _PARTS
        if name in there
    ]
    return element("nav", element("ul", *links), aria_label="Parts of the page")


def _head(report: Report, delivery: Delivery, whole: Service) -> Markup:
    made = plural(sum(one.deployments for one in delivery.services), "deployment")
    of = named(whole)
    what = f"{made} of {plural(len(delivery.services), 'service') if delivery.together else of}"
    since, until = delivery.since.astimezone(UTC), delivery.until.astimezone(UTC)
    when = f"{number(delivery.days)} days, {day(since)} \u2013 {day(until)}"
    return element(
        "header",
        element("p", "Software delivery", class_="eyebrow"),
        element("h1", f"How well do we deliver to {delivery.environment}?"),
        element("p", f"{what} · {when}", class_="digest"),
        *_alerts(report, delivery),
        class_="top",
    )


def _alerts(report: Report, delivery: Delivery) -> Iterator[Markup]:
    if mark := replay_mark(report):
        yield _alert(mark)
    if report.verdict.answer is not Answer.YES:
        told = reasons(tuple(r for r in report.verdict.reasons if r.answer is not Answer.YES))
        yield element(
            "div",
            element("p", "The whole of it: ", verdict(report.verdict.answer)),
            told,
            class_="alert",
            role="note",
        )
    if delivery.together:
        several = plural(delivery.together.services, "service")
        yield element(
            "p",
            element("strong", f"A roll-up of {several}. "),
            "DORA measures one service at a time, and so should decisions: see ",
            element("a", "the services", href="#services"),
            " each by itself.",
            class_="rollup",
        )


def _alert(*told: str) -> Markup:
    return element("div", element("p", *told), class_="alert", role="note")


def _rests(whole: Service) -> Markup:
    return element("p", "Rests on: ", ", ".join(whole.coverage), ".", class_="note rests")


def _definitions(delivery: Delivery) -> Markup:
    known = [
        joined([element("dt", one.title), element("dd", one.means, _source(one))])
        for one in delivery.definitions
    ]
    note = f"A number is said from {delivery.minimum} of its kind on; below that nobody can tell. "
    note += f"Bands: {delivery.source} (edition {delivery.edition}). Times are in UTC."
    return section("definitions", "What it means", element("dl", *known, class_="facts"), note=note)


def _source(one: Definition) -> Markup:
    return element("span", f"Source: {one.source}.", class_="remedy")


def _notes(report: Report, delivery: Delivery) -> Markup:
    """Return what else was said; what the page shows itself stands there already."""
    told = {f"{one.name}: {', '.join(one.coverage)}" for one in delivery.services}
    told |= {*delivery.said}
    left = [note for note in report.notes if note not in told]
    if not left:
        return NOTHING
    shown = [element("li", prose(note)) for note in left[:_MOST_NOTES]]
    if len(left) > _MOST_NOTES:
        shown.append(element("li", f"and {len(left) - _MOST_NOTES} more"))
    return section("notes", "Notes", element("ul", *shown, class_="reasons"))


def _foot(report: Report, delivery: Delivery) -> Markup:
    until = delivery.until.astimezone(UTC)
    again = (
        f"cdkit report-dora --environment {word(delivery.environment)} --days {delivery.days:g}"
        f" --until {until:%Y-%m-%dT%H:%M:%SZ} --edition {delivery.edition}"
        f" --minimum {delivery.minimum} --hours {delivery.hours:g} --write html=dora.html"
    )
    address = web_address(report.context.url)
    run = joined([", in ", link("this run", address)]) if address else NOTHING
    return element(
        "footer",
        element("p", joined(["As of ", moment(until), f", by {report.tool}", run, "."])),
        element("p", joined(["The same page again, of the same sources: ", code(again)])),
    )
