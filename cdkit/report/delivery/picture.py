"""A picture of the five metrics as one SVG file, for a README or a summary that refers to it.

It loads nothing, runs nothing, and is light or dark as the reader's system is.
"""

from collections.abc import Iterator
from datetime import UTC

from cdkit.core.documents.delivery import Delivery, Metric, Service
from cdkit.core.verdict import Answer
from cdkit.report.delivery.course import trace
from cdkit.report.delivery.tiles import COUNTED
from cdkit.report.report import Report, replay_mark
from cdkit.report.web.drawing import Plot
from cdkit.report.web.markup import NOTHING, Markup, element, joined
from cdkit.report.web.pieces import day, number, plural

_WIDE, _HIGH = 900, 156
_MARGIN, _COLUMN = 20, 174
_NAMES = (
    ("lead", "Change lead time"),
    ("frequency", "Deployments"),
    ("recovery", "Recovery time"),
    ("fail", "Change fail rate"),
    ("rework", "Rework rate"),
)
_LOOKS = """
:root { --paper: #ffffff; --ink: #1d2228; --soft: #5a636e; --line: #e3e1dc; --accent: #1f4f8f;
  --tell: #7a4d00; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1f25; --ink: #e6e8eb; --soft: #a3acb8;
  --line: #30363e; --accent: #8ab8f5; --tell: #f0c36a; } }
text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
  "Liberation Sans", Arial, sans-serif; fill: var(--soft); font-size: 12px; }
.name { font-weight: 600; }
.value { fill: var(--ink); font-size: 22px; font-weight: 650; }
.unit { fill: var(--soft); font-size: 13px; font-weight: 500; }
.unread { fill: var(--tell); font-weight: 600; }
.untold { fill: var(--tell); font-size: 17px; }
.sheet { fill: var(--paper); stroke: var(--line); }
.trend { fill: none; stroke: var(--accent); stroke-width: 1.75; stroke-linejoin: round;
  stroke-linecap: round; }
.ground { fill: var(--accent); opacity: .1; }
.dot { fill: var(--accent); }
.few { fill: var(--paper); stroke: var(--accent); stroke-width: 1.5; }
"""


def picture(report: Report, delivery: Delivery) -> str:
    """Return the metrics of the one service, or of all together, as SVG."""
    whole = delivery.together or delivery.services[0]
    by_key = {metric.key: metric for metric in whole.metrics}
    mark = replay_mark(report)
    unread = () if report.verdict.answer is Answer.YES else ("not all of it could be read",)
    told = joined([_told(delivery, whole), ": ", "; ".join((*_said(by_key), *unread))])
    warned = (joined([element("tspan", one, class_="unread"), " · "]) for one in unread)
    svg = element(
        "svg",
        element("title", told),
        element("style", Markup(_LOOKS)),
        _sheet(),
        *(
            part
            for place, (key, name) in enumerate(_NAMES)
            for part in _column(by_key[key], name, _MARGIN + place * _COLUMN)
        ),
        _text(joined([*warned, _told(delivery, whole)]), _MARGIN, _HIGH - 15),
        _text(mark, _WIDE - _MARGIN, _HIGH - 15, text_anchor="end") if mark else NOTHING,
        xmlns="http://www.w3.org/2000/svg",
        width=f"{_WIDE}",
        height=f"{_HIGH}",
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        role="img",
        aria_label=told,
    )
    return f"{svg}\n"


def _sheet() -> Markup:
    wide, high = f"{_WIDE - 1}", f"{_HIGH - 1}"
    return element("rect", class_="sheet", x="0.5", y="0.5", width=wide, height=high, rx="10")


def _told(delivery: Delivery, whole: Service) -> str:
    """Return of what the picture is, cut to what its width holds."""
    several = f"a roll-up of {plural(whole.services, 'service')}"
    of = several if delivery.together else _cut(whole.name) or "a service without a name"
    until = delivery.until.astimezone(UTC)
    place = f"{_cut(delivery.environment)}, {number(delivery.days)} days up to {day(until)}"
    return f"{of} in {place}"


def _cut(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"


def _said(by_key: dict[str, Metric]) -> Iterator[str]:
    for key, name in _NAMES:
        now = by_key[key].now
        yield f"{name.lower()} {now.shown} (of {now.n})"


def _column(metric: Metric, name: str, x: int) -> Iterator[Markup]:
    yield _text(name, x, 30, class_="name")
    if metric.now.value is None:
        yield _text(metric.now.shown, x, 58, class_="untold")
    else:
        number_of, _, unit = metric.now.shown.partition(" ")
        told = joined([number_of, element("tspan", f" {unit}", class_="unit")])
        yield _text(told, x, 58, class_="value")
    plot = Plot(
        width=_COLUMN - 26,
        height=36,
        left=2,
        right=4,
        top=4,
        bottom=2,
        low=0.0,
        high=max((part.value or 0.0 for part in metric.parts), default=0.0) or 1.0,
        count=len(metric.parts),
    )
    yield element("g", *trace(metric.parts, plot), transform=f"translate({x},66)")
    of = f"of {plural(metric.now.n, COUNTED[metric.key])}"
    yield _text(of if metric.now.value is not None else metric.now.why, x, 116)


def _text(text: str, x: int, y: int, **more: str) -> Markup:
    return element("text", text, x=f"{x}", y=f"{y}", **more)
