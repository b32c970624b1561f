"""The page: everything that is known of an image, in sections a person can go through."""

from cdkit.core.documents.kinds import Deployment, Identity
from cdkit.core.names import TOOL
from cdkit.core.verdict import Answer
from cdkit.report.formats.html import document_head
from cdkit.report.markup import Child, Markup, joined, link, tag
from cdkit.report.passport.charts import chart
from cdkit.report.passport.known import Known, trends
from cdkit.report.passport.pieces import badge, commit, day, pairs, short, table
from cdkit.report.passport.proofs import decisions, evidence, excuses
from cdkit.report.passport.timeline import timeline


def page(known: Known) -> str:
    """Return the passport as one HTML document, which needs nothing besides."""
    name = known.image.rpartition("@")[0].rpartition("/")[2] or known.image
    sections = [
        ("identity", "What it is", _identity(known)),
        ("decisions", "What the gate decided", decisions(known)),
        ("evidence", "What was found out", evidence(known)),
        ("people", "Who answers for it", excuses(known)),
        ("deployments", "Where it was put", _deployments(known)),
        ("trends", "Against the releases before", _trends(known)),
        ("timeline", "Its life so far", timeline(known)),
    ]
    shown = [(key, title, body) for key, title, body in sections if body is not None]
    head = document_head(f"{name} {short(known.key)}: passport")
    body = tag(
        "body",
        _header(known, name, [(key, title) for key, title, _ in shown]),
        tag("main", _unreadable(known), _replayed(known), *(_section(*each) for each in shown)),
        tag("footer", f"Made by {TOOL} from the records, as of {known.at}. Nothing was fetched."),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(known: Known, name: str, sections: list[tuple[str, str]]) -> Markup:
    items = [tag("li", tag("a", title, href=f"#{key}")) for key, title in sections]
    return tag(
        "header",
        tag("p", "Passport of an image", class_="eyebrow"),
        tag("h1", name),
        tag("p", tag("code", known.image)),
        _summary(known),
        tag("nav", tag("ul", *items), aria_label="Sections"),
    )


def _summary(known: Known) -> Markup:
    """Return what most people open the page for: may it go out, where is it, what was tested."""
    places = ", ".join(sorted({one.environment for one in known.runs_in})) or "nowhere"
    last = [document for _, document in known.decisions if document.question != "stay"][-1:]
    if last and last[0].incident:
        gate: Child = joined(badge(Answer.CANNOT_TELL, "forced"), f" {last[0].stage}")
    elif last:
        gate = joined(badge(last[0].verdict.answer), f" {last[0].stage}")
    else:
        gate = "never asked"
    answers = [document.verdict.answer for _, document in known.evidence]
    bad = sum(answer is not Answer.YES for answer in answers)
    counted = f"{len(answers)} {'report' if len(answers) == 1 else 'reports'}"
    told = [
        ("The gate, last", gate),
        ("Runs in", places),
        ("Evidence", f"{counted}, {bad} not yes" if bad else counted),
        ("Source", commit(known.identity)),
    ]
    return tag(
        "dl", *(tag("div", tag("dt", key), tag("dd", value)) for key, value in told), class_="facts"
    )


def _section(key: str, title: str, body: Markup) -> Markup:
    heading = f"{key}-title"
    return tag("section", tag("h2", title, id=heading), body, id=key, aria_labelledby=heading)


def _unreadable(known: Known) -> Markup | None:
    if not known.unreadable:
        return None
    items = [
        tag("li", f"{one.where}: {one.what}" if one.where else one.what) for one in known.unreadable
    ]
    told = f"{len(items)} records could not be read, and may have said anything:"
    return tag("div", tag("p", told), tag("ul", *items, class_="reasons"), class_="warning")


def _replayed(known: Known) -> Markup | None:
    """Say how many facts a replay of another time left: a gate refuses them outside of it."""
    replayed = sum(fact.document.origin.replay is not None for fact in known.facts)
    if not replayed:
        return None
    told = f"{replayed} of {len(known.facts)} facts are of a replay of another time: no evidence."
    return tag("p", told, class_="warning")


def _identity(known: Known) -> Markup:
    found = known.identity
    if found is None:
        return joined(
            pairs([("Digest", tag("code", known.key))]),
            tag(
                "p", "No identity is on record: nobody says what it was built from.", class_="soft"
            ),
        )
    told: list[tuple[str, Child]] = [
        ("Digest", tag("code", found.digest)),
        ("Repository", found.repository),
        ("Tags", ", ".join(found.tags) or None),
        ("Commit", tag("code", found.commit) if found.commit else None),
        ("Source tree", tag("code", found.tree) if found.tree else None),
        ("Built on", _base(found)),
        ("Identified", joined(day(found.origin.recorded_at), _run(found))),
    ]
    if found.origin.dirty:
        told.append(("Mind", "the working tree held changes that are in no commit"))
    return joined(pairs(told), _platforms(found), _labels(found))


def _base(found: Identity) -> Child:
    if not found.base_name and not found.base_digest:
        return None
    return joined(found.base_name, " ", tag("code", found.base_digest))


def _run(found: Identity) -> Markup:
    return joined(" · ", link(found.origin.url, "the run")) if found.origin.url else joined()


def _platforms(found: Identity) -> Markup | None:
    if not found.platforms:
        return None
    rows = [[one.platform, tag("code", one.digest)] for one in found.platforms]
    return table("Platforms", ["platform", "digest of its manifest"], rows)


def _labels(found: Identity) -> Markup | None:
    if not found.labels:
        return None
    rows: list[list[Child]] = [[key, text] for key, text in sorted(found.labels.items())]
    return tag(
        "details",
        tag("summary", f"What the image says of itself ({len(rows)} labels)"),
        table("Labels", ["label", "text"], rows),
    )


def _deployments(known: Known) -> Markup | None:
    found = known.of(Deployment)
    if not found:
        return None
    rows = [
        [
            day(one.origin.recorded_at),
            one.environment,
            one.service,
            one.status,
            one.origin.actor or None,
            link(one.origin.url, one.origin.run or "the run") if one.origin.url else one.origin.run,
        ]
        for _, one in reversed(found)
    ]
    columns = ["when", "environment", "service", "what", "by", "run"]
    return table("Deployments, the newest first", columns, rows)


def _trends(known: Known) -> Markup | None:
    drawn = [chart(series, number) for number, series in enumerate(trends(known), start=1)]
    return tag("div", *drawn, class_="charts") if drawn else None
