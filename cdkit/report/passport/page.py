"""The page: one file that loads nothing, runs nothing, and says the same for the same facts."""

from cdkit.core.documents.dossier import Dossier
from cdkit.core.names import TOOL
from cdkit.report.passport.charts import charts
from cdkit.report.passport.decisions import decisions
from cdkit.report.passport.facts import facts
from cdkit.report.passport.head import head
from cdkit.report.passport.identity import identity
from cdkit.report.passport.people import people
from cdkit.report.passport.places import places
from cdkit.report.passport.timeline import timeline
from cdkit.report.web.frame import meta
from cdkit.report.web.markup import NOTHING, Markup, element, joined, section
from cdkit.report.web.pieces import code, reasons, when, word

_PARTS = (
    ("identity", "Identity"),
    ("decisions", "Decisions"),
    ("deployments", "Deployments"),
    ("people", "Approvals and exceptions"),
    ("timeline", "Timeline"),
    ("releases", "Over the releases"),
    ("facts", "Facts"),
)


def passport(dossier: Dossier) -> str:
    """Return the page as HTML, which `<meta>` tells to be UTF-8.

    Its policy (CSP, `default-src 'none'`) lets a browser load nothing at all and apply only the
    one style sheet that stands in it, by its hash; so whatever text stood in a record, and even if
    it were markup, nothing of it could run or call home.
    """
    name = dossier.image.rpartition("@")[0] or dossier.digest
    page = element(
        "html",
        element("head", *meta(f"Passport of {name}")),
        element("body", element("div", *_body(dossier), class_="page")),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _body(dossier: Dossier) -> tuple[Markup, ...]:
    return (
        element("a", "Skip to the content", href="#content", class_="skip"),
        head(dossier),
        _navigation(dossier),
        element(
            "main",
            _unread(dossier),
            *(
                part(dossier)
                for part in (identity, decisions, places, people, timeline, charts, facts)
            ),
            id="content",
        ),
        _foot(dossier),
    )


def _navigation(dossier: Dossier) -> Markup:
    parts = (("unread", "Unreadable"), *_PARTS) if dossier.unreadable else _PARTS
    links = [element("li", element("a", name, href=f"#{part}")) for part, name in parts]
    return element("nav", element("ul", *links), aria_label="Parts of the passport")


def _unread(dossier: Dossier) -> Markup:
    if not dossier.unreadable:
        return NOTHING
    note = "Each may have said anything about this image, so nothing here is the whole truth."
    return section("unread", "What could not be read", reasons(dossier.unreadable), note=note)


def _foot(dossier: Dossier) -> Markup:
    at = f"{dossier.at:%Y-%m-%dT%H:%M:%SZ}"
    again = f"cdkit passport {dossier.image} --records {word(dossier.records)} --at {at}"
    return element(
        "footer",
        element("p", joined(["As of ", when(at), f", by {TOOL}, from {dossier.records}."])),
        element("p", joined(["The same page again: ", code(again)])),
    )
